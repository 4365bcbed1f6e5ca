//! Tokens as text: how they are made, and how they are known again.
//!
//! - `opaque`: a reference that only this server reads, authenticated by a MAC.
//! - `jwt`, `verify`: a signed statement that resource servers read (RFC 9068).
//! - `read`: what a text that somebody presented is.
//!
//! Either form is a function of the token's id, its key, and what the record says. Whether a token is *alive* is not asked
//! here: that stands in the record and in the denylist.

#[cfg(test)]
mod fuzz;
mod jwt;
mod opaque;
mod read;
#[cfg(test)]
mod tests;
mod verify;

pub use jwt::AccessClaims;
pub use opaque::OpaqueKind;
pub use read::Reading;
pub use verify::VerifiedJwt;
pub(crate) use verify::{Verified, is_media_type, signature_only};
