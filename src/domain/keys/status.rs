//! Where a key stands in its life.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// A key signs before it is retiring, is published all the time, and is dropped afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Signs from then on; no successor is known.
    Current { signs_from: Timestamp },
    /// Signs until its successor does; verifies until the last token of its has expired.
    Retiring { signs_from: Timestamp, signs_until: Timestamp, verifies_until: Timestamp },
}

impl Status {
    /// How long a key verifies beyond the life of the last token that it should have signed: a node that hears late of a
    /// rotation, or whose clock is behind, signs with it a little longer.
    const MARGIN: Duration = Duration::from_mins(5);

    pub const fn signs_from(self) -> Timestamp {
        match self {
            Self::Current { signs_from } | Self::Retiring { signs_from, .. } => signs_from,
        }
    }

    pub fn signs_at(self, now: Timestamp) -> bool {
        match self {
            Self::Current { signs_from } => signs_from <= now,
            Self::Retiring { signs_from, signs_until, .. } => signs_from <= now && now < signs_until,
        }
    }

    pub fn is_over(self, now: Timestamp) -> bool {
        matches!(self, Self::Retiring { verifies_until, .. } if verifies_until <= now)
    }

    /// A successor signs from `start` on; no token of this key lives longer than `longest_token`.
    pub(super) fn succeeded_at(self, start: Timestamp, longest_token: Duration) -> Self {
        match self {
            Self::Retiring { signs_until, .. } if signs_until <= start => self,
            Self::Current { signs_from } | Self::Retiring { signs_from, .. } => Self::Retiring {
                signs_from,
                signs_until: start,
                verifies_until: start.plus(longest_token).plus(Self::MARGIN),
            },
        }
    }
}

/// The key that signs now, among those of one kind. Who signs when clocks disagree is not left open: if nobody's time has
/// come, the one whose time comes first.
pub(super) fn signer<T>(
    keys: impl Iterator<Item = T> + Clone,
    status: impl Fn(&T) -> Status,
    now: Timestamp,
) -> Option<T> {
    keys.clone()
        .filter(|key| status(key).signs_at(now))
        .max_by_key(|key| status(key).signs_from())
        .or_else(|| keys.min_by_key(|key| status(key).signs_from()))
}
