//! INV-6, measured: whether the time of an answer tells what the answer does not.
//!
//! - `introspection.rs` tokens that verify and are not active, for whatever reason; `authentication.rs` wrong secrets
//! - `trial.rs` the trials themselves, and what they are held to
mod authentication;
mod introspection;
mod trial;

use anyhow::Result;

use crate::course::tell;
use crate::report::{Report, Sheet, verdict};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::timing::trial::{Group, Line};

pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    for store in Store::ALL {
        tell("timing", store);
        if let Err(error) = groups(plan, store, report).await {
            report.fail(Sheet::Timing, vec!["timing".to_owned(), store.to_string()], &error);
        }
    }
}

async fn groups(plan: &Plan, store: Store, report: &mut Report) -> Result<()> {
    let stage = Stage::set(plan, store).await?;
    let (stage, mut groups) = introspection::groups(stage).await?;
    // Who asks is found out without the store.
    if store == Store::Redis {
        groups.extend(authentication::groups());
    }
    for group in groups {
        for line in trial::run(&stage, &group, plan.trials).await? {
            report.push(Sheet::Timing, cells(&group, &line, store));
        }
    }
    stage.strike().await
}

fn cells(group: &Group, line: &Line, store: Store) -> Vec<String> {
    let [lower, median, upper] = line.quartiles;
    let mut cells = vec![format!("{}: {}", group.title, line.title), store.to_string(), line.trials.to_string()];
    cells.extend([lower, median, upper].map(|micros| format!("{micros:.1}")));
    if let Some(apart) = &line.apart {
        cells.extend([
            format!("{:+.2}", apart.difference),
            format!("{:.2}", apart.margin),
            format!("{:.2}", apart.noise),
            if line.is_twin { "A/A".to_owned() } else { verdict(line.is_judged.then(|| apart.is_within_noise())) },
        ]);
    }
    cells
}
