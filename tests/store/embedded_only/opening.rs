//! Opening, being refused in plain words, and closing.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use atropos::domain::clock::FixedClock;
use atropos::domain::store::{Created, Store, Version};
use atropos::domain::{Head, Shard};
use atropos::store::embedded::{Embedded, OpenError};
use futures_util::future::join_all;
use redb::{Database, ReadableTable as _, TableDefinition};
use tempfile::TempDir;

use super::disk::Disk;
use crate::embedded::{EmbeddedBench, START, settings};
use crate::suite::{Bench as _, KEEP, family, nth, revocations, to};

/// Of a database file.
const PAGE: usize = 4096;

fn open(folder: &Path) -> Result<Embedded, OpenError> {
    Embedded::open(&settings(folder), Arc::new(FixedClock::at(START)))
}

fn refusal(folder: &Path) -> String {
    match open(folder) {
        Ok(_) => panic!("it was opened"),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn the_data_folder_is_made_for_its_owner_alone() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("a/data");
    let _store = open(&data).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("atropos.redb")), 0o600);
}

#[test]
fn a_second_opening_is_refused_until_the_first_is_closed() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path()).unwrap();
    assert!(refusal(folder.path()).contains("atropos.redb is in use by another process"));
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    change_meta(folder.path(), "meta", "format", &1000_u32.to_be_bytes());
    assert!(refusal(folder.path()).contains("was written by a newer version of Atropos (its format is 1000"));
    // Refused means untouched.
    assert!(refusal(folder.path()).contains("its format is 1000"));
}

#[test]
fn a_file_of_an_older_version_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    change_meta(folder.path(), "meta", "format", &1_u32.to_be_bytes());
    let refused = refusal(folder.path());
    assert!(refused.contains("was written by an older version of Atropos (its format is 1, "), "{refused}");
    assert!(refused.contains("put the file aside to begin anew"), "{refused}");
}

/// Another version may have run for a while: what it wrote is there, and is not for us to judge.
#[tokio::test]
async fn a_record_of_a_newer_version_is_unavailable_and_neither_absent_nor_written_over() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    let (ours, theirs) = (family(nth(0), 1), family(nth(0), 2));
    for family in [&ours, &theirs] {
        store.create(family, Version(0x0102_0304_0506_0708), KEEP).await.unwrap();
    }
    drop(store);
    change_format(folder.path(), theirs.id.as_bytes(), 0x0102_0304_0506_0708_u64.to_be_bytes());
    let store = open(folder.path()).unwrap();
    assert!(store.load(ours.id).await.unwrap().stored.is_some());
    for _ in 0..2 {
        let why = store.load(theirs.id).await.unwrap_err();
        assert!(why.0.contains("a record has format 255"), "{why}");
        assert_eq!(store.create(&theirs, Version(1), KEEP).await.unwrap(), Created::Exists);
    }
}

/// The format stands behind the version, wherever the frame ends.
fn change_format(folder: &Path, id: &[u8; 16], version: [u8; 8]) {
    let table: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("families");
    let database = Database::create(folder.join("atropos.redb")).unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_quick_repair(true);
    {
        let mut table = transaction.open_table(table).unwrap();
        let mut row = table.get(id).unwrap().unwrap().value().to_vec();
        let format = row.windows(8).position(|bytes| *bytes == version).unwrap() + 8;
        row[format] = 255;
        table.insert(id, row.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn a_file_that_is_not_ours_is_refused() {
    let folder = TempDir::new().unwrap();
    change_meta(folder.path(), "somebody else's", "key", b"value");
    assert!(refusal(folder.path()).contains("is not a database of Atropos"));

    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("atropos.redb"), "a text that somebody wrote\n".repeat(1000)).unwrap();
    assert!(refusal(folder.path()).contains("is not a database of Atropos"));
}

/// Its pages may be all that is left of somebody's revocations.
#[test]
fn a_file_that_lost_its_beginning_is_not_written_over() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    let path = folder.path().join("atropos.redb");
    let mut bytes = fs::read(&path).unwrap();
    bytes[..512].fill(0);
    fs::write(&path, &bytes).unwrap();
    assert!(refusal(folder.path()).contains("is not a database of Atropos"));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

/// What a copy may have become that was made while somebody wrote, and a disk may have forgotten: whatever page it is, nobody
/// works on what is left, and nobody panics over it.
#[tokio::test]
async fn a_file_that_was_damaged_or_cut_short_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).unwrap();
    for number in 0..300 {
        store.create(&family(nth(0), number), Version(1), KEEP).await.unwrap();
    }
    store.append(to(nth(0), &revocations(1..=300))).await.unwrap();
    drop(store);
    let path = folder.path().join("atropos.redb");
    let whole = fs::read(&path).unwrap();
    let used: Vec<usize> =
        (1..whole.len() / PAGE).filter(|page| whole[page * PAGE..][..PAGE].iter().any(|it| *it != 0)).collect();
    let mut refused = 0;
    for page in &used {
        let mut bytes = whole.clone();
        bytes[page * PAGE..][..PAGE].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        // A page that was given up is nobody's, and may be anything.
        let Err(why) = open(folder.path()) else { continue };
        assert!(why.to_string().contains("atropos.redb is damaged"), "{why}");
        refused += 1;
    }
    assert!(refused * 3 > used.len(), "{refused} of {} pages counted", used.len());
    for length in [1, 511, PAGE, PAGE + 1, whole.len() / 2, whole.len() - PAGE, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let refusal = refusal(folder.path());
        assert!(refusal.contains("damaged") || refusal.contains("is not a database"), "{length} bytes: {refusal}");
    }
    fs::write(&path, &whole).unwrap();
    open(folder.path()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "a file").unwrap();
    let refusal = refusal(&taken.join("data"));
    assert!(refusal.starts_with("the data folder ") && refusal.contains("taken/data cannot be made"), "{refusal}");
}

#[test]
fn a_disk_that_cannot_be_written_is_named() {
    let cases = [
        (ErrorKind::StorageFull, "cannot be written: the disk is full"),
        (ErrorKind::ReadOnlyFilesystem, "its disk is read-only"),
        (ErrorKind::PermissionDenied, "this process may only read it"),
    ];
    for (how, words) in cases {
        for writes in 0..10 {
            let (folder, disk) = (TempDir::new().unwrap(), Arc::new(Disk::default()));
            let open = || {
                let clock = Arc::new(FixedClock::at(START));
                Embedded::open_with(&settings(folder.path()), clock, disk.opener())
            };
            disk.fail_after(writes, how);
            let Err(refusal) = open() else { panic!("it was opened on a failing disk") };
            assert!(refusal.to_string().contains(words), "{refusal} after {writes} writes");
            disk.heal();
            open().expect("what an opening that failed has left behind does no harm");
        }
    }
}

#[tokio::test]
async fn closing_finishes_what_was_asked_before() {
    let mut bench = EmbeddedBench::sweeping_every(Duration::from_hours(1));
    let store = bench.store.clone();
    let (kept, ()) = tokio::join!(
        biased;
        join_all((0..64).map(|number| {
            let store = &store;
            async move { store.once(&[number; 32], b"value", KEEP).await }
        })),
        // All of the above is in the queue by now.
        async { store.close() },
    );
    for kept in kept {
        assert!(kept.unwrap());
    }
    store.ping().await.expect_err("it was closed");
    store.peek(&[0; 32]).await.expect_err("it was closed");
    store.close();

    bench.reopen().await;
    for number in 0..64 {
        assert!(bench.store.take(&[number; 32]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_shard_that_is_not_there_is_unavailable() {
    let bench = EmbeddedBench::sweeping_every(Duration::from_hours(1));
    let (store, other) = (bench.store(), Shard::new(1).unwrap());
    assert_eq!(store.shards(), 1);
    assert!(store.append(to(other, &revocations([1]))).await.is_err());
    assert!(store.create(&family(other, 1), Version(1), KEEP).await.is_err());
    assert!(store.revocations(other, None, 1).await.is_err());
    assert!(store.confirm(other, Head::default()).await.is_err());
    assert_eq!(store.load(family(other, 1).id).await.unwrap().stored, None);
}

fn change_meta(folder: &Path, table: &str, key: &str, value: &[u8]) {
    let table: TableDefinition<&str, &[u8]> = TableDefinition::new(table);
    let database = Database::create(folder.join("atropos.redb")).unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_quick_repair(true);
    transaction.open_table(table).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
}
