//! How safe a change is before its caller hears of it.

use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

/// What a change must have survived to before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is in the memory of the primary.
    Memory,
    /// It is on the disk of the primary.
    Fsync,
    /// So many replicas have it in memory.
    Replicas(NonZeroU8),
}

/// The text names none of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be \"memory\", \"fsync\" or \"replicas:N\" with N from 1 to 255")]
pub struct UnknownDurability;

impl FromStr for Durability {
    type Err = UnknownDurability;

    fn from_str(text: &str) -> Result<Self, UnknownDurability> {
        match text {
            "memory" => Ok(Self::Memory),
            "fsync" => Ok(Self::Fsync),
            _ => {
                let count = text.strip_prefix("replicas:").ok_or(UnknownDurability)?;
                count.parse().map(Self::Replicas).map_err(|_| UnknownDurability)
            }
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Fsync => f.write_str("fsync"),
            Self::Replicas(count) => write!(f, "replicas:{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_is_read() {
        for text in ["memory", "fsync", "replicas:1", "replicas:255"] {
            assert_eq!(text.parse::<Durability>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "Memory", "disk", "replicas", "replicas:", "replicas:0", "replicas:256", "replicas:-1"] {
            assert_eq!(text.parse::<Durability>(), Err(UnknownDurability), "{text}");
        }
    }
}
