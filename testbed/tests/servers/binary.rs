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
