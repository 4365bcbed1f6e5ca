//! A node's copy of the ring, and how it hears of keys that others made. Rule 12.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::keys::{KeyKind, Keys};
use atropos::domain::store::Unavailable;
use atropos::domain::token::Reading;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::memory::Memory;
use crate::setting::{JWT_LIFE, clock, is_garbage, is_ours, opaque, open};

/// A token of the right shape, by a key that does not exist.
fn by_no_key(keys: &Keys, number: u32) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let text = opaque(keys);
    let mut bytes = URL_SAFE_NO_PAD.decode(&text[3..]).unwrap();
    let own = u32::from_be_bytes(bytes[..4].try_into().unwrap());
    bytes[..4].copy_from_slice(&own.wrapping_add(number + 1).to_be_bytes());
    format!("at_{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[tokio::test]
async fn a_key_that_another_node_made_is_found_by_asking_the_store() {
    let (store, clock) = (Memory::new(), clock());
    let (one, other) = (open(&store, &clock).await, store.again());
    let two = open(&other, &clock).await;
    one.rotate(&*store, KeyKind::Mac, Duration::ZERO, JWT_LIFE).await.unwrap();
    let text = opaque(&one);
    assert!(matches!(two.read(&text), Reading::UnknownKey(_)));
    assert!(is_ours(&two.read_current(&*other, &text).await.unwrap()));
    assert!(is_ours(&two.read(&text)));
}

#[tokio::test]
async fn a_store_that_is_away_makes_no_token_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let text = by_no_key(&keys, 1);
    store.cut(true);
    let refused = keys.read_current(&*store, &text).await;
    assert_eq!(refused.unwrap_err(), Unavailable("cut".to_owned()));
    assert!(is_ours(&keys.read_current(&*store, &opaque(&keys)).await.unwrap()), "known keys need no store");
    assert!(is_garbage(&keys.read_current(&*store, "garbage").await.unwrap()), "nor does plain garbage");
    store.cut(false);
    assert!(is_garbage(&keys.read_current(&*store, &text).await.unwrap()));
}

#[tokio::test]
async fn a_ring_that_is_gone_makes_no_token_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let empty = Memory::new();
    let refused = keys.read_current(&*empty, &by_no_key(&keys, 1)).await;
    assert!(refused.unwrap_err().0.contains("gone"));
    assert!(keys.refresh(&*empty).await.is_err());
    assert!(is_ours(&keys.read(&opaque(&keys))));
}

#[tokio::test(start_paused = true)]
async fn one_read_serves_all_who_ask_before_it_begins() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let before = store.reads();
    let garbage: Vec<String> = (0..1000).map(|number| by_no_key(&keys, number)).collect();
    let readings = join_all(garbage.iter().map(|text| keys.read_current(&*store, text))).await;
    assert!(readings.iter().all(|reading| is_garbage(reading.as_ref().unwrap())));
    assert!(store.reads() - before <= 2, "{}", store.reads() - before);
}

#[tokio::test(start_paused = true)]
async fn random_key_ids_cost_at_most_four_reads_a_second() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let (before, begun) = (store.reads(), Instant::now());
    for number in 0..41 {
        assert!(is_garbage(&keys.read_current(&*store, &by_no_key(&keys, number)).await.unwrap()));
    }
    assert_eq!(store.reads() - before, 41);
    assert!(begun.elapsed() >= Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_key_that_was_looked_for_in_vain_is_not_looked_for_again() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let text = by_no_key(&keys, 1);
    for _ in 0..3 {
        assert!(is_garbage(&keys.read_current(&*store, &text).await.unwrap()));
    }
    let before = store.reads();
    keys.read_current(&*store, &text).await.unwrap();
    assert_eq!(store.reads(), before);
    keys.refresh(&*store).await.unwrap();
    keys.read_current(&*store, &text).await.unwrap();
    assert_eq!(store.reads(), before + 2, "every half minute it may be looked for again");
}

/// A read that began before the question is no answer to it: the key may have been made in between.
#[tokio::test(start_paused = true)]
async fn a_question_is_not_answered_by_an_older_read() {
    let (store, clock) = (Memory::new(), clock());
    let (one, other) = (open(&store, &clock).await, store.again());
    let two = open(&other, &clock).await;

    other.hold_answers();
    let mut early = Box::pin(two.reload(&*other));
    assert!(early.as_mut().now_or_never().is_none());
    one.rotate(&*store, KeyKind::Mac, Duration::ZERO, JWT_LIFE).await.unwrap();
    let text = opaque(&one);
    let mut late = Box::pin(two.read_current(&*other, &text));
    assert!(late.as_mut().now_or_never().is_none());

    other.let_go();
    let (early, late) = tokio::join!(early, late);
    assert_eq!(early, Ok(()));
    assert!(is_ours(&late.unwrap()));
}

/// Whoever goes away in the middle of a read leaves the others a holder that works.
#[tokio::test(start_paused = true)]
async fn a_reload_that_is_dropped_blocks_nobody() {
    let (store, clock) = (Memory::new(), clock());
    let keys = Arc::new(open(&store, &clock).await);
    store.hold_answers();
    {
        let mut dropped = Box::pin(keys.reload(&*store));
        assert!(dropped.as_mut().now_or_never().is_none());
    }
    store.let_go();
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), keys.reload(&*store)).await, Ok(Ok(())));
}
