//! Parsed keys for `jsonwebtoken`, which by itself parses the key for every token it signs or verifies.
//!
//! The library takes keys as bytes and asks a process-wide provider for a signer by them. Ours hands it the number of a
//! slot in place of the bytes of a key, and finds the parsed key in that slot. Keys of clients, which come as real bytes,
//! go on to the provider that the library has for aws-lc-rs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Once};

use arc_swap::ArcSwap;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, aws_lc};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

use super::algorithm::SigningAlgorithm;
use super::material::KeyPair;

static SLOTS: LazyLock<ArcSwap<HashMap<u64, Arc<KeyPair>>>> = LazyLock::new(ArcSwap::default);
static NEXT: AtomicU64 = AtomicU64::new(0);

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    signer_factory: find_signer,
    verifier_factory: find_verifier,
    key_utils: aws_lc::DEFAULT_PROVIDER.key_utils.clone(),
});

/// Makes `jsonwebtoken` use the slots, for the whole process; a repetition does nothing. Must be called before anything
/// is signed or verified in this process, and panics if another provider was there first.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        PROVIDER.install_default().expect("no other provider was installed, and no JWT was made or read before");
    });
}

/// Where a parsed key is kept for as long as this lives.
pub(super) struct Slot {
    number: u64,
    algorithm: SigningAlgorithm,
}

impl Slot {
    /// No key of any algorithm has bytes of this form: points are 65 bytes, Ed25519 keys 32, RSA keys hundreds.
    const MARK: &[u8; 16] = b"atropos/key/slot";

    pub(super) fn new(pair: KeyPair) -> Self {
        let slot = Self { number: NEXT.fetch_add(1, Ordering::Relaxed), algorithm: pair.algorithm };
        let pair = Arc::new(pair);
        SLOTS.rcu(|slots| {
            let mut slots = HashMap::clone(slots);
            slots.insert(slot.number, Arc::clone(&pair));
            slots
        });
        slot
    }

    pub(super) fn encoding_key(&self) -> EncodingKey {
        let bytes = self.to_bytes();
        match self.algorithm {
            SigningAlgorithm::Es256 => EncodingKey::from_ec_der(&bytes),
            SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(&bytes),
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => EncodingKey::from_rsa_der(&bytes),
        }
    }

    pub(super) fn decoding_key(&self) -> DecodingKey {
        let bytes = self.to_bytes();
        match self.algorithm {
            SigningAlgorithm::Es256 => DecodingKey::from_ec_der(&bytes),
            SigningAlgorithm::EdDsa => DecodingKey::from_ed_der(&bytes),
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => DecodingKey::from_rsa_der(&bytes),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        [Self::MARK.as_slice(), &self.number.to_be_bytes()].concat()
    }

    /// `None`: these are the bytes of a key, not of a slot.
    fn number_in(family: AlgorithmFamily, bytes: &[u8]) -> Option<u64> {
        let number = bytes.strip_prefix(Self::MARK)?.try_into().ok()?;
        (family != AlgorithmFamily::Hmac).then(|| u64::from_be_bytes(number))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        SLOTS.rcu(|slots| {
            let mut slots = HashMap::clone(slots);
            slots.remove(&self.number);
            slots
        });
    }
}

/// A parsed key, and the one algorithm it may be used with.
struct Parsed(Arc<KeyPair>);

impl Parsed {
    fn find(number: u64, algorithm: Algorithm) -> Result<Self> {
        let pair = SLOTS.load().get(&number).cloned().ok_or(ErrorKind::InvalidKeyFormat)?;
        if pair.algorithm.jose() == algorithm { Ok(Self(pair)) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken asks for this signature")]
fn find_signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match Slot::number_in(key.family(), key.as_bytes()) {
        Some(number) => Ok(Box::new(Parsed::find(number, *algorithm)?)),
        None => (aws_lc::DEFAULT_PROVIDER.signer_factory)(algorithm, key),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken asks for this signature")]
fn find_verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match key.try_get_as_bytes().ok().and_then(|bytes| Slot::number_in(key.family(), bytes)) {
        Some(number) => Ok(Box::new(Parsed::find(number, *algorithm)?)),
        None => (aws_lc::DEFAULT_PROVIDER.verifier_factory)(algorithm, key),
    }
}

impl Signer<Vec<u8>> for Parsed {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        self.0.sign(message).map_err(Error::from_source)
    }
}

impl Verifier<Vec<u8>> for Parsed {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(Error::from_source)
    }
}

impl JwtSigner for Parsed {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm.jose()
    }
}

impl JwtVerifier for Parsed {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm.jose()
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::{sign, verify};

    use super::*;
    use crate::domain::chance::SystemChance;
    use crate::domain::keys::{KeyKind, material};

    async fn slot(algorithm: SigningAlgorithm) -> Slot {
        install();
        let secret = material::generate(KeyKind::Signing(algorithm), &SystemChance).await.unwrap();
        Slot::new(KeyPair::parse(algorithm, &secret).unwrap())
    }

    #[tokio::test]
    async fn a_key_is_there_for_as_long_as_its_slot_is() {
        let slot = slot(SigningAlgorithm::EdDsa).await;
        let (encoding, decoding) = (slot.encoding_key(), slot.decoding_key());
        let signature = sign(b"message", &encoding, Algorithm::EdDSA).unwrap();
        assert!(verify(&signature, b"message", &decoding, Algorithm::EdDSA).unwrap());
        drop(slot);
        assert!(sign(b"message", &encoding, Algorithm::EdDSA).is_err());
        assert!(verify(&signature, b"message", &decoding, Algorithm::EdDSA).is_err());
    }

    #[tokio::test]
    async fn a_key_is_used_with_its_own_algorithm_only() {
        let slot = slot(SigningAlgorithm::Rs256).await;
        assert!(sign(b"message", &slot.encoding_key(), Algorithm::RS256).is_ok());
        assert!(sign(b"message", &slot.encoding_key(), Algorithm::PS256).is_err());
    }

    #[tokio::test]
    async fn a_shared_secret_never_names_a_slot() {
        let slot = slot(SigningAlgorithm::EdDsa).await;
        let (encoding, decoding) = (slot.encoding_key(), slot.decoding_key());
        let secret = EncodingKey::from_secret(encoding.as_bytes());
        let signature = sign(b"message", &secret, Algorithm::HS256).unwrap();
        assert!(verify(&signature, b"message", &decoding, Algorithm::HS256).is_err());
        assert!(sign(b"message", &secret, Algorithm::EdDSA).is_err());
    }
}
