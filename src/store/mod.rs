//! Where families and revocations are kept: the only place that knows a database.
//!
//! - [`embedded`]: one file, one process, nothing to install.
//! - [`redis`]: Redis or Valkey, alone, under Sentinel, or a cluster.
//! - [`record`]: the bytes of a record, the same in every store; `spelling`: which have one spelling.

pub mod embedded;
pub mod record;
pub mod redis;
mod spelling;

/// The most entries that come with an answer to a write. Of many who write to one shard at once each is answered with what
/// the others wrote, too: with all of it, that grows with their square. Beyond this each is told only that there is more, and
/// one fetches it for all.
const STRETCH: u8 = 16;
