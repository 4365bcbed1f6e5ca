//! Rules 4, 5, 6 and 11: what an answer means when a failover has lost what it stands on.

use std::sync::Arc;

use atropos::domain::Target;
use atropos::domain::error::GrantFault;

use super::twins::{Lost, append, copy, lose_a_revocation, revocation, twins};
use crate::interposed::{Interposed, Moment};
use crate::node::{Node, access, is_refused, refresh};

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

/// Rule 4: between a failover and the poll, a node whose copy is ahead says nothing dead that the store does not know
/// dead: whoever asks another node next would hear the opposite.
#[tokio::test]
async fn what_a_node_calls_dead_by_its_copy_alone_is_dead_everywhere() {
    let lost = lose_a_revocation().await;
    let Lost { between, node, behind, issued, .. } = &lost;
    between.fail_over_to(&behind.store);
    assert!(!node.is_active("a", access(issued)).await);
    lost.assert_dead_everywhere().await;
}

/// Rule 5: a repetition is answered 200 by an entry that the store has, not by one that the node remembers.
#[tokio::test]
async fn a_repetition_finds_again_what_a_failover_has_lost() {
    let lost = lose_a_revocation().await;
    let Lost { between, node, behind, issued, .. } = &lost;
    between.fail_over_to(&behind.store);
    node.revoke("a", refresh(issued)).await.unwrap();
    lost.assert_dead_everywhere().await;
}

/// Rules 5 and 6: the same, if the failover comes after the entry was found and before it is made sure of.
#[tokio::test]
async fn a_repetition_notices_a_failover_since_it_found_the_entry() {
    let lost = lose_a_revocation().await;
    let Lost { between, node, behind, issued, .. } = &lost;
    let (failing, to) = (between.clone(), Arc::clone(&behind.store));
    between.once_at(Moment::BeforeConfirm, move || async move { failing.fail_over_to(&to) });
    node.revoke("a", refresh(issued)).await.unwrap();
    lost.assert_dead_everywhere().await;
}

/// Rule 6: so with a replay: successors that a failover has lost are not handed out again.
#[tokio::test]
async fn a_replay_notices_a_failover_since_it_found_the_spend() {
    let (place, behind) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    copy(&node, access(&issued), &behind).await;
    let lost = node.refresh("a", refresh(&issued)).await.unwrap();
    let (failing, to) = (between.clone(), Arc::clone(&behind.store));
    between.once_at(Moment::AfterLoad, move || async move { failing.fail_over_to(&to) });
    let again = node.refresh("a", refresh(&issued)).await.unwrap();
    assert_ne!(refresh(&lost), refresh(&again), "the store knows nothing of that branch");
    assert!(node.is_active("a", access(&again)).await);
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
