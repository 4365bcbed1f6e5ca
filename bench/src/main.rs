//! The benchmark: the server against floors built from the same parts, in turns, on this machine.
//!
//! `cargo run --release -p atropos-bench`; docs/performance.md says what it measures and how to read it.
//!
//! - `rows.rs`, `dialects.rs` which requests are compared with what, and the bars; `footprint.rs` what has no floor
//! - `stage.rs` a row from start to end; `compare.rs` rounds in turns
//! - `load.rs`, `connection.rs`, `request.rs` the load generator
//! - `server.rs`, `floor.rs`, `process.rs` the processes
//! - `report.rs`, `table.rs`, `stats.rs` what comes out
mod clock;
mod compare;
mod connection;
mod dialects;
mod floor;
mod footprint;
mod load;
mod process;
mod report;
mod request;
mod rows;
mod server;
mod stage;
mod stats;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Error, Result};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use crate::compare::Load;
use crate::floor::{FloorArguments, Trip};
use crate::load::Span;
use crate::report::{Line, Report};
use crate::server::Store;
use crate::stage::{Plan, Stage};

const CALIBRATION: &str = "calibration";
const MEMORY: &str = "memory";
const START: &str = "start";

#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    bench: BenchArguments,
}

#[derive(Subcommand)]
enum Part {
    /// Serves the floor; started by the benchmark itself.
    #[command(hide = true)]
    Floor(FloorArguments),
}

#[derive(Args)]
struct BenchArguments {
    /// Seconds measured on each side in each round
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds per row; each measures the floor and the server once
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Connections held open by the load generator
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Sessions in the store where their number matters
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// Only this row; may be given more than once. The page keeps its table then
    #[arg(long, value_name = "ROW", value_parser = PossibleValuesParser::new(names()))]
    only: Vec<String>,
    /// A server already built, instead of building one
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
}

fn names() -> Vec<&'static str> {
    let compared = rows::all().map(|row| row.name);
    std::iter::once(CALIBRATION).chain(compared).chain([MEMORY, START]).collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.part {
        Some(Part::Floor(floor)) => actix_web::rt::System::new().block_on(floor::serve(floor)).map(|()| false),
        None => bench(&arguments.bench),
    };
    match outcome {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("atropos-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a row failed.
fn bench(arguments: &BenchArguments) -> Result<bool> {
    let load = Load {
        span: Span { warm_up: Duration::from_millis(300), measured: Duration::from_secs(arguments.seconds) },
        rounds: arguments.rounds,
        connections: usize::from(arguments.connections),
    };
    let wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|row| row == name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new();
    if names().into_iter().any(|name| name != CALIBRATION && wanted(name)) {
        let binary = arguments.server.clone().map_or_else(server::build, Ok)?;
        let plan = Plan { binary, load, sessions: usize::try_from(arguments.sessions)? };
        runtime.block_on(measure(&plan, &mut report, wanted));
        // A table with a hole is not put in the place of a whole one.
        if arguments.only.is_empty() && !report.has_failed() {
            runtime.block_on(report.write(&plan))?;
        }
    } else {
        runtime.block_on(calibrate(load, &mut report));
    }
    println!("{}", report.text());
    Ok(report.has_failed())
}

async fn measure(plan: &Plan, report: &mut Report, wanted: impl Fn(&str) -> bool) {
    if wanted(CALIBRATION) {
        calibrate(plan.load, report).await;
    }
    for store in [Store::Redis, Store::Embedded] {
        for row in rows::all().filter(|row| wanted(row.name)) {
            tell(row.title, store);
            let bar = (store == Store::Redis).then_some(row.bar);
            let line = Line { title: row.title, store, floor: row.against.title(), bar };
            report.rate(&line, compare(plan, store, row).await);
        }
    }
    if wanted(MEMORY) {
        tell(MEMORY, Store::Redis);
        let line = ("memory per live session", Store::Redis, "bytes");
        report.size(line, footprint::bytes_per_session(plan).await, Some(400.0));
    }
    for store in [Store::Redis, Store::Embedded].into_iter().filter(|_| wanted(START)) {
        tell(START, store);
        rest(report, plan, store).await;
    }
}

async fn calibrate(load: Load, report: &mut Report) {
    let line = Line { title: "floor against itself", store: Store::Redis, floor: Trip::Get.title(), bar: None };
    tell(line.title, line.store);
    report.rate(&line, stage::calibrate(load).await);
}

async fn compare(plan: &Plan, store: Store, row: &rows::Row) -> Result<compare::Comparison> {
    let stage = Stage::set(plan, store).await?;
    let comparison = stage.compare(row).await?;
    stage.strike().await?;
    Ok(comparison)
}

async fn rest(report: &mut Report, plan: &Plan, store: Store) {
    let outcome = footprint::rest(plan, store).await;
    // An error is told in both lines, for both are missing.
    let (ready, resident) = match outcome {
        Ok(rest) => (Ok(rest.ready_ms), Ok(rest.resident_mib)),
        Err(error) => (Err(Error::msg(format!("{error:#}"))), Err(error)),
    };
    report.size(("start to ready, existing store", store, "ms"), ready, Some(100.0));
    report.size(("resident, idle", store, "MiB"), resident, Some(25.0));
}

fn tell(title: &str, store: Store) {
    eprintln!("{title}, {store} …");
}
