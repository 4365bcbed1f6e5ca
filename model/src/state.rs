//! Everything that can differ between two moments of a scenario.

use crate::denylist::{Denylist, Entry, Head};
use crate::family::Family;
use crate::names::{Client, Position, RequestId, Shard, Time, TokenId};
use crate::steps::Step;
use crate::steps::issue::MOST_DRAWS;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Where commands go.
    pub primary: Store,
    /// What replication has carried over; the next failover makes it the primary.
    pub replica: Store,
    /// The primary before the last failover, while it still serves somebody.
    pub deposed: Option<Store>,
    pub failovers: u8,
    /// Whether node 0 has polled since the last failover.
    pub healed: bool,
    /// The highest number a good clock has caused; 0 with a clock that is behind.
    pub clock: Position,
    pub now: Time,
    pub nodes: Vec<Node>,
    /// By [`RequestId`].
    pub requests: Vec<Progress>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// By shard.
    pub denylists: Vec<Denylist>,
    /// By [`crate::names::FamilyId`].
    pub families: Vec<Option<Family>>,
    pub disabled: Vec<Client>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub upstream: Upstream,
    /// Its copy of each shard's denylist.
    pub copies: Vec<Denylist>,
    /// How often it has taken over another history: an epoch noted before is not a position of this one.
    pub forks: u8,
    /// What it has found missing and is about to put back.
    pub put_back: Option<PutBack>,
    pub knows_key: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    Primary,
    Deposed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PutBack {
    pub shard: Shard,
    /// The head the shard was read with.
    pub read: Head,
    pub missing: Vec<Entry>,
}

/// How far a request has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    pub step: Step,
    pub answer: Option<Answer>,
    /// The requests that had been answered when it began.
    pub answered_before: RequestSet,
    /// Those of them that had been answered with success.
    pub succeeded_before: RequestSet,
    /// The refresh token it has minted.
    pub minted: Option<TokenId>,
    /// How many family ids it has drawn.
    pub drawn: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 200: revoked, issued, disabled.
    Done,
    /// 200 with the refresh token that follows the one presented, and its access token.
    Tokens(TokenId),
    /// 200, `active: true`.
    Active,
    /// 200, `active: false`.
    Inactive(Because),
    /// 400 `invalid_grant`.
    Refused,
    /// 503: it may or may not have taken effect.
    Unavailable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Because {
    /// Its family has no record.
    Lost,
    /// The record says so.
    Record,
    Covered,
    Expired,
    /// The token does not verify.
    Garbage,
}

impl Answer {
    pub(crate) fn is_success(self) -> bool {
        !matches!(self, Self::Refused | Self::Unavailable)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestSet(u16);

impl RequestSet {
    pub(crate) fn contains(self, request: RequestId) -> bool {
        self.0 & (1 << request) != 0
    }
}

impl FromIterator<RequestId> for RequestSet {
    fn from_iter<I: IntoIterator<Item = RequestId>>(requests: I) -> Self {
        Self(requests.into_iter().fold(0, |set, request| set | (1 << request)))
    }
}

impl Progress {
    /// Whether every id it drew for a family was abandoned.
    pub(crate) fn has_drawn_in_vain(&self) -> bool {
        self.drawn == MOST_DRAWS && self.answer == Some(Answer::Unavailable)
    }
}

impl State {
    pub(crate) fn answered(&self) -> RequestSet {
        (0..self.requests.len()).filter(|&id| self.requests[id].answer.is_some()).collect()
    }

    pub(crate) fn succeeded(&self) -> RequestSet {
        (0..self.requests.len()).filter(|&id| self.requests[id].answer.is_some_and(Answer::is_success)).collect()
    }
}
