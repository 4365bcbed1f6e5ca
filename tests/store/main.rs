//! The contract of a store (`atropos::domain::store`), promise by promise, on every store there is.
//!
//! - [`suite`]: the promises, each a function; [`mount!`](suite::mount) makes tests of them for one store.
//! - [`embedded`], [`redis`]: mount them. What only one store promises is in [`embedded_only`] and in `tests/redis`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod embedded;
mod embedded_only;
mod redis;
mod suite;
