//! Finding families: by subject, by identity, and all of them.

use std::collections::BTreeSet;

use atropos::domain::family::Family;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Commit, Store, Version};
use atropos::domain::{Cause, FamilyId, Shard};
use futures_util::future::join_all;

use super::{Bench, KEEP, family, family_of, generation, managed_of, nth, to};

/// Whatever shards they are in: which one a family is born in is not for a store to know.
pub(crate) async fn a_subjects_families_come_oldest_first_in_pages(bench: &mut impl Bench) {
    let store = bench.store();
    let family = |number: u16| family_of("ann", nth(number % store.shards()), u64::from(number));
    assert_eq!(store.families_of(Listing::Subject("ann"), None, 10).await.unwrap(), []);
    for number in [40, 10, 70, 30, 60, 20, 50] {
        store.create(&family(number), Version(1), KEEP).await.unwrap();
    }
    let expected: Vec<_> = (1..=7).map(|number| family(10 * number).id).collect();
    assert_eq!(store.families_of(Listing::Subject("ann"), None, 100).await.unwrap(), expected);
    assert_eq!(store.families_of(Listing::Subject("ann"), None, 7).await.unwrap(), expected);

    let mut read: Vec<FamilyId> = Vec::new();
    loop {
        let page = store.families_of(Listing::Subject("ann"), read.last().copied(), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        read.extend(page);
        assert!(read.len() <= expected.len(), "it goes round in circles: {read:?}");
    }
    assert_eq!(read, expected);
    // An id need not be listed to go on after it.
    let between = family(35).id;
    assert_eq!(store.families_of(Listing::Subject("ann"), Some(between), 2).await.unwrap(), expected[3..5]);
}

pub(crate) async fn subjects_do_not_mix(bench: &mut impl Bench) {
    let store = bench.store();
    let subjects = ["ann", "anna", "an", "Ann", "ann ", "ann\0", "änn", "{ann}", "ann:1", "*"];
    for (number, subject) in (1..).zip(subjects) {
        store.create(&family_of(subject, nth(0), number), Version(1), KEEP).await.unwrap();
    }
    store.create(&family(nth(0), 99), Version(1), KEEP).await.unwrap();
    for (number, subject) in (1..).zip(subjects) {
        assert_eq!(
            store.families_of(Listing::Subject(subject), None, 10).await.unwrap(),
            [family(nth(0), number).id],
            "{subject:?}"
        );
    }
    assert_eq!(store.families_of(Listing::Subject(""), None, 10).await.unwrap(), []);
    assert_eq!(store.families_of(Listing::Subject("demo-service"), None, 10).await.unwrap(), []);
}

pub(crate) async fn an_identity_and_a_subject_of_one_name_do_not_mix(bench: &mut impl Bench) {
    let store = bench.store();
    for (number, name) in (1..).zip(["ann", "", "1", "identity\0ann"]) {
        let (person, machine) = (family_of(name, nth(0), 2 * number), managed_of(name, nth(0), 2 * number + 1));
        // What is managed is its identity's alone, also where it stands for a person.
        let both = Family { subject: Some(name.into()), ..managed_of(name, nth(0), 100 + number) };
        for family in [&person, &machine, &both] {
            store.create(family, Version(1), KEEP).await.unwrap();
        }
        assert_eq!(store.families_of(Listing::Subject(name), None, 10).await.unwrap(), [person.id], "{name:?}");
        let listed = store.families_of(Listing::Identity(name), None, 10).await.unwrap();
        assert_eq!(listed, [machine.id, both.id], "{name:?}");
        assert_eq!(store.families_of(Listing::Identity(name), Some(machine.id), 10).await.unwrap(), [both.id]);
    }
}

pub(crate) async fn what_has_ended_stays_listed(bench: &mut impl Bench) {
    let store = bench.store();
    let family = managed_of("ann", nth(0), 1);
    store.create(&family, Version(1), KEEP).await.unwrap();
    let (ended, _) = family.ended(Cause::Requested, family.id.born_at());
    let append = to(nth(0), &[]);
    let commit = Commit { expected: Version(1), version: Version(2), family: &ended, keep_for: KEEP, append };
    store.commit(commit).await.unwrap();
    assert_eq!(store.families_of(Listing::Identity("ann"), None, 10).await.unwrap(), [family.id]);
    assert_eq!(store.load(family.id).await.unwrap().stored.unwrap().family, ended);
}

pub(crate) async fn a_commit_leaves_a_family_listed(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family_of("ann", nth(0), 1);
    store.create(&family, Version(1), KEEP).await.unwrap();
    let next = generation(&family, 9);
    let append = to(nth(0), &[]);
    let commit = Commit { expected: Version(1), version: Version(2), family: &next, keep_for: KEEP, append };
    store.commit(commit).await.unwrap();
    assert_eq!(store.families_of(Listing::Subject("ann"), None, 10).await.unwrap(), [family.id]);
}

pub(crate) async fn a_scan_of_nothing_ends_at_once(bench: &mut impl Bench) {
    let store = bench.store();
    for shard in 0..store.shards() {
        assert_eq!(scan(&*store, nth(shard)).await, BTreeSet::new());
    }
}

pub(crate) async fn a_scan_meets_every_family_that_stays(bench: &mut impl Bench) {
    const FAMILIES: u64 = 1_000;
    let store = bench.store();
    let families: Vec<_> = (0..FAMILIES).map(|number| family(nth(0), 2 * number)).collect();
    for some in families.chunks(100) {
        for created in join_all(some.iter().map(|family| store.create(family, Version(1), KEEP))).await {
            created.unwrap();
        }
    }
    let stay: BTreeSet<_> = families.iter().map(|family| family.id).collect();
    let (mut met, mut cursor, mut step) = (BTreeSet::new(), None, 0);
    loop {
        let (families, next) = store.scan(nth(0), cursor).await.unwrap();
        met.extend(families.iter().map(|family| family.id));
        // The rest of the world does not stand still meanwhile.
        store.create(&family(nth(0), 2 * step + 1), Version(1), KEEP).await.unwrap();
        let changed = generation(&family(nth(0), 2 * (FAMILIES - 1 - step)), 9);
        let append = to(nth(0), &[]);
        let commit = Commit { expected: Version(1), version: Version(2), family: &changed, keep_for: KEEP, append };
        store.commit(commit).await.unwrap();
        step += 1;
        assert!(step < FAMILIES, "it goes round in circles");
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(met.is_superset(&stay), "{} of {FAMILIES} were met", met.intersection(&stay).count());
}

pub(crate) async fn a_scan_keeps_to_its_shard(bench: &mut impl Bench) {
    let store = bench.store();
    for shard in 0..store.shards() {
        store.create(&family(nth(shard), 1), Version(1), KEEP).await.unwrap();
        store.create(&family_of("ann", nth(shard), 2), Version(1), KEEP).await.unwrap();
    }
    for shard in 0..store.shards() {
        let expected = BTreeSet::from([family(nth(shard), 1).id, family(nth(shard), 2).id]);
        assert_eq!(scan(&*store, nth(shard)).await, expected);
    }
}

async fn scan(store: &dyn Store, shard: Shard) -> BTreeSet<FamilyId> {
    let (mut met, mut cursor) = (BTreeSet::new(), None);
    for _ in 0..1_000 {
        let (families, next) = store.scan(shard, cursor).await.unwrap();
        met.extend(families.iter().map(|family| family.id));
        cursor = next;
        if cursor.is_none() {
            return met;
        }
    }
    panic!("it goes round in circles")
}
