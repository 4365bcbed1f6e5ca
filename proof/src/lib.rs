//! The promises of the README, doubted: real servers on real stores, that are killed, cut off and raced while clients ask,
//! and what clients were told compared with what is so afterwards.
//!
//! Each proof is a command, `cargo run --release -p atropos-proof -- NAME`, and has a short form among the tests
//! (`tests/proof/` of the workspace's root). None knows anything of the server but its command line and its URLs.
//!
//! - `program` the server's program: how it is built and started; `node` a running one, `client` how a client sees it
//! - `ledger` what one client was told of one session
//! - `crash` `kill -9`, torn files; `outage` a store that does not answer
//! - `failover` failovers of Redis under load
//! - `histories` what many clients do at once is put in an order
//! - `mutants` servers with a fault in their code, which the proofs have to find out
mod client;
pub mod crash;
pub mod failover;
pub mod histories;
mod ledger;
pub mod mutants;
mod node;
pub mod outage;
mod program;

pub use client::Client;
pub use node::{Node, Outcome, Session};
pub use program::{Program, Start};
