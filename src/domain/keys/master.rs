//! The secret that every other secret hangs from.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Bytes of what is derived, and the fewest of what it is derived from.
pub(crate) const SECRET_LEN: usize = 32;

/// A master secret: at least 32 bytes that an operator, or the first start, drew at random.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterSecret(Box<[u8]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master secret must have at least {SECRET_LEN} bytes")]
pub struct ShortMasterSecret;

impl MasterSecret {
    pub fn new(bytes: &[u8]) -> Result<Self, ShortMasterSecret> {
        if bytes.len() < SECRET_LEN { Err(ShortMasterSecret) } else { Ok(Self(bytes.into())) }
    }

    /// Tells this secret from others, and nothing else about it: stands in the clear in the key ring.
    pub(super) fn check_value(&self) -> [u8; 16] {
        let derived = derive(&self.0, b"check value");
        let mut check = [0; 16];
        check.copy_from_slice(&derived[..16]);
        check
    }

    pub(super) fn sealer(&self) -> Sealer {
        let key = derive(&self.0, b"sealing key");
        Sealer(RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).expect("AES-256 takes a key of 32 bytes"))
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(…)")
    }
}

/// The master secret in use, and the one it replaces, while it does.
///
/// To replace it where several nodes run: give every node the new one as its `previous`, then exchange the two, node by
/// node. A node takes a ring that is sealed under either, and seals it anew under its `current` only when it starts.
#[derive(Clone, Debug)]
pub struct MasterSecrets {
    pub current: MasterSecret,
    pub previous: Option<MasterSecret>,
}

impl MasterSecrets {
    /// The one of the two that has this check value.
    pub(super) fn find(&self, check: [u8; 16]) -> Option<&MasterSecret> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|secret| secret.check_value() == check)
    }
}

/// Seals under a master secret (AES-256-GCM). What is sealed is bound to a context, and opens with the same only.
pub(super) struct Sealer(RandomizedNonceKey);

impl Sealer {
    const NONCE_LEN: usize = 12;

    /// Nonce, ciphertext, tag.
    pub(super) fn seal(&self, context: &[u8], secret: &[u8]) -> Vec<u8> {
        let mut body = secret.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(context), &mut body)
            .expect("sealing some kilobytes fails only without memory or randomness");
        [nonce.as_ref().as_slice(), &body].concat()
    }

    /// `None` if it was not sealed by this secret in this context.
    pub(super) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(Self::NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self.0.open_in_place(nonce, Aad::from(context), &mut body).ok()?.len();
        body.truncate(opened);
        Some(body)
    }
}

/// HKDF-SHA-256 (RFC 5869). `purpose` alone is the info: no two purposes may be one.
pub(super) fn derive(secret: &[u8], purpose: &[u8]) -> Zeroizing<[u8; SECRET_LEN]> {
    let mut derived = Zeroizing::new([0; SECRET_LEN]);
    Salt::new(HKDF_SHA256, b"atropos")
        .extract(secret)
        .expand(&[purpose], HKDF_SHA256)
        .and_then(|output| output.fill(derived.as_mut_slice()))
        .expect("HKDF-SHA-256 gives 32 bytes");
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> MasterSecret {
        MasterSecret::new(&[byte; SECRET_LEN]).unwrap()
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(MasterSecret::new(&[7; SECRET_LEN - 1]).unwrap_err(), ShortMasterSecret);
    }

    #[test]
    fn what_is_sealed_opens_only_unchanged_in_its_context_by_its_secret() {
        let sealed = secret(1).sealer().seal(b"here", b"something");
        assert_eq!(secret(1).sealer().open(b"here", &sealed).unwrap().as_slice(), b"something");
        assert!(secret(2).sealer().open(b"here", &sealed).is_none());
        assert!(secret(1).sealer().open(b"there", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(secret(1).sealer().open(b"here", &changed).is_none());
            assert!(secret(1).sealer().open(b"here", &sealed[..at]).is_none());
        }
    }

    #[test]
    fn check_values_differ_and_tell_nothing_that_seals() {
        assert_ne!(secret(1).check_value(), secret(2).check_value());
        assert_ne!(derive(&[1; 32], b"check value"), derive(&[1; 32], b"sealing key"));
    }
}
