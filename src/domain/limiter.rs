//! A limit per minute and key, on the clock that everything runs on.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::clock::Clock;
use super::error::Error;

type Limited<K> = RateLimiter<K, DefaultKeyedStateStore<K>, Ticks, NoOpMiddleware<Duration>>;

/// Lets through so many per minute and key; that many may come at once.
pub struct Limiter<K: Hash + Eq + Clone> {
    limiter: Option<(u32, Limited<K>)>,
    ticks: Ticks,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `None` lets everything through.
    pub fn per_minute(limit: Option<NonZeroU32>, clock: Arc<dyn Clock>) -> Self {
        let ticks = Ticks(clock);
        let limited =
            |limit| RateLimiter::new(Quota::per_minute(limit), DefaultKeyedStateStore::default(), ticks.clone());
        Self { limiter: limit.map(|limit| (limit.get(), limited(limit))), ticks }
    }

    /// Counts one, or says how long to wait: [`Error::TooMany`].
    pub fn check(&self, key: &K) -> Result<(), Error> {
        let Some((limit, limiter)) = &self.limiter else { return Ok(()) };
        let wait = |until: governor::NotUntil<Duration>| until.wait_time_from(self.ticks.now());
        limiter.check_key(key).map_err(|until| Error::TooMany { limit: *limit, retry_after: wait(until) })
    }

    /// Drops keys that are as good as new, so that the addresses of a flood do not stay.
    pub fn forget(&self) {
        if let Some((_, limiter)) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Lets limiters run on the clock that everything else runs on.
#[derive(Clone)]
pub(super) struct Ticks(pub(super) Arc<dyn Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now().as_millis())
    }
}
