//! What OAuth means here: no web framework, no database, no environment.
//!
//! - [`family`]: all that descends from one grant, and every transition of it, pure.
//! - [`authority`]: the calls that every endpoint makes.
//! - [`store`]: the contract of whoever keeps families and revocations.
//! - [`client`], [`scope`]: who asks, and for what.
//! - [`authenticate`]: whether they are who they say.
//! - [`keys`], [`token`]: how this server knows its own tokens.

pub mod audit;
pub mod authenticate;
pub mod authority;
pub mod chance;
pub mod client;
pub mod clock;
pub mod error;
pub mod family;
pub mod keys;
pub mod scope;
pub mod store;
pub mod token;

pub use atropos_guard::{
    Cause, Credential, Entry, FamilyId, Head, KeyId, Link, Position, Revocation, Shard, Tag, Target, Timestamp, TokenId,
};
