//! The log of revocations: what stands in it, where, and what is forgotten.

use std::time::Duration;

use atropos::domain::store::{Append, Commit, Committed, Version};
use atropos::domain::{Cause, FamilyId, Head, KeyId, Position, Revocation, Tag, Target, Timestamp, TokenId};
use futures_util::future::join_all;

use super::{Bench, KEEP, family, nth, revocation, revocations, to};

pub(crate) async fn revocations_of_every_kind_come_back_as_they_were(bench: &mut impl Bench) {
    let store = bench.store();
    let family = FamilyId::new(nth(0), Timestamp::from_millis(5), u64::MAX);
    let targets = [
        Target::Token(TokenId { family, serial: u32::MAX, nonce: u64::MAX }),
        Target::Family(family),
        Target::Subject("änn\0 with a long name".into()),
        Target::Client("demo-service".into()),
        Target::Key(KeyId(u32::MAX)),
        Target::Everything,
    ];
    let causes = [Cause::Requested, Cause::Reuse, Cause::Administrator, Cause::KeyRetired, Cause::Restored];
    let written: Vec<_> = (0..)
        .zip(targets.iter().flat_map(|target| causes.map(|cause| (target.clone(), cause))))
        .map(|(number, (target, cause))| Revocation {
            target,
            cause,
            bound: (number % 3 > 0).then_some(Position(u64::MAX - number)),
            put_back: (number % 2 > 0).then_some(Tag(number)),
            expires_at: Timestamp::from_millis(u64::MAX),
            ..revocation(u64::MAX - number)
        })
        .collect();
    let answered = store.append(to(nth(0), &written)).await.unwrap();
    let read = store.revocations(nth(0), None, 100).await.unwrap();
    assert!(read.entries.starts_with(&answered.entries), "{answered:?}");
    assert_eq!((answered.more, answered.head), (answered.entries.len() < read.entries.len(), read.head));
    assert_eq!(read.entries.into_iter().map(|entry| entry.revocation).collect::<Vec<_>>(), written);
}

pub(crate) async fn entries_stand_in_the_order_given_at_rising_positions(bench: &mut impl Bench) {
    let store = bench.store();
    store.append(to(nth(0), &revocations([9, 3, 5]))).await.unwrap();
    store.append(to(nth(0), &revocations([1]))).await.unwrap();
    let log = store.append(to(nth(0), &revocations([8, 2]))).await.unwrap();
    let tags: Vec<_> = log.entries.iter().map(|entry| entry.revocation.tag.0).collect();
    assert_eq!(tags, [9, 3, 5, 1, 8, 2]);
    assert!(log.entries.is_sorted_by(|a, b| a.position < b.position), "{log:?}");
    assert_eq!(log.head, log.entries[5].head());
}

pub(crate) async fn positions_follow_the_clock(bench: &mut impl Bench) {
    let store = bench.store();
    let (_, before) = store.heads().await.unwrap();
    let first = store.append(to(nth(0), &revocations([1]))).await.unwrap();
    assert!(first.head.position.0 >= before.as_millis() * 1000, "{first:?} after {before:?}");
    assert!(first.now >= before);
    bench.pass(Duration::from_millis(20)).await;
    let second = store.append(to(nth(0), &revocations([2]))).await.unwrap();
    assert!(second.head.position.0 >= (before.as_millis() + 20) * 1000, "{second:?} after {before:?}");
}

pub(crate) async fn positions_lie_beyond_the_floor(bench: &mut impl Bench) {
    let store = bench.store();
    let (_, now) = store.heads().await.unwrap();
    // A position that another primary gave out, whose clock was an hour ahead.
    let floor = Position((now.as_millis() + 3_600_000) * 1000);
    let new = revocations([1, 2]);
    let high = store.append(Append { floor, ..to(nth(0), &new) }).await.unwrap();
    assert_eq!(high.entries[0].position, floor.next());
    assert_eq!(high.entries[1].position, floor.next().next());
    let next = store.append(to(nth(0), &revocations([3]))).await.unwrap();
    assert_eq!(next.head.position, floor.next().next().next());
}

pub(crate) async fn positions_of_commits_lie_beyond_the_floor(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family(nth(0), 1);
    store.create(&family, Version(1), KEEP).await.unwrap();
    let (_, now) = store.heads().await.unwrap();
    let floor = Position((now.as_millis() + 3_600_000) * 1000);
    let new = revocations([1]);
    let append = Append { floor, ..to(nth(0), &new) };
    let commit = Commit { expected: Version(1), version: Version(2), family: &family, keep_for: KEEP, append };
    let Committed::Done(stretch) = store.commit(commit).await.unwrap() else { panic!("nobody else was there") };
    assert_eq!(stretch.head, Head { position: floor.next(), tag: Tag(1) });
}

pub(crate) async fn concurrent_appends_all_have_their_place(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    let appended = join_all((0..64_u64).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        let new = revocations([2 * number, 2 * number + 1]);
        async move { store.append(to(nth(0), &new)).await.unwrap() }
    }));
    let appended = appended.await;
    let log = handles[0].revocations(nth(0), None, 1000).await.unwrap();
    assert!(log.entries.is_sorted_by(|a, b| a.position < b.position), "{log:?}");
    for pair in log.entries.chunks(2) {
        assert_eq!(pair[0].revocation.tag.0 + 1, pair[1].revocation.tag.0, "an append came apart");
    }
    let mut tags: Vec<_> = log.entries.iter().map(|entry| entry.revocation.tag.0).collect();
    tags.sort_unstable();
    assert_eq!(tags, (0..128).collect::<Vec<_>>());
    for (number, stretch) in (0..).zip(appended) {
        assert!(log.entries.starts_with(&stretch.entries), "what one was told is not what all see");
        let has_own = stretch.entries.iter().any(|entry| entry.revocation.tag.0 == 2 * number + 1);
        assert!(has_own || stretch.more, "an own one is missing, and nobody says so");
    }
}

pub(crate) async fn shards_have_logs_of_their_own(bench: &mut impl Bench) {
    let store = bench.store();
    let mut expected = vec![Head::default(); usize::from(store.shards())];
    for number in 0..store.shards() {
        let head = store.append(to(nth(number), &revocations([u64::from(number) + 1]))).await.unwrap().head;
        expected[usize::from(number)] = head;
        assert_eq!(store.heads().await.unwrap().0, expected);
        let log = store.revocations(nth(number), None, 10).await.unwrap().entries;
        assert_eq!(log.iter().map(|entry| entry.revocation.tag.0).collect::<Vec<_>>(), [u64::from(number) + 1]);
    }
}

pub(crate) async fn heads_are_told_with_the_clock(bench: &mut impl Bench) {
    let store = bench.store();
    let (heads, before) = store.heads().await.unwrap();
    assert_eq!(heads, vec![Head::default(); usize::from(store.shards())]);
    bench.pass(Duration::from_millis(20)).await;
    let (_, after) = store.heads().await.unwrap();
    assert!(after >= before.plus(Duration::from_millis(20)), "{before:?} to {after:?}");
    let read = store.revocations(nth(0), None, 1).await.unwrap();
    assert!(read.now >= after);
}

pub(crate) async fn forgetting_takes_entries_and_leaves_the_head(bench: &mut impl Bench) {
    let store = bench.store();
    let log = store.append(to(nth(0), &revocations([1, 2, 3, 4]))).await.unwrap();
    let at = |number: usize| log.entries[number].position;
    store.forget(nth(0), &[at(0), at(2)]).await.unwrap();
    let left = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!(left.entries, [log.entries[1].clone(), log.entries[3].clone()]);
    assert_eq!(left.head, log.head);

    store.forget(nth(0), &[at(1), at(3)]).await.unwrap();
    let empty = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!((empty.entries, empty.head, empty.more), (Vec::new(), log.head, false));
    assert_eq!(store.heads().await.unwrap().0[0], log.head);
    assert_eq!(store.load(family(nth(0), 1).id).await.unwrap().head, log.head);

    let next = store.append(to(nth(0), &revocations([5]))).await.unwrap();
    assert!(next.head.position > log.head.position);
}

pub(crate) async fn forgetting_what_is_not_there_does_nothing(bench: &mut impl Bench) {
    let store = bench.store();
    let log = store.append(to(nth(0), &revocations([1]))).await.unwrap();
    let beside = [Position(log.head.position.0 - 1), log.head.position.next(), Position(0), Position(u64::MAX)];
    store.forget(nth(0), &beside).await.unwrap();
    store.forget(nth(0), &[]).await.unwrap();
    let left = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!((left.entries, left.head), (log.entries, log.head));
}

pub(crate) async fn an_entry_is_confirmed_where_it_stands_and_nowhere_else(bench: &mut impl Bench) {
    let store = bench.store();
    assert!(!store.confirm(nth(0), Head::default()).await.unwrap(), "there is nothing yet");
    let log = store.append(to(nth(0), &revocations([1, 2, 3]))).await.unwrap();
    let [first, second, third] = [0, 1, 2].map(|number: usize| log.entries[number].head());
    for entry in [first, second, third] {
        for handle in [bench.store(), bench.other()] {
            assert!(handle.confirm(nth(0), entry).await.unwrap(), "{entry:?}");
            let twin = Head { tag: Tag(99), ..entry };
            assert!(!handle.confirm(nth(0), twin).await.unwrap(), "another entry at the same position");
            let elsewhere = Head { position: Position(entry.position.0 - 1), ..entry };
            assert!(!handle.confirm(nth(0), elsewhere).await.unwrap(), "the same entry at another position");
        }
    }
    store.forget(nth(0), &[second.position]).await.unwrap();
    assert!(!store.confirm(nth(0), second).await.unwrap());
    assert!(store.confirm(nth(0), third).await.unwrap());
    let after = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!((after.entries.len(), after.head), (2, third), "nothing was appended");
}
