//! How often one may be wrong.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::device::DeviceId;
use crate::domain::clock::Clock;
use crate::domain::error::Error;
use crate::domain::limiter::Ticks;

/// How much may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failures at once, from one address (an IPv6 /64) for one client or user.
    pub failures: NonZeroU32,
    /// In which so many are forgiven.
    pub per: Duration,
    /// Argon2 hashes computed at the same time, 19 MiB and a core each.
    pub hashes: usize,
    /// Requests that may wait for one.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { failures: NonZeroU32::new(10).expect("not zero"), per: Duration::from_mins(1), hashes: 2, waiting: 64 }
    }
}

/// Who was wrong: a source, and the client or user it claimed to be. All that do not exist are one, so that a stranger
/// cannot make up names to be counted separately, or to fill our memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Guesser {
    Known {
        source: Option<IpAddr>,
        name: Option<Box<str>>,
    },
    /// A browser in which the person has signed in before.
    Device(DeviceId),
    /// One of a few, where there are too many to tell apart.
    Crowd(u64),
}

impl Guesser {
    /// One subscriber has a whole /64 of IPv6.
    pub(super) fn new(source: Option<IpAddr>, name: Option<&str>) -> Self {
        let network = |address: IpAddr| match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        };
        Self::Known { source: source.map(network), name: name.map(Into::into) }
    }
}

/// Counts failures in memory, at this node.
pub(super) struct Attempts {
    limit: u32,
    limiter: RateLimiter<Guesser, DashMapStateStore<Guesser>, Ticks, NoOpMiddleware<Duration>>,
    ticks: Ticks,
    crowd: RandomState,
    /// Milliseconds of the time of the last sweep.
    swept_at: AtomicU64,
}

impl Attempts {
    /// Guessers told apart at one time, some 100 bytes each.
    const MOST: usize = 65_536;
    const CROWDS: u64 = 1024;
    const SWEEP_MILLIS: u64 = 1000;

    pub(super) fn new(Limits { failures, per, .. }: Limits, clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::with_period((per / failures.get()).max(Duration::from_nanos(1)))
            .expect("the period is not zero")
            .allow_burst(failures);
        let ticks = Ticks(clock);
        let limiter = RateLimiter::dashmap_with_clock(quota, ticks.clone());
        Self { limit: failures.get(), limiter, ticks, crowd: RandomState::new(), swept_at: AtomicU64::new(0) }
    }

    /// Counts one failure, or one try that is as dear as a failure. Beyond the limit it is [`Error::TooMany`].
    pub(super) fn count(&self, guesser: &Guesser) -> Result<(), Error> {
        let counted = if self.limiter.len() < Self::MOST {
            self.limiter.check_key(guesser)
        } else {
            self.sweep();
            self.limiter.check_key(&Guesser::Crowd(self.crowd.hash_one(guesser) % Self::CROWDS))
        };
        counted.map_err(|not_until| Error::TooMany {
            limit: self.limit,
            retry_after: not_until.wait_time_from(self.ticks.now()).max(Duration::from_secs(1)),
        })
    }

    /// Forgets those whose failures are forgiven. Looks at each, hence not for every failure.
    fn sweep(&self) {
        let now = self.ticks.0.now().as_millis();
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        let due = now.abs_diff(swept_at) >= Self::SWEEP_MILLIS;
        if due && self.swept_at.compare_exchange(swept_at, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.limiter.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::clock::FixedClock;

    fn guesser(address: &str) -> Guesser {
        Guesser::new(Some(address.parse().unwrap()), None)
    }

    #[test]
    fn failures_beyond_the_burst_wait_and_are_forgiven_with_time() {
        let clock = Arc::new(FixedClock::at(Timestamp::from_secs(1_000_000)));
        let limits = Limits { failures: NonZeroU32::new(3).unwrap(), ..Limits::default() };
        let attempts = Attempts::new(limits, Arc::<FixedClock>::clone(&clock));
        let here = guesser("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(attempts.count(&here), Ok(()));
        }
        assert_eq!(attempts.count(&here), Err(Error::TooMany { limit: 3, retry_after: Duration::from_secs(20) }));
        assert_eq!(attempts.count(&guesser("192.0.2.2")), Ok(()));
        clock.advance(Duration::from_secs(20));
        assert_eq!(attempts.count(&here), Ok(()));
        assert!(attempts.count(&here).is_err());
    }

    #[test]
    fn a_subscriber_is_one_source() {
        assert_eq!(guesser("2001:db8:1:2::1"), guesser("2001:db8:1:2:ffff::9"));
        assert_ne!(guesser("2001:db8:1:2::1"), guesser("2001:db8:1:3::1"));
        assert_eq!(guesser("::ffff:192.0.2.1"), guesser("192.0.2.1"));
    }

    #[test]
    fn memory_is_bounded_however_many_sources_there_are() {
        let clock = Arc::new(FixedClock::at(Timestamp::from_secs(1_000_000)));
        let limits = Limits { failures: NonZeroU32::MIN, ..Limits::default() };
        let attempts = Attempts::new(limits, Arc::<FixedClock>::clone(&clock));
        for source in 0..100_000 {
            let _ = attempts.count(&guesser(&IpAddr::V4(source.into()).to_string()));
        }
        let most = Attempts::MOST + usize::try_from(Attempts::CROWDS).unwrap();
        assert!(attempts.limiter.len() <= most, "{}", attempts.limiter.len());
        clock.advance(Duration::from_mins(2));
        let _ = attempts.count(&guesser("192.0.2.1"));
        assert!(attempts.limiter.len() <= 1, "{}", attempts.limiter.len());
    }
}
