//! The command line, as `--help` tells it.

#![expect(clippy::doc_markdown, reason = "these comments are what --help prints, where backticks would show")]

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::{FamilyId, KeyId};

/// Where the settings are, said once for all commands but `dev`: images have it set.
const FILE: &str = "ATROPOS_CONFIG";

/// An OAuth 2.0 authorization server whose heart is revocation.
#[derive(Parser)]
#[command(name = "atropos", version, about, arg_required_else_help = true, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Start a server to try things with: sample clients, a store in ./data, loopback only
    Dev(DevArgs),
    /// Start a server
    Serve(ConfigArgs),
    /// Read the settings, tell everything that is wrong with them, start nothing
    Check(ConfigArgs),
    /// Ask a server whether it is ready; exits with 1 if it is not (for container health checks)
    Health(HealthArgs),
    /// Work with what clients are registered with
    #[command(subcommand)]
    Client(ClientCommand),
    /// Work with what people are registered with
    #[command(subcommand)]
    User(UserCommand),
    /// See and change the keys that tokens are made with
    Keys(KeysArgs),
    /// Look at a family: all that descends from one grant
    Family(FamilyArgs),
    /// End tokens
    Revoke(RevokeArgs),
    /// After the store came back from a backup: end all that was issued before, so that nothing revoked since lives again
    Restored(RestoredArgs),
}

#[derive(Args)]
pub(super) struct DevArgs {
    /// Where to listen; loopback only. Port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// The folder for the store, the master secret and the command line's socket
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(super) data: PathBuf,
    /// Another store than the one in the data folder, such as redis://127.0.0.1:6379
    #[arg(long, value_name = "URL")]
    pub(super) store: Option<String>,
    /// The issuer, if it is not http:// and the address listened on
    #[arg(long, value_name = "URL")]
    pub(super) issuer: Option<String>,
    /// Settings over those of config/default.toml and config/dev.toml
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct ConfigArgs {
    /// The settings; config/default.toml tells every key. Without it, the environment (ATROPOS__SECTION__KEY) has to say all
    #[arg(long, value_name = "FILE", env = FILE)]
    pub(super) config: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct HealthArgs {
    /// The server's readiness
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/health/ready")]
    pub(super) url: String,
}

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Print what to register of a secret: of the one on standard input (Argon2id), or of a new one
    HashSecret {
        /// Make a secret that nobody can guess, and print it with its hash (SHA-256, which costs the server nothing)
        #[arg(long)]
        generate: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Print what to register of the password on standard input (Argon2id)
    HashPassword,
}

/// Which server or store is meant.
#[derive(Args)]
pub(super) struct Place {
    /// The settings of the server; without it, the one that `dev` started
    #[arg(long, value_name = "FILE", env = FILE, global = true)]
    pub(super) config: Option<PathBuf>,
    /// The data folder, if it is not the one in the settings
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) data: Option<PathBuf>,
    /// The store, if it is not the one in the settings
    #[arg(long, value_name = "URL", global = true)]
    pub(super) store: Option<String>,
}

#[derive(Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    pub(super) command: KeysCommand,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Show every key: its id, what it is for, and where it stands in its life
    List,
    /// Make a new key; the one before it goes on verifying until its last token has expired
    Rotate {
        /// mac, ES256, RS256, EdDSA or PS256
        #[arg(long, value_name = "KIND", default_value = "ES256")]
        kind: String,
        /// Sign with it at once, instead of after it has been published for a while
        #[arg(long)]
        now: bool,
    },
    /// End a key and every token made with it, at once
    Retire {
        #[arg(value_name = "ID")]
        id: KeyId,
        /// Required, for there is no way back
        #[arg(long, required = true)]
        now: bool,
    },
}

#[derive(Args)]
pub(super) struct FamilyArgs {
    #[command(subcommand)]
    pub(super) command: FamilyCommand,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Subcommand)]
pub(super) enum FamilyCommand {
    /// Draw a family as a tree: tokens, times, states, causes
    Show {
        /// The family; without it, the token whose family is meant is read from standard input
        #[arg(value_name = "FAMILY")]
        id: Option<FamilyId>,
    },
}

/// A token is read from standard input, never from the command line, where every process could see it.
#[derive(Args)]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    pub(super) target: RevokeTarget,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Args)]
#[group(multiple = false)]
pub(super) struct RevokeTarget {
    /// All that descends from one grant
    #[arg(long, value_name = "FAMILY")]
    pub(super) family: Option<FamilyId>,
    /// All sessions of a person
    #[arg(long, value_name = "SUBJECT")]
    pub(super) subject: Option<String>,
    /// All that a client was given
    #[arg(long, value_name = "CLIENT")]
    pub(super) client: Option<String>,
    /// Every token made with a key
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<KeyId>,
    /// All that was ever issued
    #[arg(long)]
    pub(super) everything: bool,
}

#[derive(Args)]
pub(super) struct RestoredArgs {
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) place: Place,
}
