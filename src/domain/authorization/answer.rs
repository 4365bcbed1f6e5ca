//! What an application is told of its authorization request (RFC 6749 sections 4.1.2 and 4.1.2.1), and how it gets there.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::domain::authority::TokenText;
use crate::domain::family::code::Redirect;

/// How the answer travels: in the URL of a redirect, or in a form that the browser sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    #[default]
    Query,
    FormPost,
}

impl ResponseMode {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

/// Where the answer goes: checked against what is registered before anything else of a request is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    pub redirect: Redirect,
    pub mode: ResponseMode,
    /// Told as it came.
    pub state: Option<Box<str>>,
}

/// Why an application gets no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationError {
    /// The text is for the application's developer; it never repeats input.
    InvalidRequest(&'static str),
    UnauthorizedClient,
    /// The person said no.
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    InvalidTarget,
    LoginRequired,
    ConsentRequired,
    /// The text is for the same, and no less silent.
    InvalidRequestObject(&'static str),
    RequestUriNotSupported,
    RegistrationNotSupported,
}

impl AuthorizationError {
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InvalidRequestObject(_) => "invalid_request_object",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }

    pub const fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(text) | Self::InvalidRequestObject(text) => text,
            Self::UnauthorizedClient => "this client is not registered for this",
            Self::AccessDenied => "the request was denied",
            Self::UnsupportedResponseType => "response_type must be code",
            Self::InvalidScope => "the scope is malformed, or wider than what this client may have",
            Self::InvalidTarget => "the resource is not one that this client may have a token for",
            Self::LoginRequired => "nobody is signed in, or not recently enough, or somebody else",
            Self::ConsentRequired => "the request has to be approved by the person",
            Self::RequestUriNotSupported => "request objects are not fetched",
            Self::RegistrationNotSupported => "clients do not register by a request",
        }
    }
}

/// A request, answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub return_to: ReturnTo,
    pub outcome: Result<TokenText, AuthorizationError>,
}

impl Answer {
    /// What the application is told, by name; `iss` says by whom, in success as in error (RFC 9207 section 2).
    pub fn parameters<'a>(&'a self, issuer: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        let told = match &self.outcome {
            Ok(code) => [Some(("code", code.expose())), None],
            Err(error) => [Some(("error", error.code())), Some(("error_description", error.description()))],
        };
        let state = self.return_to.state.as_deref().map(|state| ("state", state));
        told.into_iter().flatten().chain(state).chain([("iss", issuer)])
    }

    /// The URL of the redirect. What is registered stays as it is written, its query included.
    pub fn url(&self, issuer: &str) -> String {
        with_query(&self.return_to.redirect.uri, self.parameters(issuer))
    }
}

/// A registered URI with more to its query.
pub fn with_query<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{uri}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(uri: &str, state: Option<&str>) -> Answer {
        let redirect = Redirect { uri: uri.into(), is_named: true };
        let return_to = ReturnTo { redirect, mode: ResponseMode::Query, state: state.map(Into::into) };
        Answer { return_to, outcome: Err(AuthorizationError::AccessDenied) }
    }

    /// RFC6749-3.1.2-e, RFC6749-4.1.2.1-h, RFC9207-2-i
    #[test]
    fn the_registered_uri_stays_as_it_is_and_the_state_comes_back() {
        let told = "error=access_denied&error_description=the+request+was+denied";
        let iss = "iss=https%3A%2F%2Fas.example";
        for (uri, expected) in [
            ("https://app.example", format!("https://app.example?{told}&{iss}")),
            ("https://app.example/cb?a=%41", format!("https://app.example/cb?a=%41&{told}&{iss}")),
            ("https://app.example/cb?", format!("https://app.example/cb?{told}&{iss}")),
            ("com.example.app:/cb", format!("com.example.app:/cb?{told}&{iss}")),
        ] {
            assert_eq!(answer(uri, None).url("https://as.example"), expected);
        }
        let state = "a b&c=d#é%\"";
        let url = answer("https://app.example/cb", Some(state)).url("https://as.example");
        let (_, query) = url.split_once('?').unwrap();
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state");
        assert_eq!(found.unwrap().1, state);
    }
}
