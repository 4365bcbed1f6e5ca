//! `cargo run --release -p atropos-proof -- NAME`: one promise of the README, doubted for as long as you like.

use std::ops::Range;
use std::path::PathBuf;

use anyhow::Result;
use atropos_proof::Program;
use atropos_proof::failover::Scenario;
use clap::{Parser, Subcommand};

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
    /// That nothing acknowledged is lost when a primary is killed, stopped, or parted from its replicas
    Failover {
        /// Every scenario so many times, each time with another seed
        #[arg(long, default_value_t = 3)]
        rounds: u64,
        /// Chooses what is not random by itself; the next round's is one more
        #[arg(long)]
        seed: Option<u64>,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let program = arguments.server.map_or_else(Program::build, |path| Ok(Program::at(path)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.proof {
        Proof::Failover { rounds, seed } => {
            let seed = seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
            runtime.block_on(failover(&program, seed..seed + rounds))?;
        }
    }
    Ok(())
}

async fn failover(program: &Program, seeds: Range<u64>) -> Result<()> {
    for seed in seeds {
        for scenario in Scenario::all(seed) {
            println!("{}", scenario.run(program).await?);
        }
    }
    Ok(())
}
