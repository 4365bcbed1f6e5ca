//! Forms (RFC 6749 section 3.2 and appendix B): from the bytes of a body to the parameters this server knows.

use std::borrow::Cow;
use std::sync::Arc;

use percent_encoding::percent_decode;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::domain::error::Error;

/// A parameter, decoded; without a value it counts as omitted (RFC 6749 section 3.1). No `Debug`: most are secrets.
#[derive(Default, Deserialize)]
#[serde(from = "Text<'a>", bound(deserialize = "'de: 'a"))]
pub(super) struct Parameter<'a>(Option<Cow<'a, str>>);

impl Parameter<'_> {
    pub(super) fn value(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> From<Text<'a>> for Parameter<'a> {
    fn from(Text(text): Text<'a>) -> Self {
        Self((!text.is_empty()).then_some(text))
    }
}

/// Every parameter that some endpoint of this server reads. The others are ignored (RFC 6749 section 3.1), these are
/// refused when repeated, wherever they are sent: what is read once here must not be read otherwise by somebody else.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Form<'a> {
    pub grant_type: Parameter<'a>,
    pub scope: Parameter<'a>,
    pub refresh_token: Parameter<'a>,
    pub token: Parameter<'a>,
    /// Never a credential here (RFC 6750 section 2.2), and no second one beside a header.
    pub access_token: Parameter<'a>,
    /// Refused when repeated, else without effect: every kind is searched for (RFC 7009 section 2.1).
    pub token_type_hint: Parameter<'a>,
    /// RFC 6749 section 4.1.3, RFC 7636 section 4.5.
    pub code: Parameter<'a>,
    pub redirect_uri: Parameter<'a>,
    pub code_verifier: Parameter<'a>,
    pub client_id: Parameter<'a>,
    pub client_secret: Parameter<'a>,
    pub client_assertion: Parameter<'a>,
    pub client_assertion_type: Parameter<'a>,
    pub username: Parameter<'a>,
    pub password: Parameter<'a>,
    /// What a login application was handed, and what it says of it.
    pub login_challenge: Parameter<'a>,
    pub subject: Parameter<'a>,
}

impl<'a> Form<'a> {
    /// Reads a body. Parameters that need no decoding are lent from it.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        // The decoder replaces what it cannot read, and two different tokens could become the same one.
        if !is_well_formed(body) {
            return Err(Error::InvalidRequest("the body is not UTF-8 in valid percent-encoding"));
        }
        // All values are text, so the only thing that can still be wrong is a field met twice.
        serde_urlencoded::from_bytes(body).map_err(|_| Error::InvalidRequest("a parameter is included more than once"))
    }
}

impl<'a> Form<'a> {
    /// The same parameters as members of a JSON object, each of them a text.
    pub(super) fn of_json(object: &'a Map<String, Value>) -> Result<Self, Error> {
        Self::deserialize(object).map_err(|_| Error::InvalidRequest("a member of the JSON object is not a text"))
    }
}

/// The values of the one parameter that may be repeated: `resource` (RFC 8707 section 2). Of a body that is well-formed.
pub(super) fn resources(body: &[u8]) -> Vec<Arc<str>> {
    let all = form_urlencoded::parse(body).filter(|(name, value)| name == "resource" && !value.is_empty());
    all.map(|(_, value)| value.into()).collect()
}

/// Decodes one value outside of a body: a half of HTTP Basic credentials (RFC 6749 section 2.3.1).
/// `None` if it is not UTF-8 in valid percent-encoding.
pub(super) fn decode(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(['%', '+']) {
        return Some(Cow::Borrowed(value));
    }
    let spaced = value.replace('+', " ");
    if !escapes_are_whole(spaced.as_bytes()) {
        return None;
    }
    Some(Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8().ok()?.into_owned()))
}

/// The separators are ASCII, so they end every character: the parts are UTF-8 if and only if the whole is.
pub(super) fn is_well_formed(body: &[u8]) -> bool {
    if body.is_ascii() && !body.contains(&b'%') {
        return true;
    }
    escapes_are_whole(body) && percent_decode(body).decode_utf8().is_ok()
}

fn escapes_are_whole(encoded: &[u8]) -> bool {
    encoded
        .split(|&byte| byte == b'%')
        .skip(1)
        .all(|after| after.first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
