//! `cargo run --release -p atropos-proof -- NAME`: one promise of the README, doubted for as long as you like.

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use atropos_proof::crash::{Plan, Victim, crash, torn};
use atropos_proof::failover::Scenario;
use atropos_proof::histories::{self, Options, Store};
use atropos_proof::outage::{Outage, Trouble, every_surface, faults, trouble};
use atropos_proof::{Program, mutants};
use clap::{Args, Parser, Subcommand, ValueEnum as _};

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
    /// That nothing that was answered is undone when the server or its store is killed
    Crash(Rounds),
    /// That nothing acknowledged is lost when a primary is killed, stopped, or parted from its replicas
    Failover {
        /// Every scenario so many times, each time with another seed
        #[arg(long, default_value_t = 3)]
        rounds: u64,
        /// Chooses what is not random by itself; the next round's is one more
        #[arg(long)]
        seed: Option<u64>,
        /// Only scenarios whose name begins like this, such as "sentinels/part" or "cluster/kill/memory"
        #[arg(long, default_value = "")]
        only: String,
    },
    /// That what many clients are told at once, through two servers, can be put in an order
    Histories(Histories),
    /// That the proofs notice a server with a fault in its code: the patches in proof/mutants, each in its turn
    Mutants {
        /// The names of some of them; without any, all
        names: Vec<String>,
    },
    /// That a store which does not answer is told as such, and as nothing else
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

#[derive(Args)]
struct Histories {
    /// How many, on each store
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// Of the dice by which clients and faults choose; when each thing happens, no seed repeats
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The store; without it, all of them in turn
    #[arg(long)]
    store: Option<Store>,
    /// Break something during each history
    #[arg(long)]
    faults: bool,
}

fn main() -> ExitCode {
    match prove(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn prove(arguments: Arguments) -> Result<()> {
    let program = arguments.server.map_or_else(Program::build, |path| Ok(Program::at(path)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.proof {
        Proof::Crash(rounds) => runtime.block_on(crashes(&program, &rounds)),
        Proof::Failover { rounds, seed, only } => {
            let seed = seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
            runtime.block_on(failover(&program, seed..seed + rounds, &only))
        }
        Proof::Histories(arguments) => runtime.block_on(histories(&program, &arguments)),
        Proof::Mutants { names } => mutants::hunt(&program, &names),
        Proof::Outage(rounds) => runtime.block_on(outages(&program, &rounds)),
    }
}

async fn histories(program: &Program, arguments: &Histories) -> Result<()> {
    let stores = arguments.store.map_or_else(|| Store::value_variants().to_vec(), |store| vec![store]);
    for store in stores {
        let Histories { count, seed, faults, .. } = *arguments;
        let options = Options { store, count, seed, faults };
        let mut told = 0;
        let tally = histories::prove(program, options, |tally| {
            let step = 10 * tally.histories() / count.max(1);
            if step > told && step < 10 {
                told = step;
                println!("{store:?}: {tally}");
            }
        });
        println!("{store:?}: {}; all have an order", tally.await?);
    }
    Ok(())
}

async fn failover(program: &Program, seeds: Range<u64>, only: &str) -> Result<()> {
    for seed in seeds {
        for scenario in Scenario::all(seed).iter().filter(|scenario| scenario.name().starts_with(only)) {
            println!("{}", scenario.run(program).await?);
        }
    }
    Ok(())
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
