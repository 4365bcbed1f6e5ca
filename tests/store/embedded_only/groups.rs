//! Many callers share a transaction, and do not suffer for one another.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use atropos::domain::Position;
use atropos::domain::store::{Append, Committed, Created, Store, Version};
use futures_util::future::join_all;

use crate::embedded::EmbeddedBench;
use crate::suite::{KEEP, family, generation, nth, reads_generation, revocations, to};

fn bench() -> EmbeddedBench {
    EmbeddedBench::sweeping_every(Duration::from_hours(1))
}

#[tokio::test]
async fn concurrent_writes_share_transactions() {
    let bench = bench();
    for round in 0..10 {
        let families: Vec<_> = (0..64).map(|number| family(nth(0), 64 * round + number)).collect();
        for created in join_all(families.iter().map(|family| bench.store.create(family, Version(1), KEEP))).await {
            created.unwrap();
        }
    }
    let statistics = bench.store.statistics();
    assert_eq!(statistics.operations, 640);
    // Sixty-four at once are a few transactions: those that came while the disk was busy with the first go together.
    assert!(statistics.transactions <= 10 * 8, "{statistics:?}");
}

#[tokio::test]
async fn the_first_in_the_queue_is_the_first_to_write() {
    let bench = bench();
    let family = family(nth(0), 1);
    let created = join_all((0..16).map(|number| bench.store.create(&family, Version(number), KEEP))).await;
    assert!(matches!(created[0], Ok(Created::Done(_))), "{created:?}");
    assert_eq!(bench.store.load(family.id).await.unwrap().stored.unwrap().version, Version(0));
    let appended = join_all((0..16).map(|number| {
        let (store, new) = (&bench.store, revocations([number]));
        async move { store.append(to(nth(0), &new)).await.unwrap() }
    }));
    appended.await;
    let log = bench.store.revocations(nth(0), None, 100).await.unwrap().entries;
    assert_eq!(log.iter().map(|entry| entry.revocation.tag.0).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
}

/// Among operations that succeed: a conflict, one that cannot be done, and one whose record is unreadable.
#[tokio::test]
async fn an_operation_that_is_refused_does_not_spoil_the_others() {
    let mut bench = bench();
    let (family, torn) = (family(nth(0), 1), family(nth(0), 2));
    bench.store.create(&family, Version(0), KEEP).await.unwrap();
    bench.store.create(&torn, Version(0), KEEP).await.unwrap();
    crate::suite::Bench::tear(&mut bench, torn.id, |_| Vec::new()).await;
    let store = &*bench.store;

    let new = revocations([99]);
    let beyond_all = Append { floor: Position(u64::MAX), ..to(nth(0), &new) };
    let results = tokio::join!(
        super::commit(store, &family, 1),
        super::commit(store, &family, 1),
        store.append(beyond_all),
        super::commit(store, &torn, 1),
        super::commit(store, &family, 2),
    );
    assert!(matches!(results.0, Ok(Committed::Done(_))), "{results:?}");
    assert!(matches!(results.1, Ok(Committed::Conflict)), "{results:?}");
    assert!(results.2.is_err() && results.3.is_err(), "{results:?}");
    assert!(matches!(results.4, Ok(Committed::Done(_))), "it does not see its predecessor: {results:?}");
    let log = store.revocations(nth(0), None, 10).await.unwrap().entries;
    assert_eq!(log.iter().map(|entry| entry.revocation.tag.0).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn what_writes_nothing_does_not_wait_for_the_disk() {
    let bench = bench();
    let (store, family) = (&*bench.store, family(nth(0), 1));
    store.create(&family, Version(0), KEEP).await.unwrap();
    let before = store.statistics().transactions;
    assert_eq!(store.create(&family, Version(5), KEEP).await.unwrap(), Created::Exists);
    assert_eq!(super::commit(store, &family, 7).await.unwrap(), Committed::Conflict);
    assert_eq!(store.take(&[1; 32]).await.unwrap(), None);
    store.forget(nth(0), &[Position(1)]).await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.statistics().transactions, before);
}

/// As the server uses it: several threads, each with a runtime of its own.
#[test]
fn threads_do_not_lose_changes_of_one_another() {
    const THREADS: u32 = 4;
    const CHANGES: u32 = 25;
    let bench = bench();
    let family = generation(&family(nth(0), 1), 0);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime().block_on(bench.store.create(&family, Version(0), KEEP)).unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let (store, family) = (Arc::clone(&bench.store), &family);
            scope.spawn(move || runtime().block_on(change(&*store, family, CHANGES)));
        }
    });
    let loaded = runtime().block_on(bench.store.load(family.id)).unwrap();
    assert_eq!(reads_generation(&loaded.stored.unwrap().family), THREADS * CHANGES);
    assert_eq!(loaded.head.tag.0, u64::from(THREADS * CHANGES));
}

async fn change(store: &dyn Store, family: &atropos::domain::family::Family, times: u32) {
    let mut done = 0;
    while done < times {
        let stored = store.load(family.id).await.unwrap().stored.unwrap();
        let next = reads_generation(&stored.family) + 1;
        done += u32::from(super::commit(store, family, next).await.unwrap() != Committed::Conflict);
    }
}

/// The clock is somebody else's; positions are ours.
#[tokio::test]
async fn positions_rise_even_when_the_clock_goes_back() {
    let bench = bench();
    let first = bench.store.append(to(nth(0), &revocations([1]))).await.unwrap().head;
    assert_eq!(first.position.0, crate::embedded::START.as_millis() * 1000);
    bench.clock.set(crate::embedded::START.minus(Duration::from_hours(1)));
    let second = bench.store.append(to(nth(0), &revocations([2]))).await.unwrap().head;
    assert_eq!(second.position, first.position.next());
}
