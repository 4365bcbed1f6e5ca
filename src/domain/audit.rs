//! What is told of each issue, refresh, reuse and revocation. No token, no secret; a person only by a keyed hash.

use super::client::{ClientId, Surface};
use super::store::Receipt;
use super::{Cause, FamilyId};

/// Something that happened to tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Issued {
        family: FamilyId,
        client: ClientId,
        surface: Surface,
        grant: &'static str,
    },
    /// A code was exchanged for tokens.
    Redeemed {
        family: FamilyId,
        client: ClientId,
    },
    Refreshed {
        family: FamilyId,
        client: ClientId,
        serial: u32,
    },
    /// A lost answer was given again.
    Replayed {
        family: FamilyId,
        client: ClientId,
        serial: u32,
    },
    /// A spent refresh token or code came again; its family was ended.
    Reused {
        family: FamilyId,
        client: ClientId,
        serial: u32,
        cause: Cause,
        receipt: Receipt,
    },
    /// `target` is the kind of target (`token`, `family`, `subject`, `client`, `key`, `everything`, `identity`).
    Revoked {
        target: &'static str,
        family: Option<FamilyId>,
        client: Option<ClientId>,
        cause: Cause,
        receipt: Receipt,
    },
    /// An application was told, or could not be told, that a person's session has ended.
    LogoutTold {
        session: FamilyId,
        client: ClientId,
        outcome: Notice,
    },
    /// A shard's history had forked, and this node put back what it lacked.
    Healed {
        shard: u16,
        entries: usize,
    },
}

/// How a try went to tell an application of a session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    Delivered,
    /// It answered that it cannot, and will not be asked again.
    Refused,
    /// It did not answer as it should; there will be another try.
    Failed,
    /// There were tries enough.
    GivenUp,
}

impl Notice {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

/// Whoever writes events down.
pub trait Audit: Send + Sync + 'static {
    fn record(&self, event: &Event);
}
