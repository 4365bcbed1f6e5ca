//! The server under test: how it is built, started and asked. What is known of its command line stands only here.
use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use atropos_testbed::RedisServer;

use crate::clock::now;
use crate::connection::Connection;
use crate::process::{Pid, Process};
use crate::request;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Store {
    Redis,
    Embedded,
}

impl Store {
    pub(crate) const ALL: [Self; 2] = [Self::Redis, Self::Embedded];
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Redis => "Redis",
            Self::Embedded => "embedded",
        })
    }
}

/// A benchmark is more than one client should be given in a minute; 0 is without limit.
const LIMITS: [(&str, &str); 4] = [
    ("ATROPOS__LIMITS__ISSUES", "0"),
    ("ATROPOS__LIMITS__UNKNOWN_TOKENS", "0"),
    ("ATROPOS__LIMITS__WAITING_REQUESTS", "0"),
    ("ATROPOS__LIMITS__FAILED_AUTHENTICATIONS", "0"),
];

/// The same after a restart, when the port is another, for tokens name it.
const ISSUER: &str = "http://127.0.0.1:1";
/// In the folder of a server, what it keeps, and what it is told.
pub(crate) const DATA: &str = "data";
pub(crate) const SETTINGS: &str = "settings.toml";

/// A running server and the Redis it stands on, if it does.
pub(crate) struct Server {
    process: Process,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first 200 of `/health/ready`, where it has that.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts `binary` on `redis` where there is one, else on its embedded store. In `folder` lie its settings, its data and its log.
    pub(crate) async fn start(binary: &Path, folder: &Path, redis: Option<&RedisServer>) -> Result<Self> {
        let mut command = Command::new(binary);
        command.envs(LIMITS).args(["dev", "--listen", "127.0.0.1:0", "--issuer", ISSUER, "--data"]);
        command.arg(folder.join(DATA));
        command.arg("--config").arg(folder.join(SETTINGS));
        if let Some(redis) = redis {
            command.args(["--store", &redis.url()]);
        }
        let began = now();
        let server = Self::spawn("atropos", command, folder).await?;
        until_ready(server.address).await?;
        Ok(Self { ready_after: now() - began, ..server })
    }

    /// Starts whatever tells its address as the server does. In `folder` lies its log.
    pub(crate) async fn spawn(name: &'static str, command: Command, folder: &Path) -> Result<Self> {
        let began = now();
        let mut process = Process::spawn(name, command, folder)?;
        let address = process.says("listening on http://").await?.parse().context("the server told no address")?;
        Ok(Self { process, address, ready_after: now() - began })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.process.pid()
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.process.stop().await
    }
}

async fn until_ready(address: SocketAddr) -> Result<()> {
    let deadline = now() + Duration::from_secs(30);
    let question = request::get("/health/ready");
    while now() < deadline {
        // Only an answer of 200 ends the wait; what else there is says "not yet", or the deadline tells.
        if let Ok(mut connection) = Connection::open(address).await
            && let Ok((200, _)) = connection.exchange(&question).await
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!("the server was not ready within 30 s")
}

/// Builds the server in the profile this program was built in, and says where it is.
pub(crate) fn build() -> Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().context("a program lies in a folder")?.to_owned();
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => bail!("a debug build measures nothing: cargo run --release -p atropos-bench"),
        Some(profile) => profile,
    };
    let target = folder.parent().context("the folder of a profile lies in the target folder")?;
    let status = Command::new("cargo")
        .args(["build", "--bin", "atropos", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(workspace())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the server does not build");
    Ok(folder.join("atropos"))
}

/// The folder of the workspace, where docs/ and the lock file lie.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in a folder of the workspace")
}
