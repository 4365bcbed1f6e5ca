//! What the tests and the benchmark stand on: real servers on free loopback ports, and a wire that can be cut.
//!
//! - [`RedisServer`]: one Redis or Valkey; [`Cluster`] and [`Sentinels`]: several that know each other;
//! - [`Wire`]: a TCP proxy to put before any of them, which a test cuts, freezes or slows down;
//! - [`Apache`]: for what others have made modules of;
//! - [`Binary`]: the server under test, as a process of its own; [`Leash`]: the same end for a process of another's;
//! - [`until()`]: waits for a condition, with a deadline.
//!
//! Nothing outlives the process that started it, however that ends. A function that cannot do what it is for panics with
//! a sentence that says why, and with what the server printed: a test has nothing better to do with such an error.

mod apache;
mod binary;
mod cluster;
mod flavor;
mod place;
mod port;
mod process;
mod redis;
mod sentinel;
mod tls;
mod until;
mod wire;

pub use apache::{Apache, Site};
pub use binary::Binary;
pub use cluster::Cluster;
pub use flavor::Flavor;
pub use process::Leash;
pub use redis::RedisServer;
pub use sentinel::Sentinels;
pub use tls::Certificates;
pub use until::until;
pub use wire::Wire;
