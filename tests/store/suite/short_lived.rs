//! Short-lived things: kept once, taken once, gone after a while.

use std::time::Duration;

use atropos::domain::store::OnceKey;
use futures_util::future::join_all;

use super::Bench;

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(50);
const LONGER_THAN_SHORT: Duration = Duration::from_millis(100);

fn key(number: u8) -> OnceKey {
    [number; 32]
}

pub(crate) async fn a_key_is_kept_once(bench: &mut impl Bench) {
    let store = bench.store();
    assert!(store.once(&key(1), b"first", LONG).await.unwrap());
    assert!(!store.once(&key(1), b"second", LONG).await.unwrap());
    assert!(store.once(&key(2), b"other", LONG).await.unwrap());
    assert_eq!(store.peek(&key(1)).await.unwrap().as_deref(), Some(&b"first"[..]));
}

pub(crate) async fn of_many_who_come_at_once_one_is_told_true(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    let tried = join_all((0..64_u8).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        async move { store.once(&key(1), &[number], LONG).await.unwrap() }
    }));
    let winners: Vec<_> = (0..64_u8).zip(tried.await).filter(|(_, first)| *first).collect();
    let [(winner, _)] = winners[..] else { panic!("{winners:?}") };
    assert_eq!(handles[0].peek(&key(1)).await.unwrap(), Some(vec![winner]));
}

pub(crate) async fn what_is_taken_is_gone(bench: &mut impl Bench) {
    let store = bench.store();
    assert_eq!(store.take(&key(1)).await.unwrap(), None);
    store.once(&key(1), b"value", LONG).await.unwrap();
    assert_eq!(store.take(&key(1)).await.unwrap().as_deref(), Some(&b"value"[..]));
    assert_eq!(store.take(&key(1)).await.unwrap(), None);
    assert_eq!(store.peek(&key(1)).await.unwrap(), None);
    assert!(store.once(&key(1), b"again", LONG).await.unwrap());
}

pub(crate) async fn of_many_who_take_one_gets_it(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    handles[0].once(&key(1), b"value", LONG).await.unwrap();
    let taken = join_all((0..64).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        async move { store.take(&key(1)).await.unwrap() }
    }));
    let got: Vec<_> = taken.await.into_iter().flatten().collect();
    assert_eq!(got, [b"value"]);
}

pub(crate) async fn peeking_leaves_it_there(bench: &mut impl Bench) {
    let store = bench.store();
    assert_eq!(store.peek(&key(1)).await.unwrap(), None);
    store.once(&key(1), b"value", LONG).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.peek(&key(1)).await.unwrap().as_deref(), Some(&b"value"[..]));
    }
    assert!(!store.once(&key(1), b"other", LONG).await.unwrap());
}

pub(crate) async fn a_key_that_expired_is_free_again(bench: &mut impl Bench) {
    let store = bench.store();
    assert!(store.once(&key(1), b"short", SHORT).await.unwrap());
    assert!(store.once(&key(2), b"long", LONG).await.unwrap());
    bench.pass(LONGER_THAN_SHORT).await;
    let store = bench.store();
    assert!(store.once(&key(1), b"again", LONG).await.unwrap());
    assert!(!store.once(&key(2), b"again", LONG).await.unwrap());
    assert_eq!(store.peek(&key(1)).await.unwrap().as_deref(), Some(&b"again"[..]));
    assert_eq!(store.peek(&key(2)).await.unwrap().as_deref(), Some(&b"long"[..]));
}

pub(crate) async fn what_expired_is_neither_seen_nor_taken(bench: &mut impl Bench) {
    let store = bench.store();
    store.once(&key(1), b"seen", SHORT).await.unwrap();
    store.once(&key(2), b"taken", SHORT).await.unwrap();
    bench.pass(LONGER_THAN_SHORT).await;
    let store = bench.store();
    assert_eq!(store.peek(&key(1)).await.unwrap(), None);
    assert_eq!(store.take(&key(2)).await.unwrap(), None);
}

pub(crate) async fn any_bytes_come_back_as_they_were(bench: &mut impl Bench) {
    let store = bench.store();
    let values = [Vec::new(), vec![0], (0..=255).collect(), vec![b'\n'; 100_000]];
    for (number, value) in (0..).zip(&values) {
        assert!(store.once(&key(number), value, LONG).await.unwrap());
    }
    for (number, value) in (0..).zip(&values) {
        assert_eq!(store.peek(&key(number)).await.unwrap().as_ref(), Some(value));
        assert_eq!(store.take(&key(number)).await.unwrap().as_ref(), Some(value));
    }
}
