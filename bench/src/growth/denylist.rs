//! A store where many families have been revoked: what their entries take at a node, in memory and when it starts.
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::point::label;
use crate::course::tell;
use crate::report::Report;
use crate::rows::{self, SESSION};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::count_of;

/// Revoked at a time, so that not all of their tokens are held at once.
const PORTION: usize = 50_000;

/// A stage with as many entries as there may be families, and no family that is alive. On the way it is started again at a
/// tenth of them and at all.
pub(super) async fn fill<'a>(plan: &'a Plan, report: &mut Report) -> Result<Stage<'a>> {
    let store = Store::Redis;
    let mut stage = Stage::set(plan, store).await?;
    let (mut empty, mut entries) = (0, 0);
    for wanted in [0, plan.families / 10, plan.families] {
        tell(&format!("growth, denylist of {}", label(wanted)), store);
        while entries < wanted {
            let portion = PORTION.min(wanted - entries);
            let tokens: Vec<String> = stage.mint(portion, SESSION).await?.into();
            stage.spend(rows::named("revoke").ask, &tokens, None).await.context("filling the denylist")?;
            entries += portion;
        }
        stage = stage.restart(|_| Ok(())).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let resident = stage.server.pid().resident()?;
        let ready = stage.server.ready_after.as_secs_f64() * 1e3;
        report.cost((&format!("start to ready, denylist of {}", label(entries)), store, "ms"), Ok(ready), None);
        if entries == 0 {
            empty = resident;
        } else {
            let added = f64::from(resident.saturating_sub(empty)) * 1024.0 / count_of(entries);
            let title = format!("memory of the server per entry, denylist of {}", label(entries));
            report.cost((&title, store, "bytes"), Ok(added), None);
        }
    }
    Ok(stage)
}
