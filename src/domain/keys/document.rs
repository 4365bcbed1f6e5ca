//! The ring as the store keeps it: a format number, then postcard; every secret sealed.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyError;
use super::algorithm::KeyKind;
use super::lifecycle::{Key, OpenRing};
use super::master::{MasterSecret, MasterSecrets};
use super::status::Status;
use crate::domain::{KeyId, Timestamp};

/// Raised whenever the document changes shape.
const FORMAT: u8 = 1;

const SHARED_CONTEXT: &[u8] = b"shared secret";

#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Which master secret all this is sealed under.
    check: [u8; 16],
    shared: Vec<u8>,
    keys: Vec<SealedKey>,
}

#[derive(Serialize, Deserialize)]
struct SealedKey {
    label: Label,
    secret: Vec<u8>,
}

/// What stands in the clear. A secret opens only under its own label: who can write to the store can take a key away,
/// but cannot make one live longer, sign again, or be used with another algorithm.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Label {
    id: KeyId,
    kind: KeyKind,
    created_at: Timestamp,
    status: Status,
}

impl Label {
    fn context(&self) -> Vec<u8> {
        postcard::to_extend(self, b"key ".to_vec()).expect("a label is plain data and memory does not refuse a write")
    }
}

pub(super) fn encode(ring: &OpenRing, master: &MasterSecret) -> Vec<u8> {
    let sealer = master.sealer();
    let seal = |key: &Key| {
        let label = Label { id: key.id, kind: key.kind, created_at: key.created_at, status: key.status };
        SealedKey { label, secret: sealer.seal(&label.context(), &key.secret) }
    };
    let document = Sealed {
        check: master.check_value(),
        shared: sealer.seal(SHARED_CONTEXT, ring.shared.as_slice()),
        keys: ring.keys.iter().map(seal).collect(),
    };
    postcard::to_extend(&document, vec![FORMAT]).expect("a ring is plain data and memory does not refuse a write")
}

/// The ring, and which of the two secrets it is sealed under.
pub(super) fn decode<'a>(bytes: &[u8], masters: &'a MasterSecrets) -> Result<(OpenRing, &'a MasterSecret), KeyError> {
    let (format, body) = bytes.split_first().ok_or(KeyError::Damaged("it is empty"))?;
    if *format != FORMAT {
        return Err(KeyError::OtherFormat { found: *format, known: FORMAT });
    }
    let (document, rest): (Sealed, _) =
        postcard::take_from_bytes(body).map_err(|_| KeyError::Damaged("it does not decode"))?;
    if !rest.is_empty() {
        return Err(KeyError::Damaged("it has a tail"));
    }
    let master = masters.find(document.check).ok_or(KeyError::OtherMasterSecret)?;
    let sealer = master.sealer();
    let open = |context: &[u8], secret: &[u8]| {
        sealer.open(context, secret).ok_or(KeyError::Damaged("a secret in it was changed, or its label was"))
    };
    let open_key = |SealedKey { label, secret }: &SealedKey| {
        let secret = open(&label.context(), secret)?;
        Ok(Key { id: label.id, kind: label.kind, created_at: label.created_at, status: label.status, secret })
    };
    let shared = open(SHARED_CONTEXT, &document.shared)?;
    let shared = shared.as_slice().try_into().map_err(|_| KeyError::Damaged("the shared secret has another length"))?;
    let keys = document.keys.iter().map(open_key).collect::<Result<_, KeyError>>()?;
    Ok((OpenRing { shared: Zeroizing::new(shared), keys }, master))
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::SystemChance;

    fn masters(byte: u8) -> MasterSecrets {
        MasterSecrets { current: MasterSecret::new(&[byte; 32]).unwrap(), previous: None }
    }

    fn ring() -> OpenRing {
        let mut ring = OpenRing::new(&SystemChance);
        let status = Status::Current { signs_from: Timestamp::from_secs(5) };
        let secret = Zeroizing::new(vec![7; 32]);
        ring.keys.push(Key { id: KeyId(9), kind: KeyKind::Mac, created_at: Timestamp::from_secs(4), status, secret });
        ring
    }

    #[test]
    fn a_ring_is_read_back_as_it_was_written() {
        let (written, masters) = (ring(), masters(1));
        let (read, master) = decode(&encode(&written, &masters.current), &masters).unwrap();
        assert_eq!(master.check_value(), masters.current.check_value());
        assert_eq!(read.shared, written.shared);
        assert_eq!(format!("{:?}", read.keys), format!("{:?}", written.keys));
        assert_eq!(read.keys[0].secret, written.keys[0].secret);
    }

    #[test]
    fn no_byte_can_be_changed_unnoticed() {
        let masters = masters(1);
        let written = encode(&ring(), &masters.current);
        for at in 0..written.len() {
            let mut changed = written.clone();
            changed[at] ^= 1;
            assert!(decode(&changed, &masters).is_err(), "byte {at}");
            assert!(decode(&written[..at], &masters).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn no_secret_stands_in_the_clear() {
        let ring = ring();
        let written = encode(&ring, &masters(1).current);
        let has = |needle: &[u8]| written.windows(needle.len()).any(|window| window == needle);
        assert!(!has(ring.shared.as_slice()) && !has(&ring.keys[0].secret[..8]));
    }

    #[test]
    fn another_master_secret_is_told_from_damage() {
        let written = encode(&ring(), &masters(1).current);
        assert!(matches!(decode(&written, &masters(2)), Err(KeyError::OtherMasterSecret)));
    }
}
