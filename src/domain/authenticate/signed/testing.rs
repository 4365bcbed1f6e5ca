//! A client that signs whatever it is given.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::client::AssertionKey;
use crate::domain::keys::{KeyKind, KeyRing, SigningAlgorithm, testing};
use crate::domain::{KeyId, Timestamp};

pub(in crate::domain) const ISSUER: &str = "https://as.example";
pub(in crate::domain) const CLIENT: &str = "client";
pub(in crate::domain) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A ring, one of whose keys is the client's, as the client registered it.
static RING: LazyLock<(KeyRing, [AssertionKey; 1])> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let ring = runtime.block_on(testing::ring(&[KeyKind::Signing(SigningAlgorithm::EdDsa)])).expect("a ring");
    let mut set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(ring.jwks()).expect("a key set");
    (ring, [AssertionKey(set.keys.remove(0))])
});

pub(in crate::domain) fn keys() -> &'static [AssertionKey] {
    &RING.1
}

pub(in crate::domain) fn signed(header: &[u8], claims: &[u8]) -> String {
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = RING.0.find_signing(KeyId(1)).expect("the first key");
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding, key.algorithm.jose());
    format!("{message}.{}", signature.expect("a parsed key signs"))
}
