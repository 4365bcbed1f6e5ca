//! The suite, on Redis and on Valkey.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atropos::domain::FamilyId;
use atropos::domain::store::Store;
use atropos::store::redis::{Durability, RedisSettings, RedisStore};
use atropos_testbed::{Flavor, RedisServer, until};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OnceCell;

use crate::suite::Bench;

mod on_redis {
    crate::suite::mount!(crate::redis::open_redis);
}

mod on_valkey {
    crate::suite::mount!(crate::redis::open_valkey);
}

struct RedisBench {
    settings: RedisSettings,
    store: Arc<RedisStore>,
    other: Arc<RedisStore>,
}

async fn open_redis() -> RedisBench {
    static SERVER: OnceCell<RedisServer> = OnceCell::const_new();
    RedisBench::on(SERVER.get_or_init(|| RedisServer::start(Flavor::Redis, &[])).await).await
}

async fn open_valkey() -> RedisBench {
    static SERVER: OnceCell<RedisServer> = OnceCell::const_new();
    RedisBench::on(SERVER.get_or_init(|| RedisServer::start(Flavor::Valkey, &[])).await).await
}

impl RedisBench {
    /// All tests share a server; each has a prefix of its own.
    async fn on(server: &RedisServer) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let settings = RedisSettings {
            prefix: format!("suite-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            // A machine that many tests share may be slow; what is to be fast has tests of its own.
            timeout: Duration::from_secs(30),
            ..RedisSettings::new(&server.url(), Durability::Memory)
        };
        let (store, other) = (open(&settings).await, open(&settings).await);
        Self { settings, store, other }
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
        let client = redis::Client::open(secrecy::ExposeSecret::expose_secret(&self.settings.url)).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("the server takes everybody");
        let record: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut connection).await.expect("a record");
        assert!(!record.is_empty(), "there is no record at {key}");
        let mut write = redis::cmd("SET");
        write.arg(&key).arg(tear(&record)).arg("KEEPTTL");
        write.exec_async(&mut connection).await.expect("it is written");
    }
}
