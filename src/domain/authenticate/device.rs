//! Browsers in which a person has signed in before: what is guessed elsewhere is not counted against them (device cookies,
//! as OWASP describes them).
//!
//! A device shows a text that proves that it has had the right password of this person once, and nothing else: it signs in
//! nobody, and names nobody to whoever reads it. Nothing is kept of it, here or in the store.

use std::time::Duration;

use aws_lc_rs::hmac::{Context, Key as HmacKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::domain::Timestamp;
use crate::domain::chance::Chance;

/// What tells one device from another.
pub(super) type DeviceId = [u8; ID_LEN];

const ID_LEN: usize = 16;
const END_LEN: usize = 8;
/// Together they are divisible by three, so that there is one spelling.
const MAC_LEN: usize = 24;
const LEN: usize = ID_LEN + END_LEN + MAC_LEN;

/// How long a device is known: a year since its person last typed the password there.
pub const KNOWN_FOR: Duration = Duration::from_hours(365 * 24);

pub(super) struct Devices {
    key: HmacKey,
}

impl Devices {
    pub(super) fn new(key: HmacKey) -> Self {
        Self { key }
    }

    /// What a device shows from now on, in which this person has signed in.
    pub(super) fn make(&self, subject: &str, now: Timestamp, chance: &dyn Chance) -> String {
        let mut bytes = [0; LEN];
        chance.fill(&mut bytes[..ID_LEN]);
        bytes[ID_LEN..ID_LEN + END_LEN].copy_from_slice(&now.plus(KNOWN_FOR).as_millis().to_be_bytes());
        let mac = self.mac(subject, &bytes[..ID_LEN + END_LEN]);
        bytes[ID_LEN + END_LEN..].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The device that shows this. `None`: it is no device of this person's, or not any more.
    pub(super) fn find(&self, text: &str, subject: &str, now: Timestamp) -> Option<DeviceId> {
        let mut bytes = [0; LEN];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (told, mac) = bytes.split_at(ID_LEN + END_LEN);
        let is_ours: bool = self.mac(subject, told).ct_eq(mac).into();
        let (id, end) = told.split_first_chunk::<ID_LEN>()?;
        let is_known = now.as_millis() < u64::from_be_bytes(end.try_into().ok()?);
        (length == LEN && is_ours && is_known).then_some(*id)
    }

    fn mac(&self, subject: &str, told: &[u8]) -> [u8; MAC_LEN] {
        let mut context = Context::with_key(&self.key);
        context.update(told);
        context.update(subject.as_bytes());
        let tag = context.sign();
        let mut mac = [0; MAC_LEN];
        mac.copy_from_slice(&tag.as_ref()[..MAC_LEN]);
        mac
    }
}
