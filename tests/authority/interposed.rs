//! A store with a place to stand: what a test puts there happens right before a call reaches the store. And one that can
//! fail over: from one call to the next it is another store, with what that one has.

use std::sync::atomic::{AtomicBool, Ordering};
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
use futures_util::future::BoxFuture;

/// Which call a hook stands before, or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    BeforeCreate,
    BeforeCommit,
    BeforeAppend,
    AfterLoad,
    BeforeConfirm,
}

type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

pub(crate) struct Interposed {
    store: Mutex<Arc<dyn Store>>,
    documents_fail: AtomicBool,
    heads_fail: AtomicBool,
    strays: Mutex<Vec<Listed>>,
    hooks: Mutex<Vec<(Moment, Hook)>>,
    passed: Mutex<Vec<Moment>>,
}

impl Interposed {
    pub(crate) fn before(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store: Mutex::new(store),
            documents_fail: AtomicBool::new(false),
            heads_fail: AtomicBool::new(false),
            strays: Mutex::default(),
            hooks: Mutex::default(),
            passed: Mutex::default(),
        })
    }

    /// From now on every call goes to `store`.
    pub(crate) fn fail_over_to(&self, store: &Arc<dyn Store>) {
        *self.store.lock().unwrap() = Arc::clone(store);
    }

    /// Whether shared documents, the key ring among them, can be read.
    pub(crate) fn let_documents_fail(&self, fail: bool) {
        self.documents_fail.store(fail, Ordering::SeqCst);
    }

    /// Whether the node can look where the shards stand.
    pub(crate) fn let_heads_fail(&self, fail: bool) {
        self.heads_fail.store(fail, Ordering::SeqCst);
    }

    /// Every list names this as well, whatever the store has.
    pub(crate) fn list_too(&self, stray: Listed) {
        self.strays.lock().unwrap().push(stray);
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store.lock().unwrap())
    }

    /// Runs `hook` once, at the next such moment.
    pub(crate) fn once_at<F>(&self, moment: Moment, hook: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.hooks.lock().unwrap().push((moment, Box::new(|| Box::pin(hook()))));
    }

    pub(crate) fn passed(&self, moment: Moment) -> usize {
        self.passed.lock().unwrap().iter().filter(|passed| **passed == moment).count()
    }

    async fn at(&self, moment: Moment) {
        self.passed.lock().unwrap().push(moment);
        let hook = {
            let mut hooks = self.hooks.lock().unwrap();
            hooks.iter().position(|(at, _)| *at == moment).map(|i| hooks.remove(i).1)
        };
        if let Some(hook) = hook {
            hook().await;
        }
    }
}

#[async_trait]
impl Store for Interposed {
    fn shards(&self) -> u16 {
        self.store().shards()
    }

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        let loaded = self.store().load(family).await;
        self.at(Moment::AfterLoad).await;
        loaded
    }

    async fn load_each(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        let loaded = self.store().load_each(families).await;
        self.at(Moment::AfterLoad).await;
        loaded
    }

    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable> {
        self.at(Moment::BeforeCreate).await;
        self.store().create(family, version, keep_for).await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable> {
        self.at(Moment::BeforeCommit).await;
        self.store().commit(commit).await
    }

    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable> {
        self.at(Moment::BeforeAppend).await;
        self.store().append(append).await
    }

    async fn append_at(&self, append: Append<'_>, expected: Head) -> Result<Appended, Unavailable> {
        self.at(Moment::BeforeAppend).await;
        self.store().append_at(append, expected).await
    }

    async fn confirm(&self, shard: Shard, entry: Head) -> Result<bool, Unavailable> {
        self.at(Moment::BeforeConfirm).await;
        self.store().confirm(shard, entry).await
    }

    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        self.store().revocations(shard, anchor, limit).await
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        if self.heads_fail.load(Ordering::SeqCst) {
            return Err(Unavailable("heads fail".to_owned()));
        }
        self.store().heads().await
    }

    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable> {
        self.store().forget(shard, positions).await
    }

    async fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        let mut listed = self.store().families_of(listing, after, limit).await?;
        listed.extend(self.strays.lock().unwrap().iter());
        Ok(listed)
    }

    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        self.store().scan(shard, cursor).await
    }

    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        self.store().once(key, value, ttl).await
    }

    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.store().take(key).await
    }

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.store().peek(key).await
    }

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        if self.documents_fail.load(Ordering::SeqCst) {
            return Err(Unavailable("documents fail".to_owned()));
        }
        self.store().document(name).await
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        self.store().replace_document(name, expected, document).await
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.store().ping().await
    }
}
