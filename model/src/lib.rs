//! An exhaustive model of the revocation protocol.
//!
//! A [`Scenario`] is a handful of requests and a world around them. Under [`Rules`] it becomes a [`Protocol`], of which
//! every interleaving of atomic round trips is visited and every state is held against the [`properties`]. `tests/` has a
//! scenario for each way the protocol is used, and for each rule one that fails without it.
//!
//! - [`rules`]: what can be left out
//! - [`scenario`], [`scenarios`]: what happens
//! - [`state`], [`denylist`], [`family`]: what there is
//! - [`node`], `judge`, [`steps`], [`environment`]: what can be done
//! - [`properties`]: what must hold
//! - [`verdict`]: running it, and reading a counterexample

pub mod denylist;
pub mod environment;
pub mod family;
mod judge;
pub mod names;
pub mod node;
pub mod properties;
pub mod protocol;
pub mod rules;
pub mod scenario;
pub mod scenarios;
pub mod state;
pub mod steps;
pub mod verdict;

pub use protocol::Protocol;
pub use rules::{CopyAhead, Rules};
pub use scenario::Scenario;
