//! The keys by which this server knows its own tokens.
//!
//! All nodes share one ring, a document of the store, in which every secret is sealed under a master secret that only the
//! nodes have. A key is published before it signs and verifies after it has signed, so that nodes, and resource servers
//! that keep a copy of the key set, never meet a token whose key they could not know.
//!
//! - `master`: the master secret, what derives from it, sealing.
//! - `algorithm`, `material`, `provider`: what a key does, its cryptography, and how `jsonwebtoken` gets at it.
//! - `status`, `lifecycle`: succession, as a pure change of the ring.
//! - `document`, `ring`: the ring as it is stored, and as it is used.
//! - `holder`, `change`: this node's copy of the ring, and changes to everybody's.

mod algorithm;
mod change;
mod document;
mod holder;
mod lifecycle;
mod master;
mod material;
mod provider;
mod ring;
mod status;

pub use algorithm::{KeyKind, SigningAlgorithm, UnknownKind};
pub use change::Retired;
pub use holder::{KeySettings, Keys};
pub use master::{MasterSecret, MasterSecrets, ShortMasterSecret};
pub use provider::install;
pub use ring::{KeyInfo, KeyRing};
pub(crate) use ring::{MacKey, SigningKey};
pub use status::Status;

use super::KeyId;
use super::store::Unavailable;

#[cfg(test)]
pub(crate) mod testing {
    use super::lifecycle::{Key, OpenRing};
    use super::{KeyError, KeyKind, KeyRing, Status, material};
    use crate::domain::chance::SystemChance;
    use crate::domain::store::Version;
    use crate::domain::{KeyId, Timestamp};

    /// A ring of these kinds, whose key ids count from one.
    pub(crate) async fn ring(kinds: &[KeyKind]) -> Result<KeyRing, KeyError> {
        let mut open = OpenRing::new(&SystemChance);
        for (kind, id) in kinds.iter().zip(1..) {
            let status = Status::Current { signs_from: Timestamp::default() };
            let secret = material::generate(*kind, &SystemChance).await?;
            open.keys.push(Key { id: KeyId(id), kind: *kind, created_at: Timestamp::default(), status, secret });
        }
        super::install();
        KeyRing::new(Version(1), &open)
    }
}

/// Why there are no keys, or why they were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the keys in this store are sealed under another master secret: start with that one, or name it as the previous one"
    )]
    OtherMasterSecret,
    #[error("the key ring has format {found}, this version reads {known}")]
    OtherFormat { found: u8, known: u8 },
    /// Never repaired by guessing: somebody wrote to the store.
    #[error("the key ring in the store is damaged: {0}")]
    Damaged(&'static str),
    #[error("the ring has no key {0}")]
    UnknownKey(KeyId),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A node that runs already can only report what is wrong with the ring, and answer that it cannot tell.
impl From<KeyError> for Unavailable {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable(unavailable) => unavailable,
            KeyError::OtherMasterSecret
            | KeyError::OtherFormat { .. }
            | KeyError::Damaged(_)
            | KeyError::UnknownKey(_) => Self(error.to_string()),
        }
    }
}
