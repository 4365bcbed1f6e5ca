//! A primary that sentinels name, and another one after it.

use std::time::Duration;

use atropos::domain::Head;
use atropos::domain::store::{Store, Version};
use atropos::store::redis::{OpenError, RedisSettings, RedisStore};
use atropos_testbed::{Flavor, RedisServer, Sentinels};

use crate::support::{commit, create, open, revocation, say, session, settings, shard, soon, with};

pub(crate) fn url(sentinels: &Sentinels) -> String {
    let scheme = if sentinels.certificates().is_some() { "rediss" } else { "redis" };
    let addresses: Vec<String> = sentinels.addresses().iter().map(ToString::to_string).collect();
    format!("{scheme}+sentinel://{}/{}", addresses.join(","), sentinels.master_name())
}

/// Waits until a replica has everything, for a failover may lose what has not come across.
pub(crate) async fn acknowledged(store: &RedisStore) {
    soon("both replicas have it all", async || store.confirm(shard(1), Head::default()).await.is_ok()).await;
}

#[tokio::test]
async fn the_primary_is_found_and_after_its_death_the_next_one() {
    for flavor in Flavor::ALL {
        let mut sentinels = Sentinels::start(flavor).await;
        let store = open(&settings(&url(&sentinels))).await;
        let safe = open(&with(&url(&sentinels), "replicas:2", Duration::from_secs(10))).await;
        let (before, after) = (session(shard(1), 1), session(shard(1), 2));
        create(&store, &before).await;
        store.commit(commit(&before, &[revocation(before.id, 7)])).await.unwrap();
        acknowledged(&safe).await;

        sentinels.servers()[0].kill().await;
        store.load(before.id).await.unwrap_err();
        soon("the store has followed", async || store.load(before.id).await.is_ok()).await;

        assert_eq!(store.load(before.id).await.unwrap().stored.unwrap().version, Version(2));
        assert_eq!(store.revocations(shard(1), None, 10).await.unwrap().entries.len(), 1);
        create(&store, &after).await;
    }
}

#[tokio::test]
async fn a_primary_that_hung_and_was_replaced_is_not_used_when_it_wakes() {
    let mut sentinels = Sentinels::start(Flavor::Redis).await;
    let store = open(&with(&url(&sentinels), "memory", Duration::from_secs(1))).await;
    let old = sentinels.primary().await.unwrap();
    sentinels.servers()[0].pause();
    soon("another primary is in place", async || sentinels.primary().await.is_some_and(|new| new != old)).await;
    soon("the store has followed", async || store.ping().await.is_ok()).await;
    let family = session(shard(1), 1);
    create(&store, &family).await;

    sentinels.servers()[0].resume();
    for _ in 0..50 {
        // The old one has never heard of it: nobody who reads there would find it.
        assert!(store.load(family.id).await.unwrap().stored.is_some());
    }
}

#[tokio::test]
async fn sentinels_that_know_nothing_of_the_name_or_do_not_answer_open_nothing() {
    let mut sentinels = Sentinels::start(Flavor::Redis).await;
    let right = url(&sentinels);
    let wrong = settings(&right.replace(sentinels.master_name(), "nobody"));
    assert!(matches!(RedisStore::open(&wrong).await, Err(OpenError::Unavailable(_))));
    // Two of three may be down.
    for sentinel in &mut sentinels.sentinels()[..2] {
        sentinel.kill().await;
    }
    open(&settings(&right)).await.ping().await.unwrap();
    sentinels.sentinels()[2].kill().await;
    let down = RedisSettings { timeout: Duration::from_secs(1), ..settings(&right) };
    assert!(matches!(RedisStore::open(&down).await, Err(OpenError::Unavailable(_))));
}

#[tokio::test]
async fn without_sentinels_a_store_that_is_open_goes_on() {
    let mut sentinels = Sentinels::start(Flavor::Redis).await;
    let store = open(&settings(&url(&sentinels))).await;
    for sentinel in sentinels.sentinels() {
        sentinel.kill().await;
    }
    for random in 0..100 {
        create(&store, &session(shard(1), random)).await;
    }
}

#[tokio::test]
async fn a_primary_that_the_sentinels_gave_up_is_left_though_it_still_answers() {
    let mut sentinels = Sentinels::start(Flavor::Redis).await;
    let store = open(&settings(&url(&sentinels))).await;
    let other = RedisServer::start(Flavor::Redis, &[]).await;
    let name = sentinels.master_name();
    for sentinel in sentinels.sentinels() {
        let () = say(&sentinel.url(), &format!("SENTINEL REMOVE {name}")).await;
        let () = say(&sentinel.url(), &format!("SENTINEL MONITOR {name} 127.0.0.1 {} 2", other.port())).await;
    }
    let mut random = 0;
    soon("the store writes to the other one", async || {
        random += 1;
        create(&store, &session(shard(1), random)).await;
        let keys: Vec<String> = say(&other.url(), "KEYS *").await;
        !keys.is_empty()
    })
    .await;
}

#[tokio::test]
async fn sentinels_and_servers_may_each_ask_for_a_password_of_their_own() {
    let mut sentinels = Sentinels::start(Flavor::Redis).await;
    let name = sentinels.master_name();
    for server in sentinels.servers() {
        let () = say(&server.url(), "CONFIG SET masterauth s3cret").await;
        let () = say(&server.url(), "CONFIG SET requirepass s3cret").await;
    }
    for sentinel in sentinels.sentinels() {
        let () = say(&sentinel.url(), &format!("SENTINEL SET {name} auth-pass s3cret")).await;
    }
    let guarded = &sentinels.sentinels()[0];
    let () = say(&guarded.url(), "ACL SETUSER watched on >sentry ~* &* +@all").await;
    let () = say(&guarded.url(), "ACL SETUSER default off").await;
    let with_both = RedisSettings {
        sentinel_username: Some("watched".to_owned()),
        sentinel_password: Some("sentry".into()),
        ..settings(&format!("redis+sentinel://:s3cret@{}/{name}", guarded.address()))
    };
    create(&open(&with_both).await, &session(shard(1), 1)).await;
    for wrong in [
        RedisSettings { sentinel_password: Some("wrong".into()), ..with_both.clone() },
        RedisSettings { password: Some("wrong".into()), ..with_both },
    ] {
        let opened = RedisStore::open(&wrong).await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
    }
}
