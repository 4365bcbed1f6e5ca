//! How records and entries are written: the same bytes in every store.
//!
//! A record is its version (8 bytes, big endian, so that a store can compare it without understanding the rest), the
//! number of its format, and the family in postcard. An entry has no version: it never changes.

use std::hint::black_box;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::domain::Revocation;
use crate::domain::family::Family;
use crate::domain::store::{Stored, Unavailable, Version};
use crate::store::spelling;

/// Raised whenever [`Family`] or [`Revocation`] changes shape, or what stands around them. The stamp of a store says which
/// one it has.
pub(crate) const FORMAT: u8 = 6;

pub(super) const VERSION_LEN: usize = 8;

static STAND_IN: LazyLock<Vec<u8>> = LazyLock::new(|| encode(Version(u64::MAX), &stand_in::session()));

pub(super) fn encode(version: Version, family: &Family) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&version.0.to_be_bytes());
    bytes.push(FORMAT);
    postcard::to_extend(family, bytes).expect("a family is plain data and memory does not refuse a write")
}

/// What there is under an id. Where there is nothing a stand-in is read, for nobody shall know by the time that there is
/// nothing (INV-6).
pub(super) fn read(bytes: Option<&[u8]>) -> Result<Option<Stored>, Unavailable> {
    match bytes {
        Some(bytes) => decode(bytes).map(Some),
        None => decode(&STAND_IN).map(|stand_in| {
            black_box(&stand_in);
            None
        }),
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Stored, Unavailable> {
    let (version, rest) = bytes.split_first_chunk::<VERSION_LEN>().ok_or_else(|| unreadable("is cut short"))?;
    let family = decode_rest(rest)?;
    Ok(Stored { family, version: Version(u64::from_be_bytes(*version)) })
}

pub(super) fn encode_revocation(revocation: &Revocation) -> Vec<u8> {
    postcard::to_extend(revocation, vec![FORMAT])
        .expect("a revocation is plain data and memory does not refuse a write")
}

pub(super) fn decode_revocation(bytes: &[u8]) -> Result<Revocation, Unavailable> {
    decode_rest(bytes)
}

/// Nothing may be left over, and nothing be written as this code would not write it.
fn decode_rest<'a, T: Deserialize<'a> + Serialize>(bytes: &'a [u8]) -> Result<T, Unavailable> {
    let (format, body) = bytes.split_first().ok_or_else(|| unreadable("is empty"))?;
    if *format != FORMAT {
        return Err(Unavailable(format!("a record has format {format}, this version reads {FORMAT}")));
    }
    match postcard::take_from_bytes(body) {
        Ok((value, [])) if spelling::is(&value, body) => Ok(value),
        _ => Err(unreadable("does not decode")),
    }
}

fn unreadable(how: &str) -> Unavailable {
    Unavailable(format!("a record {how}"))
}

#[cfg(test)]
mod fuzz;
mod stand_in;
#[cfg(test)]
mod tests;
