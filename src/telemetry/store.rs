//! A store whose calls are timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;

use super::histogram::Durations;
use super::metrics::Metrics;
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{
    Append, Appended, Commit, Committed, Created, Cursor, Document, Listed, Loaded, OnceKey, Store, Stretch,
    Unavailable, Version,
};
use crate::domain::{FamilyId, Head, Position, Shard, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Labels {
    call: &'static str,
    outcome: &'static str,
}

/// Times each call of the store it wraps, and changes nothing. A call that its caller gave up is not counted.
pub struct MeasuredStore {
    inner: Arc<dyn Store>,
    timers: Timers,
}

/// One per call of [`Store`].
struct Timers {
    load: Timer,
    load_each: Timer,
    create: Timer,
    commit: Timer,
    append: Timer,
    append_at: Timer,
    confirm: Timer,
    revocations: Timer,
    heads: Timer,
    forget: Timer,
    families_of: Timer,
    scan: Timer,
    once: Timer,
    take: Timer,
    peek: Timer,
    document: Timer,
    replace_document: Timer,
    ping: Timer,
}

struct Timer {
    done: Durations,
    /// Nothing was written, for somebody else had been first. Only writes that compare can end so.
    conflict: Durations,
    unavailable: Durations,
}

impl MeasuredStore {
    pub fn new(inner: Arc<dyn Store>, metrics: &Metrics) -> Self {
        let reading = |call| Timer::new(metrics, call, "done");
        let comparing = |call| Timer::new(metrics, call, "conflict");
        let timers = Timers {
            load: reading("load"),
            load_each: reading("load_each"),
            create: comparing("create"),
            commit: comparing("commit"),
            append: reading("append"),
            append_at: comparing("append_at"),
            confirm: reading("confirm"),
            revocations: reading("revocations"),
            heads: reading("heads"),
            forget: reading("forget"),
            families_of: reading("families_of"),
            scan: reading("scan"),
            once: reading("once"),
            take: reading("take"),
            peek: reading("peek"),
            document: reading("document"),
            replace_document: comparing("replace_document"),
            ping: reading("ping"),
        };
        Self { inner, timers }
    }
}

impl Timer {
    /// `conflict` is the outcome under which a conflict is counted: `done` for calls that know none.
    fn new(metrics: &Metrics, call: &'static str, conflict: &'static str) -> Self {
        let handle = |outcome| metrics.store_call(&Labels { call, outcome });
        Self { done: handle("done"), conflict: handle(conflict), unavailable: handle("unavailable") }
    }

    async fn time<T>(&self, call: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
        self.time_comparing(call, |_| false).await
    }

    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    async fn time_comparing<T>(
        &self,
        call: impl Future<Output = Result<T, Unavailable>>,
        lost: impl FnOnce(&T) -> bool,
    ) -> Result<T, Unavailable> {
        let began = Instant::now();
        let result = call.await;
        let durations = match &result {
            Ok(answer) if lost(answer) => &self.conflict,
            Ok(_) => &self.done,
            Err(_) => &self.unavailable,
        };
        durations.observe(began.elapsed());
        result
    }
}

#[async_trait]
impl Store for MeasuredStore {
    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        self.timers.load.time(self.inner.load(family)).await
    }

    async fn load_each(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        self.timers.load_each.time(self.inner.load_each(families)).await
    }

    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable> {
        let call = self.inner.create(family, version, keep_for);
        self.timers.create.time_comparing(call, |created| matches!(created, Created::Exists)).await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable> {
        let call = self.inner.commit(commit);
        self.timers.commit.time_comparing(call, |committed| matches!(committed, Committed::Conflict)).await
    }

    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable> {
        self.timers.append.time(self.inner.append(append)).await
    }

    async fn append_at(&self, append: Append<'_>, expected: Head) -> Result<Appended, Unavailable> {
        let call = self.inner.append_at(append, expected);
        self.timers.append_at.time_comparing(call, |appended| matches!(appended, Appended::Moved)).await
    }

    async fn confirm(&self, shard: Shard, entry: Head) -> Result<bool, Unavailable> {
        self.timers.confirm.time(self.inner.confirm(shard, entry)).await
    }

    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        self.timers.revocations.time(self.inner.revocations(shard, anchor, limit)).await
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        self.timers.heads.time(self.inner.heads()).await
    }

    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable> {
        self.timers.forget.time(self.inner.forget(shard, positions)).await
    }

    async fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        self.timers.families_of.time(self.inner.families_of(listing, after, limit)).await
    }

    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        self.timers.scan.time(self.inner.scan(shard, cursor)).await
    }

    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        self.timers.once.time(self.inner.once(key, value, ttl)).await
    }

    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.timers.take.time(self.inner.take(key)).await
    }

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.timers.peek.time(self.inner.peek(key)).await
    }

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        self.timers.document.time(self.inner.document(name)).await
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        let call = self.inner.replace_document(name, expected, document);
        self.timers.replace_document.time_comparing(call, |replaced| !*replaced).await
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.timers.ping.time(self.inner.ping()).await
    }
}
