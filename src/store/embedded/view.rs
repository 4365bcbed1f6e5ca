//! Reading: the file as the last transaction left it.

use std::ops::Bound;

use arc_swap::ArcSwapOption;
use redb::{Database, ReadOnlyTable, ReadableDatabase as _, StorageError};

use super::fault::Fault;
use super::layout::{self, Frame, ID_LEN, KEY_LEN, ListedKey};
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{Cursor, Document, Listed, Loaded, Stretch, Unavailable};
use crate::domain::{Entry, FamilyId, Head, Position, Timestamp};
use crate::store::record;

/// Families that one step of a scan brings.
const SCAN_PAGE: usize = 256;

/// What readers look at, `None` while there is nothing to look at. The writer puts up a new view after each transaction,
/// before it answers whoever waited for it; readers take no lock, not even one of the database.
pub(super) type Shown = ArcSwapOption<View>;

/// The tables of one read transaction. All of it is durable, for redb shows nothing before it is.
pub(super) struct View {
    families: ReadOnlyTable<&'static [u8; ID_LEN], &'static [u8]>,
    listed: ReadOnlyTable<ListedKey, ()>,
    denylist: ReadOnlyTable<u64, &'static [u8]>,
    short_lived: ReadOnlyTable<&'static [u8; KEY_LEN], &'static [u8]>,
    documents: ReadOnlyTable<&'static str, &'static [u8]>,
    head: Head,
}

/// Rows found due, and where the walk goes on (`None`: it has reached the end).
#[derive(Default)]
pub(super) struct Due<const N: usize> {
    pub(super) keys: Vec<[u8; N]>,
    pub(super) next: Option<[u8; N]>,
}

impl View {
    pub(super) fn open(database: &Database) -> Result<Self, redb::Error> {
        let transaction = database.begin_read()?;
        let head = layout::head(&transaction.open_table(layout::META)?)?;
        Ok(Self {
            families: transaction.open_table(layout::FAMILIES)?,
            listed: transaction.open_table(layout::LISTED)?,
            denylist: transaction.open_table(layout::DENYLIST)?,
            short_lived: transaction.open_table(layout::SHORT_LIVED)?,
            documents: transaction.open_table(layout::DOCUMENTS)?,
            head,
        })
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    pub(super) fn load(&self, id: FamilyId) -> Result<Loaded, Fault> {
        let row = self.families.get(id.as_bytes())?;
        let bytes = row.as_ref().map(|row| Frame::split(row.value())).transpose()?.map(|(_, bytes)| bytes);
        Ok(Loaded { stored: record::read(bytes)?, head: self.head })
    }

    pub(super) fn stretch(&self, anchor: Option<Head>, limit: usize, now: Timestamp) -> Result<Stretch, Fault> {
        let joins = match anchor {
            Some(anchor) => self.entry(anchor.position)?.is_some_and(|entry| entry.head() == anchor),
            None => true,
        };
        let from = anchor.map_or(0, |anchor| anchor.position.0 + u64::from(joins));
        let mut rows = self.denylist.range(from..)?;
        let mut entries = Vec::new();
        for row in rows.by_ref().take(limit) {
            let (position, revocation) = row?;
            let revocation = record::decode_revocation(revocation.value())?;
            entries.push(Entry { position: Position(position.value()), revocation });
        }
        let more = rows.next().transpose()?.is_some();
        Ok(Stretch { joins, entries, head: self.head, more, now })
    }

    pub(super) fn entry(&self, position: Position) -> Result<Option<Entry>, Fault> {
        let Some(row) = self.denylist.get(position.0)? else { return Ok(None) };
        Ok(Some(Entry { position, revocation: record::decode_revocation(row.value())? }))
    }

    pub(super) fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Fault> {
        let (kind, name) = layout::list(listing);
        let most = match &after {
            Some(after) => Bound::Excluded((kind, name, after.place, after.family.as_bytes())),
            None => Bound::Included((kind, name, u64::MAX, &[0xff; ID_LEN])),
        };
        let rows = self.listed.range((Bound::Included((kind, name, 0, &[0; ID_LEN])), most))?;
        let listed = rows.rev().take(limit).map(|row| {
            let row = row?.0;
            let (_, _, place, id) = row.value();
            Ok(Listed { place, family: layout::decode_id(id)? })
        });
        listed.collect()
    }

    pub(super) fn scan(&self, cursor: Option<&Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Fault> {
        let after = match cursor {
            Some(Cursor(bytes)) => {
                let id: [u8; ID_LEN] = bytes.as_slice().try_into().map_err(|_| foreign_cursor())?;
                Some(id)
            }
            None => None,
        };
        let mut families = Vec::new();
        let mut rows = self.families.range::<&[u8; ID_LEN]>(beyond(after.as_ref()))?;
        for row in rows.by_ref().take(SCAN_PAGE) {
            families.push(record::decode(Frame::split(row?.1.value())?.1)?.family);
        }
        let last = families.last().map(|family| Cursor(family.id.as_bytes().to_vec()));
        let more = rows.next().transpose()?.is_some();
        Ok((families, last.filter(|_| more)))
    }

    pub(super) fn peek(&self, key: &[u8; KEY_LEN], now: Timestamp) -> Result<Option<Vec<u8>>, Fault> {
        let Some(row) = self.short_lived.get(key)? else { return Ok(None) };
        let (frame, value) = Frame::split(row.value())?;
        Ok((frame.kept_until > now).then(|| value.to_vec()))
    }

    pub(super) fn document(&self, name: &str) -> Result<Option<Document>, Fault> {
        let Some(row) = self.documents.get(name)? else { return Ok(None) };
        Ok(Some(layout::decode_document(row.value())?))
    }

    pub(super) fn due_families(
        &self,
        after: Option<[u8; ID_LEN]>,
        batch: usize,
        now: Timestamp,
    ) -> Result<Due<ID_LEN>, StorageError> {
        due(&self.families, after, batch, now)
    }

    pub(super) fn due_short_lived(
        &self,
        after: Option<[u8; KEY_LEN]>,
        batch: usize,
        now: Timestamp,
    ) -> Result<Due<KEY_LEN>, StorageError> {
        due(&self.short_lived, after, batch, now)
    }
}

/// Looks at `batch` rows after `after`.
fn due<const N: usize>(
    table: &ReadOnlyTable<&'static [u8; N], &'static [u8]>,
    after: Option<[u8; N]>,
    batch: usize,
    now: Timestamp,
) -> Result<Due<N>, StorageError> {
    let (mut keys, mut last, mut seen) = (Vec::new(), None, 0);
    for row in table.range::<&[u8; N]>(beyond(after.as_ref()))?.take(batch) {
        let (key, value) = row?;
        seen += 1;
        last = Some(*key.value());
        if Frame::is_due(Some(value.value()), now) {
            keys.push(*key.value());
        }
    }
    Ok(Due { keys, next: last.filter(|_| seen == batch) })
}

fn beyond<T>(after: Option<T>) -> (Bound<T>, Bound<T>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

fn foreign_cursor() -> Unavailable {
    Unavailable("this cursor is not one of the embedded store".to_owned())
}
