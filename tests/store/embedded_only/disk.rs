//! A disk that fails, or hangs, when it is told to.

use std::io::{Error, ErrorKind, Result};
use std::ops::Bound;
use std::sync::{Arc, Condvar, Mutex};

use atropos::store::embedded::Opener;
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// What befalls the file from outside. Shared by all that opens it, one after the other.
#[derive(Debug, Default)]
pub(super) struct Disk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    trouble: Trouble,
    /// Somebody waits for a hanging disk to go on.
    waited_for: bool,
}

#[derive(Debug, Default)]
enum Trouble {
    #[default]
    None,
    /// How many more writes succeed, and how those after them fail.
    FailingAfter(u64, ErrorKind),
    Unreadable,
    /// The file cannot grow.
    Full,
    Hanging,
}

impl Disk {
    /// After so many more writes (growing and syncing count), all fail.
    pub(super) fn fail_after(&self, writes: u64, how: ErrorKind) {
        self.befall(Trouble::FailingAfter(writes, how));
    }

    /// No room for the file to grow; what it has it may change.
    pub(super) fn fill(&self) {
        self.befall(Trouble::Full);
    }

    pub(super) fn fail_reads(&self) {
        self.befall(Trouble::Unreadable);
    }

    /// Writing waits from now on.
    pub(super) fn hang(&self) {
        self.befall(Trouble::Hanging);
    }

    /// Blocks until somebody writes to the hanging disk.
    pub(super) fn until_it_is_waited_for(&self) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| !state.waited_for).unwrap());
    }

    pub(super) fn heal(&self) {
        self.befall(Trouble::None);
    }

    /// Whether the failure that was ordered has come to pass.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state.lock().unwrap().trouble, Trouble::FailingAfter(0, _))
    }

    /// For [`atropos::store::embedded::Embedded::open_with`].
    pub(super) fn opener(self: &Arc<Self>) -> Opener {
        let disk = self.clone();
        Box::new(move |builder, file| {
            builder.create_with_backend(FileOnDisk { file: FileBackend::new(file)?, disk: disk.clone() })
        })
    }

    fn befall(&self, trouble: Trouble) {
        *self.state.lock().unwrap() = State { trouble, waited_for: false };
        self.changed.notify_all();
    }

    fn before_write(&self) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        if matches!(state.trouble, Trouble::Hanging) {
            state.waited_for = true;
            self.changed.notify_all();
            state = self.changed.wait_while(state, |state| matches!(state.trouble, Trouble::Hanging)).unwrap();
        }
        match &mut state.trouble {
            Trouble::FailingAfter(0, how) => return Err(Error::new(*how, "told to fail")),
            Trouble::FailingAfter(left, _) => *left -= 1,
            Trouble::None | Trouble::Unreadable | Trouble::Full | Trouble::Hanging => {}
        }
        Ok(())
    }

    fn before_growth(&self) -> Result<()> {
        let full = matches!(self.state.lock().unwrap().trouble, Trouble::Full);
        if full { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn before_read(&self) -> Result<()> {
        let unreadable = matches!(self.state.lock().unwrap().trouble, Trouble::Unreadable);
        if unreadable { Err(Error::other("told to fail")) } else { Ok(()) }
    }
}

#[derive(Debug)]
struct FileOnDisk {
    file: FileBackend,
    disk: Arc<Disk>,
}

impl StorageBackend for FileOnDisk {
    fn len(&self) -> Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.disk.before_read()?;
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.disk.before_write()?;
        if len > self.file.len()? {
            self.disk.before_growth()?;
        }
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<()> {
        self.disk.before_write()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.disk.before_write()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> std::result::Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> std::result::Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}
