use super::*;
use crate::domain::chance::Chance;
use crate::fuzz::{change, target};

/// The same each time: a corpus means nothing by other bytes.
struct NoChance;

impl Chance for NoChance {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[test]
fn no_other_bytes_are_a_ring() {
    let masters = MasterSecrets { current: MasterSecret::new(&[1; 32]).expect("it is long enough"), previous: None };
    let mut ring = OpenRing::new(&NoChance);
    let status = Status::Current { signs_from: Timestamp::from_secs(5) };
    let secret = Zeroizing::new(vec![7; 32]);
    ring.keys.push(Key { id: KeyId(9), kind: KeyKind::Mac, created_at: Timestamp::from_secs(4), status, secret });
    let genuine = encode(&ring, &masters.current);
    target("keyring", |bytes| {
        assert!(decode(bytes, &masters).is_err(), "somebody else sealed a ring");
        let mended = change(&genuine, bytes);
        assert_eq!(decode(&mended, &masters).is_ok(), mended == genuine, "a changed ring opens");
    });
}
