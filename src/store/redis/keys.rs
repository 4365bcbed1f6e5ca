//! The names of everything in Redis. No other file puts a key together.
//!
//! What belongs to shard 3 carries the hash tag `{3}`, so that a cluster keeps it on one node and a script may touch all
//! of it:
//!
//! | key | type | what |
//! |---|---|---|
//! | `atropos{3}:f:<family id>` | string | a record |
//! | `atropos{3}:head` | string | position and tag of the last entry |
//! | `atropos{3}:deny` | sorted set | the denylist: entries by position |
//! | `atropos{3}:sub:<hash of subject>` | sorted set | a subject's families, by when their records may go |
//! | `atropos{3}:idn:<hash of client id>` | sorted set | the same of an identity's managed tokens |
//! | `atropos{3}:chg:<hash of client id>` | sorted set | the same tokens, by when they changed last |
//! | `atropos{3}:beat` | string | written where a wait needs something to wait for |
//! | `atropos:o:<hash>` | string | a short-lived thing |
//! | `atropos:d:<name>` | string | a document |
//! | `atropos:shards` | string | how many shards the store has |
//! | `atropos:…{atropos:…}` | string | a beat beside a key that is in no shard |

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::OpenError;
use crate::domain::family::listing::Listing;
use crate::domain::store::OnceKey;
use crate::domain::{FamilyId, Shard};

/// Longer than any key but a document's.
const ROOM: usize = 160;

#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    const LONGEST_PREFIX: usize = 64;

    /// A prefix has no braces, which would move the hash tag, and nothing that a pattern reads as more than itself.
    pub(super) fn new(prefix: &str) -> Result<Self, OpenError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
        if prefix.is_empty() || prefix.len() > Self::LONGEST_PREFIX || !prefix.bytes().all(plain) {
            let rule = "store.prefix must be 1 to 64 letters, digits, dots, underscores, hyphens and colons";
            return Err(OpenError::Settings(rule.to_owned()));
        }
        Ok(Self { prefix: prefix.to_owned() })
    }

    pub(super) fn record(&self, family: FamilyId) -> Vec<u8> {
        let mut key = self.in_shard(family.shard(), ":f:");
        append_base64(&mut key, family.as_bytes());
        key
    }

    /// A pattern that fits every record of a shard, and nothing else.
    pub(super) fn records(&self, shard: Shard) -> Vec<u8> {
        self.in_shard(shard, ":f:*")
    }

    pub(super) fn head(&self, shard: Shard) -> Vec<u8> {
        self.in_shard(shard, ":head")
    }

    pub(super) fn denylist(&self, shard: Shard) -> Vec<u8> {
        self.in_shard(shard, ":deny")
    }

    pub(super) fn beat(&self, shard: Shard) -> Vec<u8> {
        self.in_shard(shard, ":beat")
    }

    /// Its members by when their records may go.
    pub(super) fn list(&self, shard: Shard, listing: Listing<'_>) -> Vec<u8> {
        match listing {
            Listing::Subject(subject) => self.named(shard, ":sub:", subject),
            Listing::Identity(client) => self.named(shard, ":idn:", client),
        }
    }

    /// The members of a list once more, by when they changed last. Not of a person's: each would cost another key, and in
    /// what order their sessions come nobody has asked.
    pub(super) fn changes(&self, shard: Shard, listing: Listing<'_>) -> Option<Vec<u8>> {
        match listing {
            Listing::Subject(_) => None,
            Listing::Identity(client) => Some(self.named(shard, ":chg:", client)),
        }
    }

    /// Hashed: nobody's name stands in a key, and no name can look like another key.
    fn named(&self, shard: Shard, kind: &str, name: &str) -> Vec<u8> {
        let mut key = self.in_shard(shard, kind);
        append_base64(&mut key, &Sha256::digest(name.as_bytes()));
        key
    }

    pub(super) fn once(&self, once: &OnceKey) -> Vec<u8> {
        let mut key = self.in_store(":o:");
        append_base64(&mut key, once);
        key
    }

    pub(super) fn document(&self, name: &str) -> Vec<u8> {
        let mut key = self.in_store(":d:");
        key.extend_from_slice(name.as_bytes());
        key
    }

    pub(super) fn shards(&self) -> Vec<u8> {
        self.in_store(":shards")
    }

    fn in_shard(&self, shard: Shard, rest: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(ROOM);
        let mut number = itoa::Buffer::new();
        for part in [&self.prefix, "{", number.format(shard.number()), "}", rest] {
            key.extend_from_slice(part.as_bytes());
        }
        key
    }

    fn in_store(&self, rest: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(ROOM);
        key.extend_from_slice(self.prefix.as_bytes());
        key.extend_from_slice(rest.as_bytes());
        key
    }
}

/// A key in the same slot as another one, written where a wait needs something to wait for: a shard's own, or one that
/// begins with the other key, so that whoever may write that may write this.
pub(super) fn beat_beside(key: &[u8]) -> Vec<u8> {
    match key.iter().position(|byte| *byte == b'}') {
        Some(end) => [&key[..=end], b":beat"].concat(),
        None => [key, b"{", key, b"}"].concat(),
    }
}

/// base64url: a few bytes more than the id or hash itself, for which an operator can type it.
fn append_base64(key: &mut Vec<u8>, bytes: &[u8]) {
    let mut text = [0; 48];
    let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).expect("an id or a hash has at most 32 bytes");
    key.extend_from_slice(&text[..length]);
}

#[cfg(test)]
mod tests {
    use redis::cluster_routing::Slot;

    use super::*;
    use crate::domain::Timestamp;

    fn shard(number: u16) -> Shard {
        Shard::new(number).unwrap()
    }

    #[test]
    fn a_key_says_what_it_is() {
        let keys = Keys::new("atropos").unwrap();
        let family = FamilyId::new(shard(3), Timestamp::from_millis(0), 0);
        assert_eq!(keys.record(family), b"atropos{3}:f:AAAAAAAAgAOAAAAAAAAAAA");
        assert_eq!(keys.head(shard(4095)), b"atropos{4095}:head");
        assert_eq!(keys.denylist(shard(0)), b"atropos{0}:deny");
        assert_eq!(keys.document("keys"), b"atropos:d:keys");
    }

    #[test]
    fn all_of_a_shard_is_in_one_slot_whatever_the_names_are() {
        let keys = Keys::new("a:b").unwrap();
        for number in [0, 7, 15, 4095] {
            let shard = shard(number);
            let slot = Slot::for_key(number.to_string());
            let family = FamilyId::new(shard, Timestamp::from_millis(1_763_765_432_123), u64::MAX);
            let all = [keys.record(family), keys.head(shard), keys.denylist(shard), keys.beat(shard)];
            let people =
                ["", "alice", "{9}", "}{", "a\r\nb\0"].map(|subject| keys.list(shard, Listing::Subject(subject)));
            assert!(all.iter().chain(&people).all(|key| Slot::for_key(key) == slot), "shard {number}");
        }
    }

    #[test]
    fn beside_every_key_there_is_room_for_a_beat() {
        let keys = Keys::new("a:b").unwrap();
        let family = FamilyId::new(shard(3), Timestamp::from_millis(0), 0);
        assert_eq!(beat_beside(&keys.record(family)), keys.beat(shard(3)));
        for key in [keys.document("keys"), keys.once(&[7; 32]), keys.shards(), keys.head(shard(3))] {
            let beat = beat_beside(&key);
            assert_eq!(Slot::for_key(&beat), Slot::for_key(&key));
            assert!(beat.starts_with(b"a:b"), "an ACL user may write there");
        }
    }

    #[test]
    fn a_subject_cannot_be_read_from_a_key() {
        let key = Keys::new("atropos").unwrap().list(shard(0), Listing::Subject("alice@example.com"));
        assert_eq!(key.len(), "atropos{0}:sub:".len() + 43);
        assert!(!String::from_utf8(key).unwrap().contains("alice"));
    }

    #[test]
    fn a_prefix_that_could_be_mistaken_is_refused() {
        for prefix in ["", "a{b", "a}b", "a*", "a?", "[a]", "a\\", "a b", "a\n", "ä", &"a".repeat(65)] {
            assert!(matches!(Keys::new(prefix), Err(OpenError::Settings(_))), "{prefix:?}");
        }
    }
}
