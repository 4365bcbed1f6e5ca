//! The benchmark: the server against floors built from the same parts, in turns, on this machine.
//!
//! `cargo run --release -p atropos-bench`; docs/performance.md says what it measures and how to read it.
//!
//! - `course.rs` what is measured, one after another
//! - `rows.rs`, `dialects.rs`, `peer.rs` which requests are compared with what, and the bars; `footprint.rs` what has no floor
//! - `connections.rs`, `logins/`, `timing/`, `growth/`, `instructions/` the groups of rows that ask something else than how fast
//! - `stage.rs` a row from start to end; `compare.rs` rounds in turns
//! - `load.rs`, `connection.rs`, `request.rs` the load generator; `browser.rs` a person's browser
//! - `server.rs`, `floor.rs`, `process.rs` the processes
//! - `report/`, `table.rs`, `picture.rs`, `stats.rs` what comes out
mod browser;
mod clock;
mod compare;
mod connection;
mod connections;
mod course;
mod dialects;
mod floor;
mod footprint;
mod growth;
mod instructions;
mod load;
mod logins;
mod peer;
mod picture;
mod process;
mod report;
mod request;
mod rows;
mod server;
mod stage;
mod stats;
mod table;
mod timing;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use crate::compare::Load;
use crate::course::Course;
use crate::floor::FloorArguments;
use crate::load::Span;
use crate::report::{Report, Section};
use crate::stage::Plan;

/// The server's allocator is a part of the floors, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Trials of each kind in `timing`
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..))]
    trials: u32,
    /// The most families, and the most entries of a denylist, in `growth`
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1000..))]
    families: u32,
    /// Only this row or group of rows; may be given more than once. The page stays as it is then
    #[arg(long, value_name = "ROW", value_parser = PossibleValuesParser::new(course::names()))]
    only: Vec<String>,
    /// With --only timing, connections, logins, growth or instructions: into the page all the same
    #[arg(long, requires = "only")]
    write: bool,
    /// A server already built, instead of building one
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
}

impl BenchArguments {
    fn load(&self) -> Load {
        Load {
            span: Span { warm_up: Duration::from_millis(300), measured: Duration::from_secs(self.seconds) },
            rounds: self.rounds,
            connections: usize::from(self.connections),
        }
    }

    /// What of the page is written anew: only what is measured whole.
    fn sections(&self) -> Result<Vec<Section>> {
        let named = |name: &str| self.only.iter().any(|only| only == name);
        if self.only.is_empty() {
            return Ok(vec![Section::Table, Section::Timing, Section::Connections, Section::Logins]);
        }
        if !self.write {
            return Ok(Vec::new());
        }
        let whole = [Section::Timing, Section::Connections, Section::Logins, Section::Growth, Section::Instructions];
        let chosen: Vec<Section> = whole.into_iter().filter(|section| named(section.marker())).collect();
        ensure!(
            chosen.len() == self.only.len(),
            "--write goes with --only timing, connections, logins, growth or instructions, and no row"
        );
        Ok(chosen)
    }
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
    let sections = arguments.sections()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new();
    let mut course = Course { only: &arguments.only, report: &mut report };
    if course.needs_a_server() {
        let plan = Plan {
            binary: arguments.server.clone().map_or_else(server::build, Ok)?,
            load: arguments.load(),
            sessions: usize::try_from(arguments.sessions)?,
            trials: usize::try_from(arguments.trials)?,
            families: usize::try_from(arguments.families)?,
        };
        runtime.block_on(course.run(&plan));
        runtime.block_on(report.write(&plan, &sections))?;
    } else {
        runtime.block_on(course.calibrate(arguments.load()));
    }
    println!("{}", report.text());
    Ok(report.has_failed())
}
