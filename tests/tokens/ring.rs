//! The ring that all nodes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atropos::domain::chance::Chance;
use atropos::domain::keys::{KeyError, KeyKind, KeySettings, Keys, MasterSecrets, SigningAlgorithm};
use atropos::domain::store::{Document, Store as _, Version};
use atropos::domain::token::OpaqueKind;
use serde_json::Value;

use crate::memory::Memory;
use crate::setting::{
    JWT_LIFE, NOW, clock, is_garbage, is_ours, jwt, master, opaque, open, open_with, settings, token_id,
};

const ES256: KeyKind = KeyKind::Signing(SigningAlgorithm::Es256);
const RS256: KeyKind = KeyKind::Signing(SigningAlgorithm::Rs256);
const LEAD: Duration = Duration::from_mins(10);

fn kinds(keys: &Keys) -> Vec<KeyKind> {
    let mut kinds: Vec<KeyKind> = keys.ring().list().iter().map(|key| key.kind).collect();
    kinds.sort();
    kinds
}

fn published(keys: &Keys) -> Vec<Value> {
    let jwks: Value = serde_json::from_str(keys.ring().jwks()).unwrap();
    jwks["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn two_nodes_that_start_at_once_have_one_ring() {
    let (store, clock) = (Memory::new(), clock());
    let other = store.again();
    let (one, two) = tokio::join!(open(&store, &clock), open(&other, &clock));
    assert_eq!(one.ring().list(), two.ring().list());
    assert_eq!(kinds(&one), [KeyKind::Mac, ES256, RS256]);
    assert!(is_ours(&two.read(&opaque(&one))) && is_ours(&two.read(&jwt(&one, &clock))));
    let again = open(&store, &clock).await;
    assert_eq!(again.ring().list(), one.ring().list());
}

/// RFC9068-2.1-a: RS256 is known to everybody, whatever signs.
#[tokio::test]
async fn the_key_set_is_public_and_complete() {
    let (store, clock) = (Memory::new(), clock());
    for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Ps256, SigningAlgorithm::Es256] {
        let keys = open_with(&store, settings_for(algorithm), &clock).await.unwrap();
        let signing = keys.signing().unwrap().to_string();
        let published = published(&keys);
        assert!(published.iter().any(|key| key["alg"] == algorithm.as_str() && key["kid"] == *signing));
        assert!(published.iter().any(|key| key["alg"] == "RS256" && key["kty"] == "RSA"));
        for key in published {
            assert_eq!(key["use"], "sig");
            let mut members: Vec<&String> = key.as_object().unwrap().keys().collect();
            members
                .retain(|member| !["use", "alg", "kid", "kty", "crv", "x", "y", "n", "e"].contains(&member.as_str()));
            assert!(members.is_empty(), "{members:?}");
        }
    }
}

fn settings_for(algorithm: SigningAlgorithm) -> KeySettings {
    KeySettings { algorithm, ..settings() }
}

#[tokio::test]
async fn a_rotated_key_is_published_before_it_signs_and_verifies_after_it_has() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let (old, before) = (keys.signing().unwrap(), jwt(&keys, &clock));
    let new = keys.rotate(&*store, ES256, LEAD, JWT_LIFE).await.unwrap();
    assert_eq!(keys.signing(), Ok(old));
    assert!(published(&keys).iter().any(|key| key["kid"] == new.to_string()));

    clock.advance(LEAD);
    assert_eq!(keys.signing(), Ok(new));
    assert!(is_ours(&keys.read(&before)) && is_ours(&keys.read(&jwt(&keys, &clock))));

    clock.advance(JWT_LIFE);
    keys.refresh(&*store).await.unwrap();
    assert!(keys.ring().has(old), "a node that heard late has signed with it a little longer");

    clock.advance(Duration::from_mins(5));
    keys.refresh(&*store).await.unwrap();
    assert!(!keys.ring().has(old));
    assert!(published(&keys).iter().all(|key| key["kid"] != old.to_string()));
    assert!(is_garbage(&keys.read_current(&*store, &before).await.unwrap()));
}

#[tokio::test]
async fn a_rotation_at_once_signs_at_once() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let before = opaque(&keys);
    let new = keys.rotate(&*store, KeyKind::Mac, Duration::ZERO, JWT_LIFE).await.unwrap();
    assert_eq!(keys.mac(), Ok(new));
    assert_ne!(opaque(&keys), before);
    assert!(is_ours(&keys.read(&before)));
}

#[tokio::test]
async fn rotations_by_two_nodes_at_once_both_count() {
    let (store, clock) = (Memory::new(), clock());
    let other = store.again();
    let (one, two) = (open(&store, &clock).await, open(&other, &clock).await);
    let (first, second) = tokio::join!(
        one.rotate(&*store, KeyKind::Mac, LEAD, JWT_LIFE),
        two.rotate(&*other, KeyKind::Mac, LEAD, JWT_LIFE)
    );
    one.refresh(&*store).await.unwrap();
    assert!(one.ring().has(first.unwrap()) && one.ring().has(second.unwrap()));
}

#[tokio::test]
async fn a_retired_key_is_dead_also_where_its_tokens_were_remembered() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    for (kind, key, text) in [(KeyKind::Mac, keys.mac(), opaque(&keys)), (ES256, keys.signing(), jwt(&keys, &clock))] {
        assert!(is_ours(&keys.read(&text)));
        let key = key.unwrap();
        let retired = keys.retire(&*store, key).await.unwrap();
        assert_eq!(retired.kind, kind);
        assert!(is_garbage(&keys.read_current(&*store, &text).await.unwrap()));
        assert!(published(&keys).iter().all(|published| published["kid"] != key.to_string()));
        let successor = retired.successor.unwrap();
        assert_eq!(keys.ring().signer(kind, NOW), Some(successor));
        assert_eq!(keys.retire(&*store, key).await, Err(KeyError::UnknownKey(key)));
    }
    assert!(is_ours(&keys.read(&opaque(&keys))) && is_ours(&keys.read(&jwt(&keys, &clock))));
}

#[tokio::test]
async fn retiring_a_key_that_waits_or_verifies_only_leaves_the_signer_alone() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let old = keys.mac().unwrap();
    let waiting = keys.rotate(&*store, KeyKind::Mac, LEAD, JWT_LIFE).await.unwrap();
    let retired = keys.retire(&*store, waiting).await.unwrap();
    let next = retired.successor.unwrap();
    assert_eq!(keys.mac(), Ok(old));
    clock.advance(LEAD);
    assert_eq!(keys.mac(), Ok(next));
    let retired = keys.retire(&*store, old).await.unwrap();
    assert_eq!((retired.successor, keys.mac()), (None, Ok(next)));
}

/// Rule 12.
#[tokio::test]
async fn another_master_secret_is_refused_in_plain_words() {
    let (store, clock) = (Memory::new(), clock());
    open(&store, &clock).await;
    let mut other = settings();
    other.masters.current = master(2);
    let error = open_with(&store, other, &clock).await.unwrap_err();
    assert_eq!(error, KeyError::OtherMasterSecret);
    assert!(error.to_string().contains("another master secret"), "{error}");
}

#[tokio::test]
async fn a_replaced_master_secret_leaves_every_token_alive() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let (opaque, jwt, ring) = (opaque(&keys), jwt(&keys, &clock), keys.ring().list().to_vec());

    let mut both = settings();
    both.masters = MasterSecrets { current: master(2), previous: Some(master(1)) };
    let keys = open_with(&store, both, &clock).await.unwrap();
    assert!(is_ours(&keys.read(&opaque)) && is_ours(&keys.read(&jwt)));

    let mut only_new = settings();
    only_new.masters.current = master(2);
    let keys = open_with(&store, only_new, &clock).await.unwrap();
    assert_eq!(keys.ring().list(), ring);
    assert!(is_ours(&keys.read(&opaque)) && is_ours(&keys.read(&jwt)));
    assert_eq!(open_with(&store, settings(), &clock).await.unwrap_err(), KeyError::OtherMasterSecret);
}

#[tokio::test]
async fn nodes_whose_secrets_are_exchanged_one_by_one_go_on_together() {
    let (store, clock) = (Memory::new(), clock());
    let masters = |current, previous| {
        let masters = MasterSecrets { current: master(current), previous: Some(master(previous)) };
        KeySettings { masters, ..settings() }
    };
    let behind = open_with(&store, masters(1, 2), &clock).await.unwrap();
    let ahead = open_with(&store, masters(2, 1), &clock).await.unwrap();
    let under_new = store.document("keyring").await.unwrap().unwrap();
    behind.refresh(&*store).await.unwrap();
    assert_eq!(store.document("keyring").await.unwrap().unwrap(), under_new, "only a start seals anew");
    behind.rotate(&*store, KeyKind::Mac, Duration::ZERO, JWT_LIFE).await.unwrap();
    let text = opaque(&behind);
    assert!(is_ours(&ahead.read_current(&*store, &text).await.unwrap()));
}

#[tokio::test]
async fn a_damaged_or_newer_ring_is_never_replaced() {
    let (store, clock) = (Memory::new(), clock());
    for (version, bytes, expected) in [
        (1, vec![], KeyError::Damaged("it is empty")),
        (2, vec![1, 2, 3], KeyError::Damaged("it does not decode")),
        (3, vec![9, 0], KeyError::OtherFormat { found: 9, known: 1 }),
    ] {
        let document = Document { version: Version(version), bytes };
        let version = store.document("keyring").await.unwrap().map(|document| document.version);
        assert!(store.replace_document("keyring", version, &document).await.unwrap());
        assert_eq!(open_with(&store, settings(), &clock).await.unwrap_err(), expected);
        assert_eq!(store.document("keyring").await.unwrap(), Some(document));
    }
}

/// Draws secrets that one recognizes, and ids that differ.
#[derive(Default)]
struct Recognizable(AtomicU32);

impl Chance for Recognizable {
    fn fill(&self, bytes: &mut [u8]) {
        match bytes.len() {
            4 => bytes.copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes()),
            _ => bytes.fill(165),
        }
    }
}

#[tokio::test]
async fn nothing_secret_is_shown_by_debug() {
    let (store, clock) = (Memory::new(), clock());
    let mut settings = settings();
    settings.masters.current = master(165);
    let shown_settings = format!("{settings:?}");
    let keys = Keys::open(&*store, settings, clock, Arc::new(Recognizable::default())).await.unwrap();
    let token = keys.mint(OpaqueKind::Access, token_id(1), keys.mac().unwrap()).unwrap();
    let shown = format!("{shown_settings} {keys:?} {:?} {token:?}", keys.ring());
    assert!(shown.contains("MasterSecret(…)") && shown.contains("TokenText(…)"), "{shown}");
    assert!(!shown.contains("165, 165") && !shown.to_lowercase().contains("a5a5"), "{shown}");
    assert!(!shown.contains(token.expose()), "{shown}");
}
