//! One session that is refreshed again and again: its record stays as small, and its refresh as quick, as at first.
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use redis::aio::MultiplexedConnection;

use super::BAR;
use super::point::label;
use crate::clock::now;
use crate::connection::{Connection, text_of};
use crate::course::tell;
use crate::report::Report;
use crate::request::{Ask, Request};
use crate::rows::{ISSUE, Source, TOKEN_PATH};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::percentile;

/// One rotation for so many families of the largest number.
const SHARE: usize = 100;
/// Longer than its access tokens live (bench/clients.toml), so that only one of them is in the record.
const LULL: Duration = Duration::from_millis(20);

const SESSION: Source = Source::new(Ask::by("demo-brief", TOKEN_PATH, ISSUE), "refresh_token");
const REFRESH: Ask = Ask::by("demo-brief", TOKEN_PATH, "grant_type=refresh_token&refresh_token={token}");

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let rotations = (plan.families / SHARE).max(100);
    tell(&format!("growth, {} rotations", label(rotations)), Store::Redis);
    let stage = Stage::set(plan, Store::Redis).await?;
    let redis = stage.redis.as_ref().context("a stage on Redis has one")?;
    let mut asking = redis::Client::open(redis.url())?.get_multiplexed_async_connection().await?;
    let mut session = Session {
        connection: Connection::open(stage.server.address).await?,
        request: stage.request(REFRESH),
        token: stage.mint(1, SESSION).await?.pop_front().context("no session was issued")?,
    };
    let first_size = session.size_after_a_lull(&mut asking).await?;
    let early = session.rotate(rotations / 10).await?;
    session.rotate(rotations - 2 * (rotations / 10)).await?;
    let late = session.rotate(rotations / 10).await?;
    let last_size = session.size_after_a_lull(&mut asking).await?;
    let title = |what: &str| format!("{what} after {} rotations", label(rotations));
    let (size, time) = (last_size / first_size, late / early);
    report.cost((&title("record"), Store::Redis, "bytes"), Ok(last_size), Some((first_size * BAR).floor()));
    report.cost((&title("record by that after one"), Store::Redis, "times"), Ok(size), Some(BAR));
    report.cost((&title("median refresh by that of the first tenth"), Store::Redis, "times"), Ok(time), Some(BAR));
    stage.strike().await
}

struct Session {
    connection: Connection,
    request: Request,
    /// The refresh token of the last answer.
    token: String,
}

impl Session {
    /// What its record takes after one more rotation, in bytes.
    async fn size_after_a_lull(&mut self, redis: &mut MultiplexedConnection) -> Result<f64> {
        tokio::time::sleep(LULL).await;
        self.rotate(1).await?;
        record_size(redis).await
    }

    /// So many times; gives the median time of one, in microseconds.
    async fn rotate(&mut self, times: usize) -> Result<f64> {
        let mut latencies = Vec::with_capacity(times);
        let mut bytes = Vec::new();
        for _ in 0..times {
            self.request.render(&self.token, &mut bytes);
            let asked = now();
            let body = self.connection.expect(&bytes, "access_token").await?;
            latencies.push(u32::try_from((now() - asked).as_micros()).unwrap_or(u32::MAX));
            self.token = text_of(body, "refresh_token")?;
        }
        latencies.sort_unstable();
        Ok(f64::from(percentile(&latencies, 500)))
    }
}

/// Of the one family in the store, in bytes.
async fn record_size(redis: &mut MultiplexedConnection) -> Result<f64> {
    let keys: Vec<String> = redis::cmd("KEYS").arg("atropos{*}:f:*").query_async(redis).await?;
    ensure!(keys.len() == 1, "one session has {} records", keys.len());
    let size: u32 = redis::cmd("STRLEN").arg(&keys[0]).query_async(redis).await?;
    Ok(f64::from(size))
}
