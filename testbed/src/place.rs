//! Where a server lives, and how it is started there.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Certificates, Flavor,
    port::Port,
    process::{Printed, Process},
    until::DEADLINE,
};

/// What a server is told unless a test says otherwise: to keep nothing on disk, and not to let a replica wait the usual five
/// seconds for others that might want the same transfer.
const DEFAULTS: [(&str, &str); 3] = [("save", "\"\""), ("appendonly", "no"), ("repl-diskless-sync-delay", "0")];

/// Where a server lives: what is the same after a restart.
pub(crate) struct Place {
    flavor: Flavor,
    pub(crate) mode: Mode,
    pub(crate) port: Port,
    folder: TempDir,
    /// Of a server that speaks TLS; those that speak it with each other have the same.
    pub(crate) certificates: Option<Arc<Certificates>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Data,
    Sentinel,
}

pub(crate) enum Refusal {
    PortTaken,
    Other(String),
}

impl Place {
    pub(crate) fn prepare(
        flavor: Flavor,
        mode: Mode,
        certificates: Option<Arc<Certificates>>,
        settings: &[(&str, &str)],
    ) -> Self {
        let folder = TempDir::with_prefix("atropos-redis-").expect("a temporary folder can be made");
        let place = Self { flavor, mode, port: Port::reserve(), folder, certificates };
        // A file rather than options: sentinels and `CONFIG REWRITE` write it, and a value may consist of several words.
        fs::write(place.configuration(), place.lines(settings)).expect("the data folder is ours to write");
        place
    }

    /// Starts the server that lives here and waits until it answers.
    pub(crate) async fn run(&self) -> Result<Process, Refusal> {
        let program = self.flavor.program();
        // A disk that is full is an error for it to handle, and no signal to end by.
        let mut command = Command::new("sh");
        command.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#]).arg(program).arg(self.configuration());
        let mut ready = "eady to accept connections";
        if self.mode == Mode::Sentinel {
            command.arg("--sentinel");
            ready = "Sentinel ID is";
        }
        let process = Process::spawn(&mut command, Some(self.folder.path()))
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
        let ready = process.line(|line| line.contains(ready)).await;
        let Printed { stdout: log, stderr: complaints, .. } = process.printed();
        if log.contains("Address already in use") {
            return Err(Refusal::PortTaken);
        }
        if ready.is_none() {
            let why = format!("{} did not get ready, and said: {complaints}{log}", program.display());
            return Err(Refusal::Other(why));
        }
        if self.certificates.is_none() {
            self.ping().await;
        }
        Ok(process)
    }

    /// The log says that it is ready; this is to know that the one who listens there is a Redis. An error (`-NOAUTH`) is
    /// an answer, too.
    async fn ping(&self) {
        let mut first = [0];
        let exchange = async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port.number())).await?;
            stream.write_all(b"PING\r\n").await?;
            stream.read_exact(&mut first).await
        };
        let answered = matches!(timeout(DEADLINE, exchange).await, Ok(Ok(_)));
        assert!(answered && matches!(first, [b'+' | b'-']), "port {} does not answer PING", self.port.number());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("server.conf")
    }

    /// The configuration, a line each. Where a name occurs twice, Redis heeds the last, so a test may override anything.
    fn lines(&self, settings: &[(&str, &str)]) -> String {
        let port = self.port.number().to_string();
        let folder = format!("\"{}\"", self.folder.path().display());
        let mut lines = vec![("bind", "127.0.0.1"), ("dir", &folder)];
        let tls = self.certificates.as_deref().map(Certificates::settings);
        if let Some(tls) = &tls {
            lines.extend([("port", "0"), ("tls-port", &port)]);
            lines.extend(tls.iter().map(|(name, value)| (*name, value.as_str())));
        } else {
            lines.push(("port", &port));
        }
        if self.mode != Mode::Sentinel {
            lines.extend(DEFAULTS);
        }
        lines.iter().chain(settings).flat_map(|(name, value)| [name, " ", value, "\n"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_port_taken_at_the_last_moment_is_told_from_other_refusals() {
        let place = Place::prepare(Flavor::Redis, Mode::Data, None, &[]);
        let intruder = TcpListener::bind((Ipv4Addr::LOCALHOST, place.port.number())).unwrap();
        assert!(matches!(place.run().await, Err(Refusal::PortTaken)));
        drop(intruder);
        assert!(place.run().await.is_ok());
    }

    #[tokio::test]
    async fn a_server_that_refuses_its_settings_is_quoted() {
        let place = Place::prepare(Flavor::Redis, Mode::Data, None, &[("maxmemory-policy", "sometimes")]);
        let Err(Refusal::Other(why)) = place.run().await else { panic!("it should not start") };
        assert!(why.contains("maxmemory-policy"), "{why}");
    }
}
