//! What was acknowledged stays: for every handle, over a restart, for as long as was asked, and whole.

use std::time::Duration;

use atropos::domain::family::Family;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Commit, Created, Document, Store, Stored, Version};

use super::{Bench, KEEP, family, family_of, generation, listed, nth, revocations, to};

/// Turns a record into what a reader must not take for one.
type Tear = fn(&[u8]) -> Vec<u8>;

pub(crate) async fn another_handle_sees_at_once_what_was_acknowledged(bench: &mut impl Bench) {
    let (here, there) = (bench.store(), bench.other());
    let start = generation(&family_of("ann", nth(0), 1), 0);
    here.create(&start, Version(0), KEEP).await.unwrap();
    assert_eq!(listed(&*there, Listing::Subject("ann")).await, [start.id]);
    for number in 1..=50 {
        let (writer, reader) = if number % 2 == 0 { (&here, &there) } else { (&there, &here) };
        let (next, entries) = (generation(&start, number), revocations([u64::from(number)]));
        let (expected, version) = (Version(u64::from(number) - 1), Version(u64::from(number)));
        let append = to(nth(0), &entries);
        writer.commit(Commit { expected, version, family: &next, keep_for: KEEP, append }).await.unwrap();
        let seen = reader.load(start.id).await.unwrap();
        assert_eq!((seen.stored, seen.head.tag.0), (Some(Stored { family: next, version }), u64::from(number)));
        assert_eq!(reader.heads().await.unwrap().0[0], seen.head);

        let key = [u8::try_from(number).unwrap(); 32];
        assert!(writer.once(&key, b"", KEEP).await.unwrap());
        assert!(!reader.once(&key, b"", KEEP).await.unwrap());
        assert!(reader.take(&key).await.unwrap().is_some());
        assert!(writer.take(&key).await.unwrap().is_none());
    }
}

pub(crate) async fn everything_outlives_a_restart(bench: &mut impl Bench) {
    let store = bench.store();
    let last = nth(store.shards() - 1);
    let family = family_of("ann", last, 1);
    let document = Document { version: Version(4), bytes: b"keys".to_vec() };
    store.create(&family, Version(1), KEEP).await.unwrap();
    let log = store.append(to(last, &revocations([1, 2, 3]))).await.unwrap();
    store.forget(last, &[log.entries[1].position, log.head.position]).await.unwrap();
    store.once(&[1; 32], b"value", KEEP).await.unwrap();
    store.replace_document("keys", None, &document).await.unwrap();
    drop(store);

    bench.reopen().await;
    let store = bench.store();
    let loaded = store.load(family.id).await.unwrap();
    assert_eq!(loaded.stored, Some(Stored { family: family.clone(), version: Version(1) }));
    assert_eq!(loaded.head, log.head);
    assert_eq!(store.revocations(last, None, 10).await.unwrap().entries, log.entries[..1]);
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, [family.id]);
    assert_eq!(store.peek(&[1; 32]).await.unwrap().as_deref(), Some(&b"value"[..]));
    assert_eq!(store.document("keys").await.unwrap(), Some(document));
    let next = store.append(to(last, &revocations([4]))).await.unwrap();
    assert!(next.head.position > log.head.position);
}

pub(crate) async fn a_record_is_kept_at_least_as_long_as_asked(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family_of("ann", nth(0), 1);
    store.create(&family, Version(1), Duration::from_secs(20)).await.unwrap();
    bench.pass(Duration::from_secs(1)).await;
    let store = bench.store();
    assert!(store.load(family.id).await.unwrap().stored.is_some());
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, [family.id]);
}

pub(crate) async fn a_commit_prolongs_a_record(bench: &mut impl Bench) {
    let store = bench.store();
    let family = family_of("ann", nth(0), 1);
    store.create(&family, Version(1), Duration::from_secs(2)).await.unwrap();
    let append = to(nth(0), &[]);
    store
        .commit(Commit { expected: Version(1), version: Version(2), family: &family, keep_for: KEEP, append })
        .await
        .unwrap();
    bench.pass(Duration::from_secs(3)).await;
    let store = bench.store();
    assert_eq!(store.load(family.id).await.unwrap().stored.unwrap().version, Version(2));
    assert_eq!(listed(&*store, Listing::Subject("ann")).await, [family.id]);
}

pub(crate) async fn a_torn_record_is_unavailable_and_never_absent(bench: &mut impl Bench) {
    let tears: [Tear; 7] = [
        |_| Vec::new(),
        |whole| whole[..7].to_vec(),
        |whole| whole[..8].to_vec(),
        |whole| whole[..9].to_vec(),
        |whole| whole[..whole.len() - 1].to_vec(),
        |whole| [whole, &[0]].concat(),
        |whole| [&whole[..8], &[0xff], &whole[9..]].concat(),
    ];
    // Listed or not: a store may write the two in different ways.
    let cases = tears.into_iter().flat_map(|tear| [(tear, None), (tear, Some("ann".into()))]);
    for (number, (tear, subject)) in (0..).zip(cases) {
        let torn = Family { subject, ..family(nth(0), 2 * number) };
        let whole = family(nth(0), 2 * number + 1);
        bench.store().create(&torn, Version(1), KEEP).await.unwrap();
        bench.store().create(&whole, Version(1), KEEP).await.unwrap();
        bench.tear(torn.id, tear).await;

        let store = bench.store();
        store.load(torn.id).await.expect_err("a torn record was read");
        store.load(whole.id).await.expect("the others do not suffer").stored.expect("nor vanish");
        assert!(!matches!(store.create(&torn, Version(2), KEEP).await, Ok(Created::Done(_))), "taken for absent");
        store.load(torn.id).await.expect_err("it was written over");
    }
    scan_fails(&*bench.store()).await;
}

/// A scan that skipped what it cannot read would make a sweep believe it has met all.
async fn scan_fails(store: &dyn Store) {
    let mut cursor = None;
    for _ in 0..100 {
        match store.scan(nth(0), cursor).await {
            Ok((_, None)) => panic!("the scan passed over torn records"),
            Ok((_, next)) => cursor = next,
            Err(_) => return,
        }
    }
    panic!("it goes round in circles")
}

pub(crate) async fn a_store_that_answers_answers_a_ping(bench: &mut impl Bench) {
    bench.store().ping().await.unwrap();
    bench.other().ping().await.unwrap();
}
