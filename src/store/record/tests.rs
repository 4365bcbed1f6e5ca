//! Whatever is written comes back; whatever else comes is refused, not guessed at and not panicked over.

mod arbitrary;

use proptest::collection::vec;
use proptest::prelude::*;

use self::arbitrary::{family, revocation};
use super::stand_in::session;
use super::{FORMAT, STAND_IN, decode, decode_revocation, encode, encode_revocation, read};
use crate::domain::store::{Stored, Version};
use crate::domain::{Cause, KeyId, Revocation, Tag, Target, Timestamp};

proptest! {
    #[test]
    fn a_family_comes_back_as_it_was(family in family(), version: u64) {
        let stored = Stored { family, version: Version(version) };
        let bytes = encode(stored.version, &stored.family);
        prop_assert_eq!(decode(&bytes), Ok(stored));
    }

    #[test]
    fn a_revocation_comes_back_as_it_was(revocation in revocation()) {
        prop_assert_eq!(decode_revocation(&encode_revocation(&revocation)), Ok(revocation));
    }

    #[test]
    fn a_family_that_is_cut_short_or_has_a_tail_is_refused(family in family(), version: u64, tail: u8) {
        let mut bytes = encode(Version(version), &family);
        for length in 0..bytes.len() {
            prop_assert!(decode(&bytes[..length]).is_err(), "{length} of {} bytes were enough", bytes.len());
        }
        bytes.push(tail);
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn a_revocation_that_is_cut_short_or_has_a_tail_is_refused(revocation in revocation(), tail: u8) {
        let mut bytes = encode_revocation(&revocation);
        for length in 0..bytes.len() {
            prop_assert!(decode_revocation(&bytes[..length]).is_err());
        }
        bytes.push(tail);
        prop_assert!(decode_revocation(&bytes).is_err());
    }

    /// What it may be taken for is bounded by the checks of the types; that it is an answer at all is what counts here.
    #[test]
    fn any_flipped_byte_is_an_answer(family in family(), revocation in revocation(), flip in 1..=u8::MAX) {
        let mut bytes = encode(Version(1), &family);
        for place in 0..bytes.len() {
            bytes[place] ^= flip;
            if let Ok(other) = decode(&bytes) {
                prop_assert_ne!(other, Stored { family: family.clone(), version: Version(1) });
            }
            bytes[place] ^= flip;
        }
        let mut bytes = encode_revocation(&revocation);
        for place in 0..bytes.len() {
            bytes[place] ^= flip;
            if let Ok(other) = decode_revocation(&bytes) {
                prop_assert_ne!(&other, &revocation);
            }
            bytes[place] ^= flip;
        }
    }

    #[test]
    fn any_bytes_are_an_answer(bytes in vec(any::<u8>(), 0..300)) {
        // Lengths that promise more than there is must not be believed with memory, either.
        let whole = [[0; 8].as_slice(), &[FORMAT], &bytes].concat();
        if let Ok(stored) = decode(&whole) {
            prop_assert_eq!(decode(&encode(stored.version, &stored.family)), Ok(stored));
        }
        if let Ok(revocation) = decode_revocation(&whole[8..]) {
            prop_assert_eq!(decode_revocation(&encode_revocation(&revocation)), Ok(revocation));
        }
    }

    #[test]
    fn another_format_is_refused(family in family(), format in any::<u8>().prop_filter("ours", |format| *format != FORMAT)) {
        let mut bytes = encode(Version(1), &family);
        bytes[8] = format;
        let refusal = decode(&bytes).expect_err("it is not ours").0;
        prop_assert_eq!(refusal, format!("a record has format {format}, this version reads {FORMAT}"));
    }
}

/// Padded numbers and sets out of order: the decoder would take them.
#[test]
fn what_this_code_would_write_otherwise_is_refused() {
    let target = Target::Key(KeyId(5));
    let (revoked_at, expires_at) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    let tag = Tag(7);
    let revocation =
        Revocation { target, bound: None, tag, put_back: None, cause: Cause::Requested, revoked_at, expires_at };
    let bytes = encode_revocation(&revocation);
    let key = bytes.iter().position(|byte| *byte == 5).expect("the number of the key");
    let padded = [&bytes[..key], &[0x85, 0x00], &bytes[key + 1..]].concat();
    assert_eq!(decode_revocation(&bytes), Ok(revocation));
    assert!(decode_revocation(&padded).is_err());

    let bytes = encode(Version(1), &session());
    let scope = bytes.windows(10).position(|part| part == b"read write").expect("the scope");
    for other in [b"write read", b"read  read"] {
        let mut bytes = bytes.clone();
        bytes[scope..scope + 10].copy_from_slice(other);
        assert!(decode(&bytes).is_err(), "{}", other.escape_ascii());
    }
}

/// INV-6: a stand-in that is not read to its end would make nothing the quicker of the two, and one that is not a record an
/// outage of it.
#[test]
fn nothing_is_nothing_though_a_whole_record_is_read_for_it() {
    assert_eq!(read(None), Ok(None));
    assert_eq!(decode(&STAND_IN), Ok(Stored { family: session(), version: Version(u64::MAX) }));
    assert_eq!(read(Some(&STAND_IN)), decode(&STAND_IN).map(Some));
    assert!(read(Some(&STAND_IN[1..])).is_err());
}

/// The records of everyday life are small: what a store is sized by. Redis keeps what has up to 220 bytes in as many.
#[test]
fn a_session_fits_into_few_bytes() {
    let length = encode(Version(u64::MAX), &session()).len();
    assert!(length <= 204, "{length} bytes");
}
