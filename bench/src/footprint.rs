//! What is measured without a floor: memory in Redis, the time to start, memory at rest.
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use redis::InfoDict;
use redis::aio::MultiplexedConnection;

use crate::rows::SESSION;
use crate::server::{Server, Store};
use crate::stage::{Plan, Stage};
use crate::stats::{count_of, median};

/// How often a start is timed.
const STARTS: u32 = 5;
/// Sessions made before the first look, so that buffers and tables that do not belong to a session are there.
const EARLIER: usize = 1_000;
/// What the buffers of connections at rest may add and take away, in bytes.
const RIPPLE: u64 = 4096;

/// Bytes of `used_memory` that one session (a refresh and an access token) adds, all keys counted.
pub(crate) async fn bytes_per_session(plan: &Plan) -> Result<f64> {
    let stage = Stage::set(plan, Store::Redis).await?;
    let redis = stage.redis.as_ref().context("a stage on Redis has one")?;
    stage.mint(EARLIER, SESSION).await?;
    let mut asking = redis::Client::open(redis.url())?.get_multiplexed_async_connection().await?;
    let (memory, keys) = (used_memory(&mut asking).await?, keys_in(&mut asking).await?);
    stage.mint(plan.sessions, SESSION).await?;
    let added = used_memory(&mut asking).await?.checked_sub(memory).context("the memory shrank")?;
    let keys = keys_in(&mut asking).await?.saturating_sub(keys);
    ensure!(keys >= u64::try_from(plan.sessions)?, "{} sessions left only {keys} keys", plan.sessions);
    stage.strike().await?;
    Ok(count_of(usize::try_from(added)?) / count_of(plan.sessions))
}

/// In bytes, once it stands almost still: a table that grows is for a while there twice.
async fn used_memory(redis: &mut MultiplexedConnection) -> Result<u64> {
    let mut last = u64::MAX;
    for _ in 0..100 {
        let info: InfoDict = redis::cmd("INFO").arg("memory").query_async(redis).await?;
        let used: u64 = info.get("used_memory").context("INFO without used_memory")?;
        if last.abs_diff(used) <= RIPPLE {
            return Ok(used);
        }
        last = used;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("used_memory did not come to rest")
}

async fn keys_in(redis: &mut MultiplexedConnection) -> Result<u64> {
    Ok(redis::cmd("DBSIZE").query_async(redis).await?)
}

pub(crate) struct Rest {
    /// From the start of the process to the first 200 of `/health/ready`: median, in milliseconds.
    pub(crate) ready_ms: f64,
    /// `VmRSS` a second after that, in MiB.
    pub(crate) resident_mib: f64,
}

/// Starts the server again and again on a store that holds the sessions.
pub(crate) async fn rest(plan: &Plan, store: Store) -> Result<Rest> {
    let stage = Stage::set(plan, store).await?;
    stage.mint(plan.sessions, SESSION).await?;
    let Stage { server, redis, folder, .. } = stage;
    server.stop().await?;
    let mut times = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..STARTS {
        let server = Server::start(&plan.binary, folder.path(), redis.as_ref()).await?;
        times.push(server.ready_after.as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_secs(1)).await;
        resident.push(f64::from(server.pid().resident()?) / 1024.0);
        server.stop().await?;
    }
    Ok(Rest { ready_ms: median(&times), resident_mib: median(&resident) })
}
