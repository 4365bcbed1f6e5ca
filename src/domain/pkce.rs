//! Proof Key for Code Exchange (RFC 7636): whoever presents a code has to know what its challenge was made of.
//!
//! `S256` for every client; `plain` proves nothing to somebody who saw the authorization request (RFC 9700 section 2.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The SHA-256 of a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Base64url without padding, in its one spelling (section 4.2).
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().map(Self).ok()
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// 43 to 128 of the unreserved characters (section 4.1).
pub fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_challenge_has_one_spelling() {
        assert_eq!(CodeChallenge::parse(CHALLENGE).unwrap().text(), CHALLENGE);
        // The last character has two bits that mean nothing.
        for other in
            ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "", "E9"]
        {
            assert_eq!(CodeChallenge::parse(other), None, "{other}");
        }
    }

    /// RFC7636-4.1-d
    #[test]
    fn a_verifier_is_of_43_to_128_unreserved_characters() {
        assert!(is_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(is_verifier(&"~".repeat(128)) && is_verifier(&".".repeat(43)));
        for text in ["", &"a".repeat(42), &"a".repeat(129), &"+".repeat(43), &"é".repeat(43)] {
            assert!(!is_verifier(text), "{text}");
        }
    }
}
