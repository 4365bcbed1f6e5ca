//! `id_token_hint`: an ID token of ours that an application shows again, to say of whom it speaks.

use jsonwebtoken::{decode, decode_header};

use super::id_token::{IdClaims, TYP};
use crate::domain::KeyId;
use crate::domain::keys::Keys;
use crate::domain::token::{is_media_type, signature_only};

/// Longer texts were not made here.
const LONGEST: usize = 8192;

/// What it says, if it is one of ours. That it has expired does not matter (RP-Initiated Logout section 2); that its key is
/// no more does.
pub fn read(keys: &Keys, text: &str) -> Option<IdClaims> {
    if text.len() > LONGEST {
        return None;
    }
    let header = decode_header(text).ok()?;
    let kid: KeyId = header.kid.as_deref()?.parse().ok()?;
    // An access token is a JWT of ours as well, and names others in its `aud`.
    let is_typed = header.typ.as_deref().is_some_and(|typ| is_media_type(typ, TYP));
    let ring = keys.ring();
    let key = ring.find_signing(kid)?;
    if !is_typed || header.crit.is_some() || header.alg != key.algorithm.jose() {
        return None;
    }
    let claims = decode::<IdClaims>(text, &key.decoding, &signature_only(header.alg)).ok()?.claims;
    (claims.iss == *keys.issuer()).then_some(claims)
}
