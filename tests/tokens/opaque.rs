//! Opaque tokens have one spelling, and nobody else can write it.

use std::sync::LazyLock;

use atropos::domain::keys::Keys;
use atropos::domain::token::{OpaqueKind, Reading};
use atropos::domain::{FamilyId, Shard, Timestamp, TokenId};
use proptest::prelude::*;

use crate::memory::Memory;
use crate::setting::{NOW, clock, is_garbage, is_ours, jwt, opaque, open, open_with, settings, token_id};

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(open(&Memory::new(), &clock()))
});

fn any_id() -> impl Strategy<Value = TokenId> {
    (0..Shard::MOST, any::<u64>(), any::<u64>(), any::<u32>(), any::<u64>()).prop_map(
        |(shard, millis, random, serial, nonce)| {
            let born = Timestamp::from_millis(millis);
            TokenId { family: FamilyId::new(Shard::new(shard).unwrap(), born, random), serial, nonce }
        },
    )
}

fn any_kind() -> impl Strategy<Value = OpaqueKind> {
    prop_oneof![Just(OpaqueKind::Access), Just(OpaqueKind::Refresh), Just(OpaqueKind::Code)]
}

fn mint(kind: OpaqueKind, id: TokenId) -> String {
    KEYS.mint(kind, id, KEYS.mac().unwrap()).unwrap().expose().to_owned()
}

proptest! {
    #[test]
    fn what_was_minted_is_read_back(kind in any_kind(), id in any_id()) {
        let text = mint(kind, id);
        prop_assert_eq!(text.len(), 75);
        prop_assert_eq!(&text, &mint(kind, id), "the same token is the same bytes");
        let Reading::Opaque { kind: read_kind, id: read_id, key } = KEYS.read(&text) else { panic!("not ours") };
        prop_assert_eq!((read_kind, read_id, key), (kind, id, KEYS.mac().unwrap()));
    }

    #[test]
    fn any_other_character_anywhere_is_no_token_of_ours(id in any_id(), at in 0usize..75, other in 0u8..128) {
        let text = mint(OpaqueKind::Refresh, id);
        let mut changed = text.into_bytes();
        prop_assume!(changed[at] != other);
        changed[at] = other;
        prop_assert!(!is_ours(&KEYS.read(std::str::from_utf8(&changed).unwrap())));
    }

    #[test]
    fn any_bit_changed_within_token_id_and_mac_is_garbage(id in any_id(), at in 9usize..75, bit in 0u8..7) {
        let mut changed = mint(OpaqueKind::Access, id).into_bytes();
        changed[at] ^= 1 << bit;
        prop_assert!(is_garbage(&KEYS.read(std::str::from_utf8(&changed).unwrap())));
    }

    #[test]
    fn cut_and_lengthened_tokens_are_garbage(id in any_id(), cut in 0usize..75, tail in "[A-Za-z0-9_=\n -]{1,4}") {
        let text = mint(OpaqueKind::Access, id);
        prop_assert!(is_garbage(&KEYS.read(&text[..cut])));
        for longer in [format!("{text}{tail}"), format!("{tail}{text}")] {
            prop_assert!(is_garbage(&KEYS.read(&longer)));
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>(), head in "(at_|rt_|ac_|eyJ|[.]{2})?") {
        prop_assert!(!is_ours(&KEYS.read(&text)));
        let longer = format!("{head}{text}");
        prop_assert!(!is_ours(&KEYS.read(&longer)));
    }

    #[test]
    fn no_text_of_the_right_form_is_ours(body in "[A-Za-z0-9_-]{72}") {
        let text = format!("at_{body}");
        prop_assert!(!is_ours(&KEYS.read(&text)));
    }
}

#[test]
fn a_token_of_one_kind_is_none_of_another() {
    let text = mint(OpaqueKind::Access, token_id(1));
    for prefix in ["rt", "ac", "AT", "xx"] {
        assert!(is_garbage(&KEYS.read(&format!("{prefix}{}", &text[2..]))), "{prefix}");
    }
}

/// RFC7009-2.1-j.
#[test]
fn long_and_foreign_texts_are_garbage() {
    let text = mint(OpaqueKind::Access, token_id(1));
    let header = "eyJ0eXAiOiJhdCtqd3QifQ";
    for garbage in [
        String::new(),
        "x".to_owned(),
        "a".repeat(16 * 1024),
        ".".repeat(16 * 1024),
        format!("{header}.{}.{}", "a".repeat(8 * 1024), "a".repeat(8 * 1024)),
        format!("{}\0{}", &text[..40], &text[41..]),
        format!("{}\u{ff21}{}", &text[..40], &text[43..]),
        text.replace('_', "\u{203f}"),
        format!("{text}\0"),
    ] {
        assert!(is_garbage(&KEYS.read(&garbage)), "{garbage:.80}");
    }
}

#[test]
fn base64_of_another_alphabet_is_garbage() {
    let with_both = (0..).map(|serial| mint(OpaqueKind::Access, token_id(serial)));
    let text = with_both.into_iter().find(|text| text[3..].contains('-') && text[3..].contains('_')).unwrap();
    assert!(is_ours(&KEYS.read(&text)));
    assert!(is_garbage(&KEYS.read(&text.replace('-', "+"))));
    assert!(is_garbage(&KEYS.read(&format!("at_{}", text[3..].replace('_', "/")))));
}

/// S8: the same ids, by the same keys, at another issuer.
#[tokio::test]
async fn a_token_of_another_issuer_is_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let ours = open(&store, &clock).await;
    let mut settings = settings();
    settings.issuer = "https://as.example/tenant".into();
    let theirs = open_with(&store, settings, &clock).await.unwrap();
    assert_eq!(ours.mac(), theirs.mac());
    assert!(is_ours(&theirs.read(&opaque(&theirs))) && is_ours(&theirs.read(&jwt(&theirs, &clock))));
    assert!(is_garbage(&ours.read(&opaque(&theirs))) && is_garbage(&ours.read(&jwt(&theirs, &clock))));
}

#[test]
fn the_time_of_birth_is_part_of_what_is_authenticated() {
    let id = token_id(1);
    let later =
        TokenId { family: FamilyId::new(id.family.shard(), NOW.plus(std::time::Duration::from_secs(1)), 99), ..id };
    assert_ne!(mint(OpaqueKind::Access, id)[60..], mint(OpaqueKind::Access, later)[60..]);
}
