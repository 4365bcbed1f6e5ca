//! The public keys by which clients sign their assertions.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::domain::client::AssertionKey;

impl AssertionKey {
    /// Every algorithm that some key can be used with.
    pub const ALGORITHMS: [Algorithm; 9] = [
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
    ];

    /// What this key may be used with: the type of the key decides, and its `alg` if it names one. Empty if it cannot sign
    /// assertions at all (a symmetric key, a key for encryption, an unknown curve): settings refuse such a one.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let fits = |algorithm: &Algorithm| match (&self.0.algorithm, algorithm) {
            (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
            (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
            (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
            (AlgorithmParameters::RSA(_), algorithm) => matches!(
                algorithm,
                Algorithm::RS256
                    | Algorithm::RS384
                    | Algorithm::RS512
                    | Algorithm::PS256
                    | Algorithm::PS384
                    | Algorithm::PS512
            ),
            _ => false,
        };
        let common = &self.0.common;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        let named = |algorithm: &Algorithm| match common.key_algorithm {
            Some(named) => Algorithm::try_from(named).is_ok_and(|named| named == *algorithm),
            None => true,
        };
        Self::ALGORITHMS.into_iter().filter(|algorithm| signs && fits(algorithm) && named(algorithm)).collect()
    }

    /// Whether a header that names this `kid` may mean this key; one that names none may mean any.
    pub(super) fn may_be(&self, kid: Option<&str>) -> bool {
        match (kid, self.0.common.key_id.as_deref()) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        }
    }

    pub(super) fn decoding_key(&self) -> Option<DecodingKey> {
        DecodingKey::from_jwk(&self.0).ok()
    }

    /// RFC 7638.
    pub(super) fn thumbprint(&self) -> Option<String> {
        self.0.thumbprint(ThumbprintHash::SHA256).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(json: &str) -> AssertionKey {
        AssertionKey(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_key_is_used_with_its_own_algorithms_only() {
        use Algorithm::{ES256, ES384, EdDSA, PS256};
        for (json, algorithms) in [
            (r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, vec![ES256]),
            (r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, vec![ES384]),
            (r#"{"kty":"EC","crv":"P-256","alg":"ES384","x":"AA","y":"AA"}"#, vec![]),
            (r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, vec![EdDSA]),
            (r#"{"kty":"RSA","alg":"PS256","n":"AA","e":"AQAB"}"#, vec![PS256]),
            (r#"{"kty":"RSA","alg":"PS256","use":"enc","n":"AA","e":"AQAB"}"#, vec![]),
            (r#"{"kty":"oct","k":"AA"}"#, vec![]),
            (r#"{"kty":"oct","alg":"HS256","k":"AA"}"#, vec![]),
        ] {
            assert_eq!(key(json).algorithms(), algorithms, "{json}");
        }
        assert_eq!(key(r#"{"kty":"RSA","n":"AA","e":"AQAB"}"#).algorithms().len(), 6);
    }

    #[test]
    fn a_kid_picks_its_key() {
        let named = key(r#"{"kty":"EC","crv":"P-256","kid":"one","x":"AA","y":"AA"}"#);
        assert!(named.may_be(Some("one")) && named.may_be(None) && !named.may_be(Some("two")));
    }
}
