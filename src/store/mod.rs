//! Where families and revocations are kept: the only place that knows a database.
//!
//! - [`embedded`]: one file, one process, nothing to install.
//! - [`redis`]: Redis or Valkey, alone, under Sentinel, or a cluster.
//! - [`record`]: the bytes of a record, the same in every store; `spelling`: which have one spelling.

pub mod embedded;
pub mod record;
pub mod redis;
mod spelling;
