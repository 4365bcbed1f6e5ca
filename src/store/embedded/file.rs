//! Opening the file, or saying in plain words why not.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, TableHandle as _};

use super::layout::{self, FORMAT};

/// The name of the file in the data folder.
const NAME: &str = "atropos.redb";

/// Why the store cannot be opened. Each is a sentence for whoever starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data folder {folder} cannot be made: {source}", folder = .0.display(), source = .1)]
    Folder(PathBuf, #[source] io::Error),
    #[error("{file} is in use by another process: stop that one, or give this one a data folder of its own", file = .0.display())]
    InUse(PathBuf),
    #[error(
        "{file} was written by a newer version of Atropos (its format is {found}, this version knows {FORMAT}): start that version",
        file = .path.display()
    )]
    Newer { path: PathBuf, found: u32 },
    #[error(
        "{file} was written by an older version of Atropos (its format is {found}, this version reads {FORMAT} alone): start \
         that version, or put the file aside to begin anew, which ends every session",
        file = .path.display()
    )]
    Older { path: PathBuf, found: u32 },
    #[error("{file} is not a database of Atropos", file = .0.display())]
    Foreign(PathBuf),
    #[error(
        "{file} is damaged ({why}): it was cut short, changed, or copied while a server wrote to it; put a backup in its \
         place, and run `atropos restored` before a server is started on that",
        file = .path.display()
    )]
    Damaged { path: PathBuf, why: String },
    #[error("{file} cannot be written: the disk is full", file = .0.display())]
    Full(PathBuf),
    #[error("{file} cannot be written: this process may only read it, or its disk is read-only", file = .0.display())]
    ReadOnly(PathBuf),
    #[error("{file} cannot be opened: {source}", file = .0.display(), source = .1)]
    Other(PathBuf, #[source] redb::Error),
}

/// How the database gets at its file: [`directly`], unless a test puts a failing disk between them.
pub type Opener = Box<dyn Fn(&Builder, fs::File) -> Result<Database, DatabaseError> + Send>;

pub fn directly(builder: &Builder, file: fs::File) -> Result<Database, DatabaseError> {
    builder.create_with_backend(FileBackend::new(file)?)
}

/// Where the file is, and how to open it.
pub(super) struct File {
    path: PathBuf,
    cache: usize,
    opener: Opener,
}

impl File {
    /// Makes the folder, for its owner alone, if it is not there.
    pub(super) fn within(folder: &Path, cache: usize, opener: Opener) -> Result<Self, OpenError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| OpenError::Folder(folder.to_owned(), error))?;
        Ok(Self { path: folder.join(NAME), cache, opener })
    }

    /// Opens the file and all its tables, which are made if it is new.
    ///
    /// At the start all of it is read once and held against its checksums, though after a crash nothing of it could be
    /// wrong: somebody may have copied it while it was written to, or a disk may have forgotten a page. Without that, redb
    /// believes every page and panics, or worse does not, at one that is none. Not when a file that failed is opened
    /// `again`: readers wait for that, and a disk that is full has changed nothing.
    pub(super) fn open(&self, again: bool) -> Result<Database, OpenError> {
        let mut builder = Builder::new();
        builder.set_cache_size(self.cache).set_check_integrity_on_open(!again);
        let file = self.open_file().map_err(|error| self.failed(error))?;
        let database = (self.opener)(&builder, file).map_err(|error| self.failed(error))?;
        match found_format(&database).map_err(|error| self.failed(error))? {
            Found::Nothing => initialize(&database).map_err(|error| self.failed(error))?,
            Found::Format(FORMAT) => {}
            Found::Format(found) if found > FORMAT => {
                return Err(OpenError::Newer { path: self.path.clone(), found });
            }
            Found::Format(found) => return Err(OpenError::Older { path: self.path.clone(), found }),
            Found::Foreign => return Err(OpenError::Foreign(self.path.clone())),
        }
        Ok(database)
    }

    /// Opens or makes the file, readable by its owner alone.
    fn open_file(&self) -> io::Result<fs::File> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        // Whoever has the database open holds this lock. Without it, what looks stillborn is just being born.
        if file.try_lock().is_ok() {
            if is_stillborn(&file)? {
                file.set_len(0)?;
            }
            file.unlock()?;
        }
        Ok(file)
    }

    /// The sentence for an error.
    pub(super) fn failed(&self, error: impl Into<redb::Error>) -> OpenError {
        let path = self.path.clone();
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => OpenError::InUse(path),
            redb::Error::Corrupted(why) => OpenError::Damaged { path, why },
            redb::Error::Io(error) => match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full(path),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly(path),
                ErrorKind::InvalidData => OpenError::Foreign(path),
                _ => OpenError::Other(path, error.into()),
            },
            error => OpenError::Other(path, error),
        }
    }
}

/// Whether the making of this file was cut short (the disk was full, say) before anything could be kept in it. Such a
/// file has no more than a header, and that without its first bytes; one that lost its first bytes otherwise has pages,
/// which are worth a human's attention.
fn is_stillborn(mut file: &fs::File) -> io::Result<bool> {
    /// Bytes of the name that a database file begins with, and of its first page.
    const MAGIC: usize = 9;
    const HEADER: usize = 4096;
    /// A new file has a megabyte and a little.
    const LARGEST: u64 = 4 << 20;

    if file.metadata()?.len() > LARGEST {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    file.rewind()?;
    let (magic, rest) = bytes.split_at(MAGIC.min(bytes.len()));
    let pages = rest.get(HEADER - MAGIC..).unwrap_or_default();
    Ok(magic.iter().chain(pages).all(|byte| *byte == 0))
}

enum Found {
    Nothing,
    Format(u32),
    Foreign,
}

fn found_format(database: &Database) -> Result<Found, redb::Error> {
    let transaction = database.begin_read()?;
    let mut tables = transaction.list_tables()?;
    if !tables.any(|table| table.name() == layout::META.name()) {
        let empty = transaction.list_tables()?.next().is_none();
        return Ok(if empty { Found::Nothing } else { Found::Foreign });
    }
    let meta = transaction.open_table(layout::META)?;
    let format = meta.get(layout::FORMAT_KEY)?.and_then(|bytes| bytes.value().try_into().ok());
    Ok(format.map_or(Found::Foreign, |bytes| Found::Format(u32::from_be_bytes(bytes))))
}

fn initialize(database: &Database) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    transaction.open_table(layout::META)?.insert(layout::FORMAT_KEY, FORMAT.to_be_bytes().as_slice())?;
    transaction.open_table(layout::FAMILIES)?;
    transaction.open_table(layout::LISTED)?;
    transaction.open_table(layout::DENYLIST)?;
    transaction.open_table(layout::SHORT_LIVED)?;
    transaction.open_table(layout::DOCUMENTS)?;
    transaction.commit()?;
    Ok(())
}
