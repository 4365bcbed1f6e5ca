//! The contract of a store (`atropos::domain::store`), promise by promise, on every store there is.
//!
//! - [`suite`]: the promises, each a function; [`mount!`](suite::mount) makes tests of them for one store.
//! - [`embedded`]: mounts them on the embedded store; [`embedded_only`] has what only that one promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod embedded;
mod embedded_only;
mod suite;
