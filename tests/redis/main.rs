//! What the store in Redis and Valkey promises beyond the contract of every store: which servers it takes, how it
//! behaves when one is lost, how safe a change is, and that one server, sentinels and a cluster make no difference.
//!
//! Every test has servers of its own, on free ports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod cluster;
mod durability;
mod layout;
mod lease;
mod open;
mod outage;
mod own;
mod sentinel;
mod support;
mod tls;
