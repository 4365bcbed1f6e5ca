//! Rules 5 and 10: what a revocation takes, what its answer means, how long it is remembered.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::audit::Event;
use atropos::domain::authority::Issued;
use atropos::domain::client::ClientId;
use atropos::domain::error::{Error, GrantFault};
use atropos::domain::store::Receipt;
use atropos::domain::{Cause, Shard, Target, Timestamp};

use crate::interposed::{Interposed, Moment};
use crate::node::{DAY, Node, access, is_refused, refresh};
use crate::places::{Place, embedded};

/// Rule 5, RFC7009-2.1-bb: a logout with the token that a refresh has just spent ends the session.
#[tokio::test]
async fn a_spent_refresh_token_revokes_as_the_live_one_would() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let issued = node.issue("a").await;
    let next = node.refresh("a", refresh(&issued)).await.unwrap();
    node.revoke("a", refresh(&issued)).await.unwrap();
    for token in [access(&issued), access(&next), refresh(&next)] {
        assert!(!node.is_active("a", token).await);
    }
    assert!(is_refused(&node.refresh("a", refresh(&next)).await, GrantFault::Ended));
}

/// Rule 5: so does one that has lain idle for too long, while an access token of the session may still live.
#[tokio::test]
async fn an_expired_refresh_token_revokes_as_the_live_one_would() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let issued = node.issue("a").await;
    place.clock.advance(30 * DAY);
    node.revoke("a", refresh(&issued)).await.unwrap();
    let family = node.family(refresh(&issued)).await;
    assert!(node.authority.follower.denylist(family.shard()).is_listed(&Target::Family(family)));
}

/// Rule 5: a JWT whose record was lost is listed by its `jti`, for those who check locally; by its owner alone (S9).
#[tokio::test]
async fn a_jwt_without_a_record_is_listed_by_its_owner_alone() {
    let (place, bare) = (embedded().await, embedded().await);
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("jwt").await;
    between.fail_over_to(&bare.store);
    let id = node.id(access(&issued)).await;
    let listed = || node.authority.follower.denylist(id.family.shard()).is_listed(&Target::Token(id));
    node.revoke("a", access(&issued)).await.expect("without a record, the answer for an unknown token");
    assert!(!listed());
    node.revoke("jwt", access(&issued)).await.unwrap();
    assert!(listed());
    let there = bare.store.revocations(id.family.shard(), None, 10).await.unwrap().entries;
    assert_eq!(there.len(), 1);
    // Once it has expired nobody accepts it any more, and nothing is to be remembered.
    let later = node.issue("jwt").await;
    between.fail_over_to(&place.store);
    place.clock.advance(Duration::from_secs(500));
    node.revoke("jwt", access(&later)).await.unwrap();
    assert!(!node.is_active("jwt", access(&later)).await);
}

/// S32: what is ended without its record is told of like anything else, and once.
#[tokio::test]
async fn a_jwt_that_is_revoked_without_its_record_is_told_of() {
    let (place, bare) = (embedded().await, embedded().await);
    for (client, target) in [("jwt", "token"), ("wide-jwt", "family")] {
        let between = Interposed::before(Arc::clone(&place.store));
        let node = Node::on(between.clone(), &place.clock).await;
        let issued = node.issue(client).await;
        let family = node.family(access(&issued)).await;
        between.fail_over_to(&bare.store);
        node.revoke("a", access(&issued)).await.unwrap();
        assert_eq!(node.audit.count(|event| matches!(event, Event::Revoked { .. })), 0, "it was not a's");
        for _ in 0..2 {
            node.revoke(client, access(&issued)).await.unwrap();
        }
        let expected = Event::Revoked {
            target,
            family: Some(family),
            client: Some(ClientId::new(client)),
            cause: Cause::Requested,
            receipt: Receipt { access_tokens: 1, ..Receipt::default() },
        };
        assert_eq!(node.audit.count(|event| matches!(event, Event::Revoked { .. })), 1);
        assert_eq!(node.audit.count(|event| *event == expected), 1);
    }
}

/// Rule 5, RFC7009-2.2-d: a repetition appends nothing, and still makes sure that what it found is there and durable.
#[tokio::test]
async fn a_repetition_appends_nothing_but_makes_sure_of_what_it_found() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    for token in [access(&issued), refresh(&issued)] {
        node.revoke("a", token).await.unwrap();
        let (entries, confirmed) = (entries(&node), between.passed(Moment::BeforeConfirm));
        for repetition in 1..=1000 {
            node.revoke("a", token).await.unwrap();
            assert_eq!(between.passed(Moment::BeforeConfirm), confirmed + repetition);
        }
        assert_eq!(entries, self::entries(&node));
    }
}

/// Rule 5: an access token of a session that has ended is listed with it.
#[tokio::test]
async fn what_was_revoked_with_its_family_is_not_listed_again() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let issued = node.issue("a").await;
    node.revoke("a", refresh(&issued)).await.unwrap();
    let before = entries(&node);
    node.revoke("a", access(&issued)).await.unwrap();
    assert_eq!(entries(&node), before);
}

/// A replay hands out what another request committed, and must make sure of that as well: else a failover could lose the
/// spend, and its successors and those of a later spend would be two branches.
#[tokio::test]
async fn a_replay_commits_what_it_found_once_more() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let issued = node.issue("a").await;
    node.refresh("a", refresh(&issued)).await.unwrap();
    let committed = between.passed(Moment::BeforeCommit);
    node.refresh("a", refresh(&issued)).await.unwrap();
    assert_eq!(between.passed(Moment::BeforeCommit), committed + 1);
}

/// Rule 10, S23: an entry outlives all it covers by the margin, for every kind of token and at any age.
#[tokio::test]
async fn an_entry_outlives_what_it_covers() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    for (client, by) in [("a", refresh as fn(&Issued) -> &str), ("jwt", refresh), ("wide", access), ("wide", refresh)] {
        for age in [0, 100, 290, 10_000, 1_000_000] {
            let issued = node.issue(client).await;
            place.clock.advance(Duration::from_secs(age));
            let family = node.authority.family(node.family(access(&issued)).await).await.unwrap();
            let Some(family) = family.map(|view| view.family) else { continue };
            let until = family.last_moment();
            node.revoke(client, by(&issued)).await.unwrap();
            let end = end_of(&place, &Target::Family(family.id)).await;
            assert!(end >= until.plus(node.authority.margin), "{client} at {age}");
        }
    }
    for client in ["a", "jwt"] {
        for age in [0, 100, 290] {
            let issued = node.issue(client).await;
            let id = node.id(access(&issued)).await;
            let lifetime = Duration::from_secs(if client == "jwt" { 300 } else { 3600 });
            let until = node.authority.clock.now().plus(lifetime);
            place.clock.advance(Duration::from_secs(age));
            node.revoke(client, access(&issued)).await.unwrap();
            let end = end_of(&place, &Target::Token(id)).await;
            assert!(end >= until.plus(node.authority.margin), "{client} at {age}");
        }
    }
}

/// Until when the log keeps the entry for this target.
async fn end_of(place: &Place, target: &Target) -> Timestamp {
    let log = place.store.revocations(Shard::default(), None, 1000).await.unwrap().entries;
    log.iter().find(|entry| entry.revocation.target == *target).expect("listed").revocation.expires_at
}

/// S9, RFC7009-2.1-y, -z: another client's token is refused, alive or dead, and nothing happens to it.
#[tokio::test]
async fn nobody_revokes_the_token_of_another() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let issued = node.issue("a").await;
    for token in [access(&issued), refresh(&issued)] {
        let alive = node.revoke("b", token).await;
        assert_eq!(alive, Err(Error::InvalidGrant(GrantFault::OtherClient)));
        assert!(node.is_active("a", token).await);
        node.revoke("a", token).await.unwrap();
        assert_eq!(node.revoke("b", token).await, alive);
    }
}

fn entries(node: &Node) -> usize {
    node.authority.follower.denylist(Shard::default()).len()
}
