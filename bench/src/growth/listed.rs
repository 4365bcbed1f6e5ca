//! One name with many sessions: listing the tokens of an identity, ending them all, and ending those of a person.
use std::time::Duration;

use anyhow::{Result, ensure};

use super::BAR;
use super::point::label;
use crate::clock::now;
use crate::course::tell;
use crate::dialects::{ANGHAMI_SESSIONS, LIST, LIST_LAST, MANAGED, PREPARE, REMOVE};
use crate::report::Report;
use crate::rows::{self, Source};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::median;

/// One session for so many families of the largest number.
const SHARE: usize = 100;
const FEW: usize = 10;
/// How often each is timed.
const LISTINGS: usize = 100;
const ENDINGS: usize = 3;

/// All of one person, `person-00`.
const SESSIONS: Source = Source { owners: 1, ..ANGHAMI_SESSIONS };

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let many = (plan.families / SHARE).max(2 * FEW);
    tell(&format!("growth, one name with {} sessions", label(many)), Store::Redis);
    let stage = Stage::set(plan, Store::Redis).await?;
    stage.prepare().await?;
    let few_managed = identity(&stage, FEW).await?;
    let many_managed = identity(&stage, many).await?;
    let last = format!("the last page of an identity's tokens, {} of them", label(many));
    report.cost((&last, Store::Redis, "ms"), Ok(many_managed.listed_last), None);
    let (few_ended, many_ended) = (person(&stage, FEW).await?, person(&stage, many).await?);
    for (what, few, many_took) in [
        ("a page of an identity's tokens", few_managed.listed, many_managed.listed),
        ("ending an identity's tokens", few_managed.removed, many_managed.removed),
        ("atropos revoke --subject", few_ended, many_ended),
    ] {
        let title = format!("{what}, {} of them by {FEW}", label(many));
        report.cost((&format!("{what}, {} of them", label(many)), Store::Redis, "ms"), Ok(many_took), None);
        report.cost((&title, Store::Redis, "times"), Ok(many_took / few), Some(BAR));
    }
    stage.strike().await
}

/// Median times, in milliseconds.
struct Managed {
    listed: f64,
    listed_last: f64,
    removed: f64,
}

/// How long it takes to list the tokens of an identity that has `count`, and to end them.
async fn identity(stage: &Stage<'_>, count: usize) -> Result<Managed> {
    let (mut listings, mut last_listings, mut removals) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ENDINGS {
        let tokens = stage.mint(count, MANAGED).await?;
        for _ in 0..LISTINGS / ENDINGS {
            let asked = now();
            ensure!(stage.ask(LIST, "").await? == 200, "the tokens are not listed");
            listings.push(millis(now() - asked));
            let asked = now();
            ensure!(stage.ask(LIST_LAST, "").await? == 200, "the last tokens are not listed");
            last_listings.push(millis(now() - asked));
        }
        let asked = now();
        ensure!(stage.ask(REMOVE, "").await? == 200, "the tokens are not ended");
        removals.push(millis(now() - asked));
        stage.check_used_up(rows::named("revoke-infisical"), tokens.back().cloned()).await?;
        ensure!(stage.ask(PREPARE, "").await? == 200, "the identity does not get its tokens back");
    }
    Ok(Managed { listed: median(&listings), listed_last: median(&last_listings), removed: median(&removals) })
}

/// The median time of ending all that a person with `count` sessions has, in milliseconds, by the command line.
async fn person(stage: &Stage<'_>, count: usize) -> Result<f64> {
    let mut endings = Vec::new();
    for _ in 0..ENDINGS {
        let tokens = stage.mint(count, SESSIONS).await?;
        let asked = now();
        stage.operate(&["revoke", "--subject", "person-00", "--yes"])?;
        endings.push(millis(now() - asked));
        stage.check_used_up(rows::named("revoke-anghami"), tokens.back().cloned()).await?;
    }
    Ok(median(&endings))
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
