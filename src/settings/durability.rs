//! What a 200 promises.

use std::num::NonZeroU8;
use std::str::FromStr;

/// What has to be true of a write before it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The store has it.
    Memory,
    /// The store has it on disk.
    Fsync,
    /// So many replicas have it as well.
    Replicas(NonZeroU8),
}

impl FromStr for Durability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let replicas = |count: &str| count.parse().ok().map(Self::Replicas);
        match text {
            "memory" => Ok(Self::Memory),
            "fsync" => Ok(Self::Fsync),
            _ => text.strip_prefix("replicas:").and_then(replicas).ok_or_else(|| {
                format!("is \"{text}\"; it must be \"memory\", \"fsync\" or \"replicas:N\" with N from 1 to 255")
            }),
        }
    }
}

impl Durability {
    /// Why there is no default: what a promise has to survive is for its operator to say.
    pub(super) const MISSING: &str = "is missing; say what a revocation that was answered 200 has to survive: \
        \"memory\" (a crash of this server), \"fsync\" (a power cut at the store, which has it on disk) or \
        \"replicas:N\" (the loss of the store's primary, for N replicas have it as well)";
}
