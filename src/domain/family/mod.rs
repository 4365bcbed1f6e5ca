//! A family: all that descends from one grant. One record, changed as a whole; every rule about it is a function from
//! record to record in a file beside this one: [`birth`], [`alive`], [`code`], [`refresh`], [`managed`], [`session`],
//! `revoke`. [`listing`]: where
//! it can be found.

pub mod alive;
pub mod birth;
pub mod code;
pub mod listing;
pub mod managed;
pub mod refresh;
mod revoke;
pub mod session;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::code::Code;
use self::managed::Managed;
use self::session::Login;
use super::client::{ClientId, Surface, TokenFormat};
use super::scope::Scope;
use super::{Cause, FamilyId, KeyId, Link, Position, Timestamp};

/// The record of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    pub id: FamilyId,
    pub client: ClientId,
    /// The person it stands for; `None` for a machine's own, whose subject is the client.
    pub subject: Option<Box<str>>,
    pub surface: Surface,
    /// The credential of its client that begot it, on a surface where a family dies with that ([`Caller::credential`]).
    ///
    /// [`Caller::credential`]: super::authority::Caller::credential
    pub begotten_by: Option<[u8; 8]>,
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    /// The position up to which the node knew the shard when it judged the evidence for this family. Never rewritten.
    pub epoch: Position,
    pub expires_at: Timestamp,
    /// What it was exchanged from, outermost first.
    pub ancestors: Vec<Link>,
    pub state: State,
    /// For tokens that somebody manages by their ids.
    pub managed: Option<Box<Managed>>,
    /// How the person proved who it is, where that was done here and in a browser.
    pub login: Option<Box<Login>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Live(Tokens),
    Ended { at: Timestamp, cause: Cause },
}

/// The tokens of a live family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub next_serial: u32,
    /// What the family began with, if that was an authorization code.
    pub code: Option<Box<Code>>,
    /// At most one is live at any time.
    pub refresh: Option<RefreshToken>,
    /// The refresh token spent last. Older ones are not kept: their MAC proves that we issued them.
    pub spent: Option<SpentToken>,
    /// In order of birth. Those that expired are dropped at the next write.
    pub access: Vec<AccessToken>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    pub serial: u32,
    pub nonce: Nonce,
    pub key: KeyId,
    pub issued_at: Timestamp,
    /// When it expires unused.
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentToken {
    pub serial: u32,
    pub nonce: Nonce,
    /// When it was spent first.
    pub at: Timestamp,
    /// By what request, with what proof.
    pub request: Fingerprint,
    /// The access token it begot.
    pub access: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    pub serial: u32,
    pub nonce: Nonce,
    /// The refresh token that begot it; zero for the grant itself.
    pub parent: u32,
    pub format: TokenFormat,
    pub key: KeyId,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// `None`: the family's.
    pub scope: Option<Scope>,
    /// `None`: the family's.
    pub audience: Option<Vec<Arc<str>>>,
}

/// The random bits of a token id, as eight bytes: a varint would take ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce([u8; 8]);

impl From<u64> for Nonce {
    fn from(bits: u64) -> Self {
        Self(bits.to_be_bytes())
    }
}

impl From<Nonce> for u64 {
    fn from(nonce: Nonce) -> Self {
        Self::from_be_bytes(nonce.0)
    }
}

/// A truncated hash of everything by which a replayed refresh must equal the first: authentication, scope, resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 16]);
