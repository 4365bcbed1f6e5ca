//! Putting back what a failover lost.

use atropos::domain::Head;
use atropos::domain::store::{Append, PutBack};
use futures_util::future::join_all;

use super::{Bench, nth, revocations, to};

pub(crate) async fn what_is_put_back_gets_new_positions_and_keeps_all_else(bench: &mut impl Bench) {
    let store = bench.store();
    let lost = revocations([8, 9]);
    let PutBack::Done(first) = store.put_back(to(nth(0), &lost), Head::default()).await.unwrap() else {
        panic!("the log was empty")
    };
    let more = revocations([10]);
    let append = Append { anchor: Some(first.head), floor: first.head.position, ..to(nth(0), &more) };
    let PutBack::Done(second) = store.put_back(append, first.head).await.unwrap() else {
        panic!("nobody else was there")
    };
    assert!(second.head.position > first.head.position);
    assert_eq!(second.entries.len(), 2);

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
        assert_eq!(store.put_back(to(nth(0), &lost), stale).await.unwrap(), PutBack::Moved);
    }
    let log = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!((log.entries, log.head), (after.entries, after.head));
}

pub(crate) async fn of_many_who_put_back_one_does(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    let head = handles[0].append(to(nth(0), &revocations([1]))).await.unwrap().head;
    let tried = join_all((0..32_u64).map(|number| {
        let (store, lost) = (&handles[usize::from(number % 2 == 0)], revocations([2]));
        async move { store.put_back(to(nth(0), &lost), head).await.unwrap() }
    }));
    let done = tried.await.into_iter().filter(|how| *how != PutBack::Moved).count();
    assert_eq!(done, 1);
    assert_eq!(handles[0].revocations(nth(0), None, 10).await.unwrap().entries.len(), 2);
}
