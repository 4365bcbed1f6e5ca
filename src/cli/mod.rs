//! The command line.
//!
//! - `args`: what can be typed.
//! - `start`: `dev`, `serve`, `check`. `health`: asks a server. `secret`: `client hash-secret`, `user hash-password`.
//! - `operate`: `keys`, `family`, `revoke`, `restored`, of a running server or of a store.

mod args;
mod health;
mod operate;
mod secret;
mod start;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Cli, ClientCommand, Command, UserCommand};

/// Runs what was asked for. What cannot be done is told on the standard error output, in sentences.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Dev(args) => start::dev(&args).await,
        Command::Serve(args) => start::serve(&args).await,
        Command::Check(args) => start::check(&args),
        Command::Health(args) => health::ask(&args.url),
        Command::Client(ClientCommand::HashSecret { generate: true }) => {
            secret::generate();
            Ok(())
        }
        Command::Client(ClientCommand::HashSecret { generate: false }) => secret::hash("secret"),
        Command::User(UserCommand::HashPassword) => secret::hash("password"),
        Command::Keys(args) => operate::keys(&args).await,
        Command::Family(args) => operate::family(&args).await,
        Command::Revoke(args) => operate::revoke(&args).await,
        Command::Restored(args) => operate::restored(&args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(sentences)) => {
            eprintln!("atropos: {sentences}");
            ExitCode::FAILURE
        }
    }
}

/// Why it was not done, for whoever typed it.
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
