//! The calls of the contract, each a trip.

use std::time::Duration;

use async_trait::async_trait;
use redis::Pipeline;

use super::RedisStore;
use super::answer;
use super::failure::{settle, unexpected};
use super::script::{self, Call, millis};
use super::wire::Wire;
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{
    Append, Appended, Commit, Committed, Created, Cursor, Document, Listed, Loaded, OnceKey, Store, Stretch,
    Unavailable, Version,
};
use crate::domain::{FamilyId, Head, Position, Shard, Timestamp};

#[async_trait]
impl Store for RedisStore {
    fn shards(&self) -> u16 {
        self.shards
    }

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        let head = self.keys.head(family.shard());
        let mut command = redis::cmd("MGET");
        command.arg(self.keys.record(family)).arg(&head);
        self.bounded(async { answer::loaded(self.wire.one(&head, &command).await?) }).await
    }

    async fn load_each(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        self.bounded(self.load_records(families)).await
    }

    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable> {
        self.bounded(async {
            // A script where it has to be listed, too; and in a cluster, where a slot may move between two commands.
            if family.listing().is_some() || matches!(self.wire, Wire::Cluster(_)) {
                self.create_by_script(family, version, keep_for).await
            } else {
                self.create_by_pipeline(family, version, keep_for).await
            }
        })
        .await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable> {
        let stretch = self.write(commit.append.shard, Call::commit(&self.keys, &commit)).await?;
        Ok(stretch.map_or(Committed::Conflict, Committed::Done))
    }

    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable> {
        let stretch = self.write(append.shard, Call::append(&self.keys, &append)).await?;
        stretch.ok_or_else(|| unexpected("append"))
    }

    async fn append_at(&self, append: Append<'_>, expected: Head) -> Result<Appended, Unavailable> {
        let stretch = self.write(append.shard, Call::append_at(&self.keys, &append, expected)).await?;
        Ok(stretch.map_or(Appended::Moved, Appended::Done))
    }

    async fn confirm(&self, shard: Shard, entry: Head) -> Result<bool, Unavailable> {
        let stretch = self.write(shard, Call::look(&self.keys, shard, entry)).await?;
        let stretch = stretch.ok_or_else(|| unexpected("a confirmation"))?;
        Ok(stretch.entries.first().is_some_and(|found| found.head() == entry))
    }

    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable> {
        let head = self.keys.head(shard);
        let command = Call::revocations(&self.keys, shard, anchor, limit).command(false);
        let answer = self.bounded(async { self.wire.run(&head, command).await }).await?;
        answer::stretch(answer, anchor, &[])?.ok_or_else(|| unexpected("a script"))
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        self.in_time(self.read_heads()).await
    }

    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable> {
        if positions.is_empty() {
            return Ok(());
        }
        let denylist = self.keys.denylist(shard);
        let mut commands = Pipeline::with_capacity(positions.len());
        for position in positions {
            commands.cmd("ZREMRANGEBYSCORE").arg(&denylist).arg(position.0).arg(position.0);
        }
        self.bounded(async {
            let answers = self.wire.ask(&denylist, &commands).await?;
            answers.into_iter().try_for_each(|answer| settle(answer).map(drop))
        })
        .await
    }

    async fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        self.bounded(self.read_list(listing, after, limit)).await
    }

    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        self.bounded(self.step(shard, cursor)).await
    }

    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable> {
        let key = self.keys.once(key);
        let mut command = redis::cmd("SET");
        command.arg(&key).arg(value).arg("NX").arg("PX").arg(millis(ttl));
        self.bounded(async { answer::written(self.wire.one(&key, &command).await?) }).await
    }

    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.value("GETDEL", self.keys.once(key)).await
    }

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.value("GET", self.keys.once(key)).await
    }

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable> {
        let key = self.keys.document(name);
        let mut command = redis::cmd("GET");
        command.arg(&key);
        self.bounded(async { answer::document(self.wire.one(&key, &command).await?) }).await
    }

    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable> {
        let command = script::replace(&self.keys, name, expected, document);
        let key = self.keys.document(name);
        self.bounded(async { answer::written(self.wire.change(&key, command).await?) }).await
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        let key = self.keys.shards();
        self.bounded(async { settle(self.wire.one(&key, &redis::cmd("PING")).await?).map(drop) }).await
    }
}
