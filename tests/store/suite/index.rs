//! Finding families: by subject, by identity, and all of them.

use std::collections::BTreeSet;

use atropos::domain::family::Family;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Commit, Committed, Listed, Store, Version};
use atropos::domain::{Cause, FamilyId, Shard};
use futures_util::future::join_all;

use super::{Bench, KEEP, changed_at, family, family_of, generation, listed, managed_of, nth, to};

/// Whatever shards they are in: which one a family is born in is not for a store to know.
pub(crate) async fn a_list_is_read_in_pages_without_gap_or_repetition(bench: &mut impl Bench) {
    let store = bench.store();
    for listing in [Listing::Subject("ann"), Listing::Identity("ann")] {
        let family = |number: u16| match listing {
            Listing::Subject(name) => family_of(name, nth(number % store.shards()), u64::from(number)),
            Listing::Identity(name) => managed_of(name, nth(number % store.shards()), u64::from(1_000 + number)),
        };
        assert_eq!(store.families_of(listing, None, 10).await.unwrap(), []);
        for number in [40, 10, 70, 30, 60, 20, 50] {
            store.create(&family(number), Version(1), KEEP).await.unwrap();
        }
        let expected: Vec<_> = (1..=7).map(|number| family(10 * number).id).collect();
        assert_eq!(listed(&*store, listing).await, expected);
        for limit in 1..=8 {
            let (mut read, mut after) = (Vec::new(), None);
            loop {
                let page = store.families_of(listing, after, limit).await.unwrap();
                read.extend(page.iter().map(|listed| listed.family));
                let left = expected.len().checked_sub(read.len()).expect("it goes round in circles");
                assert!(page.len() == limit || (page.len() < limit && left == 0), "{page:?}");
                let Some(last) = page.last() else { break };
                after = Some(*last);
            }
            read.sort_unstable();
            assert_eq!(read, expected, "in pages of {limit}");
        }
        assert_eq!(store.families_of(listing, None, 0).await.unwrap(), []);
    }
}

/// Also where many changed in one millisecond, and where what was read last has changed since.
pub(crate) async fn of_an_identitys_tokens_the_one_comes_first_that_changed_last(bench: &mut impl Bench) {
    let store = bench.store();
    let token = |number: u64, changed: u64| changed_at(changed, managed_of("ann", nth(0), number));
    for (number, changed) in [(1, 50), (2, 10), (3, 50), (4, 50), (5, 99), (6, 50), (7, 0)] {
        store.create(&token(number, changed), Version(1), KEEP).await.unwrap();
    }
    let page = async |after, limit| store.families_of(Listing::Identity("ann"), after, limit).await.unwrap();
    let ids = |page: &[Listed]| page.iter().map(|listed| listed.family).collect::<Vec<_>>();
    let numbered = |numbers: &[u64]| numbers.iter().map(|number| token(*number, 0).id).collect::<Vec<_>>();
    assert_eq!(ids(&page(None, 10).await), numbered(&[5, 6, 4, 3, 1, 2, 7]));
    let first = page(None, 3).await;
    assert_eq!(ids(&first), numbered(&[5, 6, 4]));
    assert_eq!(ids(&page(first.last().copied(), 3).await), numbered(&[3, 1, 2]));

    // The last that was read moves to the front, and so does one that was not; one is told of twice; one is new.
    for (number, changed, version) in [(4, 120, 1), (1, 110, 1), (1, 130, 2), (5, 99, 1)] {
        let (expected, version) = (Version(version), Version(version + 1));
        let family = &token(number, changed);
        let commit = Commit { expected, version, family, keep_for: KEEP, append: to(nth(0), &[]) };
        assert!(matches!(store.commit(commit).await.unwrap(), Committed::Done(_)));
    }
    store.create(&token(8, 140), Version(1), KEEP).await.unwrap();
    assert_eq!(ids(&page(first.last().copied(), 10).await), numbered(&[3, 2, 7]));
    assert_eq!(ids(&page(None, 10).await), numbered(&[8, 1, 4, 5, 6, 3, 2, 7]));
    // What was written at a version that it had no more moves nothing.
    let late = token(7, 200);
    let commit =
        Commit { expected: Version(9), version: Version(10), family: &late, keep_for: KEEP, append: to(nth(0), &[]) };
    assert_eq!(store.commit(commit).await.unwrap(), Committed::Conflict);
    assert_eq!(ids(&page(None, 10).await), numbered(&[8, 1, 4, 5, 6, 3, 2, 7]));
}

pub(crate) async fn subjects_do_not_mix(bench: &mut impl Bench) {
    let store = bench.store();
    let subjects = ["ann", "anna", "an", "Ann", "ann ", "ann\0", "änn", "{ann}", "ann:1", "*"];
    for (number, subject) in (1..).zip(subjects) {
        store.create(&family_of(subject, nth(0), number), Version(1), KEEP).await.unwrap();
    }
    store.create(&family(nth(0), 99), Version(1), KEEP).await.unwrap();
    for (number, subject) in (1..).zip(subjects) {
        assert_eq!(listed(&*store, Listing::Subject(subject)).await, [family(nth(0), number).id], "{subject:?}");
    }
    assert_eq!(listed(&*store, Listing::Subject("")).await, []);
    assert_eq!(listed(&*store, Listing::Subject("demo-service")).await, []);
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
        assert_eq!(listed(&*store, Listing::Subject(name)).await, [person.id], "{name:?}");
        assert_eq!(listed(&*store, Listing::Identity(name)).await, [machine.id, both.id], "{name:?}");
        let after = store.families_of(Listing::Identity(name), None, 1).await.unwrap();
        assert_eq!(after[0].family, both.id);
        let rest = store.families_of(Listing::Identity(name), Some(after[0]), 10).await.unwrap();
        assert_eq!(rest.iter().map(|listed| listed.family).collect::<Vec<_>>(), [machine.id]);
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
    assert_eq!(listed(&*store, Listing::Identity("ann")).await, [family.id]);
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
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, [family.id]);
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
