//! The server under test, as a process of its own.

use std::{
    ffi::OsStr,
    net::SocketAddr,
    process::{Command, ExitStatus},
};

use rustix::process::Signal;

use crate::process::{Printed, Process};

/// A running server program. Dropping it kills it.
pub struct Binary {
    process: Process,
    address: SocketAddr,
}

impl Binary {
    /// Starts `program` with `arguments` and waits until it has printed `listening on http://ADDRESS`.
    pub async fn start(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        Self::start_command(Command::new(program).args(arguments)).await
    }

    /// As [`Self::start`], for a `command` that carries an environment or a working folder. Its standard streams are
    /// replaced.
    pub async fn start_command(command: &mut Command) -> Self {
        match Self::attempt(command).await {
            Ok(binary) => binary,
            Err(said) => panic!("{command:?} never said where it listens, but: {said}"),
        }
    }

    /// As [`Self::start_command`]; of a program that ends without having listened, all that it has said.
    pub async fn attempt(command: &mut Command) -> Result<Self, String> {
        let mut process =
            Process::spawn(command, None).unwrap_or_else(|error| panic!("{command:?} cannot start: {error}"));
        let Some(line) = process.line(|line| line.contains(GREETING)).await else {
            process.kill().await;
            let Printed { stdout, stderr, .. } = process.printed();
            return Err(stdout + &stderr);
        };
        let (_, address) = line.split_once(GREETING).expect("this is how it was found");
        let address = address.split_ascii_whitespace().next().and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("{command:?} should name an address, but said {line:?}"));
        Ok(Self { process, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS` followed by `path`, which begins with a slash or is empty.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has printed to standard output so far.
    pub fn stdout(&self) -> String {
        self.process.printed().stdout
    }

    /// What it has printed to standard error so far.
    pub fn stderr(&self) -> String {
        self.process.printed().stderr
    }

    /// The first line of standard output that contains `part`, as soon as there is one.
    pub async fn line_with(&self, part: &str) -> String {
        let line = self.process.line(|line| line.contains(part)).await;
        line.unwrap_or_else(|| panic!("it printed no line with {part:?}, but: {:?}", self.process.printed()))
    }

    /// From now on it cannot make a file longer than `bytes`: what a full disk does, to whoever ignores SIGXFSZ. `None`:
    /// there is room again.
    pub fn limit_files(&mut self, bytes: Option<u64>) {
        self.process.limit_files(bytes);
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Asks it to end (SIGTERM), without waiting.
    pub fn terminate(&mut self) {
        self.process.signal(Signal::TERM);
    }

    /// Waits until it has ended by itself or as it was told, and all it printed can be read.
    pub async fn ended(&mut self) -> ExitStatus {
        self.process.ended().await
    }
}

const GREETING: &str = "listening on http://";
