//! The only place that asks the system what time it is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Timestamp;

/// What tokens are judged by.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// Hears what time the store has. Nodes agree on time by agreeing with their store.
    fn observe(&self, store: Timestamp);
}

/// The node's clock, corrected by the offset that the store's answers show.
#[derive(Debug, Default)]
pub struct SystemClock {
    /// Milliseconds to add. Within [`Self::TOLERANCE`] it stays zero: a correction smaller than the trip that measured
    /// it would only add noise.
    offset: AtomicI64,
}

impl SystemClock {
    const TOLERANCE: Duration = Duration::from_secs(1);

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn uncorrected() -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let own = Self::uncorrected().as_millis();
        Timestamp::from_millis(own.saturating_add_signed(self.offset.load(Ordering::Relaxed)))
    }

    fn observe(&self, store: Timestamp) {
        let own = Self::uncorrected();
        let off =
            i64::try_from(store.as_millis()).unwrap_or(i64::MAX) - i64::try_from(own.as_millis()).unwrap_or(i64::MAX);
        let tolerated = i64::try_from(Self::TOLERANCE.as_millis()).unwrap_or(i64::MAX);
        self.offset.store(if off.abs() <= tolerated { 0 } else { off }, Ordering::Relaxed);
    }
}

/// A clock that stands until it is told to move: what tests run on.
#[derive(Debug)]
pub struct FixedClock(std::sync::atomic::AtomicU64);

impl FixedClock {
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_millis().into())
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn observe(&self, _store: Timestamp) {}
}
