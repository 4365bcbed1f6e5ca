//! Opaque tokens: `<prefix>_<base64url(key id ‖ token id ‖ MAC)>`, 75 characters, one spelling.

use aws_lc_rs::hmac::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::domain::authority::TokenText;
use crate::domain::keys::MacKey;
use crate::domain::{KeyId, TokenId};

/// What an opaque token is. The prefix says it to people and to secret scanners; the MAC proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpaqueKind {
    Access,
    Refresh,
    /// An authorization code.
    Code,
    /// What a browser shows to be known again.
    Session,
}

impl OpaqueKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "at_",
            Self::Refresh => "rt_",
            Self::Code => "ac_",
            Self::Session => "ss_",
        }
    }
}

const KEY_ID_LEN: usize = 4;
/// 176 bits: with them the whole is divisible by three, and base64url needs no padding and has no unused bits.
const MAC_LEN: usize = 22;
const LEN: usize = KEY_ID_LEN + TokenId::LEN + MAC_LEN;
const BASE64_LEN: usize = LEN / 3 * 4;
const PREFIX_LEN: usize = 3;

/// The same bytes each time: a token that was lost on the way can be given again without having been stored.
pub(crate) fn mint(kind: OpaqueKind, issuer: &str, key: &MacKey, id: TokenId) -> TokenText {
    let mut bytes = [0; LEN];
    bytes[..KEY_ID_LEN].copy_from_slice(&key.id.0.to_be_bytes());
    bytes[KEY_ID_LEN..LEN - MAC_LEN].copy_from_slice(&id.to_bytes());
    bytes[LEN - MAC_LEN..].copy_from_slice(&mac(kind, issuer, key, id));
    let mut text = String::with_capacity(PREFIX_LEN + BASE64_LEN);
    text.push_str(kind.prefix());
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    TokenText::new(text)
}

/// A text of the right shape. Anybody can write one.
pub(crate) struct Unverified {
    pub(crate) kind: OpaqueKind,
    pub(crate) key: KeyId,
    pub(crate) id: TokenId,
    mac: [u8; MAC_LEN],
}

impl Unverified {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let kinds = [OpaqueKind::Access, OpaqueKind::Refresh, OpaqueKind::Code, OpaqueKind::Session];
        let (kind, body) = kinds.into_iter().find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))?;
        if body.len() != BASE64_LEN {
            return None;
        }
        let mut bytes = [0; LEN];
        URL_SAFE_NO_PAD.decode_slice(body, &mut bytes).ok()?;
        let (key, rest) = bytes.split_first_chunk::<KEY_ID_LEN>()?;
        let (id, mac) = rest.split_first_chunk::<{ TokenId::LEN }>()?;
        let key = KeyId(u32::from_be_bytes(*key));
        Some(Self { kind, key, id: TokenId::from_bytes(id)?, mac: mac.try_into().ok()? })
    }

    pub(crate) fn verifies(&self, issuer: &str, key: &MacKey) -> bool {
        mac(self.kind, issuer, key, self.id).ct_eq(&self.mac).into()
    }
}

/// Each part comes with its length before it, so that no two inputs are one.
fn mac(kind: OpaqueKind, issuer: &str, key: &MacKey, id: TokenId) -> [u8; MAC_LEN] {
    let mut context = Context::with_key(&key.key);
    let (key_id, id) = (key.id.0.to_be_bytes(), id.to_bytes());
    for part in [kind.prefix().as_bytes(), issuer.as_bytes(), &key_id, &id] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let tag = context.sign();
    let mut mac = [0; MAC_LEN];
    mac.copy_from_slice(&tag.as_ref()[..MAC_LEN]);
    mac
}
