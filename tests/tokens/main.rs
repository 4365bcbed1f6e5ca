//! Keys, the tokens made with them, and the clients that ask for tokens; on a store that keeps documents in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod assertion;
mod authenticate;
mod forged;
mod holder;
mod memory;
mod opaque;
mod ring;
mod setting;
