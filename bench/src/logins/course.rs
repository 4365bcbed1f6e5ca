//! One round: one introspection each millisecond, and beside it ten people a second who sign in, or nobody.
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;
use tokio::time::{sleep_until, timeout};

use super::people::PASSWORD;
use crate::browser::Browser;
use crate::clock::now;
use crate::compare::{Load, Target};
use crate::connection::{Connection, Fault};
use crate::load::{PATIENCE, Span};
use crate::request::Request;
use crate::rows::Row;
use crate::stage::Stage;

/// Far from all that the server can do: what is measured is how long it takes, not how many wait before it.
const EVERY: Duration = Duration::from_millis(1);
pub(super) const PER_SECOND: u32 = 10;

/// In microseconds, in no order.
pub(super) struct Round {
    pub(super) latencies: Vec<u32>,
    pub(super) logins: Vec<u32>,
}

/// How many sign in in one round.
pub(super) fn logins(Load { span, .. }: Load) -> usize {
    let millis = (span.warm_up + span.measured).as_millis() * u128::from(PER_SECOND);
    usize::try_from(millis.div_ceil(1000)).unwrap_or(usize::MAX)
}

/// `row` is asked about `tokens` in turns while those of `names` sign in whose turn it is.
pub(super) async fn run(
    stage: &Stage<'_>,
    row: &Row,
    tokens: &[String],
    names: Option<&mut impl Iterator<Item = String>>,
) -> Result<Round> {
    let (Target { address, .. }, load) = (stage.target(), stage.plan.load);
    let Span { warm_up, measured } = load.span;
    let opened = try_join_all((0..load.connections).map(|_| Connection::open(address))).await?;
    let names: Vec<String> = names.into_iter().flatten().take(logins(load)).collect();
    let (request, start) = (stage.request(row.ask), now());
    let turns = u32::try_from((warm_up + measured).as_millis() / EVERY.as_millis())?;
    let asks = try_join_all(opened.into_iter().zip(0..).map(async |(connection, first)| {
        let turns = (first..turns).step_by(load.connections);
        Ok(ask(connection, &Steady { request: &request, row, tokens, start, warm_up }, turns).await?)
    }));
    let logins = try_join_all(names.iter().zip(0..).map(async |(name, turn)| {
        sleep_until((start + Duration::from_secs(1) / PER_SECOND * turn).into()).await;
        sign_in(address, name).await
    }));
    let limit = warm_up + measured + PATIENCE;
    let both = timeout(limit, async { tokio::try_join!(asks, logins) });
    let (latencies, logins) = both.await.map_err(|_| Fault::Late(limit.as_secs()))??;
    Ok(Round { latencies: latencies.concat(), logins })
}

/// What all connections send, and from when on it counts.
struct Steady<'a> {
    request: &'a Request,
    row: &'a Row,
    tokens: &'a [String],
    start: Instant,
    warm_up: Duration,
}

/// The requests whose turn it is on one connection, each at its time. Only one that took as long as all connections' turns
/// would make the next one late.
async fn ask(
    mut connection: Connection,
    steady: &Steady<'_>,
    turns: impl Iterator<Item = u32>,
) -> Result<Vec<u32>, Fault> {
    let (mut bytes, mut latencies) = (Vec::new(), Vec::new());
    for (turn, token) in turns.zip(steady.tokens.iter().cycle()) {
        sleep_until((steady.start + EVERY * turn).into()).await;
        steady.request.render(token, &mut bytes);
        let asked = now();
        connection.expect(&bytes, steady.row.expected).await?;
        if EVERY * turn >= steady.warm_up {
            latencies.push(micros(asked));
        }
    }
    Ok(latencies)
}

/// A new browser each time; timed is what follows the form.
async fn sign_in(address: SocketAddr, name: &str) -> Result<u32> {
    let mut browser = Browser::open(address).await?;
    let login = browser.come().await?;
    let sent = now();
    browser.sign_in(&login, name, PASSWORD).await?;
    Ok(micros(sent))
}

fn micros(since: Instant) -> u32 {
    u32::try_from((now() - since).as_micros()).unwrap_or(u32::MAX)
}
