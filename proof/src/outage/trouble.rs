//! What Redis itself may answer instead of what it was asked.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use atropos_testbed::{Flavor, RedisServer, until};
use redis::Value;
use tokio::time::Instant;

use super::{BOUND, GRACE};
use crate::node::{Node, Outcome, Session};
use crate::program::{Program, Start};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its memory is full: OOM.
    Full,
    /// Somebody has made it a replica: READONLY.
    Demoted,
    /// Its user may not write any more: NOPERM.
    Forbidden,
    /// Somebody's script runs and runs: BUSY.
    Busy,
    /// It reads its file: LOADING.
    Loading,
    /// It has stopped, with all connections open.
    Hanging,
    /// Its settings were changed so that it may forget revocations.
    Evicting,
    /// FLUSHALL.
    Emptied,
}

impl Trouble {
    pub const ALL: [Self; 8] = [
        Self::Full,
        Self::Demoted,
        Self::Forbidden,
        Self::Busy,
        Self::Loading,
        Self::Hanging,
        Self::Evicting,
        Self::Emptied,
    ];

    /// Whether what was there can be read all the while.
    fn can_be_read(self) -> bool {
        matches!(self, Self::Full | Self::Forbidden)
    }
}

const SETTINGS: [(&str, &str); 4] = [
    ("enable-debug-command", "local"),
    ("loading-process-events-interval-bytes", "1024"),
    ("busy-reply-threshold", "50"),
    ("dbfilename", "dump.rdb"),
];

/// Makes the trouble, asks, ends it and asks again. The longest that an answer took.
pub async fn trouble(program: &Program, trouble: Trouble) -> Result<Duration> {
    let data = tempfile::tempdir()?;
    let mut redis = RedisServer::start(Flavor::Redis, &SETTINGS).await;
    let url = redis.url();
    let start = Start { data: data.path(), store: Some(&url), durability: "memory", more: &[] };
    let node = program.start(&start).await;
    let [Some(alive), Some(dead)] = [node.issue().await.told(), node.issue().await.told()] else {
        bail!("no session is issued");
    };
    let [alive, dead] = [&alive, &dead];
    ensure!(node.revoke(&dead.refresh).await == Outcome::Told(()), "a store that answers takes a revocation");
    let what = || format!("{trouble:?}");
    begin(&mut redis, trouble).await;
    let asked = during(&node, trouble, [alive, dead]).await.with_context(what);
    end(&mut redis, trouble).await;
    let longest = asked?;
    until("the server has found Redis again", async || node.issue().await.told().is_some()).await;
    after(&node, [alive, dead]).await.with_context(what)?;
    Ok(longest)
}

async fn during(node: &Node, trouble: Trouble, [alive, dead]: [&Session; 2]) -> Result<Duration> {
    let mut longest = Duration::ZERO;
    if !trouble.can_be_read() {
        // Somebody has to notice first; until then it is not wrong, but for a store that was emptied: that lacks everything.
        until("it is noticed", async || node.introspect(&alive.access).await == Outcome::Unavailable).await;
    }
    // Loading is over by itself.
    for _ in 0..if trouble == Trouble::Loading { 1 } else { 3 } {
        let begun = Instant::now();
        let revoked =
            [node.revoke(&alive.access).await, node.revoke(&alive.refresh).await, node.revoke(&dead.refresh).await];
        ensure!(revoked[..2].iter().all(|revoked| *revoked == Outcome::Unavailable), "a revocation: {revoked:?}");
        ensure!(node.refresh(&alive.refresh).await == Outcome::Unavailable, "a refresh was not 503");
        ensure!(node.issue().await == Outcome::Unavailable, "an issue was not 503");
        let read = [node.introspect(&alive.access).await, node.introspect(&dead.access).await];
        let expected = if trouble.can_be_read() {
            [Outcome::Told(true), Outcome::Told(false)]
        } else {
            [const { Outcome::Unavailable }; 2]
        };
        ensure!(read == expected, "introspections: {read:?}");
        ensure!(node.introspect("at_nothing").await == Outcome::Told(false), "garbage needs no store");
        // Seven questions.
        longest = longest.max(begun.elapsed() / 7);
    }
    ensure!(longest < BOUND + GRACE, "an answer took {longest:?}");
    Ok(longest)
}

async fn after(node: &Node, [alive, dead]: [&Session; 2]) -> Result<()> {
    ensure!(node.introspect(&alive.access).await == Outcome::Told(true), "a session was lost");
    ensure!(node.introspect(&dead.access).await == Outcome::Told(false), "a revocation was lost");
    ensure!(node.revoke(&alive.refresh).await == Outcome::Told(()), "a revocation is not taken");
    ensure!(node.introspect(&alive.access).await == Outcome::Told(false), "a revocation was not done");
    Ok(())
}

async fn begin(redis: &mut RedisServer, trouble: Trouble) {
    match trouble {
        Trouble::Full => tell(redis, &["CONFIG", "SET", "maxmemory", "1"]).await,
        Trouble::Demoted => tell(redis, &["REPLICAOF", "127.0.0.1", "1"]).await,
        Trouble::Forbidden => tell(redis, &["ACL", "SETUSER", "default", "-@write"]).await,
        Trouble::Evicting => tell(redis, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await,
        Trouble::Hanging => redis.pause(),
        // Neither is answered before it is over.
        Trouble::Busy => redis.send(&["EVAL", "while true do end", "0"]).await,
        Trouble::Loading => {
            // Of what others keep there, for some seconds; after every few keys it says that it is loading.
            tell(redis, &["DEBUG", "POPULATE", "600", "filler", "100"]).await;
            tell(redis, &["CONFIG", "SET", "key-load-delay", "10000"]).await;
            redis.send(&["DEBUG", "RELOAD"]).await;
        }
        Trouble::Emptied => {
            tell(redis, &["SAVE"]).await;
            tell(redis, &["FLUSHALL"]).await;
        }
    }
}

async fn end(redis: &mut RedisServer, trouble: Trouble) {
    match trouble {
        Trouble::Full => tell(redis, &["CONFIG", "SET", "maxmemory", "0"]).await,
        Trouble::Demoted => tell(redis, &["REPLICAOF", "NO", "ONE"]).await,
        Trouble::Forbidden => tell(redis, &["ACL", "SETUSER", "default", "+@all"]).await,
        Trouble::Evicting => tell(redis, &["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await,
        Trouble::Hanging => redis.resume(),
        Trouble::Busy => tell(redis, &["SCRIPT", "KILL"]).await,
        // It is over by itself, and what is asked until then is refused.
        Trouble::Loading => {}
        // What was saved is put back.
        Trouble::Emptied => {
            redis.kill().await;
            redis.restart().await;
        }
    }
}

async fn tell(redis: &RedisServer, words: &[&str]) {
    redis.ask::<Value>(words).await.unwrap_or_else(|error| panic!("{words:?}: {error}"));
}
