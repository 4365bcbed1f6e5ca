//! What nobody can need any more is collected, and nothing else.

use std::time::Duration;

use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Commit, Store, Version};
use atropos_testbed::until;

use crate::embedded::{EmbeddedBench, START, change_row};
use crate::suite::{Bench as _, KEEP, family, family_of, listed, managed_of, nth, to};

const MINUTE: Duration = Duration::from_mins(1);

fn bench() -> EmbeddedBench {
    EmbeddedBench::sweeping_every(Duration::from_millis(1))
}

async fn until_swept(bench: &EmbeddedBench, rows: u64) {
    until("enough is swept", async || bench.store.statistics().swept >= rows).await;
}

#[tokio::test]
async fn a_family_goes_with_its_place_in_the_index_when_it_is_due_and_not_before() {
    let bench = bench();
    let store = &*bench.store;
    // In the order of the walk: when the last one has gone, the others have been looked at.
    let (stays, prolonged, goes) =
        (family_of("ann", nth(0), 1), family_of("ann", nth(0), 2), family_of("ann", nth(0), 3));
    store.create(&stays, Version(1), 2 * MINUTE).await.unwrap();
    store.create(&prolonged, Version(1), MINUTE).await.unwrap();
    store.create(&goes, Version(1), MINUTE).await.unwrap();
    store.create(&managed_of("ann", nth(0), 4), Version(1), 2 * MINUTE).await.unwrap();
    let append = to(nth(0), &[]);
    let keep_for = 2 * MINUTE;
    let commit = Commit { expected: Version(1), version: Version(2), family: &prolonged, keep_for, append };
    store.commit(commit).await.unwrap();

    bench.clock.set(START.plus(MINUTE));
    until_swept(&bench, 1).await;
    assert_eq!(store.load(goes.id).await.unwrap().stored, None);
    assert!(store.load(stays.id).await.unwrap().stored.is_some());
    assert!(store.load(prolonged.id).await.unwrap().stored.is_some());
    assert_eq!(listed(&*bench.store, Listing::Subject("ann")).await, [stays.id, prolonged.id]);

    bench.clock.set(START.plus(2 * MINUTE));
    until_swept(&bench, 4).await;
    for listing in [Listing::Subject("ann"), Listing::Identity("ann")] {
        assert_eq!(listed(&*bench.store, listing).await, []);
    }
    assert_eq!(store.scan(nth(0), None).await.unwrap(), (Vec::new(), None));
}

#[tokio::test]
async fn short_lived_things_go_when_they_have_expired() {
    let bench = bench();
    let store = &*bench.store;
    for number in 0..50 {
        assert!(store.once(&[number; 32], b"short", MINUTE).await.unwrap());
    }
    assert!(store.once(&[99; 32], b"long", KEEP).await.unwrap());
    bench.clock.set(START.plus(MINUTE));
    until_swept(&bench, 50).await;
    assert_eq!(store.peek(&[99; 32]).await.unwrap().as_deref(), Some(&b"long"[..]));
}

/// More rows than a step looks at: the walk goes on where it stopped.
#[tokio::test]
async fn a_walk_comes_to_the_end_of_a_long_table() {
    const ROWS: u64 = 2_000;
    let bench = bench();
    let families: Vec<_> = (0..ROWS).map(|number| family(nth(0), number)).collect();
    for some in families.chunks(200) {
        let created = some.iter().map(|family| {
            // The first and the last third are due early.
            let early = !(ROWS / 3..2 * ROWS / 3).contains(&family.epoch.0);
            bench.store.create(family, Version(1), if early { MINUTE } else { KEEP })
        });
        for created in futures_util::future::join_all(created).await {
            created.unwrap();
        }
    }
    bench.clock.set(START.plus(MINUTE));
    until_swept(&bench, ROWS - (2 * ROWS / 3 - ROWS / 3)).await;
    for family in &families {
        let expected = (ROWS / 3..2 * ROWS / 3).contains(&family.epoch.0);
        assert_eq!(bench.store.load(family.id).await.unwrap().stored.is_some(), expected, "{:?}", family.epoch);
    }
}

/// Nobody can tell what it was or how long it had to stay; an operator may want to see it.
#[tokio::test]
async fn a_row_whose_frame_is_unreadable_stays() {
    let mut bench = bench();
    let (torn, whole) = (family(nth(0), 1), family(nth(0), 2));
    bench.store.create(&torn, Version(1), KEEP).await.unwrap();
    bench.store.create(&whole, Version(1), MINUTE).await.unwrap();
    bench.store.close();
    change_row(bench.folder.path(), torn.id, |_| vec![0xff]);
    bench.reopen().await;
    bench.clock.set(START.plus(KEEP * 2));
    until_swept(&bench, 1).await;
    assert_eq!(bench.store.load(whole.id).await.unwrap().stored, None);
    bench.store.load(torn.id).await.expect_err("it cannot be read");
}

/// A record that is unreadable for whoever loads it can still be collected, from the index, too.
#[tokio::test]
async fn a_torn_record_goes_when_it_is_due() {
    let mut bench = bench();
    let torn = family_of("ann", nth(0), 1);
    bench.store.create(&torn, Version(1), MINUTE).await.unwrap();
    bench.tear(torn.id, |_| Vec::new()).await;
    bench.store.load(torn.id).await.expect_err("it cannot be read");
    bench.clock.set(START.plus(MINUTE));
    until_swept(&bench, 1).await;
    assert_eq!(bench.store.load(torn.id).await.unwrap().stored, None);
    assert_eq!(listed(&*bench.store, Listing::Subject("ann")).await, []);
}
