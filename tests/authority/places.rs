//! Where a test runs: a store, a second way to it, and a clock.

use std::any::Any;
use std::sync::Arc;

use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::store::Store;
use atropos::store::embedded::{Embedded, Settings};

use crate::node::clock;

pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    /// What another process would have. The embedded store has no other: there, the same.
    pub(crate) second: Arc<dyn Store>,
    pub(crate) clock: Arc<FixedClock>,
    /// Dropped last: the folder, the server.
    _ground: Box<dyn Any + Send>,
}

pub(crate) fn embedded() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = open(folder.path(), &clock);
    Place { store: store.clone(), second: store, clock, _ground: Box::new(folder) }
}

pub(crate) fn open(folder: &std::path::Path, clock: &Arc<FixedClock>) -> Arc<Embedded> {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Arc::new(Embedded::open(&Settings::new(folder), clock, None).expect("the folder is free"))
}
