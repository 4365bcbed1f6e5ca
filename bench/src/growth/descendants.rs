//! A token that a million others were exchanged from: to end it costs what it costs to end one that nothing hangs from.
//!
//! The records of the descendants are written into the store, for there is no grant yet that makes them: as many as there may
//! be families, each with the same ancestors, so that every one of these is a token with all of them.
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use atropos::domain::store::{Store as _, Version};
use atropos::domain::{FamilyId, KeyId, Link, Shard, TokenId};
use atropos::store::redis::{Durability, RedisSettings, RedisStore};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::BAR;
use super::listed::millis;
use super::point::label;
use crate::clock::now;
use crate::connection::Connection;
use crate::course::tell;
use crate::report::Report;
use crate::rows::{self, SESSION, Source};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::median;

/// How far a token may be from the grant that it was exchanged from in the end.
const DEPTH: usize = 5;
/// Each on a store of its own.
const ROUNDS: usize = 7;
/// Sessions revoked first, so that nothing is done for the first time.
const WARM: usize = 50;
/// Of these, enough fall into one shard.
const SESSIONS: usize = 1_600;
/// How long the records of the descendants are kept: longer than a round takes.
const KEPT: Duration = Duration::from_hours(1);

const ACCESS: Source = Source { field: "access_token", ..SESSION };

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    tell(&format!("growth, a token with {} descendants", label(plan.families)), Store::Redis);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        round(plan, &mut with, &mut without).await?;
    }
    let (with, without) = (median(&with), median(&without));
    let title = format!("revoking a token with {} descendants", label(plan.families));
    report.cost((&title, Store::Redis, "ms"), Ok(with), None);
    report.cost((&format!("{title}, by one without"), Store::Redis, "times"), Ok(with / without), Some(BAR));
    Ok(())
}

async fn round(plan: &Plan, with: &mut Vec<f64>, without: &mut Vec<f64>) -> Result<()> {
    let stage = Stage::set(plan, Store::Redis).await?;
    let mut tokens = in_one_shard(stage.mint(SESSIONS, ACCESS).await?.into());
    ensure!(tokens.len() >= WARM + 2 * DEPTH, "too few sessions fell into one shard");
    let (ancestors, mut strangers) = (tokens.split_off(tokens.len() - DEPTH), tokens);
    let one = populate(&stage, &ancestors, plan.families).await?;
    let mut connection = Connection::open(stage.server.address).await?;
    for _ in 0..WARM {
        let token = strangers.pop().context("counted before")?;
        revoke(&stage, &mut connection, &token).await?;
    }
    ensure!(state(&stage, one)? == "live", "a descendant is not alive while its ancestors are");
    for (turn, (ancestor, stranger)) in ancestors.iter().zip(&strangers).enumerate() {
        // Neither is always the one that comes first.
        let mut pair = [(ancestor, &mut *with), (stranger, &mut *without)];
        pair.rotate_left(turn % 2);
        for (token, took) in pair {
            took.push(revoke(&stage, &mut connection, token).await?);
        }
    }
    ensure!(state(&stage, one)?.starts_with("revoked"), "a descendant outlived its ancestors");
    stage.strike().await
}

/// Those of the shard that most of them are in.
fn in_one_shard(tokens: Vec<String>) -> Vec<String> {
    let shard = |token: &String| parts(token).map(|(_, id)| id.family.shard()).ok();
    let mut shards: Vec<Option<Shard>> = tokens.iter().map(shard).collect();
    shards.sort_unstable();
    let most = shards.chunk_by(|one, other| one == other).max_by_key(|some| some.len()).and_then(|some| some[0]);
    tokens.into_iter().filter(|token| shard(token) == most).collect()
}

/// Writes `count` families that were exchanged from the last of `ancestors`; gives one of them.
async fn populate(stage: &Stage<'_>, ancestors: &[String], count: usize) -> Result<FamilyId> {
    let redis = stage.redis.as_ref().context("a stage on Redis has one")?;
    let store = RedisStore::open(&RedisSettings::new(&redis.url(), Durability::Memory)).await?;
    let link = |token: &String| {
        let (key, token) = parts(token)?;
        anyhow::Ok(Link { token, client: "demo-session".into(), key })
    };
    let chain: Vec<Link> = ancestors.iter().map(link).collect::<Result<_>>()?;
    let parent = chain.last().context("there are ancestors")?.token.family;
    let mut family = store.load(parent).await?.stored.context("a session without a record")?.family;
    family.ancestors = chain;
    let child = |number: u64| {
        let mut child = family.clone();
        child.id = FamilyId::new(parent.shard(), parent.born_at(), number);
        child
    };
    let numbers = 0..u64::try_from(count)?;
    let written = stream::iter(numbers.map(child)).map(async |child| store.create(&child, Version(1), KEPT).await);
    written.buffer_unordered(stage.plan.load.connections).try_for_each(async |_| Ok(())).await?;
    Ok(child(0).id)
}

/// In milliseconds.
async fn revoke(stage: &Stage<'_>, connection: &mut Connection, token: &str) -> Result<f64> {
    let mut bytes = Vec::new();
    stage.request(rows::named("revoke").ask).render(token, &mut bytes);
    let asked = now();
    connection.expect(&bytes, "").await?;
    Ok(millis(now() - asked))
}

/// What the server says of a family.
fn state(stage: &Stage<'_>, family: FamilyId) -> Result<String> {
    let text = stage.operate(&["family", "show", &family.to_string()])?;
    let told = text.lines().find_map(|line| line.trim().strip_prefix("state"));
    Ok(told.context("a family without a state")?.trim().to_owned())
}

/// What an opaque token says of itself: its key and its id.
fn parts(token: &str) -> Result<(KeyId, TokenId)> {
    let (_, body) = token.split_once('_').context("an opaque token has a prefix")?;
    let bytes = URL_SAFE_NO_PAD.decode(body)?;
    let parse = || {
        let (key, rest) = bytes.split_first_chunk()?;
        let (id, _) = rest.split_first_chunk()?;
        Some((KeyId(u32::from_be_bytes(*key)), TokenId::from_bytes(id)?))
    };
    parse().context("an opaque token of another form")
}
