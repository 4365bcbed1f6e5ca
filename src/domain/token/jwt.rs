//! JWT access tokens (RFC 9068): what they say, and how they are signed.

use std::sync::Arc;

use jsonwebtoken::{Header, encode};
use serde::{Deserialize, Serialize};

use crate::domain::authority::TokenText;
use crate::domain::client::ClientId;
use crate::domain::keys::SigningKey;
use crate::domain::scope::Scope;
use crate::domain::{Credential, KeyId, Link, Position, Timestamp, TokenId};

/// RFC 9068 section 2.1.
pub(super) const TYP: &str = "at+jwt";

/// What an access token says. Times are told in whole seconds, rounded down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    pub id: TokenId,
    pub client: ClientId,
    /// The person it stands for. A machine's own token names its client as `sub`: the ids of people and of clients are
    /// kept apart (RFC 9700 section 4.15).
    pub subject: Option<Box<str>>,
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub epoch: Position,
    pub is_managed: bool,
    /// What its family was exchanged from, outermost first.
    pub ancestors: Vec<Link>,
}

impl AccessClaims {
    /// What the denylist has to know to judge it.
    pub fn credential(&self, key: KeyId) -> Credential<'_> {
        Credential {
            token: self.id,
            key,
            client: self.client.as_str(),
            subject: self.subject.as_deref(),
            epoch: self.epoch,
            is_managed: self.is_managed,
            ancestors: &self.ancestors,
        }
    }
}

/// The claims on the wire (RFC 9068 section 2.2). Members that occur twice are refused (RFC 7519 section 4); members that
/// are not known are ignored.
#[derive(Serialize, Deserialize)]
pub(super) struct WireClaims {
    pub(super) iss: Arc<str>,
    sub: Box<str>,
    aud: Audience,
    client_id: ClientId,
    iat: u64,
    exp: u64,
    pub(super) jti: TokenId,
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    atropos: Lineage,
}

/// A string if it is one, as most resource servers expect it (RFC 7519 section 4.1.3).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(Arc<str>),
    Many(Vec<Arc<str>>),
}

/// Our private claim: by what a resource server tells whether a revocation covers the token.
#[derive(Serialize, Deserialize)]
struct Lineage {
    epoch: Position,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    managed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ancestors: Vec<Ancestor>,
}

#[derive(Serialize, Deserialize)]
struct Ancestor {
    jti: TokenId,
    client_id: Box<str>,
    /// As text: the same eight digits as in a header.
    kid: String,
}

/// The same `jti` and claims each time; ECDSA and PSS signatures differ.
pub(crate) fn sign(issuer: &Arc<str>, claims: &AccessClaims, key: &SigningKey) -> TokenText {
    sign_as(TYP, &WireClaims::new(issuer, claims), key)
}

/// Whatever is claimed, as a JWT of this type.
pub(super) fn sign_as<T: Serialize>(typ: &str, claims: &T, key: &SigningKey) -> TokenText {
    let mut header = Header::new(key.algorithm.jose());
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.id.to_string());
    let text = encode(&header, claims, &key.encoding);
    TokenText::new(text.expect("signing with a parsed key fails only without memory or randomness"))
}

impl WireClaims {
    fn new(issuer: &Arc<str>, claims: &AccessClaims) -> Self {
        let ancestor =
            |link: &Link| Ancestor { jti: link.token, client_id: link.client.clone(), kid: link.key.to_string() };
        Self {
            iss: Arc::clone(issuer),
            sub: claims.subject.clone().unwrap_or_else(|| claims.client.as_str().into()),
            aud: match claims.audience.as_slice() {
                [one] => Audience::One(Arc::clone(one)),
                many => Audience::Many(many.to_vec()),
            },
            client_id: claims.client.clone(),
            iat: claims.issued_at.as_secs(),
            exp: claims.expires_at.as_secs(),
            jti: claims.id,
            scope: claims.scope.clone(),
            atropos: Lineage {
                epoch: claims.epoch,
                managed: claims.is_managed,
                ancestors: claims.ancestors.iter().map(ancestor).collect(),
            },
        }
    }

    /// `None` if an ancestor has no proper key id.
    pub(super) fn into_claims(self) -> Option<AccessClaims> {
        let link = |ancestor: Ancestor| {
            Some(Link { token: ancestor.jti, client: ancestor.client_id, key: ancestor.kid.parse().ok()? })
        };
        Some(AccessClaims {
            id: self.jti,
            subject: (*self.sub != *self.client_id.as_str()).then_some(self.sub),
            client: self.client_id,
            scope: self.scope,
            audience: match self.aud {
                Audience::One(one) => vec![one],
                Audience::Many(many) => many,
            },
            issued_at: Timestamp::from_secs(self.iat),
            expires_at: Timestamp::from_secs(self.exp),
            epoch: self.atropos.epoch,
            is_managed: self.atropos.managed,
            ancestors: self.atropos.ancestors.into_iter().map(link).collect::<Option<_>>()?,
        })
    }
}
