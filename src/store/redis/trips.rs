//! What the calls have in common, and those that take more than a line.

use std::time::Duration;

use redis::{Cmd, Pipeline, Value};

use super::RedisStore;
use super::answer;
use super::failure::unexpected;
use super::script::{self, Call, millis};
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{Created, Cursor, Stretch, Unavailable, Version};
use crate::domain::{FamilyId, Head, Shard, Timestamp};
use crate::store::record;

impl RedisStore {
    /// A write by `commit.lua`, answered when it is safe; `None` if something else was there than was expected.
    pub(super) async fn write(&self, shard: Shard, call: Call<'_>) -> Result<Option<Stretch>, Unavailable> {
        let (anchor, appended) = call.known();
        let command = call.command(self.waits);
        let change = async { self.wire.change(&self.keys.head(shard), command).await };
        answer::stretch(self.bounded(change).await?, anchor, appended)
    }

    pub(super) async fn value(&self, name: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, Unavailable> {
        let mut command = redis::cmd(name);
        command.arg(&key);
        self.bounded(async { answer::optional_bytes(self.wire.one(&key, command).await?, name) }).await
    }

    pub(super) async fn create_by_pipeline(
        &self,
        family: &Family,
        version: Version,
        keep_for: Duration,
    ) -> Result<Created, Unavailable> {
        let head = self.keys.head(family.id.shard());
        let mut commands = Pipeline::with_capacity(2);
        commands.cmd("SET").arg(self.keys.record(family.id)).arg(record::encode(version, family));
        commands.arg("NX").arg("PX").arg(millis(keep_for));
        commands.cmd("GET").arg(&head);
        let Ok([set, read]) = <[Value; 2]>::try_from(self.wire.ask(&head, &commands).await?) else {
            return Err(unexpected("a creation"));
        };
        if answer::written(set)? { Ok(Created::Done(answer::head(read)?)) } else { Ok(Created::Exists) }
    }

    pub(super) async fn create_by_script(
        &self,
        family: &Family,
        version: Version,
        keep_for: Duration,
    ) -> Result<Created, Unavailable> {
        let command = Call::create(&self.keys, family, version, keep_for).command(false);
        let answer = self.wire.run(&self.keys.head(family.id.shard()), command).await?;
        Ok(answer::stretch(answer, None, &[])?.map_or(Created::Exists, |stretch| Created::Done(stretch.head)))
    }

    pub(super) async fn read_heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        let mut commands: Vec<_> = self.all_shards().map(|shard| command("GET", self.keys.head(shard))).collect();
        commands.push((self.keys.shards(), redis::cmd("TIME")));
        let mut answers = self.wire.ask_each(commands).await?;
        let now = answer::time(answers.pop().ok_or_else(|| unexpected("TIME"))?)?;
        Ok((answers.into_iter().map(answer::head).collect::<Result<_, _>>()?, now))
    }

    /// Oldest first. They may be in any shard: which one a family is born in is not for a store to know.
    pub(super) async fn read_list(&self, listing: Listing<'_>) -> Result<Vec<FamilyId>, Unavailable> {
        let commands = self.all_shards().map(|shard| {
            let (key, mut range) = command("ZRANGE", self.keys.list(shard, listing));
            range.arg(0).arg(-1);
            (key, range)
        });
        let mut families = Vec::new();
        for members in self.wire.ask_each(commands.collect()).await? {
            families.extend(answer::family_ids(members)?);
        }
        // Ids rise with the time of birth.
        families.sort_unstable();
        Ok(families)
    }

    /// A cursor is the run of a server and its place there: to another run, after a restart or a failover, it means
    /// nothing, and to go on with it would leave families out.
    pub(super) async fn step(
        &self,
        shard: Shard,
        cursor: Option<Cursor>,
    ) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        let cursor = cursor.map(|cursor| String::from_utf8(cursor.0).unwrap_or_default());
        let (run, place) = match &cursor {
            Some(cursor) => {
                let (run, place) = cursor.split_once(' ').ok_or_else(|| unexpected("a scan"))?;
                (Some(run), place)
            }
            None => (None, "0"),
        };
        let answer = self.wire.run(&self.keys.head(shard), script::scan(&self.keys, shard, place)).await?;
        let step = answer::step(answer)?;
        if run.is_some_and(|run| run != step.run) {
            return Err(Unavailable("another server answers than the one where the scan began".to_owned()));
        }
        let families = step.records.iter().map(|bytes| record::decode(bytes).map(|stored| stored.family));
        let families = families.collect::<Result<_, _>>()?;
        let next = (step.place != "0").then(|| Cursor(format!("{} {}", step.run, step.place).into_bytes()));
        Ok((families, next))
    }

    fn all_shards(&self) -> impl Iterator<Item = Shard> {
        (0..self.shards).filter_map(Shard::new)
    }
}

fn command(name: &str, key: Vec<u8>) -> (Vec<u8>, Cmd) {
    let mut command = redis::cmd(name);
    command.arg(&key);
    (key, command)
}
