//! A store that can be cut off, and that counts the trips to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use atropos::domain::family::Family;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{
    Append, Appended, Commit, Committed, Created, Cursor, Document, Listed, Loaded, OnceKey, Store, Stretch,
    Unavailable, Version,
};
use atropos::domain::{FamilyId, Head, Position, Shard, Timestamp};

pub(crate) struct Watched {
    store: Arc<dyn Store>,
    /// So many trips are made before it is cut; `usize::MAX`: as many as there are.
    left: AtomicUsize,
    /// A commit or an append is done, and then it is cut.
    answers_lost: AtomicBool,
    trips: AtomicUsize,
}

impl Watched {
    pub(crate) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            left: AtomicUsize::new(usize::MAX),
            answers_lost: AtomicBool::new(false),
            trips: AtomicUsize::new(0),
        })
    }

    pub(crate) fn cut(&self) {
        self.cut_after(0);
    }

    /// As soon as so many trips have been made.
    pub(crate) fn cut_after(&self, trips: usize) {
        self.left.store(trips, Ordering::SeqCst);
    }

    /// The next write is done, and nobody hears of it.
    pub(crate) fn lose_answers(&self) {
        self.answers_lost.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.left.store(usize::MAX, Ordering::SeqCst);
        self.answers_lost.store(false, Ordering::SeqCst);
    }

    /// Since it was last asked.
    pub(crate) fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
    }

    fn trip(&self) -> Result<&dyn Store, Unavailable> {
        self.trips.fetch_add(1, Ordering::SeqCst);
        let went = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            usize::MAX => Some(left),
            _ => left.checked_sub(1),
        });
        if went.is_ok() { Ok(&*self.store) } else { Err(cut_off()) }
    }

    fn told<T>(&self, written: T) -> Result<T, Unavailable> {
        if self.answers_lost.load(Ordering::SeqCst) { Err(cut_off()) } else { Ok(written) }
    }
}

fn cut_off() -> Unavailable {
    Unavailable("cut off".to_owned())
}

#[async_trait]
impl Store for Watched {
    fn shards(&self) -> u16 {
        self.store.shards()
    }

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        self.trip()?.load(family).await
    }

    async fn load_each(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        self.trip()?.load_each(families).await
    }

    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable> {
        self.trip()?.create(family, version, keep_for).await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable> {
        self.told(self.trip()?.commit(commit).await?)
    }

    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable> {
        self.told(self.trip()?.append(append).await?)
    }

    async fn append_at(&self, append: Append<'_>, expected: Head) -> Result<Appended, Unavailable> {
        self.trip()?.append_at(append, expected).await
    }

    async fn confirm(&self, shard: Shard, entry: Head) -> Result<bool, Unavailable> {
        self.trip()?.confirm(shard, entry).await
    }

    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        self.trip()?.revocations(shard, anchor, limit).await
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        self.trip()?.heads().await
    }

    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable> {
        self.trip()?.forget(shard, positions).await
    }

    async fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        self.trip()?.families_of(listing, after, limit).await
    }

    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        self.trip()?.scan(shard, cursor).await
    }

    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        self.trip()?.once(key, value, ttl).await
    }

    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.trip()?.take(key).await
    }

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.trip()?.peek(key).await
    }

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        self.trip()?.document(name).await
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        self.trip()?.replace_document(name, expected, document).await
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.trip()?.ping().await
    }
}
