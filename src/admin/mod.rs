//! What operators ask for, from the command line, of a running server or of a store.
//!
//! - [`operation`]: the questions and the answers, as they go over the socket.
//! - [`perform()`]: answers one, given an authority.
//! - [`socket`]: how the command line reaches a running server.
//! - [`tree`]: a family, drawn for a terminal.

pub mod operation;
mod perform;
pub mod socket;
pub mod tree;

pub use operation::{Answer, Operation};
pub use perform::perform;
