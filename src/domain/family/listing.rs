//! Which families can be found without knowing their ids.

use sha2::{Digest as _, Sha256};

use super::Family;
use crate::domain::Timestamp;

/// Under what a family is listed: a pure function of its record, and for life. No name of one kind is one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing<'a> {
    /// All sessions of a person.
    Subject(&'a str),
    /// The managed tokens of an identity, by its client id.
    Identity(&'a str),
}

impl Listing<'_> {
    /// What decides its shard, so that all it lists changes together: every node and every version computes it alike.
    pub fn hash(self) -> u64 {
        let digest = match self {
            Self::Subject(subject) => Sha256::digest(subject),
            Self::Identity(client) => Sha256::new().chain_update(b"identity\0").chain_update(client).finalize(),
        };
        u64::from_be_bytes(std::array::from_fn(|i| digest[i]))
    }
}

impl Family {
    /// `None` for a machine's own session: nobody lists those, and millions of them must cost nothing more.
    pub fn listing(&self) -> Option<Listing<'_>> {
        match (&self.managed, &self.subject) {
            (Some(_), _) => Some(Listing::Identity(self.client.as_str())),
            (None, subject) => subject.as_deref().map(Listing::Subject),
        }
    }

    /// When it last became other than it was for whoever manages it; of what nobody manages, when it was born.
    pub fn changed_at(&self) -> Timestamp {
        self.managed.as_ref().map_or_else(|| self.id.born_at(), |managed| managed.updated)
    }
}
