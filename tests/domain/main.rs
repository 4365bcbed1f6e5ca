//! The rules of the domain, without a store and without a wire.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod arrow;
mod code;
mod docs;
mod family;
mod managed;
