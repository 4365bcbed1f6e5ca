//! What things are called: small numbers and letters, for a state is cloned and hashed a million times.

use std::fmt::{self, Debug, Formatter};

/// Which node, counted from 0. Node 0 is the one whose polls heal (see [`crate::scenario::Start`]).
pub type NodeId = usize;
/// Which request of the scenario, in the order they are listed there.
pub type RequestId = usize;
/// Which family of the scenario, in the order they are listed there.
pub type FamilyId = usize;
/// Which shard, counted from 0.
pub type Shard = usize;
/// A sequence number in a shard's log.
pub type Position = u8;
/// A position up to which something is known, or below which something is covered.
pub type Epoch = Position;
/// An entry covers what has an epoch below its bound.
pub type Bound = Position;
/// The store's clock, in ticks.
pub type Time = u8;

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject(pub char);

/// To whom a token was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub char);

/// Which of a family's tokens.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId {
    pub family: FamilyId,
    pub kind: Kind,
    /// A refresh token and the access token issued with it share a serial; a family begins with 1.
    pub serial: u8,
    /// The random bits: which request drew them. `None` for the tokens a family begins with, and without rule 11.
    pub drawn_by: Option<RequestId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Refresh,
    Access,
}

impl Debug for TokenId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { family, kind, serial, drawn_by } = self;
        write!(f, "{kind:?} {family}.{serial}")?;
        drawn_by.iter().try_for_each(|request| write!(f, " drawn by {request}"))
    }
}

impl TokenId {
    /// The refresh token a family begins with.
    pub const fn refresh(family: FamilyId) -> Self {
        Self { family, kind: Kind::Refresh, serial: 1, drawn_by: None }
    }

    /// The access token a family begins with.
    pub const fn access(family: FamilyId) -> Self {
        Self { family, kind: Kind::Access, serial: 1, drawn_by: None }
    }

    /// The refresh token that this token was issued with (itself, if it is one).
    pub(crate) fn rotation(self) -> Self {
        Self { kind: Kind::Refresh, ..self }
    }
}
