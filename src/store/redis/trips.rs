//! What the calls have in common, and those that take more than a line.

use std::cmp::Reverse;
use std::time::Duration;

use redis::{Cmd, Pipeline, Value};

use super::RedisStore;
use super::answer;
use super::failure::unexpected;
use super::script::{self, Call, millis};
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{Created, Cursor, Listed, Loaded, Stretch, Unavailable, Version};
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
        self.bounded(async { answer::optional_bytes(self.wire.one(&key, &command).await?, name) }).await
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
        commands.push(command("GET", self.keys.shards()));
        let mut answers = self.wire.ask_each(commands).await?;
        self.recognize(answers.pop().ok_or_else(|| unexpected("GET"))?)?;
        let now = answer::time(answers.pop().ok_or_else(|| unexpected("TIME"))?)?;
        Ok((answers.into_iter().map(answer::head).collect::<Result<_, _>>()?, now))
    }

    pub(super) async fn load_records(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        // In the order of their shards, and each with its place in the order that they were asked for in.
        let mut places: Vec<_> = families.iter().copied().enumerate().collect();
        places.sort_by_key(|(_, family)| family.shard());
        let commands = places.chunk_by(|(_, one), (_, other)| one.shard() == other.shard()).map(|some| {
            let head = self.keys.head(some[0].1.shard());
            let mut command = redis::cmd("MGET");
            command.arg(some.iter().map(|(_, family)| self.keys.record(*family)).collect::<Vec<_>>()).arg(&head);
            (head, command, some.len())
        });
        let (commands, counts): (Vec<_>, Vec<_>) =
            commands.map(|(key, command, count)| ((key, command), count)).unzip();
        let mut loaded = Vec::with_capacity(families.len());
        for (answer, count) in self.wire.ask_each(commands).await?.into_iter().zip(counts) {
            loaded.extend(answer::loaded_each(answer, count)?);
        }
        let mut loaded: Vec<_> = places.into_iter().map(|(place, _)| place).zip(loaded).collect();
        loaded.sort_by_key(|(place, _)| *place);
        Ok(loaded.into_iter().map(|(_, loaded)| loaded).collect())
    }

    /// They may be in any shard: which one a family is born in is not for a store to know.
    pub(super) async fn read_list(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable> {
        let range = |key: &Vec<u8>, most: String, least: String| {
            let (key, mut range) = command("ZREVRANGEBYSCORE", key.clone());
            range.arg(most).arg(least).arg("WITHSCORES");
            (key, range)
        };
        let mut commands = Vec::new();
        for shard in self.all_shards() {
            let key = self.keys.changes(shard, listing).unwrap_or_else(|| self.keys.list(shard, listing));
            // Those of one score are few, and are told whole: which of them come after `after` no command can be asked.
            commands.extend(after.map(|after| range(&key, after.place.to_string(), after.place.to_string())));
            let most = after.map_or_else(|| "+inf".to_owned(), |after| format!("({}", after.place));
            let (key, mut rest) = range(&key, most, "-inf".to_owned());
            rest.arg("LIMIT").arg(0).arg(limit);
            commands.push((key, rest));
        }
        let mut listed = Vec::new();
        for members in self.wire.ask_each(commands).await? {
            listed.extend(answer::listed(members)?);
        }
        let order = |listed: &Listed| (listed.place, listed.family);
        listed.retain(|listed| after.is_none_or(|after| order(listed) < order(&after)));
        listed.sort_unstable_by_key(|listed| Reverse(order(listed)));
        listed.truncate(limit);
        Ok(listed)
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
