//! What the store has done, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) transactions: AtomicU64,
    pub(super) operations: AtomicU64,
    pub(super) swept: AtomicU64,
    pub(super) reopened: AtomicU64,
}

/// Counted since the store was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Durable transactions, each of which waited for the disk.
    pub transactions: u64,
    /// Operations that wanted to write; a transaction takes many of them.
    pub operations: u64,
    /// Rows that were collected because nobody could need them any more.
    pub swept: u64,
    /// How often the file was opened anew after an error.
    pub reopened: u64,
}

impl Counters {
    pub(super) fn read(&self) -> Statistics {
        Statistics {
            transactions: self.transactions.load(Ordering::Relaxed),
            operations: self.operations.load(Ordering::Relaxed),
            swept: self.swept.load(Ordering::Relaxed),
            reopened: self.reopened.load(Ordering::Relaxed),
        }
    }
}
