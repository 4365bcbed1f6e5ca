//! Whom an error concerns.

use redb::StorageError;

use crate::domain::store::Unavailable;

/// Why an operation was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// This operation alone; it has written nothing.
    Refused(Unavailable),
    /// The file: whatever shares the transaction is lost with it.
    Storage(StorageError),
}

impl From<Unavailable> for Fault {
    fn from(unavailable: Unavailable) -> Self {
        Self::Refused(unavailable)
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
