//! `private_key_jwt` (RFC 7523 section 2.2, as RFC 10070 tightens it).

use std::time::Duration;

use aws_lc_rs::hmac::{Context, Key as HmacKey};
use jsonwebtoken::dangerous::insecure_decode_claims;
use serde::Deserialize;

use super::signed::{self, NumericDate, Texts, Validity};
use crate::domain::Timestamp;
use crate::domain::client::AssertionKey;
use crate::domain::store::OnceKey;

/// Who asks for longer keeps us remembering its `jti` for as long.
const LONGEST_LIFE: Duration = Duration::from_mins(10);
/// Longer texts are not looked at.
const LONGEST: usize = 8192;
/// RFC 10070 section 3.2.
const TYP: &str = "client-authentication+jwt";

/// RFC 7523 section 3. A member that occurs twice is refused (RFC 7519 section 4).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Texts,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    jti: String,
}

/// What a valid assertion proves.
pub(super) struct Proven {
    pub(super) jti: String,
    /// How long it could be presented again.
    pub(super) valid_for: Duration,
    /// Of the key it was signed with.
    pub(super) thumbprint: String,
}

/// Who the assertion says it speaks for; not to be believed before [`verify`].
pub(super) fn subject(assertion: &str) -> Option<String> {
    if assertion.len() > LONGEST {
        return None;
    }
    Some(insecure_decode_claims::<Claims>(assertion).ok()?.sub)
}

/// `None` if it is not a valid assertion of this client for this server, now. Does not ask whether it was used before.
pub(super) fn verify(
    assertion: &str,
    client: &str,
    keys: &[AssertionKey],
    issuer: &str,
    now: Timestamp,
) -> Option<Proven> {
    let (key, Claims { iss, sub, aud, exp, nbf, iat, jti }) = signed::read(assertion, TYP, keys)?;
    // RFC 10070 section 3: the issuer and nobody else, or an assertion made for one server could be used at another.
    if iss != client || sub != client || jti.is_empty() || aud.all() != [issuer] {
        return None;
    }
    Some(Proven {
        valid_for: Validity { exp, nbf, iat }.remains(now, LONGEST_LIFE)?,
        jti,
        thumbprint: key.thumbprint()?,
    })
}

/// A `jti` is unique for its client only.
pub(super) fn replay_key(key: &HmacKey, client: &str, jti: &str) -> OnceKey {
    let mut context = Context::with_key(key);
    context.update(&(client.len() as u64).to_be_bytes());
    context.update(client.as_bytes());
    context.update(jti.as_bytes());
    context.sign().as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
}

#[cfg(test)]
mod fuzz;
