//! JWT access tokens as somebody presents them.

use std::collections::HashSet;
use std::sync::Arc;

use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::jwt::{AccessClaims, TYP, WireClaims};
use crate::domain::keys::{KeyRing, SigningKey};
use crate::domain::{KeyId, Timestamp};

/// A JWT of ours whose signature verifies. It may have expired: its revocation still counts.
///
/// One token has many texts: with (r, n − s) in place of (r, s) an ECDSA signature verifies as well. Therefore nothing is
/// known by its text; `claims.id`, the `jti`, says which token it is.
#[derive(Debug)]
pub struct VerifiedJwt {
    pub key: KeyId,
    pub claims: AccessClaims,
}

impl VerifiedJwt {
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.claims.expires_at <= now
    }
}

/// What a JWT was found to be.
pub(crate) enum Verdict {
    Ours(Arc<VerifiedJwt>),
    Garbage,
    /// It claims to be ours, by a key that the ring does not have.
    UnknownKey(KeyId),
}

/// JWTs that were verified, by the SHA-256 of their whole text: the signature is checked once in a token's life.
pub(crate) struct Verified(Cache<[u8; 32], Arc<VerifiedJwt>>);

impl Verified {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    pub(crate) fn verify(&self, text: &str, issuer: &str, ring: &KeyRing, now: Timestamp) -> Verdict {
        let digest: [u8; 32] = Sha256::digest(text).into();
        match self.0.get(&digest) {
            // The key may have been retired since.
            Some(known) if ring.find_signing(known.key).is_some() && !known.is_expired(now) => Verdict::Ours(known),
            Some(_) => {
                self.0.remove(&digest);
                verify(text, issuer, ring)
            }
            None => {
                let verdict = verify(text, issuer, ring);
                if let Verdict::Ours(jwt) = &verdict
                    && !jwt.is_expired(now)
                {
                    self.0.insert(digest, Arc::clone(jwt));
                }
                verdict
            }
        }
    }
}

fn verify(text: &str, issuer: &str, ring: &KeyRing) -> Verdict {
    let Some((header, kid)) = read_header(text) else { return Verdict::Garbage };
    match ring.find_signing(kid) {
        Some(key) => verify_by(key, &header, text, issuer).map_or(Verdict::Garbage, Verdict::Ours),
        None if !ring.has(kid) && claims_to_be_ours(text, issuer) => Verdict::UnknownKey(kid),
        None => Verdict::Garbage,
    }
}

/// The key decides which algorithm it is, and the token must agree: a header is written by whoever presents it (RFC 8725
/// section 3.1).
fn verify_by(key: &SigningKey, header: &Header, text: &str, issuer: &str) -> Option<Arc<VerifiedJwt>> {
    let algorithm = key.algorithm.jose();
    if header.alg != algorithm {
        return None;
    }
    let wire = decode::<WireClaims>(text, &key.decoding, &signature_only(algorithm)).ok()?.claims;
    if *wire.iss != *issuer {
        return None;
    }
    Some(Arc::new(VerifiedJwt { key: key.id, claims: wire.into_claims()? }))
}

/// `None` if no JWT of ours has such a header. We know no extension, so none can be critical (RFC 7515 section 4.1.11).
fn read_header(text: &str) -> Option<(Header, KeyId)> {
    let header = decode_header(text).ok()?;
    let kid = header.kid.as_deref()?.parse().ok()?;
    let typ = header.typ.as_deref()?;
    (is_media_type(typ, TYP) && header.crit.is_none()).then_some((header, kid))
}

/// RFC 7515 section 4.1.9: a media type, whose `application/` may be left out, in any case.
pub(crate) fn is_media_type(typ: &str, expected: &str) -> bool {
    const PREFIX: &str = "application/";
    let typ = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    };
    typ.eq_ignore_ascii_case(expected)
}

/// Without a key nothing can be believed; but what does not even name our issuer is worth no trip to the store.
fn claims_to_be_ours(text: &str, issuer: &str) -> bool {
    insecure_decode_claims::<WireClaims>(text).is_ok_and(|claims| *claims.iss == *issuer)
}

/// No claim is judged by the library: its clock is not ours, and an expired token is read as well.
pub(crate) fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}
