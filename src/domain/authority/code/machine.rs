//! oxide-auth's machine for the exchange of a code, driven from its first question to its last.
//!
//! What it asks is answered out of our record, which is the truth; a grant of the library's is built for it here, and for
//! nobody else. It is told nothing of credentials, for who asks has proved it before, the same way as at every endpoint.

use std::borrow::Cow;

use oxide_auth::code_grant::accesstoken::{AccessToken, Authorization, Input, Output, Request};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::primitives::grant::{Extensions, Grant, Value};

use crate::domain::client::ClientId;
use crate::domain::family::Family;
use crate::domain::family::code::Code;

/// What somebody shows to have tokens for a code.
pub(super) struct Shown<'a> {
    pub(super) client: &'a ClientId,
    pub(super) code: &'a str,
    pub(super) redirect_uri: Option<&'a str>,
    pub(super) verifier: &'a str,
}

/// What the code is bound to.
pub(super) struct Bound<'a> {
    pub(super) family: &'a Family,
    pub(super) code: &'a Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Client,
    Redirect,
    Verifier,
}

/// Whether tokens may be had, as far as the request alone decides it.
pub(super) fn admit(shown: &Shown<'_>, bound: &Bound<'_>) -> Result<(), Fault> {
    // The library compares as URLs are compared, which is too kind (RFC 9700 section 2.1).
    let redirect = &bound.code.redirect;
    let uri = match shown.redirect_uri {
        Some(uri) if *uri != *redirect.uri => return Err(Fault::Redirect),
        None if redirect.is_named => return Err(Fault::Redirect),
        Some(_) | None => &redirect.uri,
    };
    let request = View { shown, uri };
    let pkce = Pkce::required();
    let mut machine = AccessToken::new(&request);
    let mut input = Input::None;
    // Each question is asked once; whoever asked a sixth would ask for ever.
    for _ in 0..5 {
        input = match machine.advance(input) {
            Output::Authenticate { .. } => Input::Authenticated,
            Output::Recover { .. } => Input::Recovered(Some(Box::new(bound.grant(&pkce)?))),
            Output::Extend { extensions } => {
                let challenge = extensions.remove(&pkce);
                pkce.verify(challenge, Some(shown.verifier.into())).map_err(|()| Fault::Verifier)?;
                Input::Extended { access_extensions: Extensions::new() }
            }
            // The tokens are ours to make.
            Output::Issue { .. } | Output::Ok(_) => return Ok(()),
            Output::Err(_) => break,
        };
    }
    Err(Fault::Client)
}

struct View<'a> {
    shown: &'a Shown<'a>,
    uri: &'a str,
}

impl Request for View<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.shown.code.into())
    }

    fn authorization(&self) -> Authorization<'_> {
        Authorization::Username(self.shown.client.as_str().into())
    }

    /// A second name would be a second way of authenticating.
    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(self.uri.into())
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some("authorization_code".into())
    }

    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl Bound<'_> {
    fn grant(&self, pkce: &Pkce) -> Result<Grant, Fault> {
        let mut extensions = Extensions::new();
        // As the library keeps it: the challenge, and an S for its method.
        extensions.set(pkce, Value::private(Some(format!("{}S", self.code.challenge.text()))));
        Ok(Grant {
            owner_id: self.family.subject.as_deref().unwrap_or_default().to_owned(),
            client_id: self.family.client.as_str().to_owned(),
            scope: self.family.scope.as_str().parse().map_err(|_| Fault::Client)?,
            redirect_uri: self.code.redirect.uri.parse().map_err(|_| Fault::Redirect)?,
            // When it expires is ours to say, by our clock.
            until: chrono::DateTime::<chrono::Utc>::MAX_UTC,
            extensions,
        })
    }
}
