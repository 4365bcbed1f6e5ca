//! Small texts: names of things, scopes, networks.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use super::network::Network;
use super::scope::Scope;
use super::{FamilyId, KeyId, TokenId};
use crate::fuzz::target;

fn has_one_spelling<T: FromStr + Display>(text: &str) {
    if let Ok(name) = text.parse::<T>() {
        assert_eq!(name.to_string(), text);
    }
}

#[test]
fn a_name_has_one_spelling() {
    target("names", |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            has_one_spelling::<FamilyId>(text);
            has_one_spelling::<TokenId>(text);
            has_one_spelling::<KeyId>(text);
            let json = serde_json::to_string(text).expect("a text is JSON");
            assert_eq!(serde_json::from_str::<TokenId>(&json).ok(), text.parse().ok());
            assert_eq!(serde_json::from_str::<FamilyId>(&json).ok(), text.parse().ok());
        }
        if let Ok(bytes) = <[u8; TokenId::LEN]>::try_from(bytes) {
            let id = TokenId::from_bytes(&bytes);
            assert_eq!(id.is_some(), FamilyId::from_bytes(*bytes.first_chunk().expect("16 bytes")).is_some());
            if let Some(id) = id {
                assert_eq!((id.to_bytes(), id.to_string().parse()), (bytes, Ok(id)));
                assert_eq!(FamilyId::new(id.family.shard(), id.family.born_at(), random(id)), id.family);
            }
        }
    });
}

/// The part of a family's name that is neither its shard nor its birth.
fn random(id: TokenId) -> u64 {
    u64::from_be_bytes(*id.family.as_bytes().last_chunk().expect("8 bytes"))
}

/// RFC 6749 section 3.3.
#[test]
fn a_scope_is_the_set_of_its_words() {
    target("scope", |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let words: BTreeSet<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let Ok(scope) = Scope::parse(text) else {
            return assert!(!text.bytes().all(allowed), "refused for nothing");
        };
        assert!(text.bytes().all(allowed));
        assert!(scope.tokens().eq(words.iter().copied()));
        assert_eq!(Scope::parse(scope.as_str()).as_ref(), Ok(&scope));
        assert!(scope.is_within(&scope) && scope.intersection(&scope) == scope);
        let first = scope.only(|word| words.first() == Some(&word));
        assert!(first.is_within(&scope) && scope.is_within(&first) == (words.len() < 2));
    });
}

#[test]
fn a_network_has_the_address_that_it_was_written_with() {
    target("network", |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Ok(network) = text.parse::<Network>() else { return };
        assert!(network.prefix <= if network.address.is_ipv4() { 32 } else { 128 });
        assert!(network.contains(network.address) || network.address != network.address.to_canonical());
        let again = format!("{}/{}", network.address, network.prefix);
        assert_eq!(again.parse(), Ok(network));
    });
}
