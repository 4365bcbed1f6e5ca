//! On a clock that stands until it is told to move.

use redis::Value;
use tokio::time::{Instant, advance};

use super::*;

fn leases(cluster: bool) -> Leases {
    Leases::new(Arc::default(), cluster)
}

fn told(history: &str, role: &str) -> Value {
    Value::BulkString(format!("# Replication\r\nrole:{role}\r\nmaster_replid:{history}\r\n").into_bytes())
}

/// Acknowledged just now.
fn grant(leases: &Leases, history: &str) -> Result<(), Unavailable> {
    leases.grant(Instant::now(), vec![told(history, "master")])
}

#[tokio::test(start_paused = true)]
async fn a_primary_is_believed_for_a_while_after_it_was_acknowledged() {
    let leases = leases(false);
    assert_eq!(leases.left(b""), Left::Nothing);
    leases.histories.see("one");
    advance(HOLD).await;
    grant(&leases, "one").unwrap();
    assert_eq!(leases.left(b""), Left::Enough);
    advance(LEASE / 2).await;
    assert_eq!(leases.left(b""), Left::Little);
    advance(LEASE / 2).await;
    assert_eq!(leases.left(b""), Left::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_lease_counts_from_when_it_was_asked_for() {
    let leases = leases(false);
    leases.histories.see("one");
    advance(HOLD).await;
    let sent = Instant::now();
    advance(LEASE).await;
    leases.grant(sent, vec![told("one", "master")]).unwrap();
    assert_eq!(leases.left(b""), Left::Nothing);
}

/// Whoever holds a lease at the predecessor has lost it before the successor acknowledges anything.
#[tokio::test(start_paused = true)]
async fn a_new_history_is_acknowledged_only_when_every_lease_of_the_old_one_has_run_out() {
    let (reader, writer) = (leases(false), leases(false));
    reader.histories.see("old");
    advance(HOLD).await;
    // The last that the old one's replicas acknowledge, at the very moment when one of them is promoted.
    grant(&reader, "old").unwrap();
    grant(&writer, "new").unwrap_err();
    let mut waited = Duration::ZERO;
    while grant(&writer, "new").is_err() {
        assert!(waited <= HOLD, "it has to be believed some day");
        waited += Duration::from_millis(1);
        advance(Duration::from_millis(1)).await;
    }
    assert_eq!(reader.left(b""), Left::Nothing);
    assert_eq!(writer.left(b""), Left::Enough);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_a_primary_before_begins_a_new_history_when_it_is_one_again() {
    let leases = leases(false);
    for history in ["one", "two"] {
        grant(&leases, history).unwrap_err();
        advance(HOLD).await;
        grant(&leases, history).unwrap();
    }
    grant(&leases, "one again").unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn each_primary_of_a_cluster_has_a_lease_of_its_own() {
    let leases = leases(true);
    assert_eq!(leases.questions().len(), 2);
    leases.histories.see("one");
    advance(HOLD).await;
    let answers = vec![told("one", "master"), Value::BulkString(b"node 1".to_vec())];
    leases.grant(Instant::now(), answers).unwrap();
    assert_eq!(leases.left(b"node 1"), Left::Enough);
    assert_eq!(leases.left(b"node 2"), Left::Nothing);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_say_that_it_is_a_primary_and_whose_is_not_believed() {
    let leases = leases(true);
    leases.histories.see("one");
    advance(HOLD).await;
    let id = || Value::BulkString(b"node 1".to_vec());
    for answers in [
        vec![told("one", "slave"), id()],
        vec![told("", "master"), id()],
        vec![Value::BulkString(Vec::new()), id()],
        vec![told("one", "master"), Value::Nil],
        vec![told("one", "master"), Value::BulkString(Vec::new())],
        vec![id()],
        Vec::new(),
    ] {
        let shown = format!("{answers:?}");
        leases.grant(Instant::now(), answers).expect_err(&shown);
    }
    assert_eq!(leases.left(b"node 1"), Left::Nothing);
}
