//! Atropos, an OAuth 2.0 authorization server whose heart is revocation.
//!
//! One arrow: `http -> domain <- store`; only [`app`] knows all three.
//!
//! - [`domain`]: what OAuth means here. Rules are functions from record to record; time and chance are arguments.
//! - `store`: where records and revocations are kept, Redis or embedded.
//! - [`http`]: the wire.
//! - [`outbound`]: what is asked of others.
//! - [`settings`]: what the operator decides, checked once at start.
//! - [`telemetry`]: what operators are told.

pub mod admin;
pub mod app;
pub mod cli;
pub mod domain;
#[cfg(test)]
mod fuzz;
pub mod http;
pub mod outbound;
pub mod settings;
pub mod store;
pub mod telemetry;
