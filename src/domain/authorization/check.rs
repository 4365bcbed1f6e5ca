//! Whether a request may be put to a person, by oxide-auth's machine for authorization requests.
//!
//! First comes where an answer could go: before client and redirect URI are known to belong together nothing is sent
//! anywhere (RFC 6749 section 4.1.2.1).

use std::borrow::Cow;
use std::sync::Arc;

use oxide_auth::code_grant::authorization::{Authorization, Input, Output, Request};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::primitives::grant::Extensions;
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};

use super::AuthorizationRequest;
use super::answer::{AuthorizationError, ResponseMode, ReturnTo};
use super::parameters::Parameters;
use super::prompt::Prompts;
use crate::domain::client::{Client, GrantType};
use crate::domain::family::code::Redirect;
use crate::domain::openid;
use crate::domain::pkce::CodeChallenge;
use crate::domain::scope::Scope;

/// Why nothing can be sent to anybody: the person is told on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswerable {
    /// No client, one that there is not, or not for this.
    Client,
    /// None, where there is not exactly one to choose from; or one that is not registered.
    RedirectUri,
    /// One that was signed and is not to be believed, and nothing beside it says where to answer.
    Object(AuthorizationError),
    /// No request was pushed under this name, or not by this client, or it was used before.
    RequestUri,
}

/// Texts that are only passed on are kept until the person has answered.
const LONGEST_STATE: usize = 4096;
const LONGEST_HINT: usize = 255;
const LONGEST_NONCE: usize = 512;

/// Where the answer to a request of this client goes.
pub fn return_to(client: &Client, parameters: &Parameters<'_>) -> Result<ReturnTo, Unanswerable> {
    if parameters.is_repeated("redirect_uri") {
        return Err(Unanswerable::RedirectUri);
    }
    let redirect = match (parameters.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(uri), registered) if registered.iter().any(|known| known.is(uri)) => {
            Redirect { uri: uri.into(), is_named: true }
        }
        (None, [only]) => Redirect { uri: only.as_str().into(), is_named: false },
        _ => return Err(Unanswerable::RedirectUri),
    };
    // Of what is wrong with these the application is told, in the usual way.
    let once = |name| parameters.get(name).filter(|_| !parameters.is_repeated(name));
    Ok(ReturnTo {
        redirect,
        mode: once("response_mode").and_then(ResponseMode::parse).unwrap_or_default(),
        state: once("state").filter(|state| state.len() <= LONGEST_STATE).map(Into::into),
    })
}

/// Everything else. `aim` says what of a scope and of resources this client may have; `whom`, of whom an ID token speaks.
pub fn check(
    client: &Client,
    return_to: ReturnTo,
    parameters: &Parameters<'_>,
    aim: impl FnOnce(&[Arc<str>], Scope) -> Result<(Vec<Arc<str>>, Scope), AuthorizationError>,
    whom: impl FnOnce(&str) -> Option<Box<str>>,
) -> Result<AuthorizationRequest, AuthorizationError> {
    plausible(parameters)?;
    let prompts = Prompts::parse(parameters.get("prompt").unwrap_or_default());
    let prompts = prompts.ok_or(AuthorizationError::InvalidRequest("prompt asks for what there is not"))?;
    let max_age = parameters.get("max_age").map(str::parse).transpose();
    let max_age = max_age.map_err(|_| AuthorizationError::InvalidRequest("max_age is not a number of seconds"))?;
    let not_ours = AuthorizationError::InvalidRequest("id_token_hint is no ID token of this server for this client");
    let subject = parameters.get("id_token_hint").map(|hint| whom(hint).ok_or(not_ours)).transpose()?;
    let resources: Vec<Arc<str>> = parameters.all("resource").map(Into::into).collect();
    let view = View { client, return_to: &return_to, parameters };
    let Granted { challenge, scope } = drive(&view)?;
    let (audience, scope) = aim(&resources, scope)?;
    Ok(AuthorizationRequest {
        client: client.id.clone(),
        return_to,
        challenge,
        scope,
        audience,
        prompts,
        max_age,
        nonce: parameters.get("nonce").map(Into::into),
        subject,
        login_hint: parameters.get("login_hint").map(Into::into),
    })
}

/// What is wrong whatever it means.
fn plausible(parameters: &Parameters<'_>) -> Result<(), AuthorizationError> {
    if parameters.repeats_any() {
        return Err(AuthorizationError::InvalidRequest("a parameter is included more than once"));
    }
    let beyond = |name, longest| parameters.get(name).is_some_and(|value| value.len() > longest);
    if beyond("state", LONGEST_STATE) || beyond("login_hint", LONGEST_HINT) || beyond("nonce", LONGEST_NONCE) {
        return Err(AuthorizationError::InvalidRequest("a parameter is too long"));
    }
    if parameters.get("response_mode").is_some_and(|mode| ResponseMode::parse(mode).is_none()) {
        return Err(AuthorizationError::InvalidRequest("response_mode must be query or form_post"));
    }
    for (name, error) in [
        ("request_uri", AuthorizationError::RequestUriNotSupported),
        ("registration", AuthorizationError::RegistrationNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return Err(error);
        }
    }
    match parameters.get("response_type") {
        None => Err(AuthorizationError::InvalidRequest("response_type is missing")),
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizationError::UnsupportedResponseType),
    }
}

struct Granted {
    challenge: CodeChallenge,
    scope: Scope,
}

/// Lets the machine ask what it wants to know, in its order.
fn drive(view: &View<'_>) -> Result<Granted, AuthorizationError> {
    let malformed = AuthorizationError::InvalidRequest("the request cannot be read");
    let mut machine = Authorization::new(view);
    let mut granted = None;
    let mut input = Input::None;
    // Each question is asked once.
    for _ in 0..4 {
        input = match machine.advance(input) {
            Output::Bind { .. } => Input::Bound { request: view, bound_client: view.bound()? },
            Output::Extend => {
                granted = Some(view.challenge()?);
                Input::Extended(Extensions::new())
            }
            Output::Negotiate { bound_client, .. } => Input::Negotiated {
                pre_grant: PreGrant {
                    client_id: bound_client.client_id.clone().into_owned(),
                    redirect_uri: bound_client.redirect_uri.clone().into_owned(),
                    scope: view.negotiated()?.as_str().parse().map_err(|_| AuthorizationError::InvalidScope)?,
                },
                state: None,
            },
            Output::Ok { .. } => {
                return Ok(Granted { challenge: granted.ok_or(malformed)?, scope: view.negotiated()? });
            }
            // What else there is was refused before: what is left is a scope that is none.
            Output::Err(_) => return Err(AuthorizationError::InvalidScope),
        };
    }
    Err(malformed)
}

struct View<'a> {
    client: &'a Client,
    return_to: &'a ReturnTo,
    parameters: &'a Parameters<'a>,
}

impl View<'_> {
    fn bound(&self) -> Result<BoundClient<'static>, AuthorizationError> {
        let exact: ExactUrl =
            self.return_to.redirect.uri.parse().map_err(|_| AuthorizationError::UnauthorizedClient)?;
        Ok(BoundClient {
            client_id: Cow::Owned(self.client.id.as_str().to_owned()),
            redirect_uri: Cow::Owned(RegisteredUrl::Exact(exact)),
        })
    }

    fn challenge(&self) -> Result<CodeChallenge, AuthorizationError> {
        let text = self.parameters.get("code_challenge");
        let text = text.ok_or(AuthorizationError::InvalidRequest("code_challenge is missing (RFC 7636)"))?;
        let method = self.parameters.get("code_challenge_method").map(Into::into);
        Pkce::required().challenge(method, Some(text.into())).map_err(|()| {
            AuthorizationError::InvalidRequest("transform algorithm not supported: code_challenge_method must be S256")
        })?;
        CodeChallenge::parse(text)
            .ok_or(AuthorizationError::InvalidRequest("code_challenge is no SHA-256 in base64url"))
    }

    /// What is asked for, or all that the client may have unasked. Without refresh tokens nothing could go on when the person
    /// has signed out, and so that is not granted (`OpenID` Connect Core section 11).
    fn negotiated(&self) -> Result<Scope, AuthorizationError> {
        let Some(text) = self.parameters.get("scope") else { return Ok(openid::without(&self.client.scope)) };
        let scope = Scope::parse(text).ok().filter(|scope| !scope.is_empty() && scope.is_within(&self.client.scope));
        let scope = scope.ok_or(AuthorizationError::InvalidScope)?;
        let goes_on = self.client.grant_types.contains(&GrantType::RefreshToken);
        Ok(if goes_on { scope } else { scope.only(|token| token != openid::OFFLINE_ACCESS) })
    }
}

impl Request for View<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(self.client.id.as_str().into())
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.parameters.get("scope").map(Into::into)
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some((&*self.return_to.redirect.uri).into())
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        self.parameters.get("response_type").map(Into::into)
    }

    fn extension(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parameters.get(name).map(Into::into)
    }
}
