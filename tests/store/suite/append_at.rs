//! Appending where the log is known to stand: what is put back after a failover, and what must not land late.

use atropos::domain::store::{Append, Appended};
use atropos::domain::{Entry, Head, Revocation, Tag};
use futures_util::future::join_all;

use super::{Bench, family, nth, revocations, to};

pub(crate) async fn what_is_put_back_gets_new_positions_and_keeps_all_else(bench: &mut impl Bench) {
    let store = bench.store();
    let lost = revocations([8, 9]);
    let Appended::Done(first) = store.append_at(to(nth(0), &lost), Head::default()).await.unwrap() else {
        panic!("the log was empty")
    };
    let more = revocations([10]);
    let append = Append { anchor: Some(first.head), floor: first.head.position, ..to(nth(0), &more) };
    let Appended::Done(second) = store.append_at(append, first.head).await.unwrap() else {
        panic!("nobody else was there")
    };
    assert!(second.head.position > first.head.position);
    assert_eq!(second.entries.len(), 1);

    let log = store.revocations(nth(0), None, 10).await.unwrap();
    let there: Vec<_> = log.entries.iter().map(|entry| entry.revocation.clone()).collect();
    assert_eq!(there, [lost, more].concat());
    assert_eq!(log.head, second.head);
}

pub(crate) async fn nothing_is_put_back_once_the_log_has_moved(bench: &mut impl Bench) {
    let store = bench.store();
    let before = store.append(to(nth(0), &revocations([1]))).await.unwrap().head;
    let after = store.append(to(nth(0), &revocations([2]))).await.unwrap();
    let other_history = Head { tag: before.tag, ..after.head };
    for stale in [Head::default(), before, other_history] {
        let lost = revocations([8]);
        assert_eq!(store.append_at(to(nth(0), &lost), stale).await.unwrap(), Appended::Moved);
    }
    let log = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!((log.entries, log.head), (after.entries, after.head));
}

pub(crate) async fn of_many_who_put_back_one_does(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    let head = handles[0].append(to(nth(0), &revocations([1]))).await.unwrap().head;
    let tried = join_all((0..32_u64).map(|number| {
        let (store, lost) = (&handles[usize::from(number % 2 == 0)], revocations([2]));
        async move { store.append_at(to(nth(0), &lost), head).await.unwrap() }
    }));
    let done = tried.await.into_iter().filter(|how| *how != Appended::Moved).count();
    assert_eq!(done, 1);
    assert_eq!(handles[0].revocations(nth(0), None, 10).await.unwrap().entries.len(), 2);
}

/// Rule 4: the head that an entry makes where it is put back is not the head that it made before.
pub(crate) async fn what_is_put_back_twice_makes_two_heads(bench: &mut impl Bench) {
    let store = bench.store();
    let [lost] = <[Revocation; 1]>::try_from(revocations([8])).expect("one");
    let mut head = Head::default();
    for drawn in [None, Some(Tag(1)), Some(Tag(2))] {
        let again = [Revocation { put_back: drawn, ..lost.clone() }];
        let Appended::Done(stretch) = store.append_at(to(nth(0), &again), head).await.unwrap() else {
            panic!("nobody else was there")
        };
        head = stretch.head;
        assert_eq!(head.tag, drawn.unwrap_or(lost.tag));
        assert_eq!(store.load(family(nth(0), 1).id).await.unwrap().head, head);
        assert_eq!(stretch.entries.last().map(Entry::head), Some(head));
    }
}
