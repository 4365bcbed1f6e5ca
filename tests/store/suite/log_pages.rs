//! Following the log: where a stretch begins, and where it stops.

use atropos::domain::store::{Append, Store};
use atropos::domain::{Entry, Head, Position, Tag};

use super::{Bench, nth, revocations, to};

pub(crate) async fn a_stretch_begins_after_its_anchor(bench: &mut impl Bench) {
    let store = bench.store();
    let log = store.append(to(nth(0), &revocations([1, 2, 3]))).await.unwrap().entries;
    for (number, entry) in log.iter().enumerate() {
        let stretch = store.revocations(nth(0), Some(entry.head()), 10).await.unwrap();
        assert_eq!(stretch.entries, log[number + 1..]);
        assert_eq!((stretch.joins, stretch.head, stretch.more), (true, log[2].head(), false));
    }
    let new = revocations([4]);
    let append = Append { anchor: Some(log[1].head()), ..to(nth(0), &new) };
    let stretch = store.append(append).await.unwrap();
    assert!(stretch.joins);
    assert_eq!(stretch.entries[..1], log[2..]);
    assert_eq!(stretch.entries[1].head(), stretch.head);
    assert_eq!(stretch.entries.len(), 2);
}

/// Whoever knew all there was is told what it has appended, at the places where it stands.
pub(crate) async fn an_append_right_after_the_anchor_is_told_as_it_stands(bench: &mut impl Bench) {
    let store = bench.store();
    let mut anchor = store.append(to(nth(0), &revocations([1]))).await.unwrap().head;
    for (first, floor) in [(2, 0), (5, anchor.position.0 + 3_600_000_000)] {
        let new = revocations(first..first + 3);
        let append = Append { anchor: Some(anchor), floor: Position(floor), ..to(nth(0), &new) };
        let told = store.append(append).await.unwrap();
        let there = store.revocations(nth(0), Some(anchor), 10).await.unwrap();
        assert_eq!((told.joins, told.more, told.head), (true, false, there.head));
        assert_eq!(told.entries, there.entries);
        assert_eq!(told.entries.len(), 3);
        anchor = told.head;
    }
}

pub(crate) async fn without_an_anchor_a_stretch_begins_with_the_log(bench: &mut impl Bench) {
    let store = bench.store();
    let empty = store.revocations(nth(0), None, 10).await.unwrap();
    assert_eq!((empty.entries, empty.head, empty.more), (Vec::new(), Head::default(), false));
    let first = store.append(to(nth(0), &revocations([1]))).await.unwrap();
    let second = store.append(to(nth(0), &revocations([2]))).await.unwrap();
    assert_eq!(second.entries[..1], first.entries);
    assert_eq!(store.revocations(nth(0), None, 10).await.unwrap().entries, second.entries);
}

/// The caller is told, and knows that its history is not the store's.
pub(crate) async fn an_anchor_of_another_history_is_not_found(bench: &mut impl Bench) {
    let store = bench.store();
    let log = store.append(to(nth(0), &revocations([1, 2]))).await.unwrap().entries;
    let other_tag = Head { tag: Tag(77), ..log[0].head() };
    let between = Head { position: Position(log[0].position.0 - 1), tag: Tag(1) };
    let beyond = Head { position: log[1].position.next(), tag: Tag(3) };
    for (anchor, expected) in [(other_tag, &log[..]), (between, &log[..]), (beyond, &[])] {
        let stretch = store.revocations(nth(0), Some(anchor), 10).await.unwrap();
        assert_eq!(stretch.entries, expected);
        assert_eq!((stretch.joins, stretch.head, stretch.more), (false, log[1].head(), false));
        let appended = store.append(Append { anchor: Some(anchor), ..to(nth(0), &[]) }).await.unwrap();
        assert_eq!((appended.joins, &*appended.entries), (false, expected));
    }
    // A forgotten anchor is not there, either.
    store.forget(nth(0), &[log[0].position]).await.unwrap();
    let stretch = store.revocations(nth(0), Some(log[0].head()), 10).await.unwrap();
    assert!(!stretch.joins);
    assert_eq!(stretch.entries, log[1..]);
}

pub(crate) async fn an_append_of_nothing_only_reads(bench: &mut impl Bench) {
    let store = bench.store();
    let log = store.append(to(nth(0), &revocations([1]))).await.unwrap();
    let floor = Position(u64::MAX / 2);
    let read = store.append(Append { floor, ..to(nth(0), &[]) }).await.unwrap();
    assert_eq!((read.entries, read.head, read.more), (log.entries, log.head, false));
    assert_eq!(store.heads().await.unwrap().0[0], log.head);
}

pub(crate) async fn a_page_holds_at_most_its_limit_and_tells_whether_there_is_more(bench: &mut impl Bench) {
    let store = bench.store();
    let log = store.append(to(nth(0), &revocations(1..=5))).await.unwrap();
    for limit in 1..=7 {
        let page = store.revocations(nth(0), None, limit).await.unwrap();
        assert_eq!(page.entries, log.entries[..limit.min(5)]);
        assert_eq!(page.more, limit < 5, "limit {limit}");
        assert_eq!(page.head, log.head);
    }
    let first = log.entries[0].head();
    for limit in 1..=5 {
        let page = store.revocations(nth(0), Some(first), limit).await.unwrap();
        assert_eq!(page.entries, log.entries[1..(1 + limit).min(5)]);
        assert_eq!((page.joins, page.more), (true, limit < 4), "limit {limit}");
    }
    let last = store.revocations(nth(0), Some(log.head), 1).await.unwrap();
    assert_eq!((last.entries.len(), last.more), (0, false));
}

pub(crate) async fn a_long_log_is_read_in_pages_without_gap_or_repetition(bench: &mut impl Bench) {
    const ENTRIES: u64 = 10_000;
    let store = bench.store();
    append_many(&*store, ENTRIES).await;
    for page in [700, 5_000, 20_000] {
        let tags: Vec<_> = whole(&*store, page).await.iter().map(|entry| entry.revocation.tag.0).collect();
        assert_eq!(tags, (0..ENTRIES).collect::<Vec<_>>(), "in pages of {page}");
    }
}

pub(crate) async fn the_answer_to_a_write_may_stop_short_but_says_so(bench: &mut impl Bench) {
    let store = bench.store();
    append_many(&*store, 3_000).await;
    let log = whole(&*store, 1_000).await;
    for anchor in [None, Some(log[0].head())] {
        let appended = store.append(Append { anchor, ..to(nth(0), &[]) }).await.unwrap();
        assert_eq!((appended.joins, appended.more, appended.head), (true, true, log[2_999].head()));
        let rest = store.revocations(nth(0), appended.entries.last().map_or(anchor, |last| Some(last.head())), 3_000);
        let rest = [appended.entries, rest.await.unwrap().entries].concat();
        assert_eq!(rest, log[usize::from(anchor.is_some())..]);
    }
    // From the newest entries on there is nothing long about it.
    for back in 1..=10 {
        let anchor = Some(log[2_999 - back].head());
        let short = store.append(Append { anchor, ..to(nth(0), &[]) }).await.unwrap();
        assert_eq!((short.joins, short.more), (true, false));
        assert_eq!(short.entries, log[3_000 - back..]);
    }
}

async fn append_many(store: &dyn Store, entries: u64) {
    let mut anchor = None;
    for first in (0..entries).step_by(500) {
        let new = revocations(first..(first + 500).min(entries));
        anchor = Some(store.append(Append { anchor, ..to(nth(0), &new) }).await.unwrap().head);
    }
}

async fn whole(store: &dyn Store, page: usize) -> Vec<Entry> {
    let mut read: Vec<Entry> = Vec::new();
    loop {
        let anchor = read.last().map(Entry::head);
        let stretch = store.revocations(nth(0), anchor, page).await.unwrap();
        assert!(stretch.entries.len() <= page);
        assert!(stretch.joins);
        let before = read.len();
        read.extend(stretch.entries);
        assert!(read.len() > before, "it goes round in circles");
        if !stretch.more {
            assert_eq!(read.last().map(Entry::head), Some(stretch.head));
            return read;
        }
    }
}
