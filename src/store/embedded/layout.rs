//! What stands where in the file.

use redb::{ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::domain::family::listing::Listing;
use crate::domain::store::{Document, Unavailable, Version};
use crate::domain::{FamilyId, Head, Position, Tag, Timestamp};
use crate::store::record::VERSION_LEN;
use crate::store::spelling;

/// Raised whenever a table or a row changes shape. The form of records has a number of its own.
pub(super) const FORMAT: u32 = 3;

/// Bytes of a family id.
pub(super) const ID_LEN: usize = 16;
/// Bytes of a [`crate::domain::store::OnceKey`].
pub(super) const KEY_LEN: usize = 32;

/// Families by id, and so by their time of birth; framed records.
pub(super) const FAMILIES: TableDefinition<&[u8; ID_LEN], &[u8]> = TableDefinition::new("families");
/// A list's kind and name, when a family in it changed last, and the family.
pub(super) type ListedKey = (u8, &'static str, u64, &'static [u8; ID_LEN]);
/// Which families are listed where. A row lives exactly as long as the record it names, and moves when that changes.
pub(super) const LISTED: TableDefinition<ListedKey, ()> = TableDefinition::new("listed");
/// The denylist by position; revocations as `record` writes them.
pub(super) const DENYLIST: TableDefinition<u64, &[u8]> = TableDefinition::new("denylist");
/// Short-lived things; framed.
pub(super) const SHORT_LIVED: TableDefinition<&[u8; KEY_LEN], &[u8]> = TableDefinition::new("short_lived");
/// Documents by name: the version (8 bytes, big endian) and the bytes.
pub(super) const DOCUMENTS: TableDefinition<&str, &[u8]> = TableDefinition::new("documents");
/// [`FORMAT_KEY`] and [`HEAD_KEY`].
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// What stands before a family's id in [`LISTED`].
pub(super) fn list(listing: Listing<'_>) -> (u8, &str) {
    match listing {
        Listing::Subject(subject) => (0, subject),
        Listing::Identity(client) => (1, client),
    }
}

/// [`FORMAT`], 4 bytes, big endian.
pub(super) const FORMAT_KEY: &str = "format";
/// Position and tag of the last entry, 8 bytes each, big endian: it stays when the entry is forgotten.
pub(super) const HEAD_KEY: &str = "head";

/// What stands before everything that is not kept for ever, so that a sweep understands a row without its body, and
/// removes a family from its index even if the record is unreadable.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Frame<'a> {
    /// From then on nobody needs it.
    pub(super) kept_until: Timestamp,
    /// Where a family is listed.
    #[serde(borrow)]
    pub(super) list: Option<Place<'a>>,
}

/// Where a family is listed: the list's kind and name, and when the family changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place<'a> {
    pub(super) kind: u8,
    pub(super) name: &'a str,
    pub(super) changed: Timestamp,
}

impl Place<'_> {
    /// In [`LISTED`].
    pub(super) fn key<'k>(&'k self, id: &'k [u8; ID_LEN]) -> (u8, &'k str, u64, &'k [u8; ID_LEN]) {
        (self.kind, self.name, self.changed.as_millis(), id)
    }
}

impl<'a> Frame<'a> {
    pub(super) fn around(&self, body: &[u8]) -> Vec<u8> {
        let mut row = postcard::to_extend(self, Vec::with_capacity(32 + body.len()))
            .expect("a frame is plain data and memory does not refuse a write");
        row.extend_from_slice(body);
        row
    }

    /// The frame, and the body.
    pub(super) fn split(row: &'a [u8]) -> Result<(Self, &'a [u8]), Unavailable> {
        let (frame, body) = postcard::take_from_bytes(row).map_err(|_| unreadable("a row's frame"))?;
        let own = &row[..row.len() - body.len()];
        if spelling::is(&frame, own) { Ok((frame, body)) } else { Err(unreadable("a row's frame")) }
    }

    /// Whether there is a row and nobody can need it any more. One with an unreadable frame is never due: better a row
    /// too many than a guess.
    pub(super) fn is_due(row: Option<&[u8]>, now: Timestamp) -> bool {
        row.is_some_and(|row| Frame::split(row).is_ok_and(|(frame, _)| frame.kept_until <= now))
    }
}

/// The version of a record, which nothing else of it need be understood for.
pub(super) fn version_of(record: &[u8]) -> Result<Version, Unavailable> {
    let bytes = record.first_chunk::<VERSION_LEN>().ok_or_else(|| unreadable("a record"))?;
    Ok(Version(u64::from_be_bytes(*bytes)))
}

/// The head, by the table of what is told of the file as a whole.
pub(super) fn head(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Head, redb::Error> {
    match meta.get(HEAD_KEY)? {
        Some(bytes) => decode_head(bytes.value()).map_err(|e| redb::Error::Corrupted(e.0)),
        None => Ok(Head::default()),
    }
}

pub(super) fn encode_head(head: Head) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&head.position.0.to_be_bytes());
    bytes[8..].copy_from_slice(&head.tag.0.to_be_bytes());
    bytes
}

pub(super) fn decode_head(bytes: &[u8]) -> Result<Head, Unavailable> {
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| unreadable("the head of the log"))?;
    let number = u128::from_be_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are taken apart here")]
    let (position, tag) = ((number >> 64) as u64, number as u64);
    Ok(Head { position: Position(position), tag: Tag(tag) })
}

pub(super) fn encode_document(document: &Document) -> Vec<u8> {
    [&document.version.0.to_be_bytes(), document.bytes.as_slice()].concat()
}

pub(super) fn decode_document(row: &[u8]) -> Result<Document, Unavailable> {
    let (version, bytes) = row.split_first_chunk().ok_or_else(|| unreadable("a document"))?;
    Ok(Document { version: Version(u64::from_be_bytes(*version)), bytes: bytes.to_vec() })
}

pub(super) fn decode_id(bytes: &[u8; ID_LEN]) -> Result<FamilyId, Unavailable> {
    FamilyId::from_bytes(*bytes).ok_or_else(|| unreadable("a family id"))
}

fn unreadable(what: &str) -> Unavailable {
    Unavailable(format!("{what} cannot be read back from the file"))
}

#[cfg(test)]
mod fuzz;
