//! The contract, call by call.

use std::time::Duration;

use async_trait::async_trait;

use super::Embedded;
use super::fault::Fault;
use super::tables::{NewEntries, Row};
use super::view::View;
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{
    Append, Appended, Commit, Committed, Created, Cursor, Document, Listed, Loaded, OnceKey, Store, Stretch,
    Unavailable, Version,
};
use crate::domain::{FamilyId, Head, Position, Shard, Timestamp};
use crate::store::STRETCH;

/// The only shard.
const SHARD: Shard = Shard::new(0).expect("zero is less than the most");

#[async_trait]
impl Store for Embedded {
    fn shards(&self) -> u16 {
        1
    }

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        self.read(|view| view.load(family))
    }

    async fn load_each(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        self.read(|view| families.iter().map(|family| view.load(*family)).collect())
    }

    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable> {
        exists(family.id.shard())?;
        let row = Row::new(family, version, keep_for);
        if self.queue.write(move |tables| tables.create(&row)).await? {
            Ok(Created::Done(self.read(|view| Ok(view.head()))?))
        } else {
            Ok(Created::Exists)
        }
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable> {
        exists(commit.append.shard)?;
        let row = Row::new(commit.family, commit.version, commit.keep_for);
        let (expected, new) = (commit.expected, NewEntries::new(&commit.append));
        if self.queue.write(move |tables| tables.commit(expected, &row, &new)).await? {
            Ok(Committed::Done(self.since(commit.append.anchor)?))
        } else {
            Ok(Committed::Conflict)
        }
    }

    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable> {
        exists(append.shard)?;
        let new = NewEntries::new(&append);
        self.queue.write(move |tables| tables.append(&new, None)).await?;
        self.since(append.anchor)
    }

    async fn append_at(&self, append: Append<'_>, expected: Head) -> Result<Appended, Unavailable> {
        exists(append.shard)?;
        let new = NewEntries::new(&append);
        if self.queue.write(move |tables| tables.append(&new, Some(expected))).await? {
            Ok(Appended::Done(self.since(append.anchor)?))
        } else {
            Ok(Appended::Moved)
        }
    }

    /// Nothing can be read that is not durable.
    async fn confirm(&self, shard: Shard, entry: Head) -> Result<bool, Unavailable> {
        exists(shard)?;
        Ok(self.stretch(Some(entry), 0)?.joins)
    }

    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        exists(shard)?;
        self.stretch(anchor, limit)
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        Ok((vec![self.read(|view| Ok(view.head()))?], self.clock.now()))
    }

    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable> {
        exists(shard)?;
        let positions = positions.to_vec();
        self.queue.write(move |tables| tables.forget(&positions)).await
    }

    async fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        self.read(|view| view.families_of(listing, after, limit))
    }

    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        exists(shard)?;
        self.read(|view| view.scan(cursor.as_ref()))
    }

    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        let (key, value) = (*key, value.to_vec());
        self.queue.write(move |tables| tables.once(&key, &value, ttl)).await
    }

    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        let key = *key;
        self.queue.write(move |tables| tables.take(&key)).await
    }

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.read(|view| view.peek(key, self.clock.now()))
    }

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        self.read(|view| view.document(name))
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        let (name, document) = (name.to_owned(), document.clone());
        let written = self.queue.write(move |tables| tables.replace_document(&name, expected, &document));
        written.await
    }

    /// Asks the writer, for nothing: it answers in its turn.
    async fn ping(&self) -> Result<(), Unavailable> {
        self.queue.write(|_| Ok(())).await
    }
}

impl Embedded {
    /// What comes with the answer to a write.
    fn since(&self, anchor: Option<Head>) -> Result<Stretch, Unavailable> {
        let mut stretch = self.stretch(anchor, usize::from(STRETCH))?;
        if stretch.more {
            stretch.entries.clear();
        }
        Ok(stretch)
    }

    fn stretch(&self, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        self.read(|view| view.stretch(anchor, limit, self.clock.now()))
    }

    fn read<T>(&self, read: impl FnOnce(&View) -> Result<T, Fault>) -> Result<T, Unavailable> {
        let shown = self.shown.load();
        let view = shown.as_ref().ok_or_else(|| Unavailable("the database file is closed".to_owned()))?;
        read(view).map_err(|fault| match fault {
            Fault::Refused(why) => why,
            Fault::Storage(error) => {
                self.queue.look();
                Unavailable(format!("the database file cannot be read: {error}"))
            }
        })
    }
}

fn exists(shard: Shard) -> Result<(), Unavailable> {
    if shard == SHARD { Ok(()) } else { Err(Unavailable(format!("the embedded store has no shard {shard}"))) }
}
