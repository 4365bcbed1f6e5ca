//! A store of which only documents and single uses are there: nothing here asks for more.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use atropos::domain::family::Family;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{
    Append, Appended, Commit, Committed, Created, Cursor, Document, Listed, Loaded, OnceKey, Store, Stretch,
    Unavailable, Version,
};
use atropos::domain::{FamilyId, Head, Position, Shard, Timestamp};
use tokio::sync::Semaphore;

/// What is kept, shared by all who look at it.
#[derive(Default)]
struct Kept {
    documents: Mutex<HashMap<String, Document>>,
    used: Mutex<HashSet<OnceKey>>,
}

/// One node's connection: it can be cut, counted, and made to answer late.
pub(crate) struct Memory {
    kept: Arc<Kept>,
    down: AtomicBool,
    reads: AtomicUsize,
    /// An answer to a read, once there, waits for one of these.
    answers: Semaphore,
    pub(crate) lives: Mutex<Vec<Duration>>,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Self::on(Arc::default())
    }

    /// Another node's connection to the same store.
    pub(crate) fn again(&self) -> Arc<Self> {
        Self::on(Arc::clone(&self.kept))
    }

    fn on(kept: Arc<Kept>) -> Arc<Self> {
        let answers = Semaphore::new(Semaphore::MAX_PERMITS);
        Arc::new(Self { kept, down: false.into(), reads: 0.into(), answers, lives: Mutex::default() })
    }

    pub(crate) fn cut(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// From now on answers to reads wait until they are let go.
    pub(crate) fn hold_answers(&self) {
        self.answers.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn let_go(&self) {
        self.answers.add_permits(1000);
    }

    pub(crate) fn used(&self) -> usize {
        self.kept.used.lock().unwrap().len()
    }

    fn check(&self) -> Result<(), Unavailable> {
        if self.down.load(Ordering::SeqCst) { Err(Unavailable("cut".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Store for Memory {
    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        let document = self.kept.documents.lock().unwrap().get(name).cloned();
        self.answers.acquire().await.unwrap().forget();
        Ok(document)
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        self.check()?;
        let mut documents = self.kept.documents.lock().unwrap();
        let as_expected = documents.get(name).map(|document| document.version) == expected;
        if as_expected {
            documents.insert(name.to_owned(), document.clone());
        }
        Ok(as_expected)
    }

    async fn once(&self, key: &OnceKey, _value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        self.check()?;
        self.lives.lock().unwrap().push(ttl);
        Ok(self.kept.used.lock().unwrap().insert(*key))
    }

    fn shards(&self) -> u16 {
        1
    }

    async fn load(&self, _: FamilyId) -> Result<Loaded, Unavailable> {
        unimplemented!("no families here")
    }

    async fn load_each(&self, _: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        unimplemented!("no families here")
    }

    async fn create(&self, _: &Family, _: Version, _: Duration) -> Result<Created, Unavailable> {
        unimplemented!("no families here")
    }

    async fn commit(&self, _: Commit<'_>) -> Result<Committed, Unavailable> {
        unimplemented!("no families here")
    }

    async fn append(&self, _: Append<'_>) -> Result<Stretch, Unavailable> {
        unimplemented!("no revocations here")
    }

    async fn append_at(&self, _: Append<'_>, _: Head) -> Result<Appended, Unavailable> {
        unimplemented!("no revocations here")
    }

    async fn confirm(&self, _: Shard, _: Head) -> Result<bool, Unavailable> {
        unimplemented!("no revocations here")
    }

    async fn revocations(&self, _: Shard, _: Option<Head>, _: usize) -> Result<Stretch, Unavailable> {
        unimplemented!("no revocations here")
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        unimplemented!("no revocations here")
    }

    async fn forget(&self, _: Shard, _: &[Position]) -> Result<(), Unavailable> {
        unimplemented!("no revocations here")
    }

    async fn families_of(&self, _: Listing<'_>, _: Option<Listed>, _: usize) -> Result<Vec<Listed>, Unavailable> {
        unimplemented!("no families here")
    }

    async fn scan(&self, _: Shard, _: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        unimplemented!("no families here")
    }

    async fn take(&self, _: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        unimplemented!("nothing is taken here")
    }

    async fn peek(&self, _: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        unimplemented!("nothing is looked at here")
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.check()
    }
}
