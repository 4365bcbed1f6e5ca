//! A request that its client has signed (RFC 9101): a JWT, sent as `request` beside the client's name.
//!
//! It is not remembered. Whoever sends it again asks what the client asked, and the answer goes to the client, to which its
//! state is an old one; a code is worth nothing without the verifier. What is pushed is named anew each time anyway.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::AuthorizationError;
use super::parameters::Parameters;
use crate::domain::Timestamp;
use crate::domain::authenticate::signed::{self, NumericDate, Texts, Validity};
use crate::domain::client::{AssertionKey, Authentication, Client};

/// Section 10.8.
const TYP: &str = "oauth-authz-req+jwt";
/// Long enough for whoever signs before a person has clicked; what lies in a history is soon worth nothing.
const LONGEST_LIFE: Duration = Duration::from_hours(1);

/// What stands in it: who asks whom and when, and the parameters, each in the one shape that it may have (section 4). Others
/// are ignored, as they are outside. A member that occurs twice is refused (RFC 7519 section 4).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Texts,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    sub: Option<String>,
    client_id: String,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    response_mode: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    prompt: Option<String>,
    max_age: Option<u64>,
    login_hint: Option<String>,
    id_token_hint: Option<String>,
    nonce: Option<String>,
    resource: Option<Texts>,
    registration: Option<String>,
    request: Option<IgnoredAny>,
    request_uri: Option<IgnoredAny>,
}

/// The parameters of the request object among these, which then count alone (section 6.3). `None` if there is none.
pub fn read(
    client: &Client,
    parameters: &Parameters<'_>,
    issuer: &str,
    now: Timestamp,
) -> Result<Option<Parameters<'static>>, AuthorizationError> {
    let Some(text) = parameters.get("request") else { return Ok(None) };
    if parameters.is_repeated("request") {
        return Err(AuthorizationError::InvalidRequest("a parameter is included more than once"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(AuthorizationError::InvalidRequest(
            "request and request_uri exclude each other (RFC 9101 section 5)",
        ));
    }
    let Authentication::PrivateKeyJwt(keys) = &client.authentication else {
        return Err(AuthorizationError::InvalidRequestObject("this client has registered no key to sign requests by"));
    };
    verify(text, client.id.as_str(), keys, issuer, now).map(Some).map_err(AuthorizationError::InvalidRequestObject)
}

fn verify(
    text: &str,
    client: &str,
    keys: &[AssertionKey],
    issuer: &str,
    now: Timestamp,
) -> Result<Parameters<'static>, &'static str> {
    let (_, claims) = signed::read::<Claims>(text, TYP, keys).ok_or(
        "request is no JWT that a registered key of this client has signed, or a claim is missing or misshapen",
    )?;
    claims.fault(client, issuer, now).map_or_else(|| Ok(claims.parameters()), Err)
}

impl Claims {
    fn fault(&self, client: &str, issuer: &str, now: Timestamp) -> Option<&'static str> {
        let Self { exp, nbf, iat, .. } = *self;
        if self.iss != client || self.client_id != client {
            Some("iss and client_id in the request object must be the client that asks")
        } else if !self.aud.all().iter().any(|name| name == issuer) {
            Some("aud in the request object must name this issuer")
        } else if (Validity { exp, nbf, iat }).remains(now, LONGEST_LIFE).is_none() {
            Some("the request object has expired, or is not valid yet, or is so for more than an hour")
        } else if self.sub.as_deref() == Some(client) {
            // Whoever saw it pass through a browser could prove by it to be the client.
            Some("the request object would pass for a client assertion by its sub (RFC 9101 section 10.8)")
        } else if self.request.is_some() || self.request_uri.is_some() {
            Some("there is a request or request_uri in the request object (RFC 9101 section 4)")
        } else {
            None
        }
    }

    fn parameters(self) -> Parameters<'static> {
        let once = [
            ("client_id", Some(self.client_id)),
            ("redirect_uri", self.redirect_uri),
            ("response_type", self.response_type),
            ("response_mode", self.response_mode),
            ("scope", self.scope),
            ("state", self.state),
            ("code_challenge", self.code_challenge),
            ("code_challenge_method", self.code_challenge_method),
            ("prompt", self.prompt),
            ("max_age", self.max_age.map(|seconds| seconds.to_string())),
            ("login_hint", self.login_hint),
            ("id_token_hint", self.id_token_hint),
            ("nonce", self.nonce),
            ("registration", self.registration),
        ];
        let resources = self.resource.iter().flat_map(Texts::all).map(|it| ("resource", it.clone()));
        let all = once.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(resources);
        Parameters::new(all.map(|(name, value)| (name.into(), value.into())))
    }
}

#[cfg(test)]
mod fuzz;
