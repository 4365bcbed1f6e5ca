//! A change is answered when it is as safe as was asked for, and not before.

use std::time::Duration;

use atropos::domain::store::{Appended, Committed, Document, Store, Version};
use atropos::domain::{Head, Position};
use atropos::store::redis::{OpenError, RedisStore};
use atropos_testbed::{Flavor, RedisServer, Wire};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use crate::support::{append, calls, commit, create, open, revocation, say, session, shard, soon, with};

const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(20);

/// A primary, and a replica that has all of its data.
pub(crate) async fn pair(flavor: Flavor) -> (RedisServer, RedisServer) {
    let primary = RedisServer::start(flavor, &[]).await;
    let of = format!("127.0.0.1 {}", primary.port());
    let replica = RedisServer::start(flavor, &[("replicaof", &of)]).await;
    soon("the replica is connected", async || {
        let info: String = say(&replica.url(), "INFO replication").await;
        info.contains("master_link_status:up")
    })
    .await;
    (primary, replica)
}

/// Every call that promises durability; whether it was kept.
async fn all_that_waits(store: &RedisStore, round: u64) -> Vec<(&'static str, bool)> {
    let family = session(shard(1), round);
    create(store, &family).await;
    let entries = [0, 1, 2].map(|tag| [revocation(family.id, round * 10 + tag)]);
    let done = commit(&family, &entries[0]);
    let mut stale = commit(&family, &[]);
    stale.expected = Version(999);
    let anywhere = store.heads().await.unwrap().0[2];
    let elsewhere = Head { position: Position(1), ..Head::default() };
    let document = Document { version: Version(round), bytes: Vec::new() };
    let name = format!("document {round}");
    let (committed, found, appended, swapped, moved, confirmed, replaced) = tokio::join!(
        store.commit(done),
        store.commit(stale),
        store.append(append(shard(3), &entries[1])),
        store.append_at(append(shard(2), &entries[2]), anywhere),
        store.append_at(append(shard(4), &entries[2]), elsewhere),
        store.confirm(shard(5), Head::default()),
        store.replace_document(&name, None, &document),
    );
    vec![
        ("commit", matches!(committed, Ok(Committed::Done(_)))),
        ("commit that finds another version", matches!(found, Ok(Committed::Conflict))),
        ("append", appended.is_ok()),
        ("append_at", matches!(swapped, Ok(Appended::Done(_)))),
        ("append_at that finds another head", matches!(moved, Ok(Appended::Moved))),
        ("confirm", confirmed.is_ok()),
        ("replace_document", matches!(replaced, Ok(true))),
    ]
}

#[tokio::test]
async fn replicas_without_the_replica_nothing_is_safe_neither_what_was_written_nor_what_was_found_written() {
    for flavor in Flavor::ALL {
        let (primary, mut replica) = pair(flavor).await;
        let patient = open(&with(&primary.url(), "replicas:1", LONG)).await;
        for (call, safe) in all_that_waits(&patient, 1).await {
            assert!(safe, "{flavor:?}: {call} with its replica");
        }

        let store = open(&with(&primary.url(), "replicas:1", SECOND)).await;
        replica.pause();
        for (call, safe) in all_that_waits(&store, 2).await {
            assert!(!safe, "{flavor:?}: {call} without its replica");
        }

        replica.resume();
        for (call, safe) in all_that_waits(&patient, 3).await {
            assert!(safe, "{flavor:?}: {call} with its replica again");
        }
    }
}

#[tokio::test]
async fn what_was_found_written_is_waited_for_on_a_connection_that_has_written_nothing_yet() {
    for flavor in Flavor::ALL {
        let (primary, mut replica) = pair(flavor).await;
        let family = session(shard(1), 1);
        create(&open(&with(&primary.url(), "memory", LONG)).await, &family).await;
        let impatient = with(&primary.url(), "replicas:1", SECOND);
        let (one, two, three) = tokio::join!(open(&impatient), open(&impatient), open(&impatient));
        replica.pause();
        let mut stale = commit(&family, &[]);
        stale.expected = Version(999);
        one.commit(stale).await.unwrap_err();
        let elsewhere = Head { position: Position(1), ..Head::default() };
        two.append_at(append(shard(1), &[]), elsewhere).await.unwrap_err();
        three.append(append(shard(1), &[])).await.unwrap_err();
    }
}

#[tokio::test]
async fn one_replica_is_not_two() {
    let (primary, _replica) = pair(Flavor::Redis).await;
    open(&with(&primary.url(), "replicas:1", LONG)).await.confirm(shard(0), Head::default()).await.unwrap();
    let opened = RedisStore::open(&with(&primary.url(), "replicas:2", SECOND)).await;
    assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
}

#[tokio::test]
async fn memory_waits_for_nobody() {
    let (primary, mut replica) = pair(Flavor::Redis).await;
    replica.pause();
    let store = open(&with(&primary.url(), "memory", LONG)).await;
    for (call, safe) in all_that_waits(&store, 1).await {
        assert!(safe, "{call}");
    }
    assert_eq!(calls(&primary.url(), "wait").await, 0);
}

#[tokio::test]
async fn fsync_comes_with_the_answer_where_every_write_is_synced() {
    let always = [("appendonly", "yes"), ("appendfsync", "always")];
    for flavor in Flavor::ALL {
        let mut server = RedisServer::start(flavor, &always).await;
        let store = open(&with(&server.url(), "fsync", LONG)).await;
        for (call, safe) in all_that_waits(&store, 1).await {
            assert!(safe, "{flavor:?}: {call}");
        }
        assert_eq!(calls(&server.url(), "waitaof").await, 0);

        server.kill().await;
        server.restart().await;
        soon("the store is connected again", async || store.ping().await.is_ok()).await;
        let family = session(shard(1), 1);
        assert_eq!(store.load(family.id).await.unwrap().stored.unwrap().version, Version(2), "{flavor:?}");
    }
}

#[tokio::test]
async fn any_number_of_changes_shares_a_wait() {
    let every_second = [("appendonly", "yes"), ("appendfsync", "everysec")];
    let server = RedisServer::start(Flavor::Valkey, &every_second).await;
    let store = open(&with(&server.url(), "fsync", LONG)).await;
    let families: Vec<_> = (0..200).map(|random| session(shard(1), random)).collect();
    for family in &families {
        create(&store, family).await;
    }
    // One wait after the other, each up to a second, would take far longer.
    let changes = join_all(families.iter().map(|family| store.commit(commit(family, &[]))));
    let done = timeout(LONG, changes).await.unwrap();
    assert!(done.iter().all(|done| matches!(done, Ok(Committed::Done(_)))));
    let waits = calls(&server.url(), "waitaof").await;
    assert!((1..=20).contains(&waits), "{waits} waits for 200 changes");
}

#[tokio::test]
async fn rule_6_a_connection_that_breaks_before_the_wait_is_answered_leaves_a_change_unknown() {
    let (primary, _replica) = pair(Flavor::Redis).await;
    let wire = Wire::to(primary.address()).await;
    let store = open(&with(&format!("redis://{}", wire.address()), "replicas:1", LONG)).await;
    let family = session(shard(1), 1);
    create(&store, &family).await;

    wire.lose_answer_to("WAIT");
    let begun = Instant::now();
    store.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap_err();
    assert!(begun.elapsed() < LONG, "a broken connection is noticed before the time is up");
    wire.struck().await;

    // It was written, once, and nobody was told.
    soon("the store is connected again", async || store.ping().await.is_ok()).await;
    assert_eq!(store.revocations(shard(1), None, 10).await.unwrap().entries.len(), 1);
    let again = store.commit(commit(&family, &[revocation(family.id, 8)])).await.unwrap();
    assert_eq!(again, Committed::Conflict);
}

#[tokio::test]
async fn lost_scripts_do_not_hold_up_what_waits() {
    let (primary, _replica) = pair(Flavor::Redis).await;
    let store = open(&with(&primary.url(), "replicas:1", LONG)).await;
    let () = say(&primary.url(), "SCRIPT FLUSH").await;
    for (call, safe) in all_that_waits(&store, 1).await {
        assert!(safe, "{call}");
    }
}

#[tokio::test]
async fn a_change_whose_caller_has_given_up_is_not_made_later() {
    let (primary, mut replica) = pair(Flavor::Redis).await;
    let store = open(&with(&primary.url(), "replicas:1", LONG)).await;
    let families: Vec<_> = (0..40).map(|random| session(shard(1), random)).collect();
    for family in &families {
        create(&store, family).await;
    }
    replica.pause();
    let (first, later) = families.split_at(8);
    let first = join_all(first.iter().map(|family| store.commit(commit(family, &[]))));
    let giving_up = async {
        soon("the first hold up every lane", async || {
            let info: String = say(&primary.url(), "INFO clients").await;
            info.contains("blocked_clients:4")
        })
        .await;
        let later = later.iter().map(|family| timeout(SECOND / 10, store.commit(commit(family, &[]))));
        assert!(join_all(later).await.iter().all(Result::is_err), "nobody could be answered so early");
        replica.resume();
    };
    let (done, ()) = tokio::join!(first, giving_up);
    assert!(done.iter().all(Result::is_ok));
    // Whatever was queued before these has been taken or left when they are through.
    for _ in 0..4 {
        store.confirm(shard(1), Head::default()).await.unwrap();
    }
    for family in later {
        assert_eq!(store.load(family.id).await.unwrap().stored.unwrap().version, Version(1));
    }
}
