//! Where families and revocations are kept: the only place that knows a database.

pub mod record;
pub mod redis;
