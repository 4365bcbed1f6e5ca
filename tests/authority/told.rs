//! What happens is told to the audit log, once.

use std::sync::Arc;

use atropos::domain::audit::Event;
use atropos::domain::error::GrantFault;
use atropos::domain::{Cause, Target};

use crate::node::{Node, access, is_refused, refresh};
use crate::places::embedded;

/// RFC9700-4.14.2-b, RFC9700-4.14.2-c: reuse is told when it ends a family, and not again; a lost answer that is given again
/// is told as what it is.
#[tokio::test]
async fn reuse_is_told_once_and_each_replay_too() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let replayed = |event: &Event| matches!(event, Event::Replayed { .. });
    let reused = |event: &Event| matches!(event, Event::Reused { .. });
    let first = node.issue("a").await;
    let second = node.refresh("a", refresh(&first)).await.unwrap();
    for replay in 1..=3 {
        node.refresh("a", refresh(&first)).await.unwrap();
        assert_eq!((node.audit.count(replayed), node.audit.count(reused)), (replay, 0));
    }
    node.refresh("a", refresh(&second)).await.unwrap();
    assert!(is_refused(&node.refresh("a", refresh(&first)).await, GrantFault::Reused));
    for _ in 0..3 {
        assert!(is_refused(&node.refresh("a", refresh(&first)).await, GrantFault::Ended));
    }
    let family = node.family(access(&first)).await;
    let told = |event: &Event| {
        matches!(event, Event::Reused { family: it, client, receipt, .. }
        if *it == family && client.as_str() == "a" && (receipt.refresh_tokens, receipt.access_tokens) == (1, 3))
    };
    assert_eq!((node.audit.count(reused), node.audit.count(told)), (1, 1));
}

/// S2: a revocation is told when it was done, whoever asked for it, and what was done already is not told again.
#[tokio::test]
async fn a_revocation_is_told_once_with_its_cause() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let count = |node: &Node, wanted: Cause| {
        node.audit.count(|event| matches!(event, Event::Revoked { cause, .. } if *cause == wanted))
    };
    let issued = node.issue("a").await;
    for _ in 0..3 {
        node.revoke("a", access(&issued)).await.unwrap();
        assert_eq!(count(&node, Cause::Requested), 1);
    }
    node.revoke("a", refresh(&issued)).await.unwrap();
    assert_eq!(count(&node, Cause::Requested), 2);
    assert!(node.revoke("b", access(&issued)).await.is_err());
    node.revoke("a", "garbage").await.unwrap();
    node.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
    node.authority.retire_key(node.authority.keys.signing().unwrap()).await.unwrap();
    let causes = [Cause::Requested, Cause::Administrator, Cause::KeyRetired, Cause::Reuse];
    assert_eq!(causes.map(|cause| count(&node, cause)), [2, 1, 1, 0]);
}
