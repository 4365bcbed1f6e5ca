//! A disk that fails: whatever it fails at, nothing is half done, nothing acknowledged is lost, and the store goes on
//! when the disk does.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use atropos::domain::clock::FixedClock;
use atropos::domain::family::Family;
use atropos::domain::store::{Committed, Created, Store, Version};
use atropos::domain::{Head, Position};
use atropos::store::embedded::{Embedded, Settings};
use atropos_testbed::until;
use tempfile::TempDir;

use super::disk::Disk;
use crate::embedded::{START, settings};
use crate::suite::{KEEP, family, generation, nth, reads_generation, revocations, to};

struct OnDisk {
    disk: Arc<Disk>,
    settings: Settings,
    store: Embedded,
    _folder: TempDir,
}

impl OnDisk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        // No memory for pages: what is read is read from the disk.
        let settings = Settings { cache: 0, sweep_every: Duration::from_hours(1), ..settings(folder.path()) };
        let disk = Arc::new(Disk::default());
        let store = open(&settings, &disk);
        Self { disk, settings, store, _folder: folder }
    }

    /// Pulls the plug: whatever is closed now, nothing of it reaches the disk.
    fn restart(&mut self) {
        self.store.close();
        self.disk.heal();
        self.store = open(&self.settings, &self.disk);
    }

    async fn until_it_answers(&self) {
        let answers = async || self.store.ping().await.is_ok() && self.store.heads().await.is_ok();
        until("the store recovers", answers).await;
    }
}

fn open(settings: &Settings, disk: &Arc<Disk>) -> Embedded {
    Embedded::open_with(settings, Arc::new(FixedClock::at(START)), disk.opener()).unwrap()
}

/// The generation of a family, after a look that record and log agree on it.
async fn whole_generation(store: &dyn Store, family: &Family) -> u32 {
    let loaded = store.load(family.id).await.unwrap();
    let stored = loaded.stored.unwrap();
    let generation = reads_generation(&stored.family);
    assert_eq!(stored.version, Version(u64::from(generation)));
    assert_eq!(loaded.head.tag.0, u64::from(generation), "half of a commit");
    let log = store.revocations(nth(0), None, 10_000).await.unwrap();
    let tags: Vec<_> = log.entries.iter().map(|entry| entry.revocation.tag.0).collect();
    assert_eq!(tags, (1..=u64::from(generation)).collect::<Vec<_>>(), "half of a commit");
    generation
}

/// At each write of a commit in turn, all fails from there on.
#[tokio::test]
async fn a_write_that_fails_leaves_no_half_commit_and_the_store_recovers() {
    let on = OnDisk::new();
    let family = generation(&family(nth(0), 1), 0);
    on.store.create(&family, Version(0), KEEP).await.unwrap();
    let mut failures = 0;
    loop {
        let before = whole_generation(&on.store, &family).await;
        on.disk.fail_after(failures, ErrorKind::StorageFull);
        let key = [u8::try_from(failures).unwrap(); 32];
        let (committed, kept) =
            tokio::join!(super::commit(&on.store, &family, before + 1), on.store.once(&key, b"", KEEP));
        let failed = on.disk.has_failed();
        on.disk.heal();
        on.until_it_answers().await;
        if kept.is_ok() {
            assert!(on.store.peek(&key).await.unwrap().is_some(), "what was acknowledged is lost");
        }
        let after = whole_generation(&on.store, &family).await;
        match committed {
            Ok(committed) => {
                assert_ne!(committed, Committed::Conflict);
                assert_eq!(after, before + 1, "what was acknowledged is lost");
            }
            Err(_) => assert!(after == before || after == before + 1),
        }
        if !failed {
            break;
        }
        failures += 1;
    }
    assert!(failures >= 3, "a commit writes pages, a header and more: {failures}");
    assert!(on.store.statistics().reopened > 0, "{:?}", on.store.statistics());
}

/// The same, and the power goes out.
#[tokio::test]
async fn a_crash_at_any_write_of_a_commit_loses_nothing_that_was_acknowledged() {
    let mut on = OnDisk::new();
    let family = generation(&family(nth(0), 1), 0);
    on.store.create(&family, Version(0), KEEP).await.unwrap();
    for writes in 0.. {
        let before = whole_generation(&on.store, &family).await;
        super::commit(&on.store, &family, before + 1).await.unwrap();
        on.disk.fail_after(writes, ErrorKind::Other);
        let committed = super::commit(&on.store, &family, before + 2).await;
        let failed = on.disk.has_failed();
        on.restart();
        let after = whole_generation(&on.store, &family).await;
        assert!(after == before + 1 || after == before + 2, "{before} became {after}");
        assert!(committed.is_err() || after == before + 2, "what was acknowledged is lost");
        if !failed {
            return;
        }
    }
}

/// All of one transaction share its fate, those included that would have been refused.
#[tokio::test]
async fn everybody_in_a_failed_transaction_is_told_unavailable() {
    let on = OnDisk::new();
    let family = generation(&family(nth(0), 1), 0);
    on.store.create(&family, Version(0), KEEP).await.unwrap();
    on.disk.fail_after(0, ErrorKind::StorageFull);
    let told = tokio::join!(
        super::commit(&on.store, &family, 1),
        super::commit(&on.store, &family, 5),
        on.store.once(&[1; 32], b"", KEEP),
        on.store.append(to(nth(0), &[])),
    );
    assert!(told.0.is_err() && told.1.is_err() && told.2.is_err() && told.3.is_err(), "{told:?}");
    on.disk.heal();
    on.until_it_answers().await;
    assert_eq!(whole_generation(&on.store, &family).await, 0);
    assert_eq!(on.store.peek(&[1; 32]).await.unwrap(), None);
}

/// What found no reason to write found only what is durable.
#[tokio::test]
async fn what_writes_nothing_needs_no_disk() {
    let on = OnDisk::new();
    let family = generation(&family(nth(0), 1), 0);
    on.store.create(&family, Version(0), KEEP).await.unwrap();
    on.disk.fail_after(0, ErrorKind::StorageFull);
    assert_eq!(on.store.create(&family, Version(5), KEEP).await.unwrap(), Created::Exists);
    assert_eq!(super::commit(&on.store, &family, 7).await.unwrap(), Committed::Conflict);
    assert_eq!(on.store.take(&[1; 32]).await.unwrap(), None);
    on.store.forget(nth(0), &[Position(1)]).await.unwrap();
    on.store.ping().await.unwrap();
    on.store.confirm(nth(0), Head::default()).await.unwrap();
}

#[tokio::test]
async fn on_a_full_disk_what_is_there_can_be_read() {
    let on = OnDisk::new();
    let family = generation(&family(nth(0), 1), 0);
    on.store.create(&family, Version(0), KEEP).await.unwrap();
    on.disk.fill();
    let mut kept = 0;
    while on.store.once(&[kept; 32], &vec![kept; 1 << 20], KEEP).await.is_ok() {
        kept += 1;
    }
    assert_eq!(whole_generation(&on.store, &family).await, 0);
    for number in 0..kept {
        assert_eq!(on.store.peek(&[number; 32]).await.unwrap(), Some(vec![number; 1 << 20]));
    }
    assert_eq!(on.store.peek(&[kept; 32]).await.unwrap(), None);

    on.disk.heal();
    on.until_it_answers().await;
    super::commit(&on.store, &family, 1).await.unwrap();
    assert!(on.store.once(&[kept; 32], &vec![kept; 1 << 20], KEEP).await.unwrap());
}

/// Nobody writes: it is the readers who want the file back.
#[tokio::test]
async fn a_read_that_fails_is_unavailable_and_the_store_recovers() {
    let on = OnDisk::new();
    let family = generation(&family(nth(0), 1), 0);
    on.store.create(&family, Version(0), KEEP).await.unwrap();
    on.store.append(to(nth(0), &revocations(1..=500))).await.unwrap();
    on.disk.fail_reads();
    on.store.revocations(nth(0), None, 1_000).await.expect_err("the disk cannot be read");
    on.disk.heal();
    until("the store recovers", async || on.store.revocations(nth(0), None, 1_000).await.is_ok()).await;
    assert!(on.store.load(family.id).await.unwrap().stored.is_some());
}
