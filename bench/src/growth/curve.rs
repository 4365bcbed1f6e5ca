//! What introspect, refresh and revoke cost at more and more live families, with an empty denylist and with a long one.
use std::collections::HashMap;

use anyhow::Result;

use super::denylist;
use super::point::{self, Live, Measured, OPERATIONS, label};
use super::{BAR, EMBEDDED};
use crate::course::tell;
use crate::picture::{Axis, Curve, Hue, Picture};
use crate::report::{Drawing, Report, Section, Sheet, verdict};
use crate::rows;
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::count_of;

const FIRST: usize = 1_000;
const STEP: usize = 10;

/// 1,000, 10,000, and so on, up to `most`.
fn steps(most: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(FIRST), |count| count.checked_mul(STEP)).take_while(move |count| *count <= most)
}

pub(super) async fn measure(plan: &Plan, report: &mut Report) {
    let mut table = Rows { report, firsts: HashMap::new(), curves: curves() };
    for (store, most) in [(Store::Redis, plan.families), (Store::Embedded, plan.families.min(EMBEDDED))] {
        for count in steps(most) {
            let outcome = async {
                // Made for each: what earlier points revoked would lie in its denylist.
                let stage = Stage::set(plan, store).await?;
                table.point(&stage, &mut Live::default(), Place { store, count, entries: 0 }).await?;
                stage.strike().await
            };
            if let Err(error) = outcome.await {
                table.failed(Place { store, count, entries: 0 }, &error);
            }
        }
    }
    let place = Place { store: Store::Redis, count: 0, entries: plan.families };
    if let Err(error) = with_denylist(plan, &mut table, place).await {
        table.failed(place, &error);
    }
    let curves = std::mem::take(&mut table.curves);
    draw(plan, report, curves);
}

/// The same on a store where as many families have been revoked as will be alive.
async fn with_denylist(plan: &Plan, table: &mut Rows<'_>, place: Place) -> Result<()> {
    let stage = denylist::fill(plan, table.report).await?;
    let mut live = Live::default();
    for count in steps(plan.families) {
        table.point(&stage, &mut live, Place { count, ..place }).await?;
    }
    stage.strike().await
}

#[derive(Clone, Copy)]
struct Place {
    store: Store,
    count: usize,
    /// Of the denylist, before anything of this was revoked.
    entries: usize,
}

struct Rows<'a> {
    report: &'a mut Report,
    /// How long each operation took where it was first measured.
    firsts: HashMap<(&'static str, bool), f64>,
    curves: Vec<Curve>,
}

impl Rows<'_> {
    async fn point(&mut self, stage: &Stage<'_>, live: &mut Live, place: Place) -> Result<()> {
        let Place { store, count, entries } = place;
        tell(&format!("growth, {} live, denylist of {}", label(count), label(entries)), store);
        live.grow(stage, count).await?;
        for (index, name) in OPERATIONS.into_iter().enumerate() {
            let measured = point::measure(stage, live, name).await?;
            if store == Store::Redis && entries == 0 {
                self.extend_curves(index, count_of(count), &measured);
            }
            self.line(name, place, &measured);
        }
        Ok(())
    }

    fn line(&mut self, name: &'static str, place: Place, measured: &Measured) {
        let ((floor_p50, p50), (floor_p99, p99)) = (measured.latency(500), measured.latency(990));
        let grown = p50 / *self.firsts.entry((name, place.store == Store::Redis)).or_insert(p50);
        let (floor_rate, rate) = measured.rates();
        // What waits for a disk takes as long as the disk takes now.
        let is_judged = place.store == Store::Redis;
        let mut cells = place.cells(rows::named(name).title);
        cells.extend([
            format!("{floor_p50:.3} → {p50:.3}"),
            format!("{floor_p99:.3} → {p99:.3}"),
            format!("{floor_rate:.0}"),
            format!("{rate:.0}"),
            format!("{grown:.2}"),
            if is_judged { format!("≤ {BAR}") } else { String::new() },
            verdict(is_judged.then_some(grown <= BAR)),
        ]);
        self.report.push(Sheet::Growth, cells);
    }

    fn extend_curves(&mut self, index: usize, count: f64, measured: &Measured) {
        let (floor, subject) = measured.latency(500);
        // The floor of two of them is the same, and shown once.
        if let Some(place) = [Some(0), Some(1), None][index] {
            self.curves[place].push(count, floor);
        }
        self.curves[index + 2].push(count, subject);
    }

    fn failed(&mut self, place: Place, error: &anyhow::Error) {
        self.report.fail(Sheet::Growth, place.cells("all"), error);
    }
}

impl Place {
    fn cells(self, title: &str) -> Vec<String> {
        vec![title.to_owned(), self.store.to_string(), label(self.count), label(self.entries)]
    }
}

fn curves() -> Vec<Curve> {
    vec![
        Curve::floor("one GET (floor)", Hue::Blue),
        Curve::floor("one SET (floor)", Hue::Red),
        Curve::new("introspect", Hue::Blue),
        Curve::new("refresh", Hue::Green),
        Curve::new("revoke", Hue::Red),
    ]
}

fn draw(plan: &Plan, report: &mut Report, curves: Vec<Curve>) {
    let title = "Milliseconds of one request (median, one connection) against the number of live sessions";
    let x = Axis { title: "live sessions", base: 10, first: count_of(FIRST), last: count_of(plan.families) };
    match (Picture { title, x, unit: "ms", curves }).draw() {
        Ok(svg) => report.draw(Section::Growth, Drawing { name: "sessions", title, svg }),
        Err(error) => report.fail(Sheet::Growth, vec![title.to_owned()], &error),
    }
}
