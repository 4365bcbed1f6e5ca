//! The short forms of the proofs (`proof/`): as long as a test may be, against the program that these tests were built with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod crash;
mod disk;
mod failover;
mod histories;
mod lost_writes;
mod mutants;
mod node;
mod outage;

use atropos_proof::Program;

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_atropos"))
}
