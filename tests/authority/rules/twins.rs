//! Two stores of which one can take the place of the other, as after a failover that lost writes.

use std::sync::Arc;

use atropos::domain::authority::Issued;
use atropos::domain::store::Append;
use atropos::domain::{Cause, Entry, Position, Revocation, Shard, Tag, Target};

use crate::interposed::Interposed;
use crate::node::{DAY, Node, access, refresh};
use crate::places::{Place, embedded};

pub(super) const SHARD: Shard = match Shard::new(0) {
    Some(shard) => shard,
    None => unreachable!(),
};

/// The document that holds the keys.
const KEYS: &str = "keyring";

/// Two stores with the same clock and the same keys: with others, no token of the one would be alive on the other.
pub(super) async fn twins() -> (Place, Place) {
    let (place, other) = (embedded().await, embedded().await);
    other.clock.set(atropos::domain::clock::Clock::now(&*place.clock));
    Node::on(Arc::clone(&place.store), &place.clock).await;
    let keys = place.store.document(KEYS).await.unwrap().expect("the first node has made them");
    assert!(other.store.replace_document(KEYS, None, &keys).await.unwrap());
    (place, other)
}

/// What replication brought over: the record as it is now.
pub(super) async fn copy(node: &Node, token: &str, to: &Place) {
    let id = node.family(token).await;
    let stored = node.authority.store.load(id).await.unwrap().stored.expect("it was written");
    to.store.create(&stored.family, stored.version, DAY).await.unwrap();
}

/// A node that knows a revocation which `behind` does not have, although its copy knows the head of `behind`.
pub(super) struct Lost {
    pub(super) between: Arc<Interposed>,
    pub(super) node: Node,
    pub(super) behind: Place,
    pub(super) issued: Issued,
    /// Another session, which nobody has revoked.
    spared: Issued,
}

impl Lost {
    /// A node that has never seen any other store than `behind` says so.
    pub(super) async fn assert_dead_everywhere(&self) {
        let other = Node::on(Arc::clone(&self.behind.store), &self.behind.clock).await;
        assert!(other.is_active("a", access(&self.spared)).await, "it knows tokens of this store");
        assert!(!other.is_active("a", access(&self.issued)).await);
    }
}

pub(super) async fn lose_a_revocation() -> Lost {
    let (place, behind) = twins().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let (issued, spared) = (node.issue("a").await, node.issue("a").await);
    for session in [&issued, &spared] {
        copy(&node, access(session), &behind).await;
    }
    let common = revocation(&node, Target::Client("b".into()), 1);
    assert_eq!(append(&place, common.clone()).await, append(&behind, common).await);
    node.revoke("a", refresh(&issued)).await.unwrap();
    Lost { between, node, behind, issued, spared }
}

pub(super) async fn append(place: &Place, revocation: Revocation) -> Position {
    append_beyond(place, revocation, Position(0)).await
}

pub(super) async fn append_beyond(place: &Place, revocation: Revocation, floor: Position) -> Position {
    let revocations = [revocation];
    let append = Append { shard: SHARD, revocations: &revocations, anchor: None, floor };
    place.store.append(append).await.unwrap().head.position
}

pub(super) async fn log(place: &Place) -> Vec<Entry> {
    place.store.revocations(SHARD, None, 1000).await.unwrap().entries
}

pub(super) fn revocation(node: &Node, target: Target, tag: u64) -> Revocation {
    let now = node.authority.clock.now();
    Revocation {
        target,
        bound: Some(Position(u64::MAX)),
        put_back: None,
        tag: Tag(tag),
        cause: Cause::Administrator,
        revoked_at: now,
        expires_at: now.plus(DAY),
    }
}
