//! What a text that somebody presented is.

use std::sync::Arc;

use serde::Serialize;

use super::AccessClaims;
use super::jwt;
use super::opaque::{self, OpaqueKind, Unverified};
use super::verify::{Verdict, VerifiedJwt};
use crate::domain::authority::TokenText;
use crate::domain::keys::Keys;
use crate::domain::store::{Store, Unavailable};
use crate::domain::{KeyId, TokenId};

/// Longer texts were not made here: they would not fit into a request header.
const LONGEST: usize = 8192;

/// Of a text, all that can be told without the store.
#[derive(Clone, Debug)]
pub enum Reading {
    /// An opaque token that this issuer made.
    Opaque { kind: OpaqueKind, id: TokenId, key: KeyId },
    /// A JWT that this issuer made.
    Jwt(Arc<VerifiedJwt>),
    /// Nothing that this issuer ever made, or made with a key that is no more.
    Garbage,
    /// It has the shape of a token of ours, by a key that this node does not know.
    UnknownKey(KeyId),
}

impl Keys {
    /// An opaque token, the same bytes each time. `None` if the ring has no such key any more.
    pub fn mint(&self, kind: OpaqueKind, id: TokenId, key: KeyId) -> Option<TokenText> {
        self.ring().find_mac(key).map(|key| opaque::mint(kind, self.issuer(), key, id))
    }

    /// A JWT. `None` if the ring has no such key any more.
    pub fn sign(&self, claims: &AccessClaims, key: KeyId) -> Option<TokenText> {
        self.ring().find_signing(key).map(|key| jwt::sign(self.issuer(), claims, key))
    }

    /// Another JWT than an access token, of this type. `None` if the ring has no such key any more.
    pub(crate) fn sign_as<T: Serialize>(&self, typ: &str, claims: &T, key: KeyId) -> Option<TokenText> {
        self.ring().find_signing(key).map(|key| jwt::sign_as(typ, claims, key))
    }

    /// By the keys that this node knows.
    pub fn read(&self, text: &str) -> Reading {
        match Unverified::parse(text) {
            Some(token) => self.read_opaque(&token),
            None if text.len() > LONGEST || text.bytes().filter(|byte| *byte == b'.').count() != 2 => Reading::Garbage,
            None => match self.verified.verify(text, self.issuer(), &self.ring(), self.now()) {
                Verdict::Ours(jwt) => Reading::Jwt(jwt),
                Verdict::Garbage => Reading::Garbage,
                Verdict::UnknownKey(key) => Reading::UnknownKey(key),
            },
        }
    }

    fn read_opaque(&self, token: &Unverified) -> Reading {
        let ring = self.ring();
        match ring.find_mac(token.key) {
            Some(key) if token.verifies(self.issuer(), key) => {
                Reading::Opaque { kind: token.kind, id: token.id, key: token.key }
            }
            None if !ring.has(token.key) => Reading::UnknownKey(token.key),
            Some(_) | None => Reading::Garbage,
        }
    }

    /// As [`Self::read`]; where a key is not known, by the ring as it stands in the store after the question was put. Never
    /// answers [`Reading::UnknownKey`]. A store that cannot be asked does not turn a token into garbage.
    pub async fn read_current(&self, store: &dyn Store, text: &str) -> Result<Reading, Unavailable> {
        match self.read(text) {
            Reading::UnknownKey(key) if self.may_exist(key) => self.reload(store).await?,
            Reading::UnknownKey(_) => return Ok(Reading::Garbage),
            known => return Ok(known),
        }
        match self.read(text) {
            Reading::UnknownKey(key) => {
                self.remember_absent(key);
                Ok(Reading::Garbage)
            }
            known => Ok(known),
        }
    }
}
