//! Where a test runs: a store, a second way to it, and a clock.

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::store::Store;
use atropos::store::embedded::{Embedded, Settings};
use atropos::store::redis::{Durability, RedisSettings, RedisStore};
use atropos_testbed::{Cluster, Flavor, RedisServer};

use crate::node::clock;

pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    /// What another process would have. The embedded store has no other: there, the same.
    pub(crate) second: Arc<dyn Store>,
    pub(crate) clock: Arc<FixedClock>,
    /// Dropped last: the folder, the server.
    _ground: Box<dyn Any + Send>,
}

pub(crate) async fn embedded() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = open(folder.path(), &clock);
    Place { store: store.clone(), second: store, clock, _ground: Box::new(folder) }
}

pub(crate) async fn redis() -> Place {
    on_a_server(Flavor::Redis).await
}

pub(crate) async fn valkey() -> Place {
    on_a_server(Flavor::Valkey).await
}

/// Three primaries, so that one shard is here and another there.
pub(crate) async fn cluster() -> Place {
    let cluster = Cluster::start(Flavor::Valkey, 3, 0).await;
    let urls = cluster.urls();
    let addresses: Vec<&str> = urls.iter().map(|url| url.split_once("://").expect("a URL").1).collect();
    on_redis(&format!("redis+cluster://{}", addresses.join(",")), cluster).await
}

async fn on_a_server(flavor: Flavor) -> Place {
    let server = RedisServer::start(flavor, &[]).await;
    on_redis(&server.url(), server).await
}

async fn on_redis(url: &str, ground: impl Any + Send) -> Place {
    // Many at once on two cores: what a race takes is not what a request may take.
    let settings =
        RedisSettings { timeout: std::time::Duration::from_secs(10), ..RedisSettings::new(url, Durability::Memory) };
    let store = Arc::new(RedisStore::open(&settings).await.expect("the server is new"));
    let second = Arc::new(RedisStore::open(&settings).await.expect("and open to all"));
    Place { store, second, clock: clock(), _ground: Box::new(ground) }
}

pub(crate) fn open(folder: &Path, clock: &Arc<FixedClock>) -> Arc<Embedded> {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Arc::new(Embedded::open(&Settings::new(folder), clock).expect("the folder is free"))
}
