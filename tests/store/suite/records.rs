//! Loading, creating and committing a family.

use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Append, Commit, Committed, Created, Stored, Stretch, Version};
use atropos::domain::{Head, Tag};

use super::{Bench, KEEP, family, family_of, generation, listed, nth, revocations, to};

pub(crate) async fn an_absent_family_is_loaded_as_absent_with_the_head_of_its_shard(bench: &mut impl Bench) {
    let store = bench.store();
    let shard = nth(store.shards() - 1);
    let absent = family(shard, 1).id;
    let loaded = store.load(absent).await.unwrap();
    assert_eq!((loaded.stored, loaded.head), (None, Head::default()));

    let head = store.append(to(shard, &revocations([5]))).await.unwrap().head;
    let loaded = store.load(absent).await.unwrap();
    assert_eq!((loaded.stored, loaded.head), (None, head));
    assert_eq!(head.tag, Tag(5));
}

/// Of whatever shards, in whatever order, there or not, asked for once or twice.
pub(crate) async fn many_are_loaded_as_each_is_by_itself(bench: &mut impl Bench) {
    let store = bench.store();
    assert_eq!(store.load_each(&[]).await.unwrap(), []);
    let families: Vec<_> = (0..40).map(|number: u16| family(nth(number % store.shards()), number.into())).collect();
    for family in families.iter().step_by(3) {
        store.create(family, Version(family.epoch.0), KEEP).await.unwrap();
    }
    store.append(to(nth(0), &revocations([1, 2]))).await.unwrap();
    let ids: Vec<_> = families.iter().rev().chain(&families[..5]).map(|family| family.id).collect();
    let loaded = store.load_each(&ids).await.unwrap();
    assert_eq!(loaded.len(), ids.len());
    assert_eq!(loaded.iter().filter(|loaded| loaded.stored.is_some()).count(), 14 + 2);
    for (id, loaded) in ids.into_iter().zip(loaded) {
        assert_eq!(loaded, store.load(id).await.unwrap());
    }
}

pub(crate) async fn a_created_family_is_loaded_as_it_was_written(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family_of("ann", nth(0), 1);
    assert!(matches!(store.create(&family, Version(u64::MAX), KEEP).await.unwrap(), Created::Done(_)));
    let loaded = store.load(family.id).await.unwrap();
    assert_eq!(loaded.stored, Some(Stored { family, version: Version(u64::MAX) }));
    assert_eq!(loaded.head, Head::default());
}

pub(crate) async fn a_creation_answers_with_the_head_read_after_it(bench: &mut impl Bench) {
    let store = bench.store();
    let created = store.create(&family(nth(0), 1), Version(1), KEEP).await.unwrap();
    assert_eq!(created, Created::Done(Head::default()));
    let head = store.append(to(nth(0), &revocations([1, 2]))).await.unwrap().head;
    let created = store.create(&family(nth(0), 2), Version(1), KEEP).await.unwrap();
    assert_eq!(created, Created::Done(head));
}

pub(crate) async fn a_second_creation_writes_nothing(bench: &mut impl Bench) {
    let store = bench.store();
    let first = family_of("ann", nth(0), 1);
    let second = generation(&family_of("bob", nth(0), 1), 9);
    store.create(&first, Version(1), KEEP).await.unwrap();
    assert_eq!(store.create(&second, Version(2), KEEP).await.unwrap(), Created::Exists);
    let stored = store.load(first.id).await.unwrap().stored;
    assert_eq!(stored, Some(Stored { family: first, version: Version(1) }));
    assert_eq!(listed(&*store, Listing::Subject("bob")).await, []);
}

pub(crate) async fn a_commit_replaces_the_record(bench: &mut impl Bench) {
    let store = bench.store();
    let first = family(nth(0), 1);
    let second = generation(&first, 4);
    store.create(&first, Version(70), KEEP).await.unwrap();
    let commit = to(nth(0), &[]);
    // Versions are drawn by chance: a later one need not be a higher one.
    let commit = Commit { expected: Version(70), version: Version(7), family: &second, keep_for: KEEP, append: commit };
    assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done(_)));
    let stored = store.load(first.id).await.unwrap().stored;
    assert_eq!(stored, Some(Stored { family: second, version: Version(7) }));
}

pub(crate) async fn a_commit_at_another_version_writes_nothing(bench: &mut impl Bench) {
    let store = bench.store();
    let first = family_of("ann", nth(0), 1);
    let second = generation(&first, 4);
    store.create(&first, Version(1), KEEP).await.unwrap();
    store.append(to(nth(0), &revocations([1]))).await.unwrap();
    let before = store.revocations(nth(0), None, 10).await.unwrap();

    let new = revocations([2, 3]);
    let append = to(nth(0), &new);
    let commit = Commit { expected: Version(2), version: Version(3), family: &second, keep_for: KEEP, append };
    assert_eq!(store.commit(commit).await.unwrap(), Committed::Conflict);

    let loaded = store.load(first.id).await.unwrap();
    assert_eq!(loaded.stored, Some(Stored { family: first.clone(), version: Version(1) }));
    assert_eq!(loaded.head, before.head);
    assert_eq!(store.revocations(nth(0), None, 10).await.unwrap().entries, before.entries);
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, [first.id]);
}

pub(crate) async fn a_commit_of_an_absent_family_writes_nothing(bench: &mut impl Bench) {
    let store = bench.store();
    let absent = family_of("ann", nth(0), 1);
    let entries = revocations([1]);
    let append = to(nth(0), &entries);
    let commit = Commit { expected: Version(0), version: Version(1), family: &absent, keep_for: KEEP, append };
    assert_eq!(store.commit(commit).await.unwrap(), Committed::Conflict);
    let loaded = store.load(absent.id).await.unwrap();
    assert_eq!((loaded.stored, loaded.head), (None, Head::default()));
    assert_eq!(store.revocations(nth(0), None, 10).await.unwrap().entries, []);
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, []);
}

pub(crate) async fn a_commit_brings_its_revocations_along(bench: &mut impl Bench) {
    let store = bench.store();
    let shard = nth(store.shards() - 1);
    let family = family(shard, 1);
    store.create(&family, Version(1), KEEP).await.unwrap();
    let anchor = store.append(to(shard, &revocations([1]))).await.unwrap().head;

    let new = revocations([2, 3]);
    let append = Append { anchor: Some(anchor), ..to(shard, &new) };
    let commit = Commit { expected: Version(1), version: Version(2), family: &family, keep_for: KEEP, append };
    let Committed::Done(stretch) = store.commit(commit).await.unwrap() else { panic!("nobody else was there") };
    let tags: Vec<_> = stretch.entries.iter().map(|entry| entry.revocation.tag).collect();
    assert_eq!(tags, [Tag(2), Tag(3)]);
    assert_eq!(stretch.entries[1].head(), stretch.head);
    assert!(stretch.joins && !stretch.more);

    let loaded = store.load(family.id).await.unwrap();
    assert_eq!((loaded.stored.unwrap().version, loaded.head), (Version(2), stretch.head));
    assert_eq!(store.revocations(shard, Some(anchor), 10).await.unwrap().entries, stretch.entries);
}

/// How a reader makes sure of what it read: nobody else's comparison with the version notices.
pub(crate) async fn a_record_is_written_again_under_the_version_it_has(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family_of("ann", nth(0), 1);
    store.create(&family, Version(1), KEEP).await.unwrap();
    let again = || Commit {
        expected: Version(1),
        version: Version(1),
        family: &family,
        keep_for: KEEP,
        append: to(nth(0), &[]),
    };
    for handle in [bench.store(), bench.other(), bench.store()] {
        assert!(matches!(handle.commit(again()).await.unwrap(), Committed::Done(_)));
    }
    let loaded = store.load(family.id).await.unwrap();
    assert_eq!(loaded.stored, Some(Stored { family: family.clone(), version: Version(1) }));
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, [family.id]);
    let next = generation(&family, 4);
    let commit = Commit { version: Version(2), family: &next, ..again() };
    assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done(_)));
    assert_eq!(store.commit(again()).await.unwrap(), Committed::Conflict, "what was read is not there any more");
}

pub(crate) async fn a_commit_without_revocations_leaves_the_log_as_it_was(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family(nth(0), 1);
    store.create(&family, Version(1), KEEP).await.unwrap();
    let before = store.append(to(nth(0), &revocations([1]))).await.unwrap();
    let append = to(nth(0), &[]);
    let commit = Commit { expected: Version(1), version: Version(2), family: &family, keep_for: KEEP, append };
    let Committed::Done(Stretch { entries, head, .. }) = store.commit(commit).await.unwrap() else {
        panic!("nobody else was there")
    };
    assert_eq!((entries, head), (before.entries, before.head));
}

pub(crate) async fn families_do_not_disturb_one_another(bench: &mut impl Bench) {
    let store = bench.store();
    for shard in 0..store.shards() {
        // The same time and the same chance, in every shard.
        store.create(&family(nth(shard), 1), Version(u64::from(shard)), KEEP).await.unwrap();
        store.create(&family(nth(shard), 2), Version(100), KEEP).await.unwrap();
    }
    for shard in 0..store.shards() {
        let one = family(nth(shard), 1);
        let stored = store.load(one.id).await.unwrap().stored;
        assert_eq!(stored, Some(Stored { family: one, version: Version(u64::from(shard)) }));
    }
}
