//! `[tokens]` and `[limits]`: what a client gets unless it says otherwise, and how much of it.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

use super::client::Entry;
use super::problem::Problems;
use super::value;
use crate::domain::client::{Reach, TokenFormat, TokenPolicy};

/// `[tokens]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    pub format: TokenFormat,
    #[serde(deserialize_with = "value::positive_duration")]
    pub opaque_access_token_lifetime: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub jwt_access_token_lifetime: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub refresh_token_idle: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub code_lifetime: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub family_lifetime: Duration,
    #[serde(deserialize_with = "value::duration")]
    pub replay_window: Duration,
    #[serde(deserialize_with = "value::positive")]
    pub access_tokens_per_family: usize,
    pub revoke_access_token: Reach,
    /// How far clocks may be apart.
    #[serde(deserialize_with = "value::duration")]
    pub leeway: Duration,
}

impl Tokens {
    pub(super) fn check(&self, problems: &mut Problems) {
        for (key, lifetime) in [
            ("tokens.opaque_access_token_lifetime", self.opaque_access_token_lifetime),
            ("tokens.jwt_access_token_lifetime", self.jwt_access_token_lifetime),
        ] {
            problems.require(
                lifetime <= self.family_lifetime,
                key,
                "is longer than tokens.family_lifetime, and no token outlives its family",
            );
        }
    }

    /// What a client gets that has this of its own.
    pub(super) fn policy(&self, own: &Entry) -> TokenPolicy {
        let format = own.format.unwrap_or(self.format);
        let default_lifetime = match format {
            TokenFormat::Opaque => self.opaque_access_token_lifetime,
            TokenFormat::Jwt => self.jwt_access_token_lifetime,
        };
        TokenPolicy {
            format,
            access_token_lifetime: own.access_token_lifetime.unwrap_or(default_lifetime),
            refresh_token_idle: own.refresh_token_idle.unwrap_or(self.refresh_token_idle),
            code_lifetime: own.code_lifetime.unwrap_or(self.code_lifetime),
            family_lifetime: own.family_lifetime.unwrap_or(self.family_lifetime),
            replay_window: own.replay_window.unwrap_or(self.replay_window),
            access_tokens_per_family: own.access_tokens_per_family.map_or(self.access_tokens_per_family, usize::from),
            client_credentials_refresh: own.client_credentials_refresh(),
            revoke_access_token: own.revoke_access_token.unwrap_or(self.revoke_access_token),
        }
    }
}

/// `[limits]`, each per minute; `None`: without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// By the address they come from, never by the client they name: nobody is kept out by a flood in their name.
    #[serde(deserialize_with = "value::zero_is_none")]
    pub failed_authentications: Option<NonZeroU32>,
    /// By client.
    #[serde(deserialize_with = "value::zero_is_none")]
    pub unknown_tokens: Option<NonZeroU32>,
    /// By client and address.
    #[serde(deserialize_with = "value::zero_is_none")]
    pub waiting_requests: Option<NonZeroU32>,
    /// By client.
    #[serde(deserialize_with = "value::zero_is_none")]
    pub issues: Option<NonZeroU32>,
}
