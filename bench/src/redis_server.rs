//! A Redis of its own for each side of a comparison, without persistence: what the bars were set against.
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::process::Process;

pub(crate) struct RedisServer {
    // Before the folder: dropped in this order, the process is gone when its folder goes.
    process: Process,
    port: u16,
    _folder: TempDir,
}

impl RedisServer {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
        command.arg("--dir").arg(folder.path());
        let mut process = Process::spawn("redis-server", command, folder.path())?;
        process.says("Ready to accept connections").await?;
        Ok(Self { process, port, _folder: folder })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// `used_memory` in bytes, once it stands still: a table that grows is for a while there twice.
    pub(crate) async fn used_memory(&self) -> Result<u64> {
        let mut connection = redis::Client::open(self.url())?.get_multiplexed_async_connection().await?;
        let mut last = None;
        for _ in 0..100 {
            let info: redis::InfoDict = redis::cmd("INFO").arg("memory").query_async(&mut connection).await?;
            let used: u64 = info.get("used_memory").context("INFO without used_memory")?;
            if last == Some(used) {
                return Ok(used);
            }
            last = Some(used);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        last.context("used_memory was never read")
    }

    /// How many keys there are: a row about memory must know that what it divides by is really there.
    pub(crate) async fn keys(&self) -> Result<u64> {
        let mut connection = redis::Client::open(self.url())?.get_multiplexed_async_connection().await?;
        Ok(redis::cmd("DBSIZE").query_async(&mut connection).await?)
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.process.stop().await
    }
}

/// `v=7.0.15` out of `redis-server --version`.
pub(crate) fn version() -> Result<String> {
    let output = Command::new("redis-server").arg("--version").output().context("redis-server is not installed")?;
    ensure!(output.status.success(), "redis-server --version failed");
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("of unknown version").to_owned())
}
