//! Nobody waits longer than was agreed.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::clock::FixedClock;
use atropos::domain::store::{Store, Version};
use atropos::store::embedded::{Embedded, Settings};
use atropos_testbed::until;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tempfile::TempDir;

use super::disk::Disk;
use crate::embedded::{START, settings};
use crate::suite::{KEEP, family, nth};

fn open(folder: &TempDir, change: impl FnOnce(&mut Settings)) -> (Arc<Disk>, Embedded) {
    let disk = Arc::new(Disk::default());
    let mut settings = Settings { sweep_every: Duration::from_hours(1), ..settings(folder.path()) };
    change(&mut settings);
    let clock = Arc::new(FixedClock::at(START));
    let store = Embedded::open_with(&settings, clock, disk.opener()).unwrap();
    (disk, store)
}

#[tokio::test]
async fn on_a_hanging_disk_writes_are_unavailable_in_time_and_reads_go_on() {
    let folder = TempDir::new().unwrap();
    let (disk, store) = open(&folder, |settings| settings.timeout = Duration::from_millis(50));
    let family = family(nth(0), 1);
    // On a busy machine the disk may be slower than the bound even now.
    until("a family is there", async || store.create(&family, Version(1), KEEP).await.is_ok()).await;

    disk.hang();
    let (begun, waiting) = tokio::join!(
        biased;
        store.once(&[1; 32], b"begun", KEEP),
        async {
            disk.until_it_is_waited_for();
            store.once(&[2; 32], b"waiting", KEEP).await
        },
    );
    assert!(begun.is_err() && waiting.is_err(), "{begun:?}, {waiting:?}");
    assert!(store.load(family.id).await.unwrap().stored.is_some());

    disk.heal();
    until("the disk goes on", async || store.ping().await.is_ok()).await;
    // What was begun was done in the end; what nobody waited for any more was not begun.
    assert_eq!(store.peek(&[1; 32]).await.unwrap().as_deref(), Some(&b"begun"[..]));
    assert_eq!(store.peek(&[2; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_queue_is_unavailable_at_once() {
    const PLACES: u8 = 4;
    let folder = TempDir::new().unwrap();
    let (disk, store) = open(&folder, |settings| settings.queue = usize::from(PLACES));
    disk.hang();
    let keep = async |number: u8| store.once(&[number; 32], b"", KEEP).await;
    let (first, rest) = tokio::join!(biased; keep(0), async {
        disk.until_it_is_waited_for();
        let mut rest: FuturesUnordered<_> = (1..=PLACES + 2).map(keep).collect();
        // The disk hangs still: only those for whom there was no place are answered.
        assert!(rest.next().await.unwrap().is_err());
        assert!(rest.next().await.unwrap().is_err());
        disk.heal();
        rest.collect::<Vec<_>>().await
    });
    assert!(first.unwrap());
    assert_eq!(rest, vec![Ok(true); usize::from(PLACES)]);
}
