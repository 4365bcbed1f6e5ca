//! What a server under test stands on: a store in a folder, and a time. `tests/api_on_cluster` has another in its place.

use std::any::Any;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use atropos::domain::Timestamp;
use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::store::Store;
use atropos::store::embedded::{Embedded, Settings};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::authority;
use crate::spawn::Setup;

/// When every test begins.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A store of one test's own, and what has to stay as long as it is used.
pub(crate) async fn store(clock: &Arc<FixedClock>) -> (Arc<dyn Store>, Arc<dyn Any + Send + Sync>) {
    let folder = folder_with_keys().await;
    (Arc::new(open(folder.path(), clock)), Arc::new(folder))
}

fn open(folder: &Path, clock: &Arc<FixedClock>) -> Embedded {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Embedded::open(&Settings::new(folder), clock).expect("the folder is free")
}

/// A data folder in which the keys have been made: an RSA key takes longer than most tests.
async fn folder_with_keys() -> TempDir {
    static MADE: OnceCell<TempDir> = OnceCell::const_new();
    let made = MADE.get_or_init(|| async {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(FixedClock::at(BEGINNING));
        let store: Arc<dyn Store> = Arc::new(open(folder.path(), &clock));
        drop(authority::on(store, &clock, &Setup::default()).await);
        folder
    });
    let folder = tempfile::tempdir().expect("a folder");
    let name = "atropos.redb";
    fs::copy(made.await.path().join(name), folder.path().join(name)).expect("a copy");
    folder
}
