//! A store that does not answer, or not what it was asked.

use atropos_proof::outage::{Outage, Trouble, every_surface, faults, trouble};

use crate::program;

async fn is_said_on_every_surface(outage: Outage) {
    let (calls, _) = every_surface(&program(), outage).await.unwrap_or_else(|broken| panic!("{broken:#}"));
    assert!(calls > 40, "{calls}");
}

/// S2, INV-2, on every call that the server describes.
#[tokio::test]
async fn a_store_that_was_cut_off_is_said_to_be_on_every_surface() {
    is_said_on_every_surface(Outage::Cut).await;
}

/// S2, INV-2
#[tokio::test]
async fn a_store_that_hangs_is_said_to_on_every_surface() {
    is_said_on_every_surface(Outage::Frozen).await;
}

/// S2, INV-2
#[tokio::test]
async fn a_store_whose_answers_are_lost_is_not_believed_on_any_surface() {
    is_said_on_every_surface(Outage::Mute).await;
}

/// S2, INV-2, INV-3
#[tokio::test]
async fn what_was_told_while_the_wire_failed_is_so() {
    let counted = faults(&program(), 10, 1).await.unwrap_or_else(|broken| panic!("{broken:#}"));
    assert!(counted.answered > 0 && counted.unanswered > 0, "{counted}");
}

/// S2, S21: OOM, READONLY, NOPERM, BUSY, LOADING, silence, eviction, FLUSHALL.
#[tokio::test]
async fn whatever_redis_answers_instead_nothing_is_acknowledged_and_it_is_found_again() {
    let program = program();
    let all = Trouble::ALL.map(|kind| trouble(&program, kind));
    futures_util::future::try_join_all(all).await.unwrap_or_else(|broken| panic!("{broken:#}"));
}
