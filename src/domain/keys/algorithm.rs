//! What keys are for: the MACs of opaque tokens, and the signatures of JWTs.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

/// The signature algorithm of a JWT, by its name in RFC 7518 section 3.1 and RFC 8037.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// The one that RFC 9068 section 2.1 wants every server and every resource to know.
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "PS256")]
    Ps256,
}

impl SigningAlgorithm {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
            Self::Ps256 => "PS256",
        }
    }

    pub(crate) const fn jose(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::ES256,
            Self::Rs256 => Algorithm::RS256,
            Self::EdDsa => Algorithm::EdDSA,
            Self::Ps256 => Algorithm::PS256,
        }
    }
}

/// What a key of the ring does. Each kind has its own succession.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// Authenticates opaque tokens.
    Mac,
    /// Signs JWTs.
    Signing(SigningAlgorithm),
}

impl KeyKind {
    const ALL: [Self; 5] = [
        Self::Mac,
        Self::Signing(SigningAlgorithm::Es256),
        Self::Signing(SigningAlgorithm::Rs256),
        Self::Signing(SigningAlgorithm::EdDsa),
        Self::Signing(SigningAlgorithm::Ps256),
    ];

    /// `mac`, or the name of the algorithm: what an operator types and reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mac => "mac",
            Self::Signing(algorithm) => algorithm.as_str(),
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kind of key is one of mac, ES256, RS256, EdDSA, PS256")]
pub struct UnknownKind;

impl FromStr for KeyKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for kind in KeyKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("HS256".parse::<KeyKind>(), Err(UnknownKind));
    }
}
