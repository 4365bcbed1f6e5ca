use serde_json::Value;

use super::*;
use crate::domain::authenticate::signed::LEEWAY;
use crate::domain::authenticate::signed::testing::{CLIENT, ISSUER, NOW, keys, signed};
use crate::fuzz::{split, target};

fn prove(assertion: &str) -> Option<Proven> {
    verify(assertion, CLIENT, keys(), ISSUER, NOW)
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
