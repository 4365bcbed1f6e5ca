//! The store in Redis or Valkey: one server, a primary under sentinels, or a cluster.
//!
//! - `settings`, `durability`, `address`, `client`: what an operator says, read.
//! - `keys`: the name of every key. `script` and the `.lua` files beside it: every write that compares.
//! - `calls`, `trips`: the calls of the contract, each a trip. `answer`, `failure`: what comes back.
//! - `wire`: one server or a cluster. `primary` has a `link` to a primary, which the `keeper` swaps, and on which threads
//!   have connections of their `own`; `cluster` knows the slots.
//! - `lane`: changes that wait until they are safe, and for what: `wait`. `lease`: which primary may be believed.
//! - `report`, `examine`: what a server says about itself, and whether it may be used.
//!
//! An ACL user needs no more than `~atropos* -@all +@connection +@read +@write +@scripting +info +time`, with
//! `durability` also `+wait +waitaof`, in a cluster also `+cluster`; `+config|get` lets the examination see what `INFO`
//! leaves out (`appendfsync`).

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::Value;
use tokio::time::{sleep, timeout};

use crate::domain::Shard;
use crate::domain::store::Unavailable;
use keys::Keys;
use wire::Wire;

mod address;
mod answer;
mod calls;
mod client;
mod cluster;
mod durability;
mod examine;
mod failure;
mod keeper;
mod keys;
mod lane;
mod lease;
mod link;
mod own;
mod primary;
mod report;
mod script;
mod settings;
mod trips;
mod wait;
mod wire;

pub use durability::{Durability, UnknownDurability};
pub use settings::{OpenError, RedisSettings};

/// Nobody waits longer for an answer over HTTP.
const LONGEST_TIMEOUT: Duration = Duration::from_mins(1);

/// A store in Redis or Valkey.
pub struct RedisStore {
    wire: Wire,
    keys: Keys,
    shards: u16,
    limit: Duration,
    /// Whether a change has to be written even where there is nothing to change, so that it can be waited for.
    waits: bool,
    /// The store is there and is not the one that was opened: it was emptied, or made anew.
    emptied: AtomicBool,
}

impl RedisStore {
    /// Connects, examines the servers, and makes the store if there is none under the prefix. Must be called on the
    /// runtime that is to carry the connections; they live as long as the store.
    pub async fn open(settings: &RedisSettings) -> Result<Self, OpenError> {
        let keys = Keys::new(&settings.prefix)?;
        if Shard::new(settings.shards.wrapping_sub(1)).is_none() {
            return Err(OpenError::Settings(format!("store.shards must be 1 to {}", Shard::MOST)));
        }
        if settings.timeout.is_zero() || settings.timeout > LONGEST_TIMEOUT {
            return Err(OpenError::Settings("store.timeout must be more than nothing and at most a minute".to_owned()));
        }
        let wire = Wire::open(settings).await?;
        if matches!(settings.durability, Durability::Replicas(_)) {
            // Until then nothing would be believed that is asked.
            sleep(lease::HOLD).await;
        }
        let waits = settings.durability != Durability::Memory;
        let mut store = Self {
            wire,
            keys,
            shards: settings.shards,
            limit: settings.timeout,
            waits,
            emptied: AtomicBool::new(false),
        };
        store.shards = store.agree_on_shards(settings.shards).await?;
        Ok(store)
    }

    /// Whoever comes first says how many shards there are.
    async fn agree_on_shards(&self, proposed: u16) -> Result<u16, OpenError> {
        let key = self.keys.shards();
        let mut commands = redis::pipe();
        commands.cmd("SET").arg(&key).arg(proposed).arg("NX").cmd("GET").arg(&key);
        let mut answers = self.bounded(self.wire.ask(&key, &commands)).await?;
        let stored = answer::optional_bytes(answers.pop().unwrap_or(Value::Nil), "GET")?;
        let count = stored.and_then(|text| str::from_utf8(&text).ok()?.parse::<u16>().ok());
        match count {
            Some(count @ 1..=Shard::MOST) => {
                if count != proposed {
                    tracing::info!(
                        shards = count,
                        "the store has its own number of shards; store.shards is left unused"
                    );
                }
                Ok(count)
            }
            _ => Err(OpenError::Refused("what the store says about its shards cannot be read".to_owned())),
        }
    }

    /// Whoever asks for the heads, which every node does each second, looks whether the store is still what it was. What
    /// stands there by then was not written by this history: to call all that it lacks dead, and to begin anew under keys
    /// that no other node will know, would look like a working server.
    fn recognize(&self, shards: Value) -> Result<(), Unavailable> {
        let shards = answer::optional_bytes(shards, "GET")?;
        let is_ours = shards.is_some_and(|count| count == self.shards.to_string().as_bytes());
        self.emptied.store(!is_ours, Ordering::Relaxed);
        if is_ours { Ok(()) } else { Err(emptied()) }
    }

    /// Ends `work` when its time is up, and does not begin it on a store that was emptied.
    async fn bounded<T>(&self, work: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
        if self.emptied.load(Ordering::Relaxed) {
            return Err(emptied());
        }
        self.in_time(work).await
    }

    /// Ends `work` when its time is up.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
        let late = |_| Unavailable(format!("no answer within {:?}", self.limit));
        timeout(self.limit, work).await.map_err(late)?
    }
}

fn emptied() -> Unavailable {
    let why =
        "the store was emptied while this server used it: put back what it held, or restart every server to begin anew";
    Unavailable(why.to_owned())
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("keys", &self.keys).field("shards", &self.shards).finish_non_exhaustive()
    }
}
