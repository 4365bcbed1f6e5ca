use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::*;
use crate::domain::KeyId;
use crate::domain::keys::{KeyKind, KeyRing, SigningAlgorithm, testing};
use crate::fuzz::{split, target};

const ISSUER: &str = "https://as.example";
const CLIENT: &str = "client";
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A ring, one of whose keys is a client's, as the client registered it.
static RING: LazyLock<(KeyRing, [AssertionKey; 1])> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let ring = runtime.block_on(testing::ring(&[KeyKind::Signing(SigningAlgorithm::EdDsa)])).expect("a ring");
    let mut set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(ring.jwks()).expect("a key set");
    (ring, [AssertionKey(set.keys.remove(0))])
});

fn signed(header: &[u8], claims: &[u8]) -> String {
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = RING.0.find_signing(KeyId(1)).expect("the first key");
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding, key.algorithm.jose());
    format!("{message}.{}", signature.expect("a parsed key signs"))
}

fn prove(assertion: &str) -> Option<Proven> {
    verify(assertion, CLIENT, &RING.1, ISSUER, NOW)
}

/// RFC 7523 section 3, RFC 10070 section 3.
#[test]
fn an_assertion_proves_what_it_says_and_only_here_and_now() {
    target("assertion", |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert!(prove(text).is_none(), "somebody else signed for the client");
            let _ = subject(text);
        }
        let (header, claims) = split(bytes, b'\n');
        let text = signed(header, claims);
        let Some(proven) = prove(&text) else { return };
        // A member that is not looked at may be one that another reader refuses.
        let Ok(claims) = serde_json::from_slice::<Value>(claims) else { return };
        assert_eq!(subject(&text).as_deref(), Some(CLIENT));
        assert_eq!((&claims["iss"], &claims["sub"]), (&CLIENT.into(), &CLIENT.into()));
        assert!(claims["aud"] == ISSUER || claims["aud"] == serde_json::json!([ISSUER]));
        assert!(claims["jti"] == proven.jti && !proven.jti.is_empty());
        let now = 1_800_000_000.0;
        let exp = claims["exp"].as_f64().expect("a number");
        assert!(exp > now - 30.0 && exp <= now + 630.0);
        for begun in ["nbf", "iat"] {
            assert!(claims.get(begun).and_then(Value::as_f64).is_none_or(|begun| begun < now + 30.001), "{begun}");
        }
        assert!(!proven.valid_for.is_zero() && proven.valid_for <= LONGEST_LIFE + 2 * LEEWAY);
    });
}
