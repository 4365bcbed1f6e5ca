//! The contract, call by call.

use std::time::Duration;

use async_trait::async_trait;

use super::fault::Fault;
use super::tables::{NewEntries, Row};
use super::view::View;
use super::{Embedded, now};
use crate::domain::family::Family;
use crate::domain::store::{
    Append, Commit, Committed, Created, Cursor, Document, Loaded, OnceKey, PutBack, Store, Stretch, Unavailable,
    Version,
};
use crate::domain::{FamilyId, Head, Position, Shard, Timestamp};

/// The only shard.
const SHARD: Shard = Shard::new(0).expect("zero is less than the most");
/// Entries that the answer to a write brings along, at most.
const STRETCH: usize = 1024;

#[async_trait]
impl Store for Embedded {
    fn shards(&self) -> u16 {
        1
    }

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        self.observed("load", async { self.read(|view| view.load(family)) }).await
    }

    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable> {
        self.observed("create", async {
            exists(family.id.shard())?;
            let row = Row::new(family, version, keep_for);
            if self.queue.write(move |tables| tables.create(&row)).await? {
                Ok(Created::Done(self.read(|view| Ok(view.head()))?))
            } else {
                Ok(Created::Exists)
            }
        })
        .await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable> {
        self.observed("commit", async {
            exists(commit.append.shard)?;
            let row = Row::new(commit.family, commit.version, commit.keep_for);
            let (expected, new) = (commit.expected, NewEntries::new(&commit.append));
            if self.queue.write(move |tables| tables.commit(expected, &row, &new)).await? {
                Ok(Committed::Done(self.stretch(commit.append.anchor, STRETCH)?))
            } else {
                Ok(Committed::Conflict)
            }
        })
        .await
    }

    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable> {
        self.observed("append", async {
            exists(append.shard)?;
            let new = NewEntries::new(&append);
            self.queue.write(move |tables| tables.append(&new, None)).await?;
            self.stretch(append.anchor, STRETCH)
        })
        .await
    }

    async fn put_back(&self, append: Append<'_>, expected: Head) -> Result<PutBack, Unavailable> {
        self.observed("put_back", async {
            exists(append.shard)?;
            let new = NewEntries::new(&append);
            if self.queue.write(move |tables| tables.append(&new, Some(expected))).await? {
                Ok(PutBack::Done(self.stretch(append.anchor, STRETCH)?))
            } else {
                Ok(PutBack::Moved)
            }
        })
        .await
    }

    /// Nothing can be read that is not durable: it is enough that there is a file to read from.
    async fn barrier(&self, shard: Shard) -> Result<(), Unavailable> {
        self.observed("barrier", async {
            exists(shard)?;
            self.read(|_| Ok(()))
        })
        .await
    }

    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        self.observed("revocations", async {
            exists(shard)?;
            self.stretch(anchor, limit)
        })
        .await
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        self.observed("heads", async { Ok((vec![self.read(|view| Ok(view.head()))?], self.clock.now())) }).await
    }

    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable> {
        self.observed("forget", async {
            exists(shard)?;
            let positions = positions.to_vec();
            self.queue.write(move |tables| tables.forget(&positions)).await
        })
        .await
    }

    async fn families_of(
        &self,
        subject: &str,
        after: Option<FamilyId>,
        limit: usize,
    ) -> Result<Vec<FamilyId>, Unavailable> {
        self.observed("families_of", async { self.read(|view| view.families_of(subject, after, limit)) }).await
    }

    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        self.observed("scan", async {
            exists(shard)?;
            self.read(|view| view.scan(cursor.as_ref()))
        })
        .await
    }

    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        let (key, value) = (*key, value.to_vec());
        self.observed("once", self.queue.write(move |tables| tables.once(&key, &value, ttl))).await
    }

    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        let key = *key;
        self.observed("take", self.queue.write(move |tables| tables.take(&key))).await
    }

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.observed("peek", async { self.read(|view| view.peek(key, self.clock.now())) }).await
    }

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        self.observed("document", async { self.read(|view| view.document(name)) }).await
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        let (name, document) = (name.to_owned(), document.clone());
        let written = self.queue.write(move |tables| tables.replace_document(&name, expected, &document));
        self.observed("replace_document", written).await
    }

    /// Asks the writer, for nothing: it answers in its turn.
    async fn ping(&self) -> Result<(), Unavailable> {
        self.observed("ping", self.queue.write(|_| Ok(()))).await
    }
}

impl Embedded {
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

    async fn observed<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        let Some(observer) = &self.observer else { return answer.await };
        let began = now();
        let answer = answer.await;
        observer(call, now().duration_since(began), answer.is_ok());
        answer
    }
}

fn exists(shard: Shard) -> Result<(), Unavailable> {
    if shard == SHARD { Ok(()) } else { Err(Unavailable(format!("the embedded store has no shard {shard}"))) }
}
