//! How throughput follows the number of connections: a row at five numbers of them, and a picture.
use anyhow::Result;

use crate::compare::{Comparison, Load};
use crate::course::tell;
use crate::picture::{Axis, Curve, Hue, Picture};
use crate::report::{Drawing, Report, Section, Sheet, latency};
use crate::rows::{self, Row};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::{count_of, median, range};

const STEPS: [usize; 5] = [1, 4, 16, 64, 256];
/// Five numbers in a row say how much each of them is worth.
const MOST_ROUNDS: u32 = 3;

pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    let mut curves = Vec::new();
    for (row, name, hue) in [
        (rows::named("introspect-opaque"), ["one GET (floor)", "introspect"], Hue::Blue),
        (rows::named("revoke"), ["one SET (floor)", "revoke"], Hue::Red),
    ] {
        let [mut floor, mut subject] = [Curve::floor(name[0], hue), Curve::new(name[1], hue)];
        for step in STEPS {
            tell(&format!("{}, {step} connections", row.title), Store::Redis);
            match at(plan, row, step).await {
                Ok(comparison) => {
                    floor.push(count_of(step), median(&comparison.floor.rates) / 1e3);
                    subject.push(count_of(step), median(&comparison.subject.rates) / 1e3);
                    report.push(Sheet::Connections, cells(row, step, &comparison));
                }
                Err(error) => {
                    report.fail(Sheet::Connections, vec![row.title.to_owned(), step.to_string()], &error);
                }
            }
        }
        curves.extend([floor, subject]);
    }
    let title = "Thousands of requests per second against the number of connections";
    let x = Axis { title: "connections", base: 4, first: 1.0, last: 256.0 };
    let picture = Picture { title, x, unit: "thousand requests per second", curves };
    match picture.draw() {
        Ok(svg) => report.draw(Section::Connections, Drawing { name: "connections", title, svg }),
        Err(error) => report.fail(Sheet::Connections, vec![title.to_owned()], &error),
    }
}

async fn at(plan: &Plan, row: &Row, connections: usize) -> Result<Comparison> {
    let rounds = plan.load.rounds.min(MOST_ROUNDS);
    let plan = Plan { load: Load { rounds, connections, ..plan.load }, ..plan.clone() };
    let stage = Stage::set(&plan, Store::Redis).await?;
    let comparison = stage.compare(row).await?;
    stage.strike().await?;
    Ok(comparison)
}

fn cells(row: &Row, step: usize, comparison: &Comparison) -> Vec<String> {
    let ratios = comparison.ratios();
    let (low, high) = range(&ratios);
    vec![
        row.title.to_owned(),
        step.to_string(),
        format!("{:.0}", median(&comparison.floor.rates)),
        format!("{:.0}", median(&comparison.subject.rates)),
        format!("{:.2}", median(&ratios)),
        format!("{low:.2}–{high:.2}"),
        latency(comparison, 500),
        latency(comparison, 990),
    ]
}
