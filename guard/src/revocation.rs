//! An entry of the denylist, and what it covers.

use serde::{Deserialize, Serialize};

use crate::id::{FamilyId, KeyId, TokenId};
use crate::time::Timestamp;

/// A place in a shard's log. Positions rise, over restarts and failovers too; they are microseconds where nothing
/// forces them higher, but no rule reads them as time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position(pub u64);

impl Position {
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Chance drawn with each append: two histories that reach the same position still differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag(pub u64);

/// The last entry of a shard: where a log stands. Two copies are the same only if both members are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Head {
    pub position: Position,
    pub tag: Tag,
}

/// What a revocation is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// One token, and whatever was exchanged from it.
    Token(TokenId),
    /// All that descends from one grant.
    Family(FamilyId),
    /// All sessions of a person, born before the bound.
    Subject(Box<str>),
    /// All that a client was given, born before the bound.
    Client(Box<str>),
    /// Every token made with this key, whatever epoch it claims.
    Key(KeyId),
    /// All that was born before the bound.
    Everything,
    /// The tokens of an identity that are managed by their ids, born before the bound; the identity by its client's id.
    Identity(Box<str>),
}

impl Target {
    /// The family that it is about, if it is about one family alone.
    pub const fn family(&self) -> Option<FamilyId> {
        match self {
            Self::Token(token) => Some(token.family),
            Self::Family(family) => Some(*family),
            Self::Subject(_) | Self::Client(_) | Self::Key(_) | Self::Everything | Self::Identity(_) => None,
        }
    }
}

/// Why something ended. Stands in receipts, audit events and `family show`, never on the wire of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A client asked for it (RFC 7009).
    Requested,
    /// A refresh token that had been spent came again (RFC 9700 section 4.14.2).
    Reuse,
    /// An operator asked for it.
    Administrator,
    /// A key was retired at once.
    KeyRetired,
    /// The store came back from a backup.
    Restored,
    /// An authorization code that had been used came again (RFC 6749 section 4.1.2).
    CodeReuse,
    /// A person signed out.
    SignedOut,
}

impl Cause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Reuse => "reuse",
            Self::Administrator => "administrator",
            Self::KeyRetired => "key_retired",
            Self::Restored => "restored",
            Self::CodeReuse => "code_reuse",
            Self::SignedOut => "signed_out",
        }
    }
}

/// A revocation: what the log keeps of it, without its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub target: Target,
    /// Wide targets (`Subject`, `Client`, `Identity`, `Everything`) cover what has an epoch before their bound. `None`: the
    /// position at which the entry stands. What is put back after a failover keeps the bound that it had, so that it ends nothing
    /// that came later.
    pub bound: Option<Position>,
    /// Names this revocation, wherever it stands.
    pub tag: Tag,
    /// Drawn when a node puts it back: it comes to stand a second time, and the head that it makes is another one.
    pub put_back: Option<Tag>,
    pub cause: Cause,
    pub revoked_at: Timestamp,
    /// Nothing it covers can be alive after this; then it may be forgotten.
    pub expires_at: Timestamp,
}

/// A revocation at its place in a shard's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub position: Position,
    pub revocation: Revocation,
}

impl Entry {
    /// Where the log stands with this entry as its last.
    pub fn head(&self) -> Head {
        self.revocation.head_at(self.position)
    }

    /// Before which epoch it covers, if its target is wide.
    pub fn bound(&self) -> Position {
        self.revocation.bound_at(self.position)
    }
}

impl Revocation {
    /// What this makes of the head when it is appended.
    pub fn head_tag(&self) -> Tag {
        self.put_back.unwrap_or(self.tag)
    }

    pub(crate) fn head_at(&self, position: Position) -> Head {
        Head { position, tag: self.head_tag() }
    }

    pub(crate) fn bound_at(&self, position: Position) -> Position {
        self.bound.unwrap_or(position)
    }
}

/// One ancestor of a family that was begotten by token exchange.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    pub token: TokenId,
    pub client: Box<str>,
    pub key: KeyId,
}

/// What has to be known of a token to judge it.
#[derive(Clone, Copy, Debug)]
pub struct Credential<'a> {
    pub token: TokenId,
    /// The key that the presented text was made with.
    pub key: KeyId,
    pub client: &'a str,
    /// The person it stands for; `None` for a machine's own.
    pub subject: Option<&'a str>,
    /// The position up to which its node knew the shard when the evidence for the family was judged.
    pub epoch: Position,
    /// Whether somebody manages it by its id.
    pub is_managed: bool,
    /// Outermost first.
    pub ancestors: &'a [Link],
}

impl Entry {
    /// The one predicate: does this entry take that credential? [`crate::Denylist`] answers the same from an index.
    pub fn covers(&self, credential: &Credential<'_>) -> bool {
        let older = credential.epoch < self.bound();
        let links = credential.ancestors;
        match &self.revocation.target {
            Target::Token(token) => *token == credential.token || links.iter().any(|link| link.token == *token),
            Target::Family(family) => {
                *family == credential.token.family || links.iter().any(|link| link.token.family == *family)
            }
            Target::Subject(subject) => older && credential.subject == Some(subject),
            Target::Client(client) => {
                older && (**client == *credential.client || links.iter().any(|link| link.client == *client))
            }
            Target::Key(key) => *key == credential.key || links.iter().any(|link| link.key == *key),
            Target::Everything => older,
            // A link does not tell whether its token was managed: better to take too much than too little.
            Target::Identity(client) => {
                older
                    && ((credential.is_managed && **client == *credential.client)
                        || links.iter().any(|link| link.client == *client))
            }
        }
    }
}
