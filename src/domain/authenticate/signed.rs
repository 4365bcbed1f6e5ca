//! What a client signs by a key that it registered: an assertion of who it is (RFC 7523), an authorization request
//! (RFC 9101).

use std::time::Duration;

use jsonwebtoken::{Header, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::Timestamp;
use crate::domain::client::AssertionKey;
use crate::domain::token::{is_media_type, signature_only};

/// Clocks may differ by so much.
pub(in crate::domain) const LEEWAY: Duration = Duration::from_secs(30);

/// The claims, and the key that they were signed by. `None` if it is not one of `keys`, or if it is something else that was
/// signed.
///
/// `typ` is what the text is by its own type. Older clients send `JWT` or nothing; any other explicit type is of something
/// that must not pass for this (RFC 8725 section 3.11).
pub(in crate::domain) fn read<'k, T: DeserializeOwned>(
    text: &str,
    typ: &str,
    keys: &'k [AssertionKey],
) -> Option<(&'k AssertionKey, T)> {
    let header = decode_header(text).ok()?;
    let is_acceptable = |found: &str| is_media_type(found, typ) || is_media_type(found, "JWT");
    if header.crit.is_some() || !header.typ.as_deref().is_none_or(is_acceptable) {
        return None;
    }
    keys.iter().find_map(|key| Some((key, signed_by(key, &header, text)?)))
}

/// The registered key decides on the algorithm; the header must agree.
fn signed_by<T: DeserializeOwned>(key: &AssertionKey, header: &Header, text: &str) -> Option<T> {
    if !key.may_be(header.kid.as_deref()) || !key.algorithms().contains(&header.alg) {
        return None;
    }
    Some(decode::<T>(text, &key.decoding_key()?, &signature_only(header.alg)).ok()?.claims)
}

/// One text, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::domain) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub(in crate::domain) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Seconds, possibly with a fraction (RFC 7519 section 2).
#[derive(Clone, Copy, Deserialize)]
pub(in crate::domain) struct NumericDate(f64);

impl NumericDate {
    /// `None` if it is no point in time.
    fn timestamp(self) -> Option<Timestamp> {
        let millis = Duration::try_from_secs_f64(self.0).ok()?.as_millis();
        Some(Timestamp::from_millis(u64::try_from(millis).ok()?))
    }
}

/// When it may be used.
pub(in crate::domain) struct Validity {
    pub(in crate::domain) exp: NumericDate,
    pub(in crate::domain) nbf: Option<NumericDate>,
    pub(in crate::domain) iat: Option<NumericDate>,
}

impl Validity {
    /// How long it may still be used. `None` if it may not be at `now`, or for more than `longest`.
    pub(in crate::domain) fn remains(&self, now: Timestamp, longest: Duration) -> Option<Duration> {
        let exp = self.exp.timestamp()?;
        let ends = exp.plus(LEEWAY);
        if ends <= now || exp > now.plus(longest).plus(LEEWAY) {
            return None;
        }
        for begun in [self.nbf, self.iat].into_iter().flatten() {
            if begun.timestamp()? > now.plus(LEEWAY) {
                return None;
            }
        }
        Some(ends.since(now))
    }
}

#[cfg(test)]
pub(in crate::domain) mod testing;
