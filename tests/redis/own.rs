//! Connections that threads have to themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use atropos::domain::store::Store as _;
use atropos::store::redis::RedisStore;
use atropos_testbed::{Flavor, RedisServer};
use tokio::runtime::{Builder, Runtime};

use crate::outage::works;
use crate::support::{open, say, session, settings, shard, soon};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A store, and those who were connected to its server when it was made; what has to do with one thread is done on
/// another than it was made on.
async fn beside(work: impl FnOnce(&str, &RedisStore, BTreeSet<u64>) + Send + 'static) {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let store = Arc::new(open(&settings(&server.url())).await);
    let url = server.url();
    tokio::task::spawn_blocking(move || {
        let before = runtime().block_on(connected(&url)).into_keys().collect();
        thread::spawn(move || work(&url, &store, before)).join().unwrap();
    })
    .await
    .unwrap();
}

/// Their ids, but for whoever asks, with what each said last.
async fn connected(url: &str) -> BTreeMap<u64, String> {
    let clients: String = say(url, "CLIENT LIST").await;
    let word = |client: &str, name: &str| {
        let found = client.split(' ').find_map(|word| word.strip_prefix(name));
        found.unwrap().to_owned()
    };
    let others = clients.lines().map(|client| (word(client, "id=").parse().unwrap(), word(client, "cmd=")));
    others.filter(|(_, said)| !said.starts_with("client")).collect()
}

/// The one that this thread got, having asked something over it.
async fn own(url: &str, store: &RedisStore, before: &BTreeSet<u64>) -> u64 {
    let mut own = None;
    soon("the thread has a connection of its own", async || {
        store.ping().await.unwrap();
        let clients = connected(url).await;
        own = clients.into_iter().find(|(id, said)| !before.contains(id) && said == "ping").map(|(id, _)| id);
        own.is_some()
    })
    .await;
    own.unwrap()
}

#[tokio::test]
async fn a_thread_that_loses_its_own_connection_uses_the_shared_one_and_gets_another() {
    beside(|url, store, before| {
        runtime().block_on(async {
            let first = own(url, store, &before).await;
            works(store, 1).await;
            let closed: i64 = say(url, &format!("CLIENT KILL ID {first}")).await;
            assert_eq!(closed, 1);
            soon("the loss is noticed", async || store.ping().await.is_ok()).await;
            works(store, 2).await;
            assert_ne!(own(url, store, &before).await, first);
            works(store, 3).await;
            let after: BTreeSet<u64> = connected(url).await.into_keys().collect();
            assert!(after.is_superset(&before), "what all share was not touched");
        });
    })
    .await;
}

/// A connection ends with the runtime that carries it. Whoever then asks on the same thread must not be sent there.
#[tokio::test]
async fn a_connection_that_nobody_carries_any_more_is_not_used() {
    beside(|url, store, before| {
        for round in 1..=3 {
            runtime().block_on(async {
                store.load(session(shard(1), round).id).await.unwrap();
                own(url, store, &before).await;
                works(store, round).await;
            });
        }
    })
    .await;
}
