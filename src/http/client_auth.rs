//! Client authentication as it stands in a request (RFC 6749 section 2.3, RFC 7523 section 2.2): read here, judged by
//! the domain, the same at every endpoint.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::form::{self, Form};
use super::source;
use super::state::State;
use crate::domain::authority::{AuthenticationMethod, Caller, Presented};
use crate::domain::error::{ClientFault, Error};

/// The one type of assertion there is (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client that proves itself in this request, and is then named in its log line.
pub(super) async fn authenticate(request: &HttpRequest, form: &Form<'_>) -> Result<Caller, Error> {
    let basic = Basic::from_headers(request.headers())?;
    prove(request, presented(basic.as_ref(), form)?).await
}

/// As [`authenticate`], by what a dialect knows.
pub(super) async fn prove(request: &HttpRequest, presented: Presented<'_>) -> Result<Caller, Error> {
    let caller = State::of(request).authority.authenticate(presented, source::address(request)).await?;
    request.extensions_mut().insert(caller.client.id.clone());
    Ok(caller)
}

/// What an `Authorization: Basic` header says, decoded. No `Debug`: it holds a secret.
pub(super) struct Basic {
    client_id: String,
    secret: String,
}

impl Basic {
    /// `None` if the request has no `Authorization` header.
    pub(super) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut values = headers.get_all(AUTHORIZATION);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Error::InvalidRequest("the Authorization header is included more than once"));
        }
        Self::from_value(value).map(Some)
    }

    fn from_value(value: &HeaderValue) -> Result<Self, Error> {
        // Schemes are case-insensitive (RFC 9110 section 11.1). Bearer tokens authenticate nobody here.
        let credentials = value
            .as_bytes()
            .split_first_chunk::<6>()
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"basic "))
            .map(|(_, credentials)| credentials.trim_ascii())
            .ok_or(Error::InvalidClient(ClientFault::WrongMethod))?;
        Self::decode(credentials).ok_or(Error::InvalidClient(ClientFault::Malformed))
    }

    fn decode(credentials: &[u8]) -> Option<Self> {
        let pair = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (id, secret) = pair.split_once(':')?;
        // RFC 6749 section 2.3.1 has each half form-encoded, so that an id may hold a colon.
        let (client_id, secret) = (form::decode(id)?.into_owned(), form::decode(secret)?.into_owned());
        // RFC 7617 section 2 forbids control characters.
        let plain = |half: &str| !half.chars().any(char::is_control);
        (!client_id.is_empty() && plain(&client_id) && plain(&secret)).then_some(Self { client_id, secret })
    }
}

/// The one way by which a request authenticates its client. Two ways at once are refused (RFC 6749 section 2.3); a
/// `client_id` beside HTTP Basic is not a second way as long as it names the same client.
pub(super) fn presented<'a>(basic: Option<&'a Basic>, form: &'a Form<'_>) -> Result<Presented<'a>, Error> {
    let client_id = form.client_id.value();
    match (basic, form.client_secret.value(), assertion(form)?) {
        (Some(Basic { client_id: id, secret }), None, None) => match client_id {
            Some(other) if other != id => {
                Err(Error::InvalidRequest("client_id is not the client of the Authorization header"))
            }
            _ => Ok(Presented::Secret { method: AuthenticationMethod::ClientSecretBasic, client_id: id, secret }),
        },
        (None, Some(secret), None) => match client_id {
            Some(client_id) => {
                Ok(Presented::Secret { method: AuthenticationMethod::ClientSecretPost, client_id, secret })
            }
            None => Err(Error::InvalidRequest("client_secret is sent without client_id")),
        },
        (None, None, Some(assertion)) => Ok(Presented::Assertion { client_id, assertion }),
        (None, None, None) => Ok(client_id.map_or(Presented::Nothing, Presented::ClientId)),
        _ => Err(Error::InvalidRequest("the client authenticates by more than one method")),
    }
}

/// RFC 7521 section 4.2.
fn assertion<'a>(form: &'a Form<'_>) -> Result<Option<&'a str>, Error> {
    match (form.client_assertion_type.value(), form.client_assertion.value()) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(assertion)) => Ok(Some(assertion)),
        (Some(_), Some(_)) => Err(Error::InvalidClient(ClientFault::InvalidAssertion)),
        _ => Err(Error::InvalidRequest("client_assertion and client_assertion_type must be sent together")),
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
