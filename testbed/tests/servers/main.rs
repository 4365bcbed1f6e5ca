//! The testbed, held to what it promises: each test starts the real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in a function it shares, too")]

mod binary;
mod cluster;
mod redis_server;
mod sentinels;
mod wire;
