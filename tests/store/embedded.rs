//! The suite, on the embedded store.

use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use atropos::domain::clock::FixedClock;
use atropos::domain::store::Store;
use atropos::domain::{FamilyId, Timestamp};
use atropos::store::embedded::{Embedded, Settings};
use redb::{Database, TableDefinition};
use tempfile::TempDir;

use crate::suite::Bench;

/// Nothing is swept: what has expired is there, and must not count.
mod unswept {
    crate::suite::mount!(crate::embedded::open_unswept);
}

/// The sweeper never rests: what is to be kept must be left alone by it.
mod swept {
    crate::suite::mount!(crate::embedded::open_swept);
}

/// When the clock starts. Nothing here depends on what time it really is.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

pub(crate) struct EmbeddedBench {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) settings: Settings,
    pub(crate) store: Arc<Embedded>,
}

pub(crate) fn open_unswept() -> Ready<EmbeddedBench> {
    ready(EmbeddedBench::sweeping_every(Duration::from_hours(1)))
}

pub(crate) fn open_swept() -> Ready<EmbeddedBench> {
    ready(EmbeddedBench::sweeping_every(Duration::from_micros(100)))
}

impl EmbeddedBench {
    pub(crate) fn sweeping_every(sweep_every: Duration) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let settings = Settings { sweep_every, ..settings(folder.path()) };
        let clock = Arc::new(FixedClock::at(START));
        let store = open(&settings, &clock);
        Self { folder, clock, settings, store }
    }
}

fn open(settings: &Settings, clock: &Arc<FixedClock>) -> Arc<Embedded> {
    Arc::new(Embedded::open(settings, clock.clone()).expect("the folder is ours alone"))
}

/// A disk that many tests share may be slow; only tests of time-outs are about them.
pub(crate) fn settings(folder: &Path) -> Settings {
    Settings { timeout: Duration::from_mins(1), ..Settings::new(folder) }
}

impl Bench for EmbeddedBench {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// There can be no second process: the other handle is one more of this.
    fn other(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store.close();
        self.store = open(&self.settings, &self.clock);
    }

    async fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
    }

    async fn tear(&mut self, family: FamilyId, tear: impl Fn(&[u8]) -> Vec<u8>) {
        self.store.close();
        change_row(self.folder.path(), family, |row| {
            let (_, record) = postcard::take_from_bytes::<(u64, Option<(u8, &str, u64)>)>(row).expect("a frame");
            let frame = &row[..row.len() - record.len()];
            [frame, &tear(record)].concat()
        });
        self.store = open(&self.settings, &self.clock);
    }
}

/// Changes a row of the table of families in a file that nobody has open.
pub(crate) fn change_row(folder: &Path, family: FamilyId, change: impl Fn(&[u8]) -> Vec<u8>) {
    const FAMILIES: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("families");
    let database = Database::open(folder.join("atropos.redb")).expect("a database");
    let mut transaction = database.begin_write().expect("a transaction");
    transaction.set_quick_repair(true);
    {
        let mut families = transaction.open_table(FAMILIES).expect("a table");
        let row = families.remove(family.as_bytes()).expect("it is read").expect("a row").value().to_vec();
        families.insert(family.as_bytes(), change(&row).as_slice()).expect("it is written");
    }
    transaction.commit().expect("it is committed");
}
