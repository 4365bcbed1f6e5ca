//! Introspect, refresh and revoke at one number of live families, beside their floors at the same time.
use std::collections::VecDeque;

use anyhow::{Context as _, Result, ensure};

use crate::compare::{Side, Target};
use crate::floor::{FloorServer, Trip};
use crate::load::{After, Span, Work, run};
use crate::request::{Ask, Request};
use crate::rows::{self, Against, Row, SESSION, Source};
use crate::stage::Stage;
use crate::stats::{count_of, median, percentile};

/// Requests in a round: over one connection, where their time is looked at, and over all, where their number is.
const ALONE: usize = 2_000;
const TOGETHER: usize = 5_000;
/// Of those that use a session up, which is not one of the live ones, but made for it.
const FEWER: usize = 4;
/// A session may have 32 access tokens, and each round may refresh it twice.
const MOST_ROUNDS: u32 = 9;

/// In the order in which they are measured: what revokes comes last.
pub(super) const OPERATIONS: [&str; 3] = ["introspect-opaque", "refresh", "revoke"];

/// The tokens that are asked about, in no order.
#[derive(Default)]
pub(super) struct Live {
    /// One of each of half of the sessions that came last, and of the other half.
    access: VecDeque<String>,
    refresh: VecDeque<String>,
    count: usize,
}

impl Live {
    /// Makes the live sessions as many as `count`. Those that were there before live on and are asked nothing more: they have
    /// been refreshed as often as they may be.
    pub(super) async fn grow(&mut self, stage: &Stage<'_>, count: usize) -> Result<()> {
        let access = Source { field: "access_token", ..SESSION };
        let more = count.saturating_sub(self.count);
        for (pool, source, part) in
            [(&mut self.access, access, more / 2), (&mut self.refresh, SESSION, more - more / 2)]
        {
            *pool = stage.mint(part, source).await.context("filling the store")?;
            // Neighbours in time lie side by side in a store, and would be found together.
            fastrand::Rng::with_seed(u64::try_from(count)?).shuffle(pool.make_contiguous());
        }
        self.count = count;
        Ok(())
    }
}

/// One operation at one point: floor and server, over one connection and over all.
#[derive(Default)]
pub(super) struct Measured {
    floor: Pair,
    subject: Pair,
}

#[derive(Default)]
struct Pair {
    alone: Side,
    together: Side,
}

impl Measured {
    /// In milliseconds, over one connection.
    pub(super) fn latency(&self, per_mille: usize) -> (f64, f64) {
        let of = |pair: &Pair| f64::from(percentile(&pair.alone.latencies, per_mille)) / 1e3;
        (of(&self.floor), of(&self.subject))
    }

    /// Per second, over all connections.
    pub(super) fn rates(&self) -> (f64, f64) {
        (median(&self.floor.together.rates), median(&self.subject.together.rates))
    }
}

pub(super) async fn measure(stage: &Stage<'_>, live: &mut Live, name: &str) -> Result<Measured> {
    let row = rows::named(name);
    let Against::Floor(trip) = row.against else { unreachable!("only rows with a floor are measured here") };
    let floor = FloorServer::start(&stage.sample(row).await?).await?;
    let mut measured = Measured::default();
    for _ in 0..stage.plan.load.rounds.min(MOST_ROUNDS) {
        for (connections, count) in [(1, ALONE), (stage.plan.load.connections, TOGETHER)] {
            let tokens = take(stage, live, name, count).await?;
            let asked = Asked { row, trip, connections, tokens };
            let collected = measured.round(&asked, floor.target(), stage).await?;
            if row.name == "refresh" {
                live.refresh.extend(collected);
            }
        }
    }
    floor.stop().await?;
    for side in [&mut measured.floor, &mut measured.subject] {
        side.alone.latencies.sort_unstable();
    }
    Ok(measured)
}

/// The tokens of a run. Those of introspection go to the back, as those of a refresh will when it is done.
async fn take(stage: &Stage<'_>, live: &mut Live, name: &str, count: usize) -> Result<VecDeque<String>> {
    let pool = match name {
        "revoke" => return stage.mint(count / FEWER, SESSION).await.context("sessions to be revoked"),
        "refresh" => &mut live.refresh,
        _ => &mut live.access,
    };
    let taken: VecDeque<String> = pool.drain(..count.min(pool.len())).collect();
    if name != "refresh" {
        pool.extend(taken.iter().cloned());
    }
    Ok(taken)
}

/// One request for each of so many tokens.
struct Asked {
    row: &'static Row,
    trip: Trip,
    connections: usize,
    tokens: VecDeque<String>,
}

impl Measured {
    /// Both sides; gives what the answers of the server held.
    async fn round(&mut self, asked: &Asked, floor: Target, stage: &Stage<'_>) -> Result<Vec<String>> {
        let Asked { row, trip, connections, ref tokens } = *asked;
        ensure!(!tokens.is_empty(), "there are no tokens to ask about");
        let after = if let After::Replace(field) = row.after { After::Collect(field) } else { After::Once };
        let floor_request = Request::new(Ask { path: trip.path(), ..row.ask });
        let sides = [(floor, floor_request), (stage.target(), stage.request(row.ask))];
        let mut collected = Vec::new();
        for (pair, (target, request)) in [&mut self.floor, &mut self.subject].into_iter().zip(sides) {
            let work = Work { request, tokens: tokens.clone(), after, expected: row.expected };
            let mut run =
                run(target.address, target.pid, connections.min(tokens.len()), Span::UNTIL_EMPTY, work).await?;
            collected = std::mem::take(&mut run.collected);
            let side = if connections == 1 { &mut pair.alone } else { &mut pair.together };
            side.add(run);
        }
        Ok(collected)
    }
}

/// As a table has it: `100,000`.
pub(super) fn label(count: usize) -> String {
    crate::picture::count(count_of(count))
}
