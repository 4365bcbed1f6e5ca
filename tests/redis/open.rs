//! Which servers are taken, and what is said of those that are not.

use std::time::Duration;

use atropos::domain::Head;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Committed, Store, Version};
use atropos::store::redis::{OpenError, RedisSettings, RedisStore};
use atropos_testbed::{Flavor, RedisServer};

use crate::support::{
    append, commit, create, listed, managed, open, persons_session, refusal, revocation, say, session, settings, shard,
    tells_fsync, with,
};

const ALWAYS: [(&str, &str); 2] = [("appendonly", "yes"), ("appendfsync", "always")];
const EVERY_SECOND: [(&str, &str); 2] = [("appendonly", "yes"), ("appendfsync", "everysec")];
const SECOND: Duration = Duration::from_secs(1);

/// S21
#[tokio::test]
async fn a_server_that_may_evict_is_refused_unless_that_is_allowed() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[("maxmemory-policy", "allkeys-lru")]).await;
        let why = refusal(&settings(&server.url())).await;
        assert!(why.contains("allkeys-lru") && why.contains("allow_eviction"), "{why}");
        open(&RedisSettings { allow_eviction: true, ..settings(&server.url()) }).await.ping().await.unwrap();
    }
}

/// S21
#[tokio::test]
async fn a_server_whose_memory_is_full_is_unavailable_and_nothing_is_half_written() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let store = open(&settings(&server.url())).await;
        let (family, person) = (session(shard(1), 1), persons_session(shard(1), 2, "alice"));
        let token = managed(shard(1), 3);
        for family in [&family, &person, &token] {
            create(&store, family).await;
        }
        let renamed = token.renamed(Some("x"), token.id.born_at().plus(SECOND)).unwrap();
        let () = say(&server.url(), "CONFIG SET maxmemory 1").await;

        let entry = [revocation(family.id, 7)];
        for changed in [&family, &person, &renamed] {
            store.commit(commit(changed, &entry)).await.unwrap_err();
        }
        store.append(append(shard(1), &entry)).await.unwrap_err();
        store.once(&[1; 32], b"", SECOND).await.unwrap_err();

        let () = say(&server.url(), "CONFIG SET maxmemory 0").await;
        for unchanged in [&family, &person, &token] {
            assert_eq!(store.load(unchanged.id).await.unwrap().stored.unwrap().version.0, 1);
        }
        assert!(store.revocations(shard(1), None, 10).await.unwrap().entries.is_empty());
    }
}

#[tokio::test]
async fn a_replica_is_refused() {
    let primary = RedisServer::start(Flavor::Redis, &[]).await;
    let of = format!("127.0.0.1 {}", primary.port());
    let replica = RedisServer::start(Flavor::Redis, &[("replicaof", &of)]).await;
    assert!(refusal(&settings(&replica.url())).await.contains("replica"));
}

#[tokio::test]
async fn a_node_of_a_cluster_is_refused_as_a_single_server() {
    let node = RedisServer::start(Flavor::Redis, &[("cluster-enabled", "yes")]).await;
    assert!(refusal(&settings(&node.url())).await.contains("+cluster"));
}

#[tokio::test]
async fn a_server_that_is_no_node_of_a_cluster_is_not_taken_for_one() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let url = server.url().replace("redis://", "redis+cluster://");
    RedisStore::open(&with(&url, "memory", SECOND)).await.unwrap_err();
}

#[tokio::test]
async fn fsync_is_refused_where_it_cannot_be_kept() {
    let no_disk: &[(&str, &str)] = &[];
    let no_sync = &[("appendonly", "yes"), ("appendfsync", "no")];
    for flavor in Flavor::ALL {
        for (config, timeout) in [(no_disk, SECOND), (no_sync, 3 * SECOND), (&EVERY_SECOND, SECOND)] {
            let server = RedisServer::start(flavor, config).await;
            let why = refusal(&with(&server.url(), "fsync", timeout)).await;
            assert!(why.starts_with("durability is \"fsync\", but"), "{why}");
        }
    }
}

#[tokio::test]
async fn fsync_once_a_second_is_taken_where_the_server_can_tell_and_there_is_time_to_wait() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &EVERY_SECOND).await;
        let patient = with(&server.url(), "fsync", 10 * SECOND);
        if tells_fsync(&server.url()).await {
            open(&patient).await.confirm(shard(0), Head::default()).await.unwrap();
        } else {
            assert!(refusal(&patient).await.contains("appendfsync always"));
        }
    }
}

#[tokio::test]
async fn fsync_is_taken_where_every_write_is_synced() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &ALWAYS).await;
        open(&with(&server.url(), "fsync", 10 * SECOND)).await.confirm(shard(0), Head::default()).await.unwrap();
    }
}

/// The least that an operator has to grant.
const LEAST: &str = "resetkeys ~atropos* -@all +@connection +@read +@write +@scripting +info +time";

#[tokio::test]
async fn an_acl_user_with_the_least_rights_is_enough_and_info_stands_in_for_config() {
    for flavor in Flavor::ALL {
        let user = format!("app on >s3cret {LEAST} +wait");
        let server = RedisServer::start(flavor, &[("user", "default off"), ("user", &user)]).await;
        let at = server.address();
        let store = open(&settings(&format!("redis://app:s3cret@{at}"))).await;
        let family = persons_session(shard(1), 1, "alice");
        create(&store, &family).await;
        store.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap();
        assert_eq!(store.scan(shard(1), None).await.unwrap().0, std::slice::from_ref(&family));
        assert_eq!(listed(&store, Listing::Subject("alice")).await, [family.id]);

        let () = say(&format!("redis://app:s3cret@{at}"), "PING").await;
        let wrong = settings(&format!("redis://app:hunter2@{at}"));
        let Err(OpenError::Unavailable(why)) = RedisStore::open(&wrong).await else {
            panic!("a wrong password opens nothing");
        };
        assert!(!why.0.contains("hunter2"), "{why}");
    }
}

/// S21
#[tokio::test]
async fn without_config_an_evicting_server_is_still_refused() {
    let user = format!("app on >s3cret {LEAST}");
    let config = [("user", "default off"), ("user", &user), ("maxmemory-policy", "volatile-lru")];
    let server = RedisServer::start(Flavor::Redis, &config).await;
    let why = refusal(&settings(&format!("redis://app:s3cret@{}", server.address()))).await;
    assert!(why.contains("volatile-lru"), "{why}");
}

#[tokio::test]
async fn whoever_opens_a_store_first_says_how_many_shards_it_has() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let wanting = |shards| RedisSettings { shards, ..settings(&server.url()) };
    let (four, many) = (wanting(4), wanting(4096));
    let (first, second) = tokio::join!(open(&four), open(&many));
    assert_eq!(first.shards(), second.shards());
    assert_eq!(open(&wanting(9)).await.shards(), first.shards());
    assert_eq!(first.heads().await.unwrap().0.len(), usize::from(first.shards()));
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_named() {
    let right = settings("redis://127.0.0.1:1");
    for (wrong, named) in [
        (RedisSettings { shards: 0, ..right.clone() }, "store.shards"),
        (RedisSettings { shards: 4097, ..right.clone() }, "store.shards"),
        (RedisSettings { timeout: Duration::ZERO, ..right.clone() }, "store.timeout"),
        (RedisSettings { timeout: 61 * SECOND, ..right.clone() }, "store.timeout"),
        (RedisSettings { prefix: "{0}".to_owned(), ..right.clone() }, "store.prefix"),
        (RedisSettings { url: "localhost".into(), ..right }, "store.url"),
    ] {
        let Err(OpenError::Settings(sentence)) = RedisStore::open(&wrong).await else {
            panic!("{wrong:?} should be refused");
        };
        assert!(sentence.starts_with(named), "{sentence}");
    }
}

#[tokio::test]
async fn databases_of_one_server_are_different_stores_and_a_socket_is_as_good_as_a_port() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let server = RedisServer::start(Flavor::Redis, &[("unixsocket", socket.to_str().unwrap())]).await;
    let family = session(shard(1), 1);
    create(&open(&settings(&format!("{}/3", server.url()))).await, &family).await;
    let at_socket = |rest| settings(&format!("unix://{}{rest}", socket.display()));
    let elsewhere = open(&at_socket("")).await.load(family.id).await.unwrap();
    assert_eq!(elsewhere.stored, None);
    let there = open(&at_socket("?db=3")).await.load(family.id).await.unwrap();
    assert_eq!(there.stored.unwrap().family, family);
}

#[tokio::test]
async fn what_one_node_was_told_every_other_sees_at_once() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let (one, other) = (open(&settings(&server.url())).await, open(&settings(&server.url())).await);
    for random in 0..100 {
        let family = persons_session(shard(1), random, "alice");
        create(&one, &family).await;
        assert!(other.load(family.id).await.unwrap().stored.is_some());
        let Committed::Done(stretch) = other.commit(commit(&family, &[revocation(family.id, random)])).await.unwrap()
        else {
            panic!("nobody else has changed it");
        };
        let seen = one.load(family.id).await.unwrap();
        assert_eq!((seen.head, seen.stored.unwrap().version), (stretch.head, Version(2)));
    }
}

#[tokio::test]
async fn stores_of_different_prefixes_know_nothing_of_each_other() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let one = open(&settings(&server.url())).await;
    let other = open(&RedisSettings { prefix: "other".to_owned(), ..settings(&server.url()) }).await;
    let family = session(shard(1), 1);
    create(&one, &family).await;
    one.append(append(shard(1), &[revocation(family.id, 7)])).await.unwrap();
    assert_eq!(other.load(family.id).await.unwrap().stored, None);
    assert_eq!(other.heads().await.unwrap().0, vec![Head::default(); 16]);
}

#[tokio::test]
async fn nobody_there_is_unavailable_within_the_bound() {
    let mut server = RedisServer::start(Flavor::Redis, &[]).await;
    server.kill().await;
    let opened = RedisStore::open(&with(&server.url(), "memory", SECOND)).await;
    assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
}
