//! `[login]`: how people sign in here, in a browser.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::problem::Problems;
use super::value;
use crate::domain::authority::LoginApplication;
use crate::domain::client::{ClientId, Clients, Reach, Surface, TokenFormat, TokenPolicy};
use crate::domain::redirect::RedirectUri;

/// `[login]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[serde(deserialize_with = "value::positive_duration")]
    pub session_lifetime: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub consent_lifetime: Duration,
    #[serde(deserialize_with = "value::optional")]
    application: Option<LoginUrl>,
    #[serde(deserialize_with = "value::optional")]
    application_client: Option<String>,
}

/// Where browsers are sent, people in them, and what they bring is worth stealing on the way: https, or this machine.
#[derive(Clone, Debug)]
struct LoginUrl(Url);

impl FromStr for LoginUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        RedirectUri::register(text).map_err(|why| format!("{text:?} {why}"))?;
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Self).ok_or_else(|| format!("{text:?} is no http or https URL"))
    }
}

impl Login {
    /// Where people sign in, if not here.
    pub fn application(&self) -> Option<LoginApplication> {
        let (LoginUrl(url), client) = (self.application.clone()?, self.application_client.as_deref()?);
        Some(LoginApplication { client: ClientId::new(client), url })
    }

    /// The client that says who somebody is, and need do nothing else.
    pub(super) fn application_client(&self) -> Option<&str> {
        self.application_client.as_deref()
    }

    pub(super) fn check(&self, clients: &Clients, problems: &mut Problems) {
        const CLIENT: &str = "login.application_client";
        let Some(id) = &self.application_client else {
            return problems.require(
                self.application.is_none(),
                CLIENT,
                "is missing; it names the client that login.application is, and whose word counts",
            );
        };
        problems.require(self.application.is_some(), "login.application", "is missing; its client alone is of no use");
        let Some(client) = clients.find(id) else {
            return problems.add(CLIENT, format!("is \"{id}\", which is no client"));
        };
        problems.require(
            !client.authentication.is_public(),
            CLIENT,
            "is a public client; who says who somebody is must prove who it is itself",
        );
        problems.require(
            client.surfaces.contains(&Surface::Standard),
            CLIENT,
            "does not speak the surface \"standard\", where it is asked",
        );
    }

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
