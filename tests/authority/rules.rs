//! The protocol, rule by rule (docs/protocol.md). Each test fails when its rule is left out.
//!
//! A failover is two stores: the node is moved from one to the other, which has what the test let it have.

mod births;
mod cuts;
mod failovers;
mod healing;
mod keys;
mod lifetimes;
mod revocations;
mod twins;
