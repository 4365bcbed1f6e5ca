//! The embedded store: one file in the data folder, one process, one shard, nothing to install.
//!
//! Reading happens where it is asked for, in about a microsecond, without a lock. Writing is the work of one thread, which
//! takes all that waits, does it in one durable transaction and then answers: a transaction costs a trip to the disk, and
//! many callers share it. So an answer is always about what is on the disk, and everything that can be read is.
//!
//! - [`OpenError`]: why it does not open. `file` opens, `layout` says what stands where.
//! - `calls`: the contract. `view` reads; `tables` and `short_lived` write; `queue` and `writer` bring both together.
//! - `sweep`: what nobody can need any more goes, in the background.

mod calls;
mod counters;
mod fault;
mod file;
mod layout;
mod queue;
mod short_lived;
mod sweep;
mod tables;
mod view;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::counters::Counters;
use self::file::File;
use self::queue::Queue;
use self::sweep::Sweeper;
use self::view::{Shown, View};
use self::writer::Writer;
use crate::domain::clock::Clock;

pub use self::counters::Statistics;
pub use self::file::{OpenError, Opener, directly};

/// How the store is to work.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the file is; made, readable by its owner alone, if it is not there.
    pub folder: PathBuf,
    /// How long a write may take; then it is answered as unavailable.
    pub timeout: Duration,
    /// How many writes may wait; further ones are answered as unavailable at once.
    pub queue: usize,
    /// Memory for pages of the file, in bytes.
    pub cache: usize,
    /// How often the sweeper looks at some rows.
    pub sweep_every: Duration,
}

impl Settings {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            timeout: Duration::from_secs(2),
            queue: 8192,
            cache: 64 << 20,
            sweep_every: Duration::from_millis(100),
        }
    }
}

/// The embedded store. Dropping it closes it.
pub struct Embedded {
    queue: Queue,
    shown: Arc<Shown>,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    running: Mutex<Option<Running>>,
}

struct Running {
    sweeper: JoinHandle<()>,
    /// Hanging up ends the sweeper.
    stop_sweeping: Sender<()>,
    writer: JoinHandle<()>,
}

impl Embedded {
    /// Opens the file of the data folder, or makes it. `clock` is the store's clock from then on.
    pub fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_with(settings, clock, Box::new(directly))
    }

    /// As [`Self::open`], on a disk of one's own making.
    pub fn open_with(settings: &Settings, clock: Arc<dyn Clock>, opener: Opener) -> Result<Self, OpenError> {
        let file = File::within(&settings.folder, settings.cache, opener)?;
        let database = file.open(false)?;
        let view = View::open(&database).map_err(|error| file.failed(error))?;
        let shown = Arc::new(Shown::from_pointee(view));
        let counters = Arc::new(Counters::default());
        let (sender, receiver) = sync_channel(settings.queue);
        let queue = Queue::new(sender, settings.timeout);
        let (stop_sweeping, stop) = channel();

        let writer = Writer {
            queue: receiver,
            file,
            database: Some(database),
            shown: shown.clone(),
            clock: clock.clone(),
            counters: counters.clone(),
            trouble: None,
            last_group: 0,
        };
        let sweeper = Sweeper {
            stop,
            every: settings.sweep_every,
            queue: queue.clone(),
            shown: shown.clone(),
            clock: clock.clone(),
            counters: counters.clone(),
            families: None,
            short_lived: None,
        };
        let running = Running {
            writer: thread("store-write", move || writer.run()),
            sweeper: thread("store-sweep", move || sweeper.run()),
            stop_sweeping,
        };
        Ok(Self { queue, shown, clock, counters, running: Mutex::new(Some(running)) })
    }

    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// Finishes what was asked before, closes the file and lets go of it; every later call is unavailable. Blocks for as
    /// long as that takes.
    pub fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { sweeper, stop_sweeping, writer }) = running else { return };
        drop(stop_sweeping);
        self.queue.close();
        for thread in [sweeper, writer] {
            if thread.join().is_err() {
                tracing::error!("a thread of the embedded store had panicked");
            }
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.close();
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.expect("a process that has just started may have two more threads")
}

#[expect(clippy::disallowed_methods, reason = "how long the disk takes and is given; no rule hears of it")]
fn now() -> Instant {
    Instant::now()
}
