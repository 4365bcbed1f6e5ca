//! What stands in Redis, and what is made of it when it is not what we wrote.

use std::collections::HashSet;
use std::time::Duration;

use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Committed, Created, Store, Version};
use atropos::domain::{Head, Position, Tag};
use atropos_testbed::{Flavor, RedisServer};

use crate::support::{
    HOUR, append, commit, create, listed, managed, open, persons_session, revocation, say, session, settings, shard,
    soon, tell,
};

#[tokio::test]
async fn a_session_of_a_client_is_one_key_of_at_most_400_bytes() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let store = open(&settings(&server.url())).await;
        let before: HashSet<Vec<u8>> = say(&server.url(), "KEYS *").await;
        create(&store, &session(shard(13), 1)).await;
        let after: HashSet<Vec<u8>> = say(&server.url(), "KEYS *").await;
        let new: Vec<_> = after.difference(&before).collect();
        assert_eq!(new.len(), 1);
        let usage: u64 = tell(&server.url(), &[b"MEMORY", b"USAGE", new[0]]).await;
        // What the dictionary of expiries takes for a key is not counted by the server.
        assert!(usage + 40 <= 400, "{flavor:?} needs {usage} bytes");
    }
}

#[tokio::test]
async fn nobodys_name_stands_in_a_key_and_no_name_leads_astray() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    for (random, subject) in (0..).zip(["alice", "", "{3}:head", "a\r\nb", "*", "alicE"]) {
        let family = persons_session(shard(3), random, subject);
        create(&store, &family).await;
        assert_eq!(listed(&store, Listing::Subject(subject)).await, [family.id]);
    }
    let keys: Vec<String> = say(&server.url(), "KEYS *").await;
    assert!(!keys.iter().any(|key| key.contains("alic")), "{keys:?}");
}

#[tokio::test]
async fn s22_an_index_lasts_as_long_as_the_longest_of_its_families() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let store = open(&settings(&server.url())).await;
        let (long, short) = (persons_session(shard(1), 1, "alice"), persons_session(shard(1), 2, "alice"));
        store.create(&long, Version(1), 9 * HOUR).await.unwrap();
        store.create(&short, Version(1), HOUR).await.unwrap();
        let keys: Vec<String> = say(&server.url(), "KEYS atropos{1}:sub:*").await;
        let lasts: u128 = say(&server.url(), &format!("PTTL {}", keys[0])).await;
        assert!(lasts > (8 * HOUR).as_millis(), "{lasts}");

        // Nor does it end before a family that is kept longer than it was when it was born.
        let mut longer = commit(&short, &[]);
        longer.keep_for = 99 * HOUR;
        store.commit(longer).await.unwrap();
        let lasts: u128 = say(&server.url(), &format!("PTTL {}", keys[0])).await;
        assert!(lasts > (98 * HOUR).as_millis(), "{lasts}");
        assert_eq!(listed(&store, Listing::Subject("alice")).await, [long.id, short.id]);
    }
}

#[tokio::test]
async fn an_index_forgets_families_whose_records_are_gone() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let [old, gone, new] = [1, 2, 3].map(|random| persons_session(shard(1), random, "alice"));
    create(&store, &old).await;
    store.create(&gone, Version(1), Duration::from_millis(1)).await.unwrap();
    soon("a record has expired", async || store.load(gone.id).await.unwrap().stored.is_none()).await;
    create(&store, &new).await;
    assert_eq!(listed(&store, Listing::Subject("alice")).await, [old.id, new.id]);
}

/// Both orders of an identity's tokens, so that neither grows beyond what is there.
#[tokio::test]
async fn an_identitys_index_forgets_and_lasts_in_both_its_orders() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let [gone, stays, new] = [1, 2, 3].map(|random| managed(shard(1), random));
    store.create(&gone, Version(1), Duration::from_millis(1)).await.unwrap();
    store.create(&stays, Version(1), 9 * HOUR).await.unwrap();
    soon("a record has expired", async || store.load(gone.id).await.unwrap().stored.is_none()).await;
    create(&store, &new).await;
    assert_eq!(listed(&store, Listing::Identity("demo-session")).await, [stays.id, new.id]);
    for order in ["idn", "chg"] {
        let keys: Vec<String> = say(&server.url(), &format!("KEYS atropos{{1}}:{order}:*")).await;
        let members: u64 = say(&server.url(), &format!("ZCARD {}", keys[0])).await;
        let lasts: u128 = say(&server.url(), &format!("PTTL {}", keys[0])).await;
        assert_eq!((keys.len(), members), (1, 2), "{order}");
        assert!(lasts > (8 * HOUR).as_millis(), "{order} {lasts}");
    }
}

#[tokio::test]
async fn whoever_has_the_id_of_another_family_changes_nothing() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let family = persons_session(shard(1), 1, "alice");
    create(&store, &family).await;
    for same_id in [session(shard(1), 1), persons_session(shard(1), 1, "mallory")] {
        assert_eq!(store.create(&same_id, Version(2), HOUR).await.unwrap(), Created::Exists);
    }
    assert_eq!(store.load(family.id).await.unwrap().stored.unwrap().family, family);
    assert!(listed(&store, Listing::Subject("mallory")).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_unavailable_and_never_absent() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let family = session(shard(1), 1);
    create(&store, &family).await;
    let keys: Vec<String> = say(&server.url(), "KEYS atropos{1}:f:*").await;
    let record: Vec<u8> = say(&server.url(), &format!("GET {}", keys[0])).await;
    let mut longer = record.clone();
    longer.push(0);
    for bytes in [&b""[..], b"1234567", b"12345678", &record[..record.len() - 1], &longer] {
        let () = tell(&server.url(), &[b"SET", keys[0].as_bytes(), bytes]).await;
        store.load(family.id).await.unwrap_err();
        store.scan(shard(1), None).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_key_of_another_type_makes_its_shard_unavailable_and_changes_nothing() {
    for broken in ["f:", "head", "deny", "sub:", "idn:", "chg:"] {
        let server = RedisServer::start(Flavor::Redis, &[]).await;
        let store = open(&settings(&server.url())).await;
        let is_managed = ["idn:", "chg:"].contains(&broken);
        let family = if is_managed { managed(shard(1), 1) } else { persons_session(shard(1), 1, "alice") };
        create(&store, &family).await;
        store.append(append(shard(1), &[revocation(family.id, 6)])).await.unwrap();
        let before = store.load(family.id).await.unwrap();
        let keys: Vec<String> = say(&server.url(), &format!("KEYS atropos{{1}}:{broken}*")).await;
        let () = say(&server.url(), &format!("RENAME {} kept", keys[0])).await;
        let _: i64 = say(&server.url(), &format!("RPUSH {} x", keys[0])).await;

        store.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap_err();

        let () = say(&server.url(), &format!("RENAME kept {}", keys[0])).await;
        assert_eq!(store.load(family.id).await.unwrap(), before, "{broken}");
        assert_eq!(store.revocations(shard(1), None, 10).await.unwrap().entries.len(), 1, "{broken}");
    }
}

#[tokio::test]
async fn a_server_that_lost_the_scripts_is_given_them_again() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let family = persons_session(shard(1), 1, "alice");
    let () = say(&server.url(), "SCRIPT FLUSH").await;
    create(&store, &family).await;
    let () = say(&server.url(), "SCRIPT FLUSH").await;
    let done = store.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap();
    let Committed::Done(stretch) = done else { panic!("{done:?}") };
    assert_eq!(stretch.entries.len(), 1);
    let () = say(&server.url(), "SCRIPT FLUSH").await;
    assert_eq!(store.scan(shard(1), None).await.unwrap().0, [family]);
}

#[tokio::test]
async fn positions_are_the_servers_microseconds_unless_something_forces_them_higher() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = open(&settings(&server.url())).await;
    let family = session(shard(1), 1);
    let (seconds, micros): (u64, u64) = say(&server.url(), "TIME").await;
    let first = store.append(append(shard(1), &[revocation(family.id, 1), revocation(family.id, 2)])).await.unwrap();
    let [one, two] = [&first.entries[0], &first.entries[1]];
    assert!(one.position.0 >= seconds * 1_000_000 + micros);
    assert_eq!(two.position, one.position.next());
    assert_eq!(first.head, two.head());

    // The most that a node could have seen, and still exact.
    let floor = Position((1 << 53) - 3);
    let mut high = append(shard(1), &[]);
    let entry = [revocation(family.id, 3)];
    (high.revocations, high.floor) = (&entry, floor);
    let second = store.append(high).await.unwrap();
    assert_eq!(second.head, Head { position: floor.next(), tag: Tag(3) });
    assert_eq!(second.entries.last().unwrap().position, floor.next());
    let after_that = store.append(append(shard(1), &[revocation(family.id, 4)])).await.unwrap();
    assert_eq!(after_that.head.position, floor.next().next());
}

#[tokio::test]
async fn a_scan_does_not_go_on_at_another_server() {
    let mut server = RedisServer::start(Flavor::Redis, &[("appendonly", "yes"), ("appendfsync", "always")]).await;
    let store = open(&settings(&server.url())).await;
    for random in 0..3000 {
        create(&store, &session(shard(1), random)).await;
    }
    let (_, cursor) = store.scan(shard(1), None).await.unwrap();
    store.scan(shard(1), cursor.clone()).await.unwrap();
    server.restart().await;
    soon("the store is connected again", async || store.ping().await.is_ok()).await;
    let why = store.scan(shard(1), cursor).await.unwrap_err();
    assert!(why.0.contains("another server"), "{why}");
}
