//! The one thread that writes. It takes all that waits, does it in one durable transaction, and then answers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use redb::Database;

use super::counters::Counters;
use super::file::File;
use super::now;
use super::queue::{Job, Message};
use super::tables::Tables;
use super::view::{Shown, View};
use crate::domain::clock::Clock;
use crate::domain::store::Unavailable;

/// Operations in one transaction, at most: what comes behind them must not wait for ever.
const MOST: usize = 1024;
/// How long a transaction waits, at most, for callers that were answered a moment ago and are about to come again: else
/// the first of them would have the disk for itself, and all the others would wait for it.
const LINGER: Duration = Duration::from_millis(1);
/// How long after an error nothing is written. A disk that is full now will be full in a moment, and each attempt that
/// fails takes the file from the readers while it is opened anew.
const PAUSE: Duration = Duration::from_millis(100);

type Group = Vec<Box<dyn Job>>;

pub(super) struct Writer {
    pub(super) queue: Receiver<Message>,
    pub(super) file: File,
    pub(super) database: Option<Database>,
    pub(super) shown: Arc<Shown>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<Counters>,
    /// The last error, and until when nothing is tried again.
    pub(super) trouble: Option<(Unavailable, Instant)>,
    pub(super) last_group: usize,
}

impl Writer {
    pub(super) fn run(mut self) {
        while self.step().is_continue() {}
        self.shown.store(None);
        if let Some(Err(error)) = self.database.take().map(Database::close) {
            // All that was answered is durable; the next start may have to look harder.
            tracing::error!(%error, "the database file was not closed cleanly");
        }
    }

    fn step(&mut self) -> ControlFlow<()> {
        let mut group = Group::new();
        let flow = self.gather(&mut group);
        self.recover();
        if !group.is_empty() {
            let written = self.write(&mut group);
            self.counters.operations.fetch_add(group.len() as u64, Ordering::Relaxed);
            self.last_group = group.len();
            for job in group {
                job.answer(written.clone());
            }
        }
        flow
    }

    /// Waits for the first operation, and takes along what else is there. If more than one waits, or did a moment ago,
    /// more is on its way: it lingers until as many came as the last time. A lone caller never waits for company.
    fn gather(&mut self, group: &mut Group) -> ControlFlow<()> {
        let first = match self.trouble {
            // Readers want the file back even if nobody writes.
            Some((_, until)) => self.queue.recv_timeout(until.saturating_duration_since(now())),
            None => self.queue.recv().map_err(RecvTimeoutError::from),
        };
        match first {
            Ok(message) => self.take_in(message, group)?,
            Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
            Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
        }
        while group.len() < MOST
            && let Ok(message) = self.queue.try_recv()
        {
            self.take_in(message, group)?;
        }
        if group.len() < 2 && self.last_group < 2 {
            return ControlFlow::Continue(());
        }
        let deadline = now() + LINGER;
        while group.len() < self.last_group.min(MOST)
            && let Ok(message) = self.queue.recv_timeout(deadline.saturating_duration_since(now()))
        {
            self.take_in(message, group)?;
        }
        ControlFlow::Continue(())
    }

    fn take_in(&mut self, message: Message, group: &mut Group) -> ControlFlow<()> {
        match message {
            Message::Write(job) if job.is_wanted() => group.push(job),
            Message::Write(_) => {}
            Message::Look => self.look(),
            Message::Close => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// All of the group or nothing of it.
    fn write(&mut self, group: &mut Group) -> Result<(), Unavailable> {
        if let Some((why, _)) = &self.trouble {
            return Err(why.clone());
        }
        let database = self.database.as_ref().ok_or_else(|| Unavailable("the database file is closed".to_owned()))?;
        let written = transact(database, group, &*self.clock).and_then(|changed| {
            if changed {
                self.counters.transactions.fetch_add(1, Ordering::Relaxed);
                // Before anybody is answered: what was acknowledged, every later call sees.
                self.shown.store(Some(Arc::new(View::open(database)?)));
            }
            Ok(())
        });
        written.map_err(|error| self.fail(&error))
    }

    /// A database that has met an error reads and writes no more until it is opened anew, and whether the last transaction
    /// took place is seen only then.
    fn fail(&mut self, error: &redb::Error) -> Unavailable {
        tracing::error!(%error, "the database file failed and is opened anew");
        let why = Unavailable(format!("the database file failed: {error}"));
        self.shown.store(None);
        self.database = None;
        self.reopen();
        self.trouble = Some((why.clone(), now() + PAUSE));
        why
    }

    /// Goes on after a pause.
    fn recover(&mut self) {
        if self.trouble.as_ref().is_none_or(|(_, until)| now() < *until) {
            return;
        }
        if self.database.is_none() {
            self.reopen();
        }
        match (&self.database, &mut self.trouble) {
            (None, Some((_, until))) => *until = now() + PAUSE,
            _ => self.trouble = None,
        }
    }

    fn reopen(&mut self) {
        let opened = self.file.open(true).and_then(|database| {
            let view = View::open(&database).map_err(|error| self.file.failed(error))?;
            Ok((database, view))
        });
        match opened {
            Ok((database, view)) => {
                self.database = Some(database);
                self.shown.store(Some(Arc::new(view)));
                self.counters.reopened.fetch_add(1, Ordering::Relaxed);
                tracing::info!("the database file is open again");
            }
            Err(error) => tracing::error!(%error, "the database file cannot be opened"),
        }
    }

    fn look(&mut self) {
        let checked = self.database.as_ref().map(|database| database.begin_write().map(drop));
        if let Some(Err(error)) = checked {
            self.fail(&error.into());
        }
    }
}

/// Whether there was anything to commit. What only looked and found no reason to write needs no disk: all it saw was
/// durable.
fn transact(database: &Database, group: &mut Group, clock: &dyn Clock) -> Result<bool, redb::Error> {
    let mut transaction = database.begin_write()?;
    // On every transaction from the first: reopening after a crash stays a matter of milliseconds, however big the file.
    // It implies commits in two phases.
    transaction.set_quick_repair(true);
    let mut tables = Tables::open(&transaction, clock.now())?;
    for job in group.iter_mut() {
        job.apply(&mut tables)?;
    }
    let changed = tables.changed;
    drop(tables);
    if changed {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok(changed)
}
