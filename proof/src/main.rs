//! `cargo run --release -p atropos-proof -- NAME`: one promise of the README, doubted for as long as you like.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use atropos_proof::Program;
use atropos_proof::crash::{Plan, Victim, crash, torn};
use atropos_proof::outage::{Outage, Trouble, every_surface, faults, trouble};
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// A server already built, instead of building one
    #[arg(long, global = true, value_name = "PATH")]
    server: Option<PathBuf>,
    #[command(subcommand)]
    proof: Proof,
}

#[derive(Subcommand)]
enum Proof {
    /// Kills the server and its store, and looks whether what clients were told is still so
    Crash(Rounds),
    /// Keeps the server from its store in every way, and listens to what it says
    Outage(Rounds),
}

#[derive(Args)]
struct Rounds {
    /// How often, of each kind
    #[arg(long, default_value_t = 300)]
    rounds: u32,
    /// Makes the same choices again
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match prove() {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("{broken:#}");
            ExitCode::FAILURE
        }
    }
}

fn prove() -> Result<()> {
    let arguments = Arguments::parse();
    let program = arguments.server.map_or_else(Program::build, |path| Ok(Program::at(path)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.proof {
        Proof::Crash(rounds) => runtime.block_on(crashes(&program, &rounds)),
        Proof::Outage(rounds) => runtime.block_on(outages(&program, &rounds)),
    }
}

async fn crashes(program: &Program, &Rounds { rounds, seed }: &Rounds) -> Result<()> {
    for victim in [Victim::Embedded, Victim::Server, Victim::Redis] {
        let counted = crash(program, victim, Plan { rounds, seed, sessions: 24 }).await?;
        println!("{victim}: {counted}");
    }
    // Each tears ten files.
    println!("files of the embedded store: {}", torn(program, rounds.div_ceil(10), seed).await?);
    Ok(())
}

async fn outages(program: &Program, &Rounds { rounds, seed }: &Rounds) -> Result<()> {
    for outage in [Outage::Cut, Outage::Frozen, Outage::Mute] {
        let (calls, longest) = every_surface(program, outage).await?;
        println!("{outage:?}: {calls} calls on every surface, the longest {longest:.2?}; 0 promises broken");
    }
    for kind in Trouble::ALL {
        println!("Redis {kind:?}: the longest {:.2?}; 0 promises broken", trouble(program, kind).await?);
    }
    println!("the wire: {}", faults(program, rounds, seed).await?);
    Ok(())
}
