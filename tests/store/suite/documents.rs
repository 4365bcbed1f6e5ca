//! Small named things that all nodes share.

use atropos::domain::store::{Document, Version};
use futures_util::future::join_all;

use super::Bench;

fn document(version: u64, text: &str) -> Document {
    Document { version: Version(version), bytes: text.into() }
}

pub(crate) async fn an_absent_document_is_made_only_as_absent(bench: &mut impl Bench) {
    let store = bench.store();
    assert_eq!(store.document("keys").await.unwrap(), None);
    let first = document(1, "first");
    assert!(!store.replace_document("keys", Some(Version(0)), &first).await.unwrap());
    assert_eq!(store.document("keys").await.unwrap(), None);
    assert!(store.replace_document("keys", None, &first).await.unwrap());
    assert_eq!(store.document("keys").await.unwrap(), Some(first.clone()));
    assert!(!store.replace_document("keys", None, &document(2, "second")).await.unwrap());
    assert_eq!(store.document("keys").await.unwrap(), Some(first));
}

pub(crate) async fn a_document_is_replaced_only_at_its_version(bench: &mut impl Bench) {
    let store = bench.store();
    let (first, second, stale) = (document(u64::MAX, "first"), document(5, ""), document(6, "stale"));
    store.replace_document("keys", None, &first).await.unwrap();
    assert!(store.replace_document("keys", Some(first.version), &second).await.unwrap());
    assert!(!store.replace_document("keys", Some(first.version), &stale).await.unwrap());
    assert_eq!(store.document("keys").await.unwrap(), Some(second));
}

pub(crate) async fn of_many_who_replace_a_document_one_does(bench: &mut impl Bench) {
    let handles = [bench.store(), bench.other()];
    let tried = join_all((1..=32).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        async move { store.replace_document("keys", None, &document(number, "made")).await.unwrap() }
    }));
    let made = only_winner(1, tried.await);
    assert_eq!(handles[0].document("keys").await.unwrap(), Some(document(made, "made")));

    let tried = join_all((101..=132).map(|number| {
        let store = &handles[usize::from(number % 2 == 0)];
        let replaced = document(number, "replaced");
        async move { store.replace_document("keys", Some(Version(made)), &replaced).await.unwrap() }
    }));
    let replaced = only_winner(101, tried.await);
    assert_eq!(handles[0].document("keys").await.unwrap(), Some(document(replaced, "replaced")));
}

fn only_winner(first: u64, tried: Vec<bool>) -> u64 {
    let winners: Vec<u64> = (first..).zip(tried).filter(|(_, won)| *won).map(|(number, _)| number).collect();
    let [winner] = winners[..] else { panic!("{winners:?}") };
    winner
}

pub(crate) async fn documents_have_names_of_their_own(bench: &mut impl Bench) {
    let store = bench.store();
    let large = Document { version: Version(3), bytes: (0..=255).cycle().take(200_000).collect() };
    assert!(store.replace_document("keys", None, &document(1, "keys")).await.unwrap());
    assert!(store.replace_document("stamp", None, &document(1, "stamp")).await.unwrap());
    assert!(store.replace_document("large", None, &large).await.unwrap());
    assert_eq!(store.document("keys").await.unwrap(), Some(document(1, "keys")));
    assert_eq!(store.document("stamp").await.unwrap(), Some(document(1, "stamp")));
    assert_eq!(store.document("large").await.unwrap(), Some(large));
    assert_eq!(store.document("key").await.unwrap(), None);
}
