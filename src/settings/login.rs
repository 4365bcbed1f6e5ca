//! `[login]`: how people sign in here, in a browser.

use std::time::Duration;

use serde::Deserialize;

use super::value;
use crate::domain::client::{Reach, TokenFormat, TokenPolicy};

/// `[login]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[serde(deserialize_with = "value::positive_duration")]
    pub session_lifetime: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub consent_lifetime: Duration,
}

impl Login {
    /// The one token of a session is its cookie.
    pub fn sessions(&self) -> TokenPolicy {
        TokenPolicy {
            format: TokenFormat::Opaque,
            access_token_lifetime: self.session_lifetime,
            refresh_token_idle: self.session_lifetime,
            code_lifetime: self.session_lifetime,
            family_lifetime: self.session_lifetime,
            replay_window: Duration::ZERO,
            access_tokens_per_family: 1,
            client_credentials_refresh: false,
            revoke_access_token: Reach::Family,
        }
    }
}
