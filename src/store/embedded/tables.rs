//! What may be done to the file, each step seeing what was done before it in the same transaction.
//!
//! Every function checks first and writes last, so that an operation that is refused has written nothing and the others
//! of its transaction do not suffer for it.

use std::time::Duration;

use redb::{ReadableTable as _, StorageError, Table, WriteTransaction};

use super::fault::Fault;
use super::layout::{self, Frame, ID_LEN, KEY_LEN, ListedKey, Place};
use crate::domain::family::Family;
use crate::domain::store::{Append, Document, Unavailable, Version};
use crate::domain::{FamilyId, Head, Position, Tag, Timestamp};
use crate::store::record;

/// The tables of one write transaction.
pub(super) struct Tables<'t> {
    families: Table<'t, &'static [u8; ID_LEN], &'static [u8]>,
    listed: Table<'t, ListedKey, ()>,
    denylist: Table<'t, u64, &'static [u8]>,
    pub(super) short_lived: Table<'t, &'static [u8; KEY_LEN], &'static [u8]>,
    documents: Table<'t, &'static str, &'static [u8]>,
    meta: Table<'t, &'static str, &'static [u8]>,
    head: Head,
    pub(super) now: Timestamp,
    /// Whether anything was written that must be committed.
    pub(super) changed: bool,
}

/// A record to be written.
pub(super) struct Row {
    id: FamilyId,
    list: Option<(u8, Box<str>)>,
    changed: Timestamp,
    record: Vec<u8>,
    keep_for: Duration,
}

impl Row {
    pub(super) fn new(family: &Family, version: Version, keep_for: Duration) -> Self {
        let record = record::encode(version, family);
        let list = family.listing().map(layout::list).map(|(kind, name)| (kind, name.into()));
        Self { id: family.id, list, changed: family.changed_at(), record, keep_for }
    }

    fn place(&self) -> Option<Place<'_>> {
        self.list.as_ref().map(|(kind, name)| Place { kind: *kind, name, changed: self.changed })
    }
}

/// Revocations to be appended, as bytes.
pub(super) struct NewEntries {
    revocations: Vec<(Tag, Vec<u8>)>,
    floor: Position,
}

impl NewEntries {
    pub(super) fn new(append: &Append<'_>) -> Self {
        let bytes = append.revocations.iter().map(|new| (new.head_tag(), record::encode_revocation(new)));
        Self { revocations: bytes.collect(), floor: append.floor }
    }
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, now: Timestamp) -> Result<Self, redb::Error> {
        let meta = transaction.open_table(layout::META)?;
        let head = layout::head(&meta)?;
        Ok(Self {
            families: transaction.open_table(layout::FAMILIES)?,
            listed: transaction.open_table(layout::LISTED)?,
            denylist: transaction.open_table(layout::DENYLIST)?,
            short_lived: transaction.open_table(layout::SHORT_LIVED)?,
            documents: transaction.open_table(layout::DOCUMENTS)?,
            meta,
            head,
            now,
            changed: false,
        })
    }

    /// `false`: there is a family of this id.
    pub(super) fn create(&mut self, row: &Row) -> Result<bool, Fault> {
        if self.families.get(row.id.as_bytes())?.is_some() {
            return Ok(false);
        }
        self.put(row)?;
        if let Some(place) = row.place() {
            self.listed.insert(place.key(row.id.as_bytes()), ())?;
        }
        Ok(true)
    }

    /// `false`: the record is not at `expected`. A family stays for life in the list where it is, and moves in it.
    pub(super) fn commit(&mut self, expected: Version, row: &Row, new: &NewEntries) -> Result<bool, Fault> {
        let id = row.id.as_bytes();
        let stood = match self.families.get(id)? {
            Some(old) => {
                let (frame, record) = Frame::split(old.value())?;
                if layout::version_of(record)? != expected {
                    return Ok(false);
                }
                frame.list.map(|place| place.changed)
            }
            None => return Ok(false),
        };
        self.append(new, None)?;
        self.put(row)?;
        if let (Some(place), Some(stood)) = (row.place(), stood)
            && place.changed != stood
        {
            self.listed.remove(Place { changed: stood, ..place }.key(id))?;
            self.listed.insert(place.key(id), ())?;
        }
        Ok(true)
    }

    /// `false`: the log is not at `expected`, if that was given.
    pub(super) fn append(&mut self, new: &NewEntries, expected: Option<Head>) -> Result<bool, Fault> {
        if expected.is_some_and(|head| head != self.head) {
            return Ok(false);
        }
        if new.revocations.is_empty() {
            return Ok(true);
        }
        let first = self.next_position(new)?;
        for (position, (tag, revocation)) in (first..).zip(&new.revocations) {
            self.denylist.insert(position, revocation.as_slice())?;
            self.head = Head { position: Position(position), tag: *tag };
        }
        self.meta.insert(layout::HEAD_KEY, layout::encode_head(self.head).as_slice())?;
        self.changed = true;
        Ok(true)
    }

    pub(super) fn forget(&mut self, positions: &[Position]) -> Result<(), Fault> {
        for position in positions {
            self.changed |= self.denylist.remove(position.0)?.is_some();
        }
        Ok(())
    }

    /// `false`: the document is not at `expected`.
    pub(super) fn replace_document(
        &mut self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Fault> {
        let at = match self.documents.get(name)? {
            Some(row) => Some(layout::decode_document(row.value())?.version),
            None => None,
        };
        if at != expected {
            return Ok(false);
        }
        self.documents.insert(name, layout::encode_document(document).as_slice())?;
        self.changed = true;
        Ok(true)
    }

    /// Removes those of these families that are due now, from the index too; how many they were.
    pub(super) fn sweep_families(&mut self, ids: &[[u8; ID_LEN]]) -> Result<usize, Fault> {
        let mut swept = 0;
        for id in ids {
            // A commit may have prolonged it since it was found.
            if !Frame::is_due(self.families.get(id)?.as_ref().map(redb::AccessGuard::value), self.now) {
                continue;
            }
            if let Some(row) = self.families.remove(id)?
                && let Some(place) = Frame::split(row.value())?.0.list
            {
                self.listed.remove(place.key(id))?;
            }
            swept += 1;
        }
        self.changed |= swept > 0;
        Ok(swept)
    }

    fn put(&mut self, row: &Row) -> Result<(), StorageError> {
        let frame = Frame { kept_until: self.now.plus(row.keep_for), list: row.place() };
        self.families.insert(row.id.as_bytes(), frame.around(&row.record).as_slice())?;
        self.changed = true;
        Ok(())
    }

    /// Positions rise, past everything the caller has seen, and as fast as the clock, so that they rise over a restored
    /// backup, too.
    fn next_position(&self, new: &NewEntries) -> Result<u64, Unavailable> {
        let seen = self.head.position.max(new.floor).0;
        let next = seen.checked_add(1).map(|next| next.max(self.now.as_millis().saturating_mul(1000)));
        next.filter(|next| next.checked_add(new.revocations.len() as u64).is_some())
            .ok_or_else(|| Unavailable("the positions of the log are used up".to_owned()))
    }
}
