//! The way from the command line to a running server: a socket in the data folder, for its owner alone.
//!
//! One line of JSON asks, one answers, then the connection ends. Who may open the socket may read the data folder, and
//! with it the master secret: there is nothing further to prove.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::{Answer, Operation, perform};
use crate::domain::authority::Authority;

const NAME: &str = "atropos.sock";
/// A token is 16 KiB at most; nothing an operator asks is longer.
const LONGEST_QUESTION: u64 = 64 * 1024;
/// How long a question may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn path(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// The socket of a server; it disappears when this is dropped.
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// What a server that was killed left behind is replaced; one that answers is not ([`io::ErrorKind::AddrInUse`]).
    pub fn bind(data: &Path) -> io::Result<Self> {
        let path = path(data);
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        // Bound under a name of its own and then moved: at no time can others open it.
        let unready = data.join(format!(".{NAME}.{}", std::process::id()));
        remove(&unready)?;
        let listener = UnixListener::bind(&unready)?;
        std::fs::set_permissions(&unready, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&unready, &path)?;
        Ok(Self { listener, path })
    }

    /// Answers until it is dropped.
    pub async fn serve(self, authority: Arc<Authority>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let authority = Arc::clone(&authority);
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, &authority).await {
                            tracing::debug!(%error, "a question on the admin socket was not answered");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin socket accepts nothing for a moment");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        let _ = remove(&self.path);
    }
}

async fn answer(mut stream: UnixStream, authority: &Authority) -> io::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut line = String::new();
    let mut reading = BufReader::new(reading.take(LONGEST_QUESTION));
    tokio::time::timeout(PATIENCE, reading.read_line(&mut line)).await??;
    let answer = match serde_json::from_str::<Operation>(&line) {
        Ok(operation) => perform(authority, operation).await,
        Err(_) => Answer::Refused("the server does not know this operation; is it of another version?".to_owned()),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    writing.write_all(&line).await
}

/// Whether a server is running in this data folder.
pub async fn is_answered(data: &Path) -> io::Result<bool> {
    Ok(connect(data).await?.is_some())
}

/// Asks the server whose data folder this is. `None`: no server is running there.
pub async fn ask(data: &Path, operation: &Operation) -> io::Result<Option<Answer>> {
    let Some(mut stream) = connect(data).await? else { return Ok(None) };
    let mut line = serde_json::to_vec(operation)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(Some(serde_json::from_str(&text)?))
}

async fn connect(data: &Path) -> io::Result<Option<UnixStream>> {
    match UnixStream::connect(path(data)).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
