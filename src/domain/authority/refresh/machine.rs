//! oxide-auth's machine for a refresh, driven as the one for the exchange of a code is.
//!
//! Whose the token is, and that no scope is asked for beyond what was granted, is its to judge. It judges both in one step.
//! Ours are two: what was spent before ends its family, whatever scope is asked for with it, and that is
//! [`crate::domain::family::refresh`]'s to say. So the two faults are told apart, and the caller lets the second wait.

use std::borrow::Cow;
use std::sync::LazyLock;

use oxide_auth::code_grant::error::{AccessTokenError, AccessTokenErrorType};
use oxide_auth::code_grant::refresh::{Error, Input, Output, Refresh, Request};
use oxide_auth::primitives::grant::{Extensions, Grant};
use url::Url;

use crate::domain::client::ClientId;
use crate::domain::family::Family;
use crate::domain::scope::Scope;

/// What somebody shows to have a session go on.
pub(super) struct Shown<'a> {
    /// `None`: the token says it itself.
    pub(super) client: Option<&'a ClientId>,
    pub(super) token: &'a str,
    pub(super) scope: Option<&'a Scope>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Client,
    Scope,
}

/// Whether tokens may be had, as far as the request alone decides it.
pub(super) fn admit(shown: &Shown<'_>, family: &Family) -> Result<(), Fault> {
    let mut machine = Refresh::new(shown);
    let mut input = Input::None;
    // Each question is asked once; whoever asked a fourth would ask for ever.
    for _ in 0..3 {
        input = match machine.advance(input) {
            // Who asks has proved it before; or else the token is the proof.
            Output::Unauthenticated { .. } => Input::Authenticated { scope: shown.scope() },
            Output::RecoverRefresh { .. } => {
                Input::Recovered { scope: shown.scope(), grant: Some(Box::new(shown.granted(family)?)) }
            }
            // The tokens are ours to make.
            Output::Refresh { .. } | Output::Ok(_) => return Ok(()),
            Output::Err(error) => return Err(fault(error)),
        };
    }
    Err(Fault::Client)
}

fn fault(mut error: Error) -> Fault {
    match error.description().map(AccessTokenError::kind) {
        Some(AccessTokenErrorType::InvalidScope) => Fault::Scope,
        _ => Fault::Client,
    }
}

impl Request for Shown<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        Some(self.token.into())
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.map(|scope| scope.as_str().into())
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some("refresh_token".into())
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((self.client?.as_str().into(), Cow::Borrowed(b"")))
    }

    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl Shown<'_> {
    /// As much of our record as is looked at: a scope only where one is asked for.
    fn granted(&self, family: &Family) -> Result<Grant, Fault> {
        let scope = self.scope.map_or("", |_| family.scope.as_str());
        Ok(Grant {
            owner_id: String::new(),
            client_id: family.client.as_str().to_owned(),
            scope: scope.parse().map_err(|_| Fault::Scope)?,
            redirect_uri: NOWHERE.clone(),
            // When it expires is ours to say, by our clock.
            until: chrono::DateTime::<chrono::Utc>::MAX_UTC,
            extensions: Extensions::new(),
        })
    }
}

/// A refresh sends nobody anywhere, but the library has no grant without a place.
static NOWHERE: LazyLock<Url> = LazyLock::new(|| "about:blank".parse().expect("it is a URL"));
