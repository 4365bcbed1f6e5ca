//! A store that cannot be reached says so in time, and is back when it can be.

use std::time::Duration;

use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Document, Store, Version};
use atropos::domain::{Head, Position};
use atropos::store::redis::RedisStore;
use atropos_testbed::{Flavor, RedisServer, Wire};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::time::Instant;

use crate::support::{
    HOUR, append, commit, create, open, persons_session, revocation, say, session, settings, shard, soon, tell, with,
};

pub(crate) const BOUND: Duration = Duration::from_secs(1);

/// What a busy machine may add to a bound.
const GRACE: Duration = Duration::from_secs(2);

/// Makes every call of the contract, of which each must fail in time.
pub(crate) async fn nothing_works(store: &RedisStore) {
    let (family, person) = (session(shard(1), 99), persons_session(shard(1), 98, "alice"));
    let entry = [revocation(family.id, 7)];
    let document = Document { version: Version(1), bytes: Vec::new() };
    let begun = Instant::now();
    let calls: [(&str, BoxFuture<'_, bool>); 17] = [
        ("load", store.load(family.id).map(|answer| answer.is_err()).boxed()),
        ("create", store.create(&family, Version(1), HOUR).map(|answer| answer.is_err()).boxed()),
        ("create", store.create(&person, Version(1), HOUR).map(|answer| answer.is_err()).boxed()),
        ("commit", store.commit(commit(&family, &entry)).map(|answer| answer.is_err()).boxed()),
        ("append", store.append(append(shard(1), &entry)).map(|answer| answer.is_err()).boxed()),
        ("append_at", store.append_at(append(shard(1), &entry), Head::default()).map(|answer| answer.is_err()).boxed()),
        ("revocations", store.revocations(shard(1), None, 10).map(|answer| answer.is_err()).boxed()),
        ("heads", store.heads().map(|answer| answer.is_err()).boxed()),
        ("forget", store.forget(shard(1), &[Position(1)]).map(|answer| answer.is_err()).boxed()),
        ("families_of", store.families_of(Listing::Subject("alice"), None, 10).map(|answer| answer.is_err()).boxed()),
        ("scan", store.scan(shard(1), None).map(|answer| answer.is_err()).boxed()),
        ("once", store.once(&[1; 32], b"", HOUR).map(|answer| answer.is_err()).boxed()),
        ("take", store.take(&[1; 32]).map(|answer| answer.is_err()).boxed()),
        ("peek", store.peek(&[1; 32]).map(|answer| answer.is_err()).boxed()),
        ("document", store.document("name").map(|answer| answer.is_err()).boxed()),
        ("replace_document", store.replace_document("name", None, &document).map(|answer| answer.is_err()).boxed()),
        ("ping", store.ping().map(|answer| answer.is_err()).boxed()),
    ];
    let failed = join_all(calls.map(async |(name, call)| (name, call.await))).await;
    for (name, failed) in failed {
        assert!(failed, "{name} worked");
    }
    assert!(begun.elapsed() < BOUND + GRACE, "{:?}", begun.elapsed());
}

pub(crate) async fn works(store: &RedisStore, random: u64) {
    soon("the store is connected again", async || store.ping().await.is_ok()).await;
    let family = session(shard(1), random);
    create(store, &family).await;
    store.commit(commit(&family, &[revocation(family.id, random)])).await.unwrap();
}

/// The store does a write, its answer is lost on `wire`, and nothing does it again.
pub(crate) async fn writes_once_although_the_answer_is_lost(store: &RedisStore, wire: &Wire) {
    wire.lose_answer_to("EVALSHA");
    store.append(append(shard(1), &[revocation(session(shard(1), 1).id, 7)])).await.unwrap_err();
    wire.struck().await;
    works(store, 2).await;
    let log = store.revocations(shard(1), None, 10).await.unwrap();
    let tags: Vec<u64> = log.entries.iter().map(|entry| entry.revocation.tag.0).collect();
    assert_eq!(tags, [7, 2]);
}

#[tokio::test]
async fn a_wire_that_is_cut_makes_it_unavailable_in_time_and_mending_it_is_enough() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let wire = Wire::to(server.address()).await;
        let store = open(&with(&format!("redis://{}", wire.address()), "memory", BOUND)).await;
        for round in 0..3 {
            works(&store, round).await;
            wire.cut().await;
            nothing_works(&store).await;
            wire.mend();
        }
        works(&store, 3).await;
    }
}

#[tokio::test]
async fn a_wire_that_swallows_everything_makes_it_unavailable_in_time_too() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let wire = Wire::to(server.address()).await;
    let store = open(&with(&format!("redis://{}", wire.address()), "memory", BOUND)).await;
    wire.freeze();
    nothing_works(&store).await;
    wire.thaw();
    works(&store, 1).await;
}

#[tokio::test]
async fn a_server_that_hangs_is_left_and_found_again() {
    let mut server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&with(&server.url(), "memory", BOUND)).await;
    server.pause();
    nothing_works(&store).await;
    // The connections to it are given up, too: who then asks hears at once that the store is down.
    soon("the store is known to be down", async || {
        let why = store.ping().await.unwrap_err();
        !why.0.contains("no answer within")
    })
    .await;
    server.resume();
    works(&store, 1).await;
}

#[tokio::test]
async fn a_server_that_was_restarted_is_used_again_with_what_it_kept() {
    for flavor in Flavor::ALL {
        let mut server = RedisServer::start(flavor, &[("appendonly", "yes"), ("appendfsync", "always")]).await;
        let store = open(&settings(&server.url())).await;
        works(&store, 1).await;
        let before = store.load(session(shard(1), 1).id).await.unwrap();
        server.kill().await;
        store.load(session(shard(1), 1).id).await.unwrap_err();
        server.restart().await;
        works(&store, 2).await;
        assert_eq!(store.load(session(shard(1), 1).id).await.unwrap().stored, before.stored);
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_made_twice() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let wire = Wire::to(server.address()).await;
    let store = open(&settings(&format!("redis://{}", wire.address()))).await;
    writes_once_although_the_answer_is_lost(&store, &wire).await;
}

#[tokio::test]
async fn a_connection_that_was_closed_while_nobody_used_it_fails_nobody() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let begun = Instant::now();
    for _ in 0..10 {
        let closed: i64 = say(&server.url(), "CLIENT KILL TYPE normal SKIPME yes").await;
        assert!(closed >= 1);
        soon("the store has a connection of its own again", async || {
            let clients: String = say(&server.url(), "CLIENT LIST").await;
            clients.lines().count() >= 2
        })
        .await;
        store.ping().await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(6), "nobody has to look for the loss: {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_primary_that_was_demoted_is_not_read_either() {
    let other = RedisServer::start(Flavor::Redis, &[]).await;
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    works(&store, 1).await;
    let () = say(&server.url(), &format!("REPLICAOF 127.0.0.1 {}", other.port())).await;
    soon("the store has noticed", async || store.load(session(shard(1), 1).id).await.is_err()).await;
    let why = store.load(session(shard(1), 1).id).await.unwrap_err();
    assert!(why.0.contains("replica"), "{why}");
    let () = say(&server.url(), "REPLICAOF NO ONE").await;
    works(&store, 2).await;
}

#[tokio::test]
async fn a_server_that_would_be_refused_at_the_start_is_not_taken_on_later() {
    let mut server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let () = say(&server.url(), "CONFIG SET maxmemory-policy allkeys-lru").await;
    let _: String = say(&server.url(), "CONFIG REWRITE").await;
    server.restart().await;
    soon("the store has said why", async || store.ping().await.is_err_and(|why| why.0.contains("allkeys-lru"))).await;
    let () = say(&server.url(), "CONFIG SET maxmemory-policy noeviction").await;
    works(&store, 1).await;
}

/// Another number of shards is another store, too: entries would be looked for where nobody puts them.
#[tokio::test]
async fn a_store_that_is_emptied_is_not_taken_for_a_new_one() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let store = open(&with(&server.url(), "memory", BOUND)).await;
        works(&store, 1).await;
        let kept: Vec<u8> = say(&server.url(), "GET atropos:shards").await;
        for anew in [None, Some("4096")] {
            let () = say(&server.url(), "FLUSHALL").await;
            if let Some(shards) = anew {
                let () = say(&server.url(), &format!("SET atropos:shards {shards}")).await;
            }
            let why = store.heads().await.unwrap_err();
            assert!(why.0.contains("emptied"), "{why}");
            nothing_works(&store).await;
            let () = tell(&server.url(), &[b"SET", b"atropos:shards", &kept]).await;
            store.heads().await.unwrap();
            works(&store, 2).await;
        }
    }
}
