//! Bytes that a store gives back.

use super::*;
use crate::fuzz::target;

#[test]
fn a_record_is_the_bytes_that_it_is_written_as_or_nothing() {
    target("record", |bytes| {
        if let Ok(stored) = decode(bytes) {
            assert_eq!(encode(stored.version, &stored.family), bytes);
        }
    });
}

#[test]
fn an_entry_is_the_bytes_that_it_is_written_as_or_nothing() {
    target("entry", |bytes| {
        if let Ok(revocation) = decode_revocation(bytes) {
            assert_eq!(encode_revocation(&revocation), bytes);
        }
    });
}
