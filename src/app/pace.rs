//! Whether the clock has gone evenly for long enough to forget by it.
//!
//! A clock that was years ahead calls every revocation due to be forgotten, and every record expired. Records are
//! collected within minutes of that, and what is absent is dead; but if revocations were forgotten first, and the clock
//! then set right, records that are still there would outlive what covered them.

use std::time::Duration;

use crate::domain::Timestamp;

/// Long enough for any store to collect all that has expired.
const STEADY: Duration = Duration::from_hours(1);

/// What clocks are corrected by in passing.
const TOLERANCE: Duration = Duration::from_secs(10);

pub(super) struct Pace {
    /// Since when it goes evenly: by what has run since the start, and by the clock.
    since: (Duration, Timestamp),
}

impl Pace {
    /// At the start nobody knows how long the clock has been right.
    pub(super) fn at(now: Timestamp) -> Self {
        Self { since: (Duration::ZERO, now) }
    }

    pub(super) fn is_steady(&mut self, running: Duration, now: Timestamp) -> bool {
        let (began, then) = self.since;
        let expected = then.plus(running.saturating_sub(began));
        if now.since(expected).max(expected.since(now)) > TOLERANCE {
            self.since = (running, now);
        }
        running.saturating_sub(self.since.0) >= STEADY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_800_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn minutes(minutes: u32) -> Duration {
        minutes * MINUTE
    }

    #[test]
    fn an_even_clock_is_believed_after_an_hour() {
        let mut pace = Pace::at(START);
        for minute in 0..300 {
            let corrected = Duration::from_secs(u64::from(minute % 9));
            let now = START.plus(minutes(minute)).plus(corrected);
            assert_eq!(pace.is_steady(minutes(minute), now), minute >= 60, "{minute}");
        }
    }

    /// INV-5: neither while it is wrong nor soon after it was set right.
    #[test]
    fn a_clock_that_jumps_is_not_believed_for_an_hour_either_way() {
        let jump = Duration::from_hours(24 * 365);
        let mut pace = Pace::at(START);
        assert!(pace.is_steady(minutes(90), START.plus(minutes(90))));
        for minute in 91..150 {
            assert!(!pace.is_steady(minutes(minute), START.plus(jump).plus(minutes(minute))), "ahead, {minute}");
        }
        for minute in 150..210 {
            assert!(!pace.is_steady(minutes(minute), START.plus(minutes(minute))), "set right, {minute}");
        }
        assert!(pace.is_steady(minutes(210), START.plus(minutes(210))));
    }

    /// A machine that slept: what has run does not count the time, the clock does.
    #[test]
    fn a_clock_that_went_on_alone_is_not_believed_at_once() {
        let mut pace = Pace::at(START);
        assert!(pace.is_steady(minutes(60), START.plus(minutes(60))));
        assert!(!pace.is_steady(minutes(61), START.plus(minutes(600))));
        assert!(pace.is_steady(minutes(121), START.plus(minutes(660))));
    }
}
