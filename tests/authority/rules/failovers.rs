//! Rules 4, 7, 8 and 11: histories that fork, and are healed.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::audit::Event;
use atropos::domain::error::GrantFault;
use atropos::domain::store::Append;
use atropos::domain::{Cause, Entry, Position, Revocation, Shard, Tag, Target};

use crate::interposed::{Interposed, Moment};
use crate::node::{DAY, Node, access, is_refused, refresh};
use crate::places::{Place, embedded};

const SHARD: Shard = match Shard::new(0) {
    Some(shard) => shard,
    None => unreachable!(),
};

/// Rule 4: the same position with another entry at it is another history, and is fetched.
#[tokio::test]
async fn a_head_is_a_number_and_a_tag() {
    let (place, other) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    copy(&node, access(&issued), &other).await;
    let position = append(&place, revocation(&node, Target::Client("b".into()), 1)).await;
    node.authority.follower.poll().await.unwrap();
    let twin = append(&other, revocation(&node, Target::Client("a".into()), 2)).await;
    assert_eq!(position, twin, "both clocks stand at the same time");
    between.fail_over_to(&other.store);
    assert!(!node.is_active("a", access(&issued)).await);
}

/// Rule 7: a node puts back what a failover lost: at a new position, with its bound and its tag, once.
#[tokio::test]
async fn what_a_failover_lost_is_put_back_once_by_whoever_knew_it() {
    let (place, behind) = twins().await;
    let (between, between_other) =
        (Interposed::before(Arc::clone(&place.store)), Interposed::before(Arc::clone(&place.store)));
    let node = Node::on(between.clone(), &place.clock).await;
    let other = Node::on(between_other.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    copy(&node, access(&issued), &behind).await;
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
    assert_eq!(healed[0].revocation, lost.revocation);
    assert!(healed[0].position > lost.position, "rule 8: positions rise over a failover, whatever the clock says");
    let fresh = Node::on(Arc::clone(&behind.store), &behind.clock).await;
    assert!(!fresh.is_active("a", access(&issued)).await, "INV-5: a node that never knew it knows it now");
    let heals = node.audit.count(|event| matches!(event, Event::Healed { .. }));
    assert_eq!(heals + other.audit.count(|event| matches!(event, Event::Healed { .. })), 1);
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
    slow.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
    let issued = receiver.await.unwrap();
    assert!(node.is_active("a", access(&issued)).await, "RFC 7009 says nothing of killing the next login");
}

/// Rule 11: what is done again after a failover makes other tokens, and those of the lost history are not alive.
#[tokio::test]
async fn a_refresh_done_again_after_a_failover_makes_other_tokens() {
    let (place, behind) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    copy(&node, access(&issued), &behind).await;
    let lost = node.refresh("a", refresh(&issued)).await.unwrap();
    between.fail_over_to(&behind.store);
    let again = node.refresh("a", refresh(&issued)).await.unwrap();
    let (lost_id, id) = (node.id(refresh(&lost)).await, node.id(refresh(&again)).await);
    assert_eq!(lost_id.serial, id.serial, "the record counts on from where it was");
    assert_ne!(lost_id, id);
    assert!(!node.is_active("a", access(&lost)).await);
    assert!(node.is_active("a", access(&again)).await);
    let lost_again = node.refresh("a", refresh(&lost)).await;
    assert!(is_refused(&lost_again, GrantFault::Reused), "ours, and neither live nor excused: {lost_again:?}");
}

/// Two stores with the same clock.
async fn twins() -> (Place, Place) {
    let (place, other) = (embedded().await, embedded().await);
    other.clock.set(atropos::domain::clock::Clock::now(&*place.clock));
    (place, other)
}

/// What replication brought over: the record as it is now.
async fn copy(node: &Node, token: &str, to: &Place) {
    let id = node.family(token).await;
    let stored = node.authority.store.load(id).await.unwrap().stored.expect("it was written");
    to.store.create(&stored.family, stored.version, DAY).await.unwrap();
}

async fn append(place: &Place, revocation: Revocation) -> Position {
    let revocations = [revocation];
    let append = Append { shard: SHARD, revocations: &revocations, anchor: None, floor: Position(0) };
    place.store.append(append).await.unwrap().head.position
}

async fn log(place: &Place) -> Vec<Entry> {
    place.store.revocations(SHARD, None, 1000).await.unwrap().entries
}

fn revocation(node: &Node, target: Target, tag: u64) -> Revocation {
    let now = node.authority.clock.now();
    Revocation {
        target,
        bound: Position(u64::MAX),
        tag: Tag(tag),
        cause: Cause::Administrator,
        revoked_at: now,
        expires_at: now.plus(DAY),
    }
}
