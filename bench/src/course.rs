//! Everything that can be measured, in its order, and what of it is wanted.
use anyhow::{Error, Result};

use crate::compare::{Comparison, Load};
use crate::floor::Trip;
use crate::peer::{self, Peer};
use crate::report::{Line, Report, Section};
use crate::rows::{self, Row};
use crate::server::Store;
use crate::stage::{self, Plan, Stage};
use crate::{connections, footprint, growth, instructions, logins, timing};

const CALIBRATION: &str = "calibration";
const MEMORY: &str = "memory";
const START: &str = "start";
const TIMING: &str = Section::Timing.marker();
const CONNECTIONS: &str = Section::Connections.marker();
const LOGINS: &str = Section::Logins.marker();
const GROWTH: &str = Section::Growth.marker();
const INSTRUCTIONS: &str = Section::Instructions.marker();

/// What `--only` may name.
pub(crate) fn names() -> Vec<&'static str> {
    let compared = rows::all().chain(&peer::ROWS).map(|row| row.name);
    std::iter::once(CALIBRATION)
        .chain(compared)
        .chain([MEMORY, START, TIMING, CONNECTIONS, LOGINS, GROWTH, INSTRUCTIONS])
        .collect()
}

pub(crate) struct Course<'a> {
    pub(crate) only: &'a [String],
    pub(crate) report: &'a mut Report,
}

impl Course<'_> {
    /// What takes longer than all the rest, or needs what is rarely there, is measured only when it is named.
    fn wants(&self, name: &str) -> bool {
        if self.only.is_empty() {
            name != GROWTH && name != INSTRUCTIONS
        } else {
            self.only.iter().any(|only| only == name)
        }
    }

    pub(crate) fn needs_a_server(&self) -> bool {
        names().into_iter().any(|name| name != CALIBRATION && self.wants(name))
    }

    pub(crate) async fn run(&mut self, plan: &Plan) {
        if self.wants(CALIBRATION) {
            self.calibrate(plan.load).await;
        }
        for store in Store::ALL {
            for row in rows::all().filter(|row| self.wants(row.name)).collect::<Vec<_>>() {
                tell(row.title, store);
                let outcome = async { on(Stage::set(plan, store).await?, row).await }.await;
                self.report.rate(&line(row, store), outcome);
            }
        }
        self.peer(plan).await;
        self.footprint(plan).await;
        if self.wants(TIMING) {
            timing::measure(plan, self.report).await;
        }
        if self.wants(CONNECTIONS) {
            connections::measure(plan, self.report).await;
        }
        if self.wants(LOGINS) {
            logins::measure(plan, self.report).await;
        }
        if self.wants(GROWTH) {
            growth::measure(plan, self.report).await;
        }
        if self.wants(INSTRUCTIONS) {
            instructions::measure(plan, self.report).await;
        }
    }

    pub(crate) async fn calibrate(&mut self, load: Load) {
        let line = Line { title: "floor against itself", store: Store::Redis, floor: Trip::Get.title(), bar: None };
        tell(line.title, line.store);
        self.report.rate(&line, stage::calibrate(load).await);
    }

    async fn peer(&mut self, plan: &Plan) {
        let wanted: Vec<&Row> = peer::ROWS.iter().filter(|row| self.wants(row.name)).collect();
        if wanted.is_empty() {
            return;
        }
        let installed = Peer::install();
        let plan = &peer::plan(plan);
        for row in wanted {
            tell(row.title, Store::Redis);
            let line = line(row, Store::Redis);
            match &installed {
                Ok(Some(peer)) => {
                    let outcome = async { on(peer.stage(plan).await?, row).await }.await;
                    self.report.rate(&line, outcome);
                }
                Ok(None) => self.report.absent(&line, peer::ABSENT),
                Err(error) => self.report.rate(&line, Err(Error::msg(format!("{error:#}")))),
            }
        }
    }

    async fn footprint(&mut self, plan: &Plan) {
        if self.wants(MEMORY) {
            tell(MEMORY, Store::Redis);
            let line = ("memory per live session", Store::Redis, "bytes");
            self.report.size(line, footprint::bytes_per_session(plan).await, Some(400.0));
        }
        if !self.wants(START) {
            return;
        }
        for store in Store::ALL {
            tell(START, store);
            // An error is told in both lines, for both are missing.
            let (ready, resident) = match footprint::rest(plan, store).await {
                Ok(rest) => (Ok(rest.ready_ms), Ok(rest.resident_mib)),
                Err(error) => (Err(Error::msg(format!("{error:#}"))), Err(error)),
            };
            self.report.size(("start to ready, existing store", store, "ms"), ready, Some(100.0));
            self.report.size(("resident, idle", store, "MiB"), resident, Some(25.0));
        }
    }
}

/// The bars are for Redis.
fn line(row: &Row, store: Store) -> Line {
    let bar = row.bar.filter(|_| store == Store::Redis);
    Line { title: row.title, store, floor: row.against.title(), bar }
}

async fn on(stage: Stage<'_>, row: &Row) -> Result<Comparison> {
    let comparison = stage.compare(row).await?;
    stage.strike().await?;
    Ok(comparison)
}

/// What is measured now, for whoever watches.
pub(crate) fn tell(title: &str, store: Store) {
    eprintln!("{title}, {store} …");
}
