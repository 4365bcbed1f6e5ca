//! Rule 8: what a wide revocation covers.

use std::sync::Arc;

use atropos::domain::{Cause, Target};

use super::twins::log;
use crate::interposed::{Interposed, Moment};
use crate::node::{Node, access};
use crate::places::embedded;

/// Rule 8: a revocation that lands late, after it was given up and repeated, ends nothing that came after the repetition.
#[tokio::test]
async fn an_append_that_lands_late_kills_nothing_that_came_later() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let slow = Node::on(between.clone(), &place.clock).await;
    let node = Arc::new(Node::on(Arc::clone(&place.store), &place.clock).await);
    let (born, receiver) = tokio::sync::oneshot::channel();
    let cutter = Arc::clone(&node);
    between.once_at(Moment::BeforeAppend, move || async move {
        cutter.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
        born.send(cutter.issue("a").await).expect("the test waits for it");
    });
    // It was given up: what it sent still lands, and nobody is there to try again.
    let (refused, given_up) = tokio::sync::oneshot::channel();
    between.once_at(Moment::BeforeAppend, move || async move {
        refused.send(()).expect("the test waits for it");
        std::future::pending::<()>().await;
    });
    tokio::select! {
        _ = slow.authority.revoke_target(Target::Client("a".into()), Cause::Administrator) => panic!("it landed"),
        told = given_up => told.unwrap(),
    }
    let issued = receiver.await.unwrap();
    assert!(node.is_active("a", access(&issued)).await, "RFC 7009 says nothing of killing the next login");
    assert_eq!(log(&place).await.len(), 1);
}

/// Rule 8: a cut takes all that was born before it lands, also what was born after its request began.
#[tokio::test]
async fn a_cut_takes_what_was_born_before_it_landed() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let slow = Node::on(between.clone(), &place.clock).await;
    let node = Arc::new(Node::on(Arc::clone(&place.store), &place.clock).await);
    let (born, receiver) = tokio::sync::oneshot::channel();
    let busy = Arc::clone(&node);
    between.once_at(Moment::BeforeAppend, move || async move {
        busy.authority.revoke_target(Target::Client("b".into()), Cause::Administrator).await.unwrap();
        born.send(busy.session("a", "alice").await).expect("the test waits for it");
    });
    slow.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
    let issued = receiver.await.unwrap();
    assert!(!node.is_active("a", access(&issued)).await, "it was there when the cut was answered");
}
