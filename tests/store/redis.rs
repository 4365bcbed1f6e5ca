//! The suite, on Redis and on Valkey: on one server, and on a cluster of three primaries with a replica each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atropos::domain::FamilyId;
use atropos::domain::store::Store;
use atropos::store::redis::{Durability, RedisSettings, RedisStore};
use atropos_testbed::{Cluster, Flavor, RedisServer, until};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::cluster::ClusterClient;
use redis::{Cmd, FromRedisValue};
use tokio::sync::OnceCell;

use crate::suite::Bench;

mod on_redis {
    crate::suite::mount!(crate::redis::open_redis);
}

mod on_valkey {
    crate::suite::mount!(crate::redis::open_valkey);
}

mod on_a_cluster_of_redis {
    crate::suite::mount!(crate::redis::open_cluster_of_redis);
}

mod on_a_cluster_of_valkey {
    crate::suite::mount!(crate::redis::open_cluster_of_valkey);
}

struct RedisBench {
    /// Each server, without the store between.
    urls: Vec<String>,
    settings: RedisSettings,
    store: Arc<RedisStore>,
    other: Arc<RedisStore>,
}

async fn open_redis() -> RedisBench {
    static SERVER: OnceCell<RedisServer> = OnceCell::const_new();
    RedisBench::on_server(SERVER.get_or_init(|| RedisServer::start(Flavor::Redis, &[])).await).await
}

async fn open_valkey() -> RedisBench {
    static SERVER: OnceCell<RedisServer> = OnceCell::const_new();
    RedisBench::on_server(SERVER.get_or_init(|| RedisServer::start(Flavor::Valkey, &[])).await).await
}

async fn open_cluster_of_redis() -> RedisBench {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    RedisBench::on_cluster(CLUSTER.get_or_init(|| Cluster::start(Flavor::Redis, 3, 1)).await).await
}

async fn open_cluster_of_valkey() -> RedisBench {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    RedisBench::on_cluster(CLUSTER.get_or_init(|| Cluster::start(Flavor::Valkey, 3, 1)).await).await
}

impl RedisBench {
    async fn on_server(server: &RedisServer) -> Self {
        Self::on(vec![server.url()], &server.url()).await
    }

    async fn on_cluster(cluster: &Cluster) -> Self {
        let urls = cluster.urls();
        let nodes: Vec<&str> = urls.iter().map(|url| url.trim_start_matches("redis://")).collect();
        let url = format!("redis+cluster://{}", nodes.join(","));
        Self::on(urls, &url).await
    }

    /// All tests share the servers; each has a prefix of its own.
    async fn on(urls: Vec<String>, url: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let settings = RedisSettings {
            prefix: format!("suite-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            // A machine that many tests share may be slow; what is to be fast has tests of its own.
            timeout: Duration::from_secs(30),
            ..RedisSettings::new(url, Durability::Memory)
        };
        let (store, other) = (open(&settings).await, open(&settings).await);
        Self { urls, settings, store, other }
    }
}

async fn open(settings: &RedisSettings) -> Arc<RedisStore> {
    Arc::new(RedisStore::open(settings).await.expect("the server takes everybody"))
}

impl Bench for RedisBench {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn other(&self) -> Arc<dyn Store> {
        self.other.clone()
    }

    async fn reopen(&mut self) {
        self.store = open(&self.settings).await;
        self.other = open(&self.settings).await;
    }

    /// The server's clock is the real one.
    async fn pass(&mut self, time: Duration) {
        let (_, before) = self.store.heads().await.expect("the server answers");
        until("the server's clock has moved on", async || {
            let (_, now) = self.store.heads().await.expect("the server answers");
            now >= before.plus(time)
        })
        .await;
    }

    async fn tear(&mut self, family: FamilyId, tear: impl Fn(&[u8]) -> Vec<u8>) {
        let id = URL_SAFE_NO_PAD.encode(family.as_bytes());
        let key = format!("{}{{{}}}:f:{id}", self.settings.prefix, family.shard());
        let mut read = redis::cmd("GET");
        read.arg(&key);
        let record: Vec<u8> = self.ask(&read).await;
        assert!(!record.is_empty(), "there is no record at {key}");
        let mut write = redis::cmd("SET");
        write.arg(&key).arg(tear(&record)).arg("KEEPTTL");
        let () = self.ask(&write).await;
    }
}

impl RedisBench {
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        if let [url] = &self.urls[..] {
            let client = redis::Client::open(url.as_str()).expect("a URL");
            let mut connection = client.get_multiplexed_async_connection().await.expect("the server takes everybody");
            return command.query_async(&mut connection).await.expect("an answer");
        }
        let client = ClusterClient::new(self.urls.clone()).expect("URLs");
        let mut connection = client.get_async_connection().await.expect("the cluster takes everybody");
        command.query_async(&mut connection).await.expect("an answer")
    }
}
