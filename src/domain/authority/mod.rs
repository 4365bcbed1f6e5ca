//! The calls that every endpoint and every dialect makes.

mod answer;
mod request;

pub use answer::{ActiveToken, Introspection, Issued, TokenKind, TokenText};
pub use request::{AuthenticationMethod, Caller, ClientCredentials, Presented, Refresh};
