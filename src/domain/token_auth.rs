//! On what terms an identity is given tokens that are managed by their ids ("token auth"): one document of the store for
//! each identity.

use std::num::NonZeroU64;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Timestamp;
use super::client::TokenPolicy;
use super::error::ManagementFault;
use super::family::managed::Managed;
use super::network::Network;
use super::store::{Document, Unavailable, Version};

/// Raised whenever the document changes shape.
const FORMAT: u8 = 1;

/// An identity's token auth, as it was attached and changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAuth {
    pub id: Uuid,
    pub terms: Terms,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// As somebody asked for them. What the client's own settings allow bounds them whenever a token is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How long a token lives, and each renewal of it. Zero: as long as it may.
    pub lifetime: Duration,
    /// How long it lives at most, however often it is renewed. Zero: as long as the client's settings allow.
    pub longest: Duration,
    /// Zero: none.
    pub uses_limit: u64,
    /// From where its tokens may be used.
    pub trusted: Vec<Network>,
}

/// What is to be different; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermsChange {
    pub lifetime: Option<Duration>,
    pub longest: Option<Duration>,
    pub uses_limit: Option<u64>,
    pub trusted: Option<Vec<Network>>,
}

impl Terms {
    /// No token lives longer than it may be renewed.
    pub fn check(self) -> Result<Self, ManagementFault> {
        let fits = self.longest.is_zero() || self.lifetime <= self.longest;
        if fits { Ok(self) } else { Err(ManagementFault::LifetimeBeyondLongest) }
    }

    #[must_use]
    pub fn changed(&self, change: TermsChange) -> Self {
        Self {
            lifetime: change.lifetime.unwrap_or(self.lifetime),
            longest: change.longest.unwrap_or(self.longest),
            uses_limit: change.uses_limit.unwrap_or(self.uses_limit),
            trusted: change.trusted.unwrap_or_else(|| self.trusted.clone()),
        }
    }

    /// What tokens on these terms are like, if the client's are like `own`: never longer-lived.
    pub fn policy(&self, own: &TokenPolicy) -> TokenPolicy {
        let within = |asked: Duration, most: Duration| if asked.is_zero() { most } else { asked.min(most) };
        let family_lifetime = within(self.longest, own.family_lifetime);
        let access_token_lifetime = within(self.lifetime, family_lifetime);
        TokenPolicy { access_token_lifetime, family_lifetime, ..own.clone() }
    }

    /// What the record of a token has that is made by `policy`.
    pub fn managed(&self, name: Option<&str>, policy: &TokenPolicy, now: Timestamp) -> Managed {
        let trusted = if Network::are_everything(&self.trusted) { Vec::new() } else { self.trusted.clone() };
        let uses_limit = NonZeroU64::new(self.uses_limit);
        Managed { trusted, uses_limit, ..Managed::new(name, policy.access_token_lifetime, now) }
    }
}

/// What stands in the document. A configuration that was removed stays to be read: whoever asks again, because the first
/// answer was lost, is told the same, and what the first time left undone is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Configured {
    Attached(TokenAuth),
    Removed(TokenAuth),
}

impl Configured {
    pub fn name(identity: Uuid) -> String {
        format!("token-auth:{identity}")
    }

    pub fn encode(&self, version: Version) -> Document {
        let bytes = postcard::to_extend(self, vec![FORMAT]);
        Document { version, bytes: bytes.expect("it is plain data and memory does not refuse a write") }
    }

    /// What cannot be read is neither attached nor removed.
    pub fn decode(document: &Document) -> Result<Self, Unavailable> {
        let Some((&FORMAT, body)) = document.bytes.split_first() else {
            return Err(Unavailable("a token auth document has another format than this version reads".to_owned()));
        };
        match postcard::take_from_bytes(body) {
            Ok((configured, [])) => Ok(configured),
            _ => Err(Unavailable("a token auth document does not decode".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
