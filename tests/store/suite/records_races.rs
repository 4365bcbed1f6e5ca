//! Many at once on one family.

use std::sync::atomic::{AtomicBool, Ordering};

use atropos::domain::store::{Commit, Committed, Created, Store, Version};
use atropos::domain::{Head, Tag};
use futures_util::future::{join, join_all};

use super::{Bench, KEEP, family, generation, nth, reads_generation, revocations, to};

const MANY: u64 = 64;

pub(crate) async fn of_many_creations_of_one_family_one_wins(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    let family = family(nth(0), 1);
    let created = join_all((0..MANY).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        store.create(&family, Version(number), KEEP)
    }));
    let created: Vec<_> = created.await.into_iter().map(Result::unwrap).collect();
    let winners: Vec<_> = (0..MANY).zip(&created).filter(|(_, created)| **created != Created::Exists).collect();
    let [(winner, _)] = winners[..] else { panic!("{winners:?}") };
    assert_eq!(handles[0].load(family.id).await.unwrap().stored.unwrap().version, Version(winner));
}

pub(crate) async fn of_many_commits_on_one_version_one_wins_and_only_its_revocation_is_appended(
    bench: &mut impl Bench,
) {
    let handles = [bench.store(), bench.other()];
    let family = family(nth(0), 1);
    handles[0].create(&family, Version(1000), KEEP).await.unwrap();
    let committed = join_all((0..MANY).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        let (next, entries) = (generation(&family, 100), revocations([number]));
        async move {
            let append = to(nth(0), &entries);
            let (expected, version) = (Version(1000), Version(number));
            store.commit(Commit { expected, version, family: &next, keep_for: KEEP, append }).await.unwrap()
        }
    }));
    let committed = committed.await;
    let won: Vec<_> = (0..MANY).zip(&committed).filter(|(_, how)| **how != Committed::Conflict).collect();
    let [(winner, _)] = won[..] else { panic!("{won:?}") };

    let loaded = handles[0].load(family.id).await.unwrap();
    assert_eq!(loaded.stored.unwrap().version, Version(winner));
    let log = handles[0].revocations(nth(0), None, 100).await.unwrap().entries;
    assert_eq!(log.iter().map(|entry| entry.revocation.tag).collect::<Vec<_>>(), [Tag(winner)]);
    assert_eq!(loaded.head, log[0].head());
}

pub(crate) async fn no_change_is_lost_among_many_writers(bench: &mut impl Bench) {
    const WRITERS: u32 = 8;
    const CHANGES: u32 = 12;
    let handles = [bench.store(), bench.other()];
    let family = generation(&family(nth(0), 1), 0);
    handles[0].create(&family, Version(0), KEEP).await.unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let (store, id) = (&handles[usize::from(writer % 2 == 0)], family.id);
        async move {
            let mut done = 0;
            while done < CHANGES {
                let stored = store.load(id).await.unwrap().stored.unwrap();
                let next = generation(&stored.family, reads_generation(&stored.family) + 1);
                // Drawn by chance in earnest; here it is enough that no two writers ever draw the same.
                let version = Version(u64::from(writer) << 32 | u64::from(reads_generation(&next)));
                let append = to(nth(0), &[]);
                let commit = Commit { expected: stored.version, version, family: &next, keep_for: KEEP, append };
                done += u32::from(store.commit(commit).await.unwrap() != Committed::Conflict);
            }
        }
    });
    join_all(writers).await;
    let stored = handles[0].load(family.id).await.unwrap().stored.unwrap();
    assert_eq!(reads_generation(&stored.family), WRITERS * CHANGES);
}

/// Each commit writes generation `n` and appends tag `n`: whoever sees one without the other saw two instants.
pub(crate) async fn record_and_head_are_read_in_one_instant(bench: &mut impl Bench) {
    const COMMITS: u32 = 200;
    let (writer, reader) = (bench.store(), bench.other());
    let family = generation(&family(nth(0), 1), 0);
    writer.create(&family, Version(0), KEEP).await.unwrap();
    let done = AtomicBool::new(false);
    let write = async {
        for number in 1..=COMMITS {
            let (next, entries) = (generation(&family, number), revocations([u64::from(number)]));
            let append = to(nth(0), &entries);
            let (expected, version) = (Version(u64::from(number) - 1), Version(u64::from(number)));
            let commit = Commit { expected, version, family: &next, keep_for: KEEP, append };
            assert_ne!(writer.commit(commit).await.unwrap(), Committed::Conflict);
        }
        done.store(true, Ordering::Relaxed);
    };
    let read = async {
        let mut last = 0;
        while !done.load(Ordering::Relaxed) {
            last = whole_generation(&*reader, &family, last).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(whole_generation(&*reader, &family, last).await, COMMITS);
    };
    join(write, read).await;
}

async fn whole_generation(store: &dyn Store, family: &atropos::domain::family::Family, last: u32) -> u32 {
    let loaded = store.load(family.id).await.unwrap();
    let generation = reads_generation(&loaded.stored.unwrap().family);
    let tag = if loaded.head == Head::default() { 0 } else { loaded.head.tag.0 };
    assert_eq!(u64::from(generation), tag, "a record of one instant and a head of another");
    assert!(generation >= last, "what was seen once is seen ever after");
    generation
}
