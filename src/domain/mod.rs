//! What OAuth means here: no web framework, no database, no environment.
//!
//! - [`family`]: all that descends from one grant, and every transition of it, pure.
//! - [`authority`]: the calls that every endpoint makes.
//! - [`store`]: the contract of whoever keeps families and revocations; [`follower`]: this node's copy of the denylist.
//! - [`client`], [`user`], [`scope`]: who asks, and for what. [`authenticate`]: whether they are who they say.
//! - [`keys`], [`token`]: how this server knows its own tokens. [`token_auth`]: on what terms machines are given them.
//! - [`redirect`], [`pkce`]: where a code is sent, and who may use it. [`openid`]: what applications are told of people.
//! - [`audit`]: what is told of what happens. [`limiter`]: how often it may. [`network`]: from where.
//! - [`clock`], [`chance`]: the only places that ask the system for either.

pub mod audit;
pub mod authenticate;
pub mod authority;
pub mod authorization;
pub mod chance;
pub mod client;
pub mod clock;
pub mod error;
pub mod family;
pub mod follower;
#[cfg(test)]
mod fuzz;
pub mod keys;
pub mod limiter;
pub mod network;
pub mod openid;
pub mod pkce;
pub mod redirect;
pub mod scope;
pub mod store;
pub mod token;
pub mod token_auth;
pub mod user;

pub use atropos_guard::{
    Cause, Credential, Entry, FamilyId, Head, KeyId, Link, Position, Revocation, Shard, Tag, Target, Timestamp, TokenId,
};
