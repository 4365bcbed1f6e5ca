//! `OpenID` Connect, as far as a login without it would disappoint: [`id_token`] tells an application who has signed in,
//! [`logout_token`] that it is over; [`hint`] is the former when an application shows it again.

pub mod hint;
pub mod id_token;
pub mod logout_token;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::authority::TokenText;
use super::keys::{Keys, SigningAlgorithm};
use super::scope::Scope;
use super::store::{Store, Unavailable};
use super::{KeyId, Target};
use crate::domain::follower::Follower;

/// What makes an authorization request one of `OpenID` Connect (Core section 3.1.2.1).
pub const OPENID: &str = "openid";
/// That refresh tokens outlive the session in which they were granted (Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// What people are called, and by what address they are reached (Core section 5.4).
pub const PROFILE: &str = "profile";
pub const EMAIL: &str = "email";

/// Every scope that means something here, and what people are told of it, in that order.
pub const MEANINGS: [(&str, &str); 4] = [
    (OPENID, "Know who you are"),
    (PROFILE, "See your name"),
    (EMAIL, "See your e-mail address"),
    (OFFLINE_ACCESS, "Keep this access when you have signed out"),
];

/// Whether it is one of [`MEANINGS`]: what this server itself tells of people, whatever a token is for.
pub fn is_ours(token: &str) -> bool {
    MEANINGS.iter().any(|(known, _)| *known == token)
}

/// What somebody may have who does not say what it wants: nothing of this, for it is asked of people, by name.
pub fn without(scope: &Scope) -> Scope {
    scope.only(|token| !is_ours(token))
}

/// What an application has registered for this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// `id_token_signed_response_alg`, with which its logout tokens are signed as well.
    pub algorithm: Algorithm,
    /// Where people may be sent once they have signed out, compared byte by byte.
    pub post_logout_redirect_uris: Vec<Arc<str>>,
    /// Where it hears that somebody has signed out (Back-Channel Logout section 2.2).
    pub back_channel: Option<BackChannel>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackChannel {
    pub uri: Arc<str>,
    /// Whether it must be told which session it was.
    pub needs_session: bool,
}

/// Signs what is told of people: by RS256 if nobody says otherwise, for that is what clients expect that say nothing
/// (Dynamic Client Registration section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Algorithm(pub SigningAlgorithm);

impl Default for Algorithm {
    fn default() -> Self {
        Self(SigningAlgorithm::Rs256)
    }
}

/// Who signs what is told of people.
pub struct Signer<'a> {
    pub keys: &'a Keys,
    pub store: &'a dyn Store,
    pub follower: &'a Follower,
}

impl Signer<'_> {
    /// A JWT of these claims, by the key that signs with this algorithm now.
    pub async fn sign<T: Serialize>(
        &self,
        typ: &str,
        algorithm: Algorithm,
        claims: &T,
    ) -> Result<TokenText, Unavailable> {
        let mut key = self.keys.signing_by(algorithm.0)?;
        // Another node may have retired it: then some shard's denylist has it, and as a rule each.
        if self.is_retired(key) {
            self.keys.reload(self.store).await?;
            key = self.keys.signing_by(algorithm.0)?;
        }
        let signed = self.keys.sign_as(typ, claims, key);
        signed.ok_or_else(|| Unavailable("a key was retired while it was in use".to_owned()))
    }

    fn is_retired(&self, key: KeyId) -> bool {
        self.follower.shards().any(|shard| self.follower.denylist(shard).is_listed(&Target::Key(key)))
    }
}
