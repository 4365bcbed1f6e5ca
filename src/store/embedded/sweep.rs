//! Collects what nobody can need any more, a few rows at a time, so that no caller ever waits for it long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::counters::Counters;
use super::layout::{ID_LEN, KEY_LEN};
use super::queue::Queue;
use super::view::Shown;
use crate::domain::clock::Clock;
use crate::domain::store::Unavailable;

/// Rows looked at in one step, of each table.
const BATCH: usize = 512;

pub(super) struct Sweeper {
    /// Ends the sweeper by hanging up.
    pub(super) stop: Receiver<()>,
    pub(super) every: Duration,
    pub(super) queue: Queue,
    pub(super) shown: Arc<Shown>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<Counters>,
    pub(super) families: Option<[u8; ID_LEN]>,
    pub(super) short_lived: Option<[u8; KEY_LEN]>,
}

impl Sweeper {
    pub(super) fn run(mut self) {
        let mut pause = self.every;
        while let Err(RecvTimeoutError::Timeout) = self.stop.recv_timeout(pause) {
            let swept = self.step();
            self.counters.swept.fetch_add(swept as u64, Ordering::Relaxed);
            // Where most of what it meets is due, it must not fall behind those who write.
            pause = if swept > BATCH / 2 { Duration::ZERO } else { self.every };
        }
    }

    /// Goes through both tables in the order of their keys, round and round; how many rows it removed. An error is met
    /// by whoever reads or writes next, and told there.
    fn step(&mut self) -> usize {
        let (families, short_lived) = self.find();
        let mut swept = 0;
        if !families.is_empty() {
            swept += removed(self.queue.submit(move |tables| tables.sweep_families(&families)));
        }
        if !short_lived.is_empty() {
            swept += removed(self.queue.submit(move |tables| tables.sweep_short_lived(&short_lived)));
        }
        swept
    }

    /// What is due of the next rows. The view is let go before anything is written: while it is held, the database keeps
    /// every page that it shows.
    fn find(&mut self) -> (Vec<[u8; ID_LEN]>, Vec<[u8; KEY_LEN]>) {
        let now = self.clock.now();
        let view = self.shown.load();
        let Some(view) = view.as_ref() else { return (Vec::new(), Vec::new()) };
        let families = view.due_families(self.families, BATCH, now).unwrap_or_default();
        let short_lived = view.due_short_lived(self.short_lived, BATCH, now).unwrap_or_default();
        (self.families, self.short_lived) = (families.next, short_lived.next);
        (families.keys, short_lived.keys)
    }
}

fn removed(submitted: Result<oneshot::Receiver<Result<usize, Unavailable>>, Unavailable>) -> usize {
    submitted.ok().and_then(|answer| answer.blocking_recv().ok()).and_then(Result::ok).unwrap_or(0)
}
