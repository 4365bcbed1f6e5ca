//! What was sent to the authorization endpoint, decoded.

use std::borrow::Cow;

/// Every parameter that is read there. The others are ignored (RFC 6749 section 3.1).
pub(super) const KNOWN: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "nonce",
    "request",
    "request_uri",
    "registration",
];

/// Names and values in their order. A parameter without a value counts as omitted.
#[derive(Clone, Default)]
pub struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    pub fn new(pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The first of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub fn all<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| &**value)
    }

    pub fn is_repeated(&self, name: &str) -> bool {
        self.all(name).nth(1).is_some()
    }

    /// What is read once here must not be read otherwise by somebody else (RFC 6749 section 3.1).
    pub fn repeats_any(&self) -> bool {
        KNOWN.iter().any(|name| self.is_repeated(name))
    }
}
