//! What is kept of a client secret.

use std::str::FromStr;

use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::domain::chance::Chance;
use crate::domain::client::SecretHash;

/// The text is not the hash of a client secret. Never shows the text: it may be the secret itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecretHash {
    #[error("a client secret is configured by its hash: sha256:<base64url or hexadecimal> or $argon2id$…")]
    NoHash,
    #[error("after sha256: stand the 32 bytes of a SHA-256 in base64url without padding or in hexadecimal")]
    Sha256,
    #[error("this is not a whole Argon2id hash in PHC form, with its salt")]
    Argon2id,
    #[error("this Argon2id hash costs more than {MOST_MEMORY_KIB} KiB or {MOST_PASSES} passes for each check")]
    TooCostly,
}

const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 10;

impl SecretHash {
    /// For generated secrets only: one that a person chose can be guessed from its SHA-256.
    pub fn of_generated(secret: &str) -> Self {
        Self::Sha256(Sha256::digest(secret).into())
    }

    /// Whether it is of this secret. Not for requests, for it takes its time.
    pub fn is_of(&self, secret: &str) -> bool {
        match self {
            Self::Sha256(_) => *self == Self::of_generated(secret),
            Self::Argon2id(hash) => verify_argon2id(hash, secret.as_bytes()),
        }
    }

    pub(super) fn as_argon2id(&self) -> Option<&str> {
        match self {
            Self::Argon2id(hash) => Some(hash),
            Self::Sha256(_) => None,
        }
    }
}

/// `sha256:<base64url or hexadecimal>` or an Argon2id PHC string.
impl FromStr for SecretHash {
    type Err = InvalidSecretHash;

    fn from_str(text: &str) -> Result<Self, InvalidSecretHash> {
        if let Some(digest) = text.strip_prefix("sha256:") {
            return read_hex(digest).or_else(|| read_base64(digest)).map(Self::Sha256).ok_or(InvalidSecretHash::Sha256);
        }
        if !text.starts_with("$argon2id$") {
            return Err(InvalidSecretHash::NoHash);
        }
        let hash = PasswordHash::new(text).map_err(|_| InvalidSecretHash::Argon2id)?;
        let params = Params::try_from(&hash).map_err(|_| InvalidSecretHash::Argon2id)?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(InvalidSecretHash::Argon2id);
        }
        if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES {
            return Err(InvalidSecretHash::TooCostly);
        }
        Ok(Self::Argon2id(text.into()))
    }
}

fn read_hex(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() || !text.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..).step_by(2)) {
        // A sign would be read as part of a number.
        let pair = text.get(at..at + 2).filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

fn read_base64(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Looks at each, whichever matches: the time tells nothing about which was nearly right.
pub(super) fn find_sha256<'a>(hashes: &'a [SecretHash], digest: &[u8; 32]) -> Option<&'a [u8]> {
    let mut found = None;
    for hash in hashes {
        if let SecretHash::Sha256(known) = hash
            && bool::from(known.ct_eq(digest))
        {
            found = Some(known.as_slice());
        }
    }
    found
}

/// Costs some 12 ms and the memory that the hash names. Whatever goes wrong, the secret is not right.
pub(super) fn verify_argon2id(hash: &str, secret: &[u8]) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(secret, &hash).is_ok())
}

/// An Argon2id hash of a secret that a person chose, in PHC form (19 MiB, 2 passes, 1 lane: OWASP's first choice).
pub fn hash_secret(secret: &str, chance: &dyn Chance) -> String {
    let mut salt = [0; 16];
    chance.fill(&mut salt);
    let params = Params::new(19 * 1024, 2, 1, None).expect("these parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(secret.as_bytes(), &salt)
        .expect("a secret shorter than 4 GiB and a salt of 16 bytes can be hashed")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::SystemChance;

    #[test]
    fn a_sha256_is_read_in_both_its_forms() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = SecretHash::of_generated("abc");
        assert_eq!(format!("sha256:{of_abc}").parse(), Ok(hash.clone()));
        let digest: [u8; 32] = Sha256::digest("abc").into();
        assert_eq!(format!("sha256:{}", URL_SAFE_NO_PAD.encode(digest)).parse(), Ok(hash));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let short = "sha256:ba7816bf";
        let signed = format!("sha256:{}", "+1".repeat(32));
        for (text, error) in [
            ("hunter2", InvalidSecretHash::NoHash),
            ("$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", InvalidSecretHash::NoHash),
            (short, InvalidSecretHash::Sha256),
            (&signed, InvalidSecretHash::Sha256),
            ("$argon2id$v=19$m=19456,t=2,p=1", InvalidSecretHash::Argon2id),
            ("$argon2id$v=19$m=4000000,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", InvalidSecretHash::TooCostly),
        ] {
            assert_eq!(text.parse::<SecretHash>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_hash_that_was_made_is_read_and_verifies() {
        let text = hash_secret("correct horse", &SystemChance);
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert_eq!(text.parse(), Ok(SecretHash::Argon2id(text.as_str().into())));
        assert!(verify_argon2id(&text, b"correct horse"));
        assert!(!verify_argon2id(&text, b"correct horsf"));
        assert!(!verify_argon2id("$argon2id$", b"correct horse"));
    }

    #[test]
    fn any_of_several_secrets_is_found() {
        let hashes = [SecretHash::of_generated("old"), SecretHash::of_generated("new")];
        let find = |secret: &str| find_sha256(&hashes, &Sha256::digest(secret).into());
        assert!(find("old").is_some() && find("new").is_some() && find("other").is_none());
        assert_ne!(find("old"), find("new"));
    }
}
