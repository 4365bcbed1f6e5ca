//! Rules 1, 2 and 3: where families live, and under which epoch.

use std::collections::BTreeSet;
use std::sync::Arc;

use atropos::domain::chance::{Chance as _, SystemChance};
use atropos::domain::family::Family;
use atropos::domain::store::{Created, Version};
use atropos::domain::{Cause, FamilyId, KeyId, Link, Target};

use crate::interposed::{Interposed, Moment};
use crate::node::{DAY, Node, access, refresh};
use crate::places::{Place, embedded, redis};

/// Rule 2: what a revocation took while a token was being made is not handed out: the request is judged again.
#[tokio::test]
async fn a_family_that_was_covered_while_it_was_born_is_abandoned_for_another() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let other = Node::on(Arc::clone(&place.store), &place.clock).await;
    between.once_at(Moment::BeforeCreate, move || async move {
        other.authority.revoke_target(Target::Client("a".into()), Cause::Administrator).await.unwrap();
    });
    let issued = node.issue("a").await;
    assert!(node.is_active("a", access(&issued)).await, "what is handed out is alive");
    assert_eq!(between.passed(Moment::BeforeCreate), 2, "the first id was abandoned");
}

/// Rule 2: an unrelated revocation in between changes nothing, not even the id.
#[tokio::test]
async fn a_family_that_was_not_covered_keeps_its_id_and_its_epoch() {
    let place = embedded().await;
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    let other = Node::on(Arc::clone(&place.store), &place.clock).await;
    between.once_at(Moment::BeforeCreate, move || async move {
        other.authority.revoke_target(Target::Client("b".into()), Cause::Administrator).await.unwrap();
    });
    node.issue("a").await;
    assert_eq!(between.passed(Moment::BeforeCreate), 1);
}

/// Rule 2: an epoch of a history that the store has lost is not given: a later revocation might end before it.
#[tokio::test]
async fn no_family_is_born_with_an_epoch_that_the_store_has_lost() {
    let (place, bare) = (embedded().await, embedded().await);
    let between = Interposed::before(Arc::clone(&place.store));
    let node = Node::on(between.clone(), &place.clock).await;
    node.authority.revoke_target(Target::Client("b".into()), Cause::Administrator).await.unwrap();
    between.fail_over_to(&bare.store);
    let issued = node.issue("a").await;
    let id = node.family(access(&issued)).await;
    let born = bare.store.load(id).await.unwrap();
    let epoch = born.stored.expect("it was written").family.epoch;
    assert!(epoch <= born.head.position, "{epoch:?} is not in a history that ends at {:?}", born.head);
}

/// CASC-c, S29: born before the cut dies, born after it lives, however little time there was.
#[tokio::test]
async fn a_cut_takes_what_was_born_before_it_and_nothing_that_was_born_after() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let targets = [Target::Client("a".into()), Target::Subject("alice".into()), Target::Everything];
    for target in targets {
        let before = node.session("a", "alice").await;
        node.authority.revoke_target(target.clone(), Cause::Administrator).await.unwrap();
        let after = node.session("a", "alice").await;
        // The clock stands still: not a millisecond has passed.
        assert!(!node.is_active("a", access(&before)).await, "{target:?}");
        assert!(node.is_active("a", access(&after)).await, "{target:?}");
    }
}

/// Rule 1: a wide target reaches every shard in which it could cover something, before it is answered.
#[tokio::test]
async fn a_wide_revocation_reaches_every_shard() {
    let place = redis().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let other = Node::on(Arc::clone(&place.second), &place.clock).await;
    for target in [Target::Client("a".into()), Target::Everything] {
        let mut issued = Vec::new();
        let mut shards = BTreeSet::new();
        while shards.len() < 16 {
            issued.push(node.issue("a").await);
            shards.insert(node.family(access(&issued[issued.len() - 1])).await.shard());
        }
        other.authority.revoke_target(target, Cause::Administrator).await.unwrap();
        for issued in &issued {
            assert!(!node.is_active("a", access(issued)).await);
        }
    }
}

/// Rule 1: all of a person's sessions are in one shard, and a revocation of the person goes there and takes them all.
#[tokio::test]
async fn a_person_is_in_one_shard() {
    let place = redis().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(node.session("a", "alice").await);
    }
    let bystander = node.session("a", "bob").await;
    let shard = node.family(access(&sessions[0])).await.shard();
    for session in &sessions {
        assert_eq!(node.family(access(session)).await.shard(), shard);
    }
    node.authority.revoke_target(Target::Subject("alice".into()), Cause::Administrator).await.unwrap();
    for session in &sessions {
        assert!(!node.is_active("a", access(session)).await);
    }
    assert!(node.is_active("a", access(&bystander)).await, "S25");
}

/// Rule 1, X-a, X-d, RFC7009-2.1-be, RFC7662-4-m: a child lives in its parent's shard and dies with any link of its chain,
/// and its parent not with it.
#[tokio::test]
async fn a_child_dies_with_every_link_above_it() {
    let place = embedded().await;
    let node = Node::on(Arc::clone(&place.store), &place.clock).await;
    let targets: [fn(&Link) -> Target; 4] = [
        |link| Target::Token(link.token),
        |link| Target::Family(link.token.family),
        |link| Target::Client(link.client.clone()),
        |link| Target::Key(link.key),
    ];
    for target in targets {
        let parent = node.issue("a").await;
        let link = Link { token: node.id(access(&parent)).await, client: "a".into(), key: KeyId(77) };
        let (child, token) = child_of(&node, &place, &link).await;
        assert!(node.is_active("b", &token).await);
        node.authority.revoke_target(target(&link), Cause::Administrator).await.unwrap();
        assert!(!node.is_active("b", &token).await, "{:?}", target(&link));
        assert_eq!(child.id.shard(), link.token.family.shard());
    }
    // The key above is retired by now. As its owner ends it: by the token that was exchanged, or by the refresh token of the same grant.
    for by in [access, refresh] {
        let parent = node.issue("a").await;
        let link = Link { token: node.id(access(&parent)).await, client: "a".into(), key: KeyId(78) };
        let (_, token) = child_of(&node, &place, &link).await;
        assert!(node.is_active("b", &token).await);
        node.revoke("a", by(&parent)).await.unwrap();
        assert!(!node.is_active("b", &token).await);
    }
    // The other way round: the child's end is not the parent's.
    let parent = node.issue("a").await;
    let link = Link { token: node.id(access(&parent)).await, client: "a".into(), key: KeyId(78) };
    let (child, token) = child_of(&node, &place, &link).await;
    assert!(node.is_active("b", &token).await);
    node.authority.revoke_target(Target::Family(child.id), Cause::Administrator).await.unwrap();
    assert!(!node.is_active("b", &token).await);
    assert!(node.is_active("a", access(&parent)).await);
}

/// A family of client `b`, as token exchange will beget them; its access token.
async fn child_of(node: &Node, place: &Place, link: &Link) -> (Family, String) {
    let issued = node.issue("b").await;
    let like = node.authority.family(node.family(access(&issued)).await).await.unwrap().expect("it was written").family;
    let id = FamilyId::new(link.token.family.shard(), like.id.born_at(), SystemChance.u64());
    let child = Family { id, ancestors: vec![link.clone()], ..like };
    let created = place.store.create(&child, Version(1), DAY).await.unwrap();
    assert!(matches!(created, Created::Done(_)));
    let (token, key, _) =
        child.live_tokens(node.authority.clock.now()).find(|(.., is_refresh)| !is_refresh).expect("an access token");
    let text =
        node.authority.keys.mint(atropos::domain::token::OpaqueKind::Access, token, key).expect("the key is there");
    (child, text.expose().to_owned())
}
