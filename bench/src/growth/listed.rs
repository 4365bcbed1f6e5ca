//! One name with many sessions: listing the tokens of an identity, ending them all, and ending those of a person.
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::BAR;
use super::point::label;
use crate::clock::now;
use crate::course::tell;
use crate::dialects::{ANGHAMI_SESSIONS, LIST, LIST_LAST, MANAGED, PREPARE, REMOVE};
use crate::report::Report;
use crate::request::Ask;
use crate::rows::{self, Source};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::median;

/// One session for so many families of the largest number.
const SHARE: usize = 100;
const FEW: usize = 10;
/// How often each is ended, few and many by turns, and how often it is listed before.
const ROUNDS: usize = 15;
const LISTINGS: usize = 10;

/// All of one person, `person-00`.
const SESSIONS: Source = Source { owners: 1, ..ANGHAMI_SESSIONS };

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let many = (plan.families / SHARE).max(2 * FEW);
    tell(&format!("growth, one name with {} sessions", label(many)), Store::Redis);
    let stage = Stage::set(plan, Store::Redis).await?;
    stage.prepare().await?;
    let (mut of_few, mut of_many) = (Took::default(), Took::default());
    for _ in 0..ROUNDS {
        for (count, took) in [(FEW, &mut of_few), (many, &mut of_many)] {
            identity(&stage, count, took).await?;
            person(&stage, count, took).await?;
        }
    }
    let title = format!("the last page of an identity's tokens, {} of them", label(many));
    report.cost((&title, Store::Redis, "ms"), Ok(median(&of_many.listed_last)), None);
    for (what, few_took, many_took) in [
        ("a page of an identity's tokens", &of_few.listed, &of_many.listed),
        ("ending an identity's tokens", &of_few.removed, &of_many.removed),
        ("atropos revoke --subject", &of_few.ended, &of_many.ended),
    ] {
        let (few_took, many_took) = (median(few_took), median(many_took));
        let title = format!("{what}, {} of them", label(many));
        report.cost((&title, Store::Redis, "ms"), Ok(many_took), None);
        report.cost((&format!("{title} by {FEW}"), Store::Redis, "times"), Ok(many_took / few_took), Some(BAR));
    }
    stage.strike().await
}

/// Times in milliseconds.
#[derive(Default)]
struct Took {
    listed: Vec<f64>,
    listed_last: Vec<f64>,
    removed: Vec<f64>,
    ended: Vec<f64>,
}

/// How long it takes to list the tokens of an identity that has `count`, and to end them.
async fn identity(stage: &Stage<'_>, count: usize, took: &mut Took) -> Result<()> {
    let tokens = stage.mint(count, MANAGED).await?;
    for _ in 0..LISTINGS {
        took.listed.push(ask(stage, LIST).await.context("the tokens are not listed")?);
        took.listed_last.push(ask(stage, LIST_LAST).await.context("the last tokens are not listed")?);
    }
    took.removed.push(ask(stage, REMOVE).await.context("the tokens are not ended")?);
    stage.check_used_up(rows::named("revoke-infisical"), tokens.back().cloned()).await?;
    ask(stage, PREPARE).await.context("the identity does not get its tokens back").map(drop)
}

/// How long an answer of 200 took.
async fn ask(stage: &Stage<'_>, ask: Ask) -> Result<f64> {
    let asked = now();
    let status = stage.ask(ask, "").await?;
    let took = millis(now() - asked);
    ensure!(status == 200, "{status}");
    Ok(took)
}

/// How long it takes to end all that a person with `count` sessions has, by the command line.
async fn person(stage: &Stage<'_>, count: usize, took: &mut Took) -> Result<()> {
    let tokens = stage.mint(count, SESSIONS).await?;
    let asked = now();
    stage.operate(&["revoke", "--subject", "person-00", "--yes"])?;
    took.ended.push(millis(now() - asked));
    stage.check_used_up(rows::named("revoke-anghami"), tokens.back().cloned()).await
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
