//! Rule 10 where nodes differ, or differed once, about how long families may live.

use std::sync::Arc;

use atropos::domain::{Cause, Target};

use crate::node::{DAY, Node, access, refresh};
use crate::places::{Place, embedded};

/// A node by whose settings families live for a week, at a store where they lived for ninety days.
async fn brief(place: &Place) -> Node {
    let mut node = Node::on(Arc::clone(&place.store), &place.clock).await;
    node.authority.longest_family = 7 * DAY;
    node.authority.announce_lifetimes().await.unwrap();
    node
}

/// Rule 10, S23, INV-5: what was given for longer stays revoked for longer.
#[tokio::test]
async fn shorter_lifetimes_forget_no_revocation_of_what_was_given_for_longer() {
    for target in [Target::Client("a".into()), Target::Subject("alice".into()), Target::Everything] {
        let place = embedded().await;
        let lasting = Node::on(Arc::clone(&place.store), &place.clock).await;
        lasting.authority.announce_lifetimes().await.unwrap();
        let issued = lasting.session("a", "alice").await;
        let node = brief(&place).await;
        node.authority.revoke_target(target.clone(), Cause::Administrator).await.unwrap();
        place.clock.advance(8 * DAY);
        node.authority.follower.sweep().await.unwrap();
        // A node that has seen nothing of it, and reads what the store still has.
        let again = brief(&place).await;
        assert!(!again.is_active("a", refresh(&issued)).await, "{target:?}");
        assert!(again.refresh("a", refresh(&issued)).await.is_err(), "{target:?}");
    }
}

/// The other way round, and both at once: the longest is known to all as soon as somebody may give it.
#[tokio::test]
async fn the_longest_lifetime_of_any_node_counts_at_every_node() {
    let place = embedded().await;
    let brief = brief(&place).await;
    let lasting = Node::on(Arc::clone(&place.store), &place.clock).await;
    lasting.authority.announce_lifetimes().await.unwrap();
    let issued = lasting.session("a", "alice").await;
    let family = lasting.authority.family(lasting.family(access(&issued)).await).await.unwrap().unwrap().family;
    brief.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
    let log = place.store.revocations(family.id.shard(), None, 10).await.unwrap().entries;
    assert!(log[0].revocation.expires_at >= family.expires_at.plus(brief.authority.margin), "{log:?}");
}
