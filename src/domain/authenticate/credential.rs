//! Which of its credentials a client showed.

use sha2::{Digest as _, Sha256};

use crate::domain::authority::AuthenticationMethod;
use crate::domain::client::{AssertionKey, Authentication, Client, SecretHash};

impl Client {
    /// Whether this is still one of its credentials: a secret that was taken out of the configuration is not.
    pub fn has_credential(&self, credential: [u8; 8]) -> bool {
        use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost};
        let by = |method, evidence: &[u8]| fingerprint(method, evidence) == credential;
        match &self.authentication {
            Authentication::None => by(AuthenticationMethod::None, self.id.as_str().as_bytes()),
            Authentication::Secret(hashes) => hashes.iter().any(|hash| {
                let evidence = hash.evidence();
                by(ClientSecretPost, evidence) || by(ClientSecretBasic, evidence)
            }),
            Authentication::PrivateKeyJwt(keys) => keys
                .iter()
                .filter_map(AssertionKey::thumbprint)
                .any(|thumbprint| by(AuthenticationMethod::PrivateKeyJwt, thumbprint.as_bytes())),
        }
    }
}

impl SecretHash {
    fn evidence(&self) -> &[u8] {
        match self {
            Self::Sha256(digest) => digest,
            Self::Argon2id(text) => text.as_bytes(),
        }
    }
}

/// Names the very credential, without being of use to anybody who reads it.
pub(super) fn fingerprint(method: AuthenticationMethod, evidence: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(method.as_str());
    hash.update([0]);
    hash.update(evidence);
    let hash: [u8; 32] = hash.finalize().into();
    let mut short = [0; 8];
    short.copy_from_slice(&hash[..8]);
    short
}
