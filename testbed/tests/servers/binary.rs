use std::process::Command;

use atropos_testbed::{Binary, until};

/// A program that greets as the server does, and stays.
const GREETER: &str = "echo one; echo two >&2; echo 'listening on http://127.0.0.1:4711 (dev)'; exec sleep 600";

#[tokio::test]
async fn it_is_started_when_it_says_where_it_listens() {
    let binary = Binary::start("sh", ["-c", GREETER]).await;
    assert_eq!(binary.address().to_string(), "127.0.0.1:4711");
    assert_eq!(binary.url("/health/live"), "http://127.0.0.1:4711/health/live");
    assert!(binary.stdout().starts_with("one\nlistening on "), "{}", binary.stdout());
    until("what it said to standard error is read", async || binary.stderr() == "two\n").await;
}

#[tokio::test]
#[should_panic(expected = "no secret")]
async fn one_that_ends_instead_is_quoted() {
    Binary::start("sh", ["-c", "echo 'no secret' >&2; exit 2"]).await;
}

#[tokio::test]
async fn it_may_end_in_its_own_time_and_its_last_words_are_kept() {
    let script = "trap 'echo draining; kill $!; echo gone >&2; exit 3' TERM
        sleep 600 >/dev/null 2>&1 & echo listening on http://127.0.0.1:1; wait";
    let mut binary = Binary::start("sh", ["-c", script]).await;
    binary.terminate();
    assert_eq!(binary.line_with("drain").await, "draining");
    assert_eq!(binary.ended().await.code(), Some(3));
    assert_eq!(binary.stderr(), "gone\n");
    // To end what has ended is no fault.
    binary.terminate();
    binary.kill().await;
}

#[tokio::test]
async fn it_is_killed_when_dropped() {
    let binary = Binary::start("sh", ["-c", GREETER]).await;
    let alive = format!("kill -0 {} 2>/dev/null", binary.id());
    let is_alive = || Command::new("sh").args(["-c", &alive]).status().unwrap().success();
    assert!(is_alive());
    drop(binary);
    assert!(!is_alive());
}

#[tokio::test]
async fn a_program_that_ends_without_having_listened_is_heard() {
    let said = Binary::attempt(Command::new("sh").args(["-c", "echo first; echo second >&2; exit 1"])).await;
    assert_eq!(said.err().unwrap(), "first\nsecond\n");
}

#[tokio::test]
async fn a_file_that_may_not_grow_does_not_until_it_may() {
    let folder = tempfile::tempdir().unwrap();
    // Whoever opens the pipe again before the last step has closed it finds that one, and its end.
    let script = r#"trap "" XFSZ; echo "listening on http://127.0.0.1:1"
        while :; do read -r _ <step || continue; echo more >>file && echo grown || echo full; done"#;
    assert!(Command::new("mkfifo").arg(folder.path().join("step")).status().unwrap().success());
    let mut binary = Binary::start_command(Command::new("sh").args(["-c", script]).current_dir(folder.path())).await;
    let step = || std::fs::write(folder.path().join("step"), "go\n").unwrap();
    binary.limit_files(Some(0));
    step();
    binary.line_with("full").await;
    binary.limit_files(None);
    step();
    binary.line_with("grown").await;
}
