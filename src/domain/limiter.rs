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

/// Lets through so many per minute and key; that many may come at once.
pub struct Limiter<K: Hash + Eq + Clone> {
    limiter: Option<RateLimiter<K, DefaultKeyedStateStore<K>, Ticks, NoOpMiddleware<Duration>>>,
    ticks: Ticks,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `None` lets everything through.
    pub fn per_minute(limit: Option<NonZeroU32>, clock: Arc<dyn Clock>) -> Self {
        let ticks = Ticks(clock);
        let limiter = limit
            .map(|limit| RateLimiter::new(Quota::per_minute(limit), DefaultKeyedStateStore::default(), ticks.clone()));
        Self { limiter, ticks }
    }

    /// Counts one, or says how long to wait.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|until| until.wait_time_from(self.ticks.now()))
    }

    /// Drops keys that are as good as new, so that the addresses of a flood do not stay.
    pub fn forget(&self) {
        if let Some(limiter) = &self.limiter {
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
