//! The command as it is typed. Needs `redis-server`, as the benchmark does.
use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    let quick = ["--seconds", "1", "--rounds", "1", "--connections", "4", "--sessions", "100"];
    Command::new(env!("CARGO_BIN_EXE_atropos-bench"))
        .args(quick)
        .args(arguments)
        .output()
        .expect("the benchmark starts")
}

#[test]
fn the_floor_is_measured_against_itself() {
    let output = bench(&["--only", "calibration"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let figures: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(figures[..6], ["floor", "against", "itself", "Redis", "one", "GET"]);
    assert!(figures[6..9].iter().all(|figure| figure.parse::<f64>().is_ok_and(|figure| figure > 0.0)), "{text}");
}

#[test]
fn a_server_that_does_not_start_fails_every_row_and_the_command() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
    let before = std::fs::read(page).unwrap();
    let output = bench(&["--server", "false", "--only", "refresh", "--only", "memory"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert_eq!(text.matches("FAILED: atropos ended").count(), 3, "{text}");
    assert_eq!(std::fs::read(page).unwrap(), before);
}
