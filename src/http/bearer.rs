//! An access token as the proof of who asks (RFC 6750): taken from the header and nowhere else, judged by the domain.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};

use super::source;
use super::state::State;
use crate::domain::authority::Bearer;
use crate::domain::client::Surface;
use crate::domain::error::{BearerFault, Error};

/// Who asks; the token's client is then named in the log line of the request. Costs one trip, whatever else is wrong with
/// the request: what costs nothing to find out is to be found out before.
pub(super) async fn authenticate(request: &HttpRequest, token: &str, surface: Surface) -> Result<Bearer, Error> {
    let bearer = State::of(request).authority.bearer(token, surface, source::address(request)).await?;
    request.extensions_mut().insert(bearer.client.id.clone());
    Ok(bearer)
}

/// The token of the `Authorization` header (section 2.1). Those in a URL or a body are none (sections 2.2 and 2.3): a
/// caller that may have been sent one there as well has to refuse it (section 3.1).
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(AUTHORIZATION);
    let Some(value) = values.next() else { return Err(Error::InvalidToken(BearerFault::Missing)) };
    if values.next().is_some() {
        return Err(Error::InvalidRequest("the Authorization header is included more than once"));
    }
    let (scheme, rest) = value.as_bytes().split_at_checked(6).unwrap_or((value.as_bytes(), b""));
    if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first().is_some_and(|byte| *byte != b' ') {
        // By a scheme that is not known here nothing was proved, or claimed (section 3).
        return Err(Error::InvalidToken(BearerFault::Missing));
    }
    let token = rest.trim_ascii();
    let text = std::str::from_utf8(token).ok().filter(|_| is_token68(token));
    text.ok_or(Error::InvalidToken(BearerFault::Malformed))
}

/// Whether the header has a token in it, or what was to be one.
pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    !matches!(token(headers), Err(Error::InvalidToken(BearerFault::Missing)))
}

/// RFC 9110 section 11.2.
fn is_token68(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    end > 0 && text[..end].iter().all(allowed)
}

/// Section 3: whoever showed no token is told only what is wanted. What was wrong with one is told alike.
pub(super) fn challenge(fault: BearerFault) -> HeaderValue {
    HeaderValue::from_static(match fault {
        BearerFault::Missing => ASK,
        BearerFault::Malformed
        | BearerFault::Unknown
        | BearerFault::NoAccessToken
        | BearerFault::OtherSurface
        | BearerFault::Expired
        | BearerFault::Ended
        | BearerFault::UntrustedAddress => "Bearer realm=\"atropos\", error=\"invalid_token\"",
        BearerFault::InsufficientScope => "Bearer realm=\"atropos\", error=\"insufficient_scope\", scope=\"openid\"",
    })
}

/// The challenge to who showed nothing.
pub(super) const ASK: &str = "Bearer realm=\"atropos\"";

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
