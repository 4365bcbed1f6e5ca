//! Rules 2 and 7: histories that fork, and are healed.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::audit::Event;
use atropos::domain::{Cause, Position, Revocation, Target, Timestamp};

use super::twins::{SHARD, append, append_beyond, copy, log, revocation, twins};
use crate::interposed::{Interposed, Moment};
use crate::node::{Node, access, refresh};
use crate::places::embedded;

/// Rule 7: a node puts back what a failover lost: at a new position, with its bound and its tag, once.
#[tokio::test]
async fn what_a_failover_lost_is_put_back_once_by_whoever_knew_it() {
    let (place, behind) = twins().await;
    let (between, between_other) =
        (Interposed::before(Arc::clone(&place.store)), Interposed::before(Arc::clone(&place.store)));
    let node = Node::on(between.clone(), &place.clock).await;
    let other = Node::on(between_other.clone(), &place.clock).await;
    let (issued, spared) = (node.issue("a").await, node.issue("a").await);
    copy(&node, access(&issued), &behind).await;
    copy(&node, access(&spared), &behind).await;
    node.revoke("a", refresh(&issued)).await.unwrap();
    other.authority.follower.poll().await.unwrap();
    let lost = log(&place).await.pop().expect("the revocation");

    between.fail_over_to(&behind.store);
    between_other.fail_over_to(&behind.store);
    assert!(log(&behind).await.is_empty(), "the new primary does not have it");
    node.authority.follower.poll().await.unwrap();
    other.authority.follower.poll().await.unwrap();
    node.authority.follower.poll().await.unwrap();

    let healed = log(&behind).await;
    assert_eq!(healed.len(), 1, "once, although two nodes knew it: {healed:?}");
    let put_back = healed[0].revocation.put_back;
    let as_before = Revocation { bound: Some(lost.position), put_back, ..lost.revocation.clone() };
    assert_eq!(healed[0].revocation, as_before);
    assert_ne!(healed[0].head().tag, lost.head().tag, "rule 4: no two histories come to look alike");
    assert!(healed[0].position > lost.position, "rule 8: positions rise over a failover, whatever the clock says");
    let fresh = Node::on(Arc::clone(&behind.store), &behind.clock).await;
    assert!(fresh.is_active("a", access(&spared)).await);
    assert!(!fresh.is_active("a", access(&issued)).await, "INV-5: a node that never knew it knows it now");
    let heals = node.audit.count(|event| matches!(event, Event::Healed { .. }));
    assert_eq!(heals + other.audit.count(|event| matches!(event, Event::Healed { .. })), 1);
}

/// Rule 13: a node that cannot ask does not pass for one that has just asked.
#[tokio::test]
async fn a_copy_whose_store_does_not_answer_grows_old() {
    let (place, _) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let age = || node.authority.follower.age(SHARD);
    node.authority.follower.poll().await.unwrap();
    assert_eq!(age(), Duration::ZERO);
    between.let_heads_fail(true);
    place.clock.advance(Duration::from_secs(10));
    node.authority.follower.poll().await.unwrap_err();
    assert_eq!(age(), Duration::from_secs(10));
    between.let_heads_fail(false);
    node.authority.follower.poll().await.unwrap();
    assert_eq!(age(), Duration::ZERO);
}

/// Rule 7: what the node itself revoked stays dead there even before anything is healed.
#[tokio::test]
async fn a_node_does_not_forget_what_its_store_has_lost() {
    let (place, behind) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    copy(&node, access(&issued), &behind).await;
    node.revoke("a", access(&issued)).await.unwrap();
    between.fail_over_to(&behind.store);
    assert!(!node.is_active("a", access(&issued)).await);
}

/// Rule 7: a failover that lost nothing but what was due to be forgotten leaves the copy ahead of the store, and no entry
/// will ever tell: the copy goes back, or no family could be born any more.
#[tokio::test]
async fn a_copy_goes_back_to_a_store_that_lost_only_what_was_due() {
    let (place, behind) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let lasting = revocation(&node, Target::Client("b".into()), 1);
    append(&place, lasting.clone()).await;
    append(&behind, lasting).await;
    let expires_at = node.authority.clock.now().plus(Duration::from_secs(5));
    let brief = Revocation { expires_at, ..revocation(&node, Target::Subject("bob".into()), 2) };
    append(&place, brief).await;
    node.authority.follower.poll().await.unwrap();
    let highest = node.authority.follower.denylist(SHARD).head();
    for clock in [&place.clock, &behind.clock] {
        clock.advance(Duration::from_secs(10));
    }
    between.fail_over_to(&behind.store);
    let issued = node.issue("a").await;
    assert!(node.is_active("a", access(&issued)).await);
    assert_eq!(node.authority.follower.denylist(SHARD).head(), behind.store.heads().await.unwrap().0[0]);
    // Rule 8: what was born under a lost position must not meet that position again.
    behind.clock.set(Timestamp::from_secs(1));
    node.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
    assert!(log(&behind).await.pop().expect("appended").position > highest.position);
}

/// Rule 2: evidence that was judged in one history begets nothing in another, whatever their numbers say.
#[tokio::test]
async fn no_family_is_born_across_a_fork() {
    let (place, behind) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let far = |hours: u64| Position((node.authority.clock.now().as_millis() + hours * 3_600_000) * 1000);
    append_beyond(&place, revocation(&node, Target::Client("b".into()), 1), far(1)).await;
    node.authority.follower.poll().await.unwrap();
    // The other history has a cut of the client at a number that looks older than the epoch, and a head that looks newer.
    append(&behind, Revocation { bound: None, ..revocation(&node, Target::Client("a".into()), 2) }).await;
    append_beyond(&behind, revocation(&node, Target::Client("b".into()), 3), far(2)).await;
    let (failing, to) = (between.clone(), Arc::clone(&behind.store));
    between.once_at(Moment::BeforeCreate, move || async move { failing.fail_over_to(&to) });
    let issued = node.issue("a").await;
    assert_eq!(between.passed(Moment::BeforeCreate), 2, "the first id was abandoned");
    assert!(node.is_active("a", access(&issued)).await);
}

/// Rule 7: an entry that was due to be forgotten is no sign of a fork.
#[tokio::test]
async fn an_anchor_that_has_been_swept_is_not_taken_for_a_fork() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let other = Node::on(Arc::clone(&place.store), &place.clock).await;
    append(&place, revocation(&node, Target::Client("b".into()), 1)).await;
    let brief = Revocation {
        expires_at: node.authority.clock.now().plus(Duration::from_secs(5)),
        ..revocation(&node, Target::Subject("bob".into()), 2)
    };
    append(&place, brief).await;
    node.authority.follower.poll().await.unwrap();
    other.authority.follower.poll().await.unwrap();
    place.clock.advance(Duration::from_secs(10));
    other.authority.follower.sweep().await.unwrap();
    assert_eq!(log(&place).await.len(), 1, "swept");
    append(&place, revocation(&node, Target::Client("jwt".into()), 3)).await;
    node.authority.follower.poll().await.unwrap();
    assert_eq!(node.audit.count(|event| matches!(event, Event::Healed { .. })), 0);
    assert_eq!(log(&place).await.len(), 2);
}
