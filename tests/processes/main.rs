//! The program as people run it: processes, a shell, signals.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod back_channel;
mod operators;
mod program;
mod starting;
mod surfaces;
mod tour;
mod two_nodes;
