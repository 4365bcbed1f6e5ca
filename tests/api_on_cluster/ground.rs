//! What a server under test stands on: a store in a cluster that all tests share, under a prefix of its own, and a time.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atropos::domain::Timestamp;
use atropos::domain::clock::FixedClock;
use atropos::domain::store::{Document, Store};
use atropos::store::redis::{Durability, RedisSettings, RedisStore};
use atropos_testbed::{Cluster, Flavor};
use tokio::sync::OnceCell;

use crate::authority;
use crate::spawn::Setup;

/// When every test begins. The cluster has a clock of its own.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_secs(1_800_000_000);

/// What the keys are kept in.
const KEYS: &str = "keyring";

/// A store of one test's own, and what has to stay as long as it is used.
pub(crate) async fn store(clock: &Arc<FixedClock>) -> (Arc<dyn Store>, Arc<dyn Any + Send + Sync>) {
    // An RSA key takes longer than most tests: made once.
    static MADE: OnceCell<Document> = OnceCell::const_new();
    let keys = MADE.get_or_init(async || {
        let store = empty().await;
        drop(authority::on(Arc::clone(&store), clock, &Setup::default()).await);
        store.document(KEYS).await.expect("the cluster answers").expect("the keys were made")
    });
    let store = empty().await;
    assert!(store.replace_document(KEYS, None, keys.await).await.expect("the cluster answers"));
    (store, Arc::new(()))
}

async fn empty() -> Arc<dyn Store> {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = CLUSTER.get_or_init(|| Cluster::start(Flavor::Redis, 3, 1)).await;
    let urls = cluster.urls();
    let nodes: Vec<&str> = urls.iter().map(|url| url.trim_start_matches("redis://")).collect();
    let settings = RedisSettings {
        prefix: format!("api-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
        // A machine that many tests share may be slow; what is to be fast has tests of its own.
        timeout: Duration::from_secs(30),
        ..RedisSettings::new(&format!("redis+cluster://{}", nodes.join(",")), Durability::Memory)
    };
    Arc::new(RedisStore::open(&settings).await.expect("the cluster takes everybody"))
}
