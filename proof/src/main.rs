//! `cargo run --release -p atropos-proof -- NAME`: one promise of the README, doubted for as long as you like.

use std::path::PathBuf;

use anyhow::Result;
use atropos_proof::{Program, Start};
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
    /// That a server starts, and answers at all
    Answer,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let program = arguments.server.map_or_else(Program::build, |path| Ok(Program::at(path)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.proof {
        Proof::Answer => runtime.block_on(answer(&program))?,
    }
    Ok(())
}

async fn answer(program: &Program) -> Result<()> {
    let data = tempfile::tempdir()?;
    let node = program.start(&Start { data: data.path(), store: None, durability: "fsync", more: &[] }).await;
    anyhow::ensure!(node.issue().await.told().is_some(), "no session was issued");
    println!("It answers.");
    Ok(())
}
