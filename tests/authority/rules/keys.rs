//! Rule 12: keys that a node does not know yet, and keys that are no more.

use std::sync::Arc;

use atropos::domain::error::Error;
use atropos::domain::keys::{KeyKind, SigningAlgorithm};

use crate::interposed::Interposed;
use crate::node::{Node, access, refresh};
use crate::places::embedded;

/// Rule 12: a token made with a new key is known at once by a node that has not heard of it.
#[tokio::test]
async fn a_node_reloads_the_ring_for_a_key_that_it_does_not_know() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let other = Node::on(Arc::clone(&place.store), &place.clock).await;
    for (kind, client) in [(KeyKind::Mac, "a"), (KeyKind::Signing(SigningAlgorithm::Es256), "jwt")] {
        other.authority.rotate_key(kind, true).await.unwrap();
        let issued = other.issue(client).await;
        assert!(node.is_active(client, access(&issued)).await, "{kind}");
    }
}

/// Rule 12: if it cannot, it does not take the token for garbage: neither inactive, nor revoked.
#[tokio::test]
async fn a_node_that_cannot_reload_the_ring_does_not_answer() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let other = Node::on(Arc::clone(&place.store), &place.clock).await;
    other.authority.rotate_key(KeyKind::Mac, true).await.unwrap();
    let issued = other.issue("a").await;
    between.let_documents_fail(true);
    let answer = node.authority.introspect(&node.caller("a"), access(&issued)).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))));
    assert!(matches!(node.revoke("a", access(&issued)).await, Err(Error::Unavailable(_))));
    assert!(matches!(node.refresh("a", refresh(&issued)).await, Err(Error::Unavailable(_))));
    between.let_documents_fail(false);
    assert!(node.is_active("a", access(&issued)).await);
}

/// The kill switch: every token of the key is dead at every node, and new ones are made with another at once.
#[tokio::test]
async fn retiring_a_key_ends_its_tokens_and_no_others_at_every_node() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let other = Node::on(Arc::clone(&place.store), &place.clock).await;
    let (opaque, signed) = (node.issue("a").await, node.issue("jwt").await);
    assert!(other.is_active("jwt", access(&signed)).await, "its verification is remembered there");
    node.authority.retire_key(node.authority.keys.signing().unwrap()).await.unwrap();
    for at in [&node, &other] {
        assert!(!at.is_active("jwt", access(&signed)).await);
        assert!(at.is_active("jwt", refresh(&signed)).await, "made with another key");
        assert!(at.is_active("a", access(&opaque)).await);
        let new = at.issue("jwt").await;
        assert!(at.is_active("jwt", access(&new)).await, "a node that had not heard makes no dead tokens");
        let next = at.refresh("jwt", refresh(&new)).await.unwrap();
        assert!(at.is_active("jwt", access(&next)).await);
    }
}
