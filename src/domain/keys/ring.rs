//! All keys as they stand, ready to use: an immutable snapshot of the ring.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac::{HMAC_SHA256, Key as HmacKey};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::KeyError;
use super::algorithm::{KeyKind, SigningAlgorithm};
use super::lifecycle::OpenRing;
use super::master::derive;
use super::material::{KeyPair, Secret};
use super::provider::Slot;
use super::status::{Status, signer};
use crate::domain::store::Version;
use crate::domain::{KeyId, Timestamp};

/// What may be told of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    pub id: KeyId,
    pub kind: KeyKind,
    pub created_at: Timestamp,
    pub status: Status,
}

/// A generation of the MAC key.
pub(crate) struct MacKey {
    pub(crate) id: KeyId,
    pub(crate) key: HmacKey,
}

/// A key that signs JWTs, parsed once. Its algorithm is the only one that it signs or verifies with.
pub(crate) struct SigningKey {
    pub(crate) id: KeyId,
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    /// Where `encoding` and `decoding` point to.
    _slot: Slot,
}

/// The keys of all kinds. Those that wait for their time verify already; those that are retiring still do.
pub struct KeyRing {
    pub(super) version: Version,
    list: Vec<KeyInfo>,
    macs: Vec<MacKey>,
    signing: Vec<SigningKey>,
    shared: Secret,
    jwks: Arc<str>,
}

impl KeyRing {
    pub(super) fn new(version: Version, open: &OpenRing) -> Result<Self, KeyError> {
        let (mut list, mut macs, mut signing, mut jwks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for key in &open.keys {
            list.push(KeyInfo { id: key.id, kind: key.kind, created_at: key.created_at, status: key.status });
            match key.kind {
                KeyKind::Mac => macs.push(MacKey { id: key.id, key: HmacKey::new(HMAC_SHA256, &key.secret) }),
                KeyKind::Signing(algorithm) => {
                    let pair = KeyPair::parse(algorithm, &key.secret).ok_or(KeyError::Damaged("a key is not one"))?;
                    jwks.push(pair.jwk(key.id));
                    let slot = Slot::new(pair);
                    let (encoding, decoding) = (slot.encoding_key(), slot.decoding_key());
                    signing.push(SigningKey { id: key.id, algorithm, encoding, decoding, _slot: slot });
                }
            }
        }
        let jwks = serde_json::to_string(&JwkSet { keys: jwks }).expect("a JWK set is plain data").into();
        Ok(Self { version, list, macs, signing, shared: open.shared.to_vec().into(), jwks })
    }

    /// The key of this kind that signs at `now`; `None` if the ring has none of the kind.
    pub fn signer(&self, kind: KeyKind, now: Timestamp) -> Option<KeyId> {
        signer(self.list.iter().filter(|key| key.kind == kind), |key| key.status, now).map(|key| key.id)
    }

    pub(crate) fn find_mac(&self, id: KeyId) -> Option<&MacKey> {
        self.macs.iter().find(|key| key.id == id)
    }

    pub(crate) fn find_signing(&self, id: KeyId) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.id == id)
    }

    /// Whether there is a key of this id, of whatever kind.
    pub fn has(&self, id: KeyId) -> bool {
        self.list.iter().any(|key| key.id == id)
    }

    /// In order of birth.
    pub fn list(&self) -> &[KeyInfo] {
        &self.list
    }

    /// The document of `jwks_uri` (RFC 7517 section 5): every key that verifies, also before it signs.
    pub fn jwks(&self) -> &Arc<str> {
        &self.jwks
    }

    /// An HMAC key that all nodes have and that outlives every rotation; each purpose has its own.
    pub(crate) fn derive(&self, purpose: &str) -> HmacKey {
        HmacKey::new(HMAC_SHA256, derive(&self.shared, purpose.as_bytes()).as_slice())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("version", &self.version).field("keys", &self.list).finish_non_exhaustive()
    }
}
