//! A family's record and its transitions.

use std::fmt::{self, Debug, Formatter};

use crate::names::{Client, Epoch, Kind, RequestId, Subject, Time, TokenId};

/// One link of the chain a token hangs from: itself, or what it was exchanged from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    pub token: TokenId,
    pub client: Client,
    pub subject: Subject,
}

/// What a commit compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Version {
    pub count: u8,
    /// Random bits, so that no two histories share a version: which request drew them. `None` without rule 11.
    pub drawn_by: Option<RequestId>,
}

impl Version {
    pub(crate) fn next(self, drawn_by: Option<RequestId>) -> Self {
        Self { count: self.count + 1, drawn_by }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Family {
    pub version: Version,
    /// Which of the ids that were drawn for it this is the record of: those before it were abandoned.
    pub draw: u8,
    /// The position up to which the shard was known when the evidence for the family was judged.
    pub epoch: Epoch,
    pub ended: bool,
    /// Every refresh token minted, oldest first: the last is live, those before it are spent. With each goes an access token.
    pub rotations: Vec<TokenId>,
    /// When the last but one was spent.
    pub spent_at: Time,
    /// Access tokens revoked by themselves.
    pub revoked: Vec<TokenId>,
    /// What it was exchanged from, nearest first.
    pub ancestors: Vec<Link>,
}

/// What a reader of a counterexample needs.
impl Debug for Family {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { epoch, ended, rotations, .. } = self;
        let state = if *ended { "ended" } else { "live" };
        write!(f, "{state} at epoch {epoch}, {rotations:?}")
    }
}

/// What presenting a refresh token means.
pub(crate) enum Presented {
    Current,
    /// Spent within the replay window: its successor is given again.
    Replayed(TokenId),
    Reused,
}

impl Family {
    /// A family that begins with the token `first`.
    pub(crate) fn born(first: TokenId, draw: u8, epoch: Epoch, ancestors: Vec<Link>) -> Self {
        let rotations = vec![first.rotation()];
        let version = Version::default();
        Self { version, draw, epoch, ended: false, rotations, spent_at: 0, revoked: Vec::new(), ancestors }
    }

    /// Whether the record lists the token as live; the denylist has its own say.
    pub(crate) fn lists(&self, token: TokenId) -> bool {
        !self.ended
            && match token.kind {
                Kind::Refresh => self.rotations.last() == Some(&token),
                Kind::Access => self.rotations.contains(&token.rotation()) && !self.revoked.contains(&token),
            }
    }

    pub(crate) fn presented(&self, token: TokenId, window_open: bool) -> Presented {
        match self.rotations.as_slice() {
            [.., current] if *current == token => Presented::Current,
            [.., spent, successor] if *spent == token && window_open => Presented::Replayed(*successor),
            _ => Presented::Reused,
        }
    }

    /// The record with `successor` in place of the current refresh token.
    pub(crate) fn rotated(&self, successor: TokenId, now: Time) -> Self {
        let mut next = self.clone();
        next.rotations.push(successor);
        next.spent_at = now;
        next
    }

    /// The record after `token` was revoked: a refresh token takes the family with it.
    pub(crate) fn without(&self, token: TokenId) -> Self {
        let mut next = self.clone();
        match token.kind {
            Kind::Refresh => next.ended = true,
            Kind::Access if next.revoked.contains(&token) => {}
            Kind::Access => next.revoked.push(token),
        }
        next
    }
}
