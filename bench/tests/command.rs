//! The command as it is typed. Needs `redis-server`, as the benchmark does, and for the peer npm, if it is there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

fn bench(arguments: &[&str]) -> Output {
    let sessions = if arguments.contains(&"--sessions") { &[][..] } else { &["--sessions", "100"] };
    Command::new(env!("CARGO_BIN_EXE_atropos-bench"))
        .args(["--seconds", "1", "--rounds", "1", "--connections", "4"])
        .args(sessions)
        .args(arguments)
        .output()
        .expect("the benchmark starts")
}

/// What it printed, when all went well.
fn measured(arguments: &[&str]) -> String {
    let output = bench(&[&["--server", server()], arguments].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The server beside the benchmark: `cargo test --workspace` has just built it. Where only this package is tested and
/// there is none, it is built.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_BIN_EXE_atropos-bench")).parent().unwrap().to_owned();
        let server = folder.join("atropos");
        if !server.exists() {
            build(&folder);
        }
        server.into_os_string().into_string().unwrap()
    })
}

/// In the profile of this test, for its speed is not what is tested.
fn build(folder: &Path) {
    let profile = folder.file_name().unwrap().to_str().unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--package", "atropos", "--bin", "atropos", "--profile"])
        .arg(if profile == "debug" { "dev" } else { profile })
        .arg("--target-dir")
        .arg(folder.parent().unwrap())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(status.unwrap().success());
}

/// The cells of the line that begins with `start`, from the end of that on.
fn cells<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(start));
    line.unwrap_or_else(|| panic!("no line begins with {start:?}:\n{text}")).split_whitespace().collect()
}

fn number(cell: &str) -> f64 {
    cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{cell:?} is no number"))
}

#[test]
fn the_floor_is_measured_against_itself() {
    let output = bench(&["--only", "calibration"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let figures = cells(&text, "floor against itself");
    assert_eq!(figures[..3], ["Redis", "one", "GET"]);
    assert!(figures[3..6].iter().all(|figure| number(figure) > 0.0), "{text}");
}

#[test]
fn a_server_that_does_not_start_fails_every_row_and_the_command() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
    let before = std::fs::read(page).unwrap();
    let output = bench(&["--server", "false", "--only", "refresh", "--only", "memory"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert_eq!(text.matches("FAILED: atropos ended").count(), 3, "{text}");
    let output = bench(&["--server", "false", "--only", "timing", "--only", "growth", "--write", "--families", "1000"]);
    assert!(!output.status.success());
    assert_eq!(std::fs::read(page).unwrap(), before);
}

#[test]
fn a_single_row_is_not_written_into_the_page() {
    let output = bench(&["--only", "timing", "--only", "refresh", "--write"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--write goes with"));
}

/// Codes are made by people in browsers, on both stores, and enough of them for a second. That one is exchanged only once, the
/// row itself makes sure of.
#[test]
fn codes_are_exchanged() {
    let text = measured(&["--only", "exchange", "--sessions", "20000"]);
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("exchange a code")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for line in lines {
        assert!(line.split_whitespace().skip(3).take(3).all(|figure| number(figure) > 0.0), "{text}");
    }
}

/// That the people do sign in, and not by a password that is remembered, is a matter of milliseconds each.
#[test]
fn introspection_is_timed_beside_logins() {
    let text = measured(&["--only", "logins"]);
    for store in ["Redis", "embedded"] {
        let line = text.lines().find(|line| line.starts_with("introspect, opaque  ") && line.contains(store)).unwrap();
        let figures: Vec<&str> = line.split_once(store).unwrap().1.split_whitespace().collect();
        // One round of 1.3 s, ten a second.
        assert_eq!(figures[0], "13", "{text}");
        assert!(number(figures[1]) > 3.0, "{text}");
    }
}

/// INV-6: that the answers are alike, byte for byte, the command makes sure of; how long they take is not for a test.
#[test]
fn every_kind_of_dead_token_and_wrong_secret_is_timed() {
    let text = measured(&["--only", "timing", "--trials", "40"]);
    for kind in ["expired", "revoked", "of a session that has ended", "spent", "of another audience"] {
        for store in ["Redis", "embedded"] {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("introspect, opaque: {kind} ")) && line.contains(store));
            let line = line.unwrap_or_else(|| panic!("{kind}, {store}:\n{text}"));
            let figures: Vec<&str> = line.split_once(store).unwrap().1.split_whitespace().collect();
            assert_eq!(figures[0], "40", "{line}");
            let quartiles: Vec<f64> = figures[1..4].iter().map(|figure| number(figure)).collect();
            assert!(quartiles[0] > 1.0 && quartiles.is_sorted(), "{line}");
            assert!(["holds", "MISSED"].contains(figures.last().unwrap()), "{line}");
        }
    }
    for kind in ["introspect, JWT: revoked ", "authenticate: wrong secret, kept as SHA-256 "] {
        assert_eq!(cells(&text, kind)[1], "40");
    }
    // Of the slow ones there are fewer.
    assert_eq!(cells(&text, "authenticate: wrong secret, kept as Argon2id ")[1], "2");
}

/// A record is as small after a hundred rotations as after one, and every point has its line.
#[test]
fn what_grows_is_measured_at_every_step_and_records_do_not() {
    let text = measured(&["--only", "growth", "--families", "1000"]);
    for operation in ["introspect, opaque", "refresh", "revoke a refresh token"] {
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("{operation}  "))).collect();
        assert_eq!(lines.len(), 3, "Redis, embedded, Redis with a denylist:\n{text}");
        assert!(lines[2].contains("1,000  1,000"), "{text}");
    }
    let record = cells(&text, "record after 100 rotations");
    assert!(number(record[1]) > 50.0, "{text}");
    assert_eq!(*record.last().unwrap(), "holds", "{text}");
    for line in ["atropos revoke --subject, 20 of them", "a page of an identity's tokens, 20 of them"] {
        assert!(number(cells(&text, line)[1]) > 0.0, "{text}");
    }
}

#[test]
fn the_peer_is_measured_where_npm_is() {
    let npm = Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success());
    let text = measured(&["--only", "peer-issue"]);
    let cells = cells(&text, "node-oidc-provider: issue client_credentials, opaque");
    assert_eq!(cells[..3], ["Redis", "one", "SET"]);
    if npm {
        assert!(cells[3..6].iter().all(|figure| number(figure) > 0.0), "{text}");
        assert_eq!(peers(), 0, "nothing outlives the benchmark");
    } else {
        assert_eq!(cells[3..].join(" "), "not measured: npm is not here");
    }
}

/// Not even when it is killed by a signal to itself alone, and cannot do anything about it.
#[test]
fn nothing_outlives_a_benchmark_that_is_killed() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atropos-bench"));
    let mut killed = command.args(["--only", "calibration", "--seconds", "60"]).stderr(Stdio::null()).spawn().unwrap();
    let floors = until(|| Some(floors_of(killed.id())).filter(|floors| floors.len() == 2));
    killed.kill().unwrap();
    killed.wait().unwrap();
    until(|| floors.iter().all(|floor| !is_floor(floor)).then_some(()));
}

fn floors_of(parent: u32) -> Vec<String> {
    let listed = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    listed.split_whitespace().map(ToOwned::to_owned).filter(|child| is_floor(child)).collect()
}

/// What has ended has no command line, whether or not somebody has waited for it.
fn is_floor(process: &str) -> bool {
    std::fs::read(format!("/proc/{process}/cmdline"))
        .is_ok_and(|line| line.split(|byte| *byte == 0).nth(1) == Some(b"floor"))
}

/// What `found` finds within half a minute.
fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = found() {
            return found;
        }
        wait();
    }
    panic!("not within half a minute");
}

#[expect(clippy::disallowed_methods, reason = "what is waited for is another process's doing")]
fn wait() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

/// Processes that Node was started as in the folder of the peer, which are gone only if Node was what was started.
fn peers() -> usize {
    let folder = Path::new(env!("CARGO_BIN_EXE_atropos-bench")).parent().unwrap().join("peer");
    let runs = |process: PathBuf| {
        let is_there = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder);
        is_there && std::fs::read(process.join("cmdline")).is_ok_and(|line| line.ends_with(b"\0server.mjs\0"))
    };
    std::fs::read_dir("/proc").unwrap().filter(|entry| runs(entry.as_ref().unwrap().path())).count()
}

#[test]
fn what_needs_a_program_that_is_not_here_is_not_measured_and_nothing_fails() {
    let output = Command::new(env!("CARGO_BIN_EXE_atropos-bench"))
        .args(["--server", "false", "--only", "peer-revoke", "--only", "peer-refresh", "--only", "instructions"])
        .env("PATH", "")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.matches("not measured: npm is not here").count(), 2, "{text}");
    assert_eq!(text.matches("not measured: valgrind is not here").count(), 7, "{text}");
}
