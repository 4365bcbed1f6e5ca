//! The cryptographic side of a key: made, parsed once, used.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use zeroize::Zeroizing;

use super::KeyError;
use super::algorithm::{KeyKind, SigningAlgorithm};
use super::master::SECRET_LEN;
use crate::domain::KeyId;
use crate::domain::chance::Chance;
use crate::domain::store::Unavailable;

/// What of a key must stay secret: the key of a MAC, or PKCS #8.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// Off the worker threads, for an RSA key takes a while to find.
pub(super) async fn generate(kind: KeyKind, chance: &dyn Chance) -> Result<Secret, KeyError> {
    let algorithm = match kind {
        KeyKind::Mac => {
            let mut key = Zeroizing::new(vec![0; SECRET_LEN]);
            chance.fill(&mut key);
            return Ok(key);
        }
        KeyKind::Signing(algorithm) => algorithm,
    };
    match tokio::task::spawn_blocking(move || generate_signing(algorithm)).await {
        Ok(Ok(secret)) => Ok(secret),
        Ok(Err(_)) | Err(_) => Err(Unavailable(format!("this system made no {kind} key")).into()),
    }
}

/// The library draws from the system by itself: a key pair cannot be a function of [`Chance`].
fn generate_signing(algorithm: SigningAlgorithm) -> Result<Secret, Unspecified> {
    let pkcs8 = match algorithm {
        SigningAlgorithm::Es256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec()
        }
        SigningAlgorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
            let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            der.as_ref().to_vec()
        }
    };
    Ok(Zeroizing::new(pkcs8))
}

/// A key pair, ready to use: parsing an RSA key costs twice as much as signing with it.
pub(super) struct KeyPair {
    pub(super) algorithm: SigningAlgorithm,
    private: Private,
    public: ParsedPublicKey,
}

enum Private {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl KeyPair {
    /// `None` if it is not the PKCS #8 of a key for this algorithm.
    pub(super) fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<Self> {
        let (private, public) = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
                let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key());
                (Private::Ecdsa(pair), public)
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
                let public = ParsedPublicKey::new(&ED25519, pair.public_key());
                (Private::Ed25519(pair), public)
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
                let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
                (Private::Rsa(pair, &RSA_PKCS1_SHA256), public)
            }
            SigningAlgorithm::Ps256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
                let public = ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.public_key());
                (Private::Rsa(pair, &RSA_PSS_SHA256), public)
            }
        };
        Some(Self { algorithm, private, public: public.ok()? })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &self.private {
            Private::Ecdsa(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Private::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        self.public.verify_sig(message, signature)
    }

    /// The public half, as it is published (RFC 7517 section 4).
    pub(super) fn jwk(&self, id: KeyId) -> Jwk {
        let public = match &self.private {
            Private::Ecdsa(pair) => DecodingKey::from_ec_der(pair.public_key().as_ref()),
            Private::Ed25519(pair) => DecodingKey::from_ed_der(pair.public_key().as_ref()),
            Private::Rsa(pair, _) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                DecodingKey::from_rsa_raw_components(&n, &e)
            }
        };
        let mut jwk = Jwk::from_decoding_key(&public, Some(self.algorithm.jose()))
            .expect("a P-256 point, an Ed25519 key and an RSA modulus each have a JWK");
        jwk.common.key_id = Some(id.to_string());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk
    }
}
