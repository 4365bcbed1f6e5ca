//! Decides whether a token of Atropos is still alive, by the same rules as the server itself.
//!
//! - [`id`]: the names of things: families, tokens, keys, shards.
//! - [`time`]: points in time, in milliseconds.
//! - [`revocation`]: an entry of the denylist, and the one predicate that says what it covers.
//! - [`denylist`]: a copy of one shard's denylist, indexed, readable without a lock.
//!
//! The server decides *exactly* (it compares its copy with the store's head at each check); a resource server decides
//! within the bound that its feed publishes. Both call [`denylist::Denylist::covering`].

pub mod denylist;
pub mod id;
mod index;
pub mod revocation;
pub mod time;

pub use denylist::Denylist;
pub use id::{FamilyId, KeyId, Shard, TokenId};
pub use index::Covering;
pub use revocation::{Cause, Credential, Entry, Head, Link, Position, Revocation, Tag, Target};
pub use time::Timestamp;
