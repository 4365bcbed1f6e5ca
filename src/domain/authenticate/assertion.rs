//! `private_key_jwt` (RFC 7523 section 2.2, as RFC 10070 tightens it).

use std::time::Duration;

use aws_lc_rs::hmac::{Context, Key as HmacKey};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Header, decode, decode_header};
use serde::Deserialize;

use crate::domain::Timestamp;
use crate::domain::client::AssertionKey;
use crate::domain::store::OnceKey;
use crate::domain::token::{is_media_type, signature_only};

/// Clocks may differ by so much.
const LEEWAY: Duration = Duration::from_secs(30);
/// Who asks for longer keeps us remembering its `jti` for as long.
const LONGEST_LIFE: Duration = Duration::from_mins(10);
/// Longer texts are not looked at.
const LONGEST: usize = 8192;

/// RFC 7523 section 3. A member that occurs twice is refused (RFC 7519 section 4).
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// RFC 10070 section 3: the issuer and nothing else, or an assertion made for one server could be used at another.
    fn is_exactly(&self, issuer: &str) -> bool {
        match self {
            Self::One(one) => one == issuer,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == issuer),
        }
    }
}

/// Seconds, possibly with a fraction (RFC 7519 section 2).
#[derive(Clone, Copy, Deserialize)]
struct NumericDate(f64);

impl NumericDate {
    /// `None` if it is no point in time.
    fn timestamp(self) -> Option<Timestamp> {
        let millis = Duration::try_from_secs_f64(self.0).ok()?.as_millis();
        Some(Timestamp::from_millis(u64::try_from(millis).ok()?))
    }
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
    let header = decode_header(assertion).ok()?;
    if header.crit.is_some() || !is_acceptable_type(header.typ.as_deref()) {
        return None;
    }
    let (key, claims) = keys.iter().find_map(|key| Some((key, signed_by(key, &header, assertion)?)))?;
    if claims.iss != client || claims.sub != client || claims.jti.is_empty() || !claims.aud.is_exactly(issuer) {
        return None;
    }
    Some(Proven { valid_for: remaining_life(&claims, now)?, jti: claims.jti, thumbprint: key.thumbprint()? })
}

/// RFC 10070 section 3.2 introduces a type of its own; older clients send `JWT` or nothing. Any other explicit type is of
/// something else, which must not pass for an assertion (RFC 8725 section 3.11).
fn is_acceptable_type(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| is_media_type(typ, "client-authentication+jwt") || is_media_type(typ, "JWT"))
}

/// The registered key decides on the algorithm; the header must agree.
fn signed_by(key: &AssertionKey, header: &Header, assertion: &str) -> Option<Claims> {
    if !key.may_be(header.kid.as_deref()) || !key.algorithms().contains(&header.alg) {
        return None;
    }
    Some(decode::<Claims>(assertion, &key.decoding_key()?, &signature_only(header.alg)).ok()?.claims)
}

/// `None` if it is not valid at `now`, or for longer than anybody needs.
fn remaining_life(claims: &Claims, now: Timestamp) -> Option<Duration> {
    let exp = claims.exp.timestamp()?;
    let ends = exp.plus(LEEWAY);
    if ends <= now || exp > now.plus(LONGEST_LIFE).plus(LEEWAY) {
        return None;
    }
    for begun in [claims.nbf, claims.iat].into_iter().flatten() {
        if begun.timestamp()? > now.plus(LEEWAY) {
            return None;
        }
    }
    Some(ends.since(now))
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
