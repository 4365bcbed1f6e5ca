//! Where families and revocations are kept: the only place that knows a database.
//!
//! - [`embedded`]: one file, one process, nothing to install.
//! - [`record`]: the bytes of a record, the same in every store.

use std::sync::Arc;
use std::time::Duration;

pub mod embedded;
pub mod record;

/// Told of each call that a store was asked: its name in the contract, how long it took, and whether it was answered
/// (`false`: [`crate::domain::store::Unavailable`]). Must not block.
pub type Observer = Arc<dyn Fn(&'static str, Duration, bool) + Send + Sync>;
