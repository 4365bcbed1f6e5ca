//! A shard's denylist, as it stands in the store and as a node has copied it.

use std::fmt::{self, Debug, Formatter};

use crate::family::Link;
use crate::names::{Bound, Client, Epoch, FamilyId, Kind, NodeId, Position, RequestId, Subject, Time, TokenId};

/// What a revocation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Token(TokenId),
    Family(FamilyId),
    Subject(Subject),
    Client(Client),
    Everything,
}

impl Target {
    /// What revoking a token takes: a refresh token its family, an access token itself.
    pub(crate) fn of(token: TokenId) -> Self {
        match token.kind {
            Kind::Refresh => Self::Family(token.family),
            Kind::Access => Self::Token(token),
        }
    }

    /// Whether it names this link of a chain, whenever the family was born.
    pub(crate) fn names(self, link: &Link) -> bool {
        match self {
            Self::Token(token) => token == link.token,
            Self::Family(family) => family == link.token.family,
            Self::Subject(subject) => subject == link.subject,
            Self::Client(client) => client == link.client,
            Self::Everything => true,
        }
    }

    /// Wide targets cover by epoch; a token or a family is named outright.
    pub(crate) fn is_wide(self) -> bool {
        match self {
            Self::Token(_) | Self::Family(_) => false,
            Self::Subject(_) | Self::Client(_) | Self::Everything => true,
        }
    }
}

/// Random bits that tell one entry from another at the same position: who appended it, and in which shard.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    /// `None`: an entry from before the scenario.
    pub request: Option<RequestId>,
    pub shard: usize,
}

impl Debug for Tag {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.request {
            Some(request) => write!(f, "of request {request}"),
            None => write!(f, "of the past"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub tag: Tag,
    pub position: Position,
    pub bound: Bound,
    pub target: Target,
    /// When it may be forgotten: nothing it covers is alive any more.
    pub forget_at: Time,
    pub put_back: Option<PutBackBy>,
}

/// Random bits drawn when an entry is put back: by which node, after how many failovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PutBackBy(pub NodeId, pub u8);

impl Entry {
    /// The head of the log when this was its newest entry.
    pub(crate) fn as_head(&self) -> Head {
        Head { position: self.position, tag: self.tag, put_back: self.put_back }
    }

    pub(crate) fn is_due(&self, now: Time) -> bool {
        self.forget_at <= now
    }
}

/// The newest entry of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    pub position: Position,
    pub tag: Tag,
    /// With the tag, what tells this append from any other.
    pub put_back: Option<PutBackBy>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Denylist {
    pub head: Head,
    /// By position.
    pub entries: Vec<Entry>,
}

impl Denylist {
    /// A log with a past: one entry that covers nobody of the scenario.
    pub(crate) fn with_past(shard: usize, forget_at: Time) -> Self {
        let tag = Tag { request: None, shard };
        let target = Target::Subject(Subject('-'));
        let past = Entry { tag, position: 1, bound: 1, target, forget_at, put_back: None };
        Self { head: past.as_head(), entries: vec![past] }
    }

    pub(crate) fn append(&mut self, entry: Entry) {
        self.head = entry.as_head();
        self.entries.push(entry);
    }

    /// Behind the back of those who have read on to the head.
    pub(crate) fn insert(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.entries.sort_by_key(|entry| entry.position);
    }

    pub(crate) fn holds(&self, tag: Tag) -> bool {
        self.entries.iter().any(|entry| entry.tag == tag)
    }

    /// Whether the entry a head names is here, at that very position.
    pub(crate) fn holds_at(&self, head: Head) -> bool {
        self.entries.iter().any(|entry| entry.as_head() == head)
    }

    /// Takes in a range read from `from` on, and the head it was read with.
    pub(crate) fn follow(&mut self, store: &Self, from: Position) {
        for entry in store.entries.iter().filter(|entry| entry.position >= from) {
            if !self.entries.contains(entry) {
                self.entries.push(*entry);
            }
        }
        self.entries.sort_by_key(|entry| entry.position);
        self.head = store.head;
    }

    pub(crate) fn newest_not_due(&self, now: Time) -> Option<&Entry> {
        self.entries.iter().filter(|entry| !entry.is_due(now)).max_by_key(|entry| entry.position)
    }

    /// The covering predicate: whether an entry names a link of the chain, and the epoch is below its bound if it is wide.
    /// The first that does.
    pub(crate) fn covering(&self, chain: &[Link], epoch: Epoch, bound_exclusive: bool) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            let born_before = if bound_exclusive { epoch < entry.bound } else { epoch <= entry.bound };
            (born_before || !entry.target.is_wide()) && chain.iter().any(|link| entry.target.names(link))
        })
    }
}
