//! The one place that asks what time it is.
use std::time::Instant;

use time::{Date, OffsetDateTime};

#[expect(clippy::disallowed_methods, reason = "measuring is what this program is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The day in UTC, for the line above the table.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}
