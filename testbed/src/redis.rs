//! One Redis or Valkey server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use redis::{FromRedisValue, RedisResult};
use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::{
    Certificates, Flavor,
    place::{Mode, Place, Refusal},
    process::Process,
};

/// How many ports are tried when each turns out to have been taken in the meantime.
const ATTEMPTS: usize = 20;

/// A Redis or Valkey server on a free loopback port, with a data folder of its own. Dropping it kills the server and
/// removes the folder.
pub struct RedisServer {
    process: Process,
    place: Place,
    /// On which something was asked that nobody waits for.
    unanswered: Vec<TcpStream>,
}

impl RedisServer {
    /// Starts a server and waits until it answers. `settings` are lines of `redis.conf`, name and value, as they would
    /// stand there: `("appendonly", "yes")`, `("user", "app on >secret ~* +@all")`.
    ///
    /// Without settings nothing is kept on disk, so that a restart forgets everything.
    pub async fn start(flavor: Flavor, settings: &[(&str, &str)]) -> Self {
        Self::start_among(flavor, None, settings).await
    }

    /// As [`Self::start`], speaking TLS alone, with [`Self::certificates`] made for it. No certificate is asked of
    /// clients unless `settings` say `("tls-auth-clients", "yes")`.
    pub async fn start_tls(flavor: Flavor, settings: &[(&str, &str)]) -> Self {
        Self::start_among(flavor, Some(Arc::new(Certificates::make())), settings).await
    }

    /// One of several that speak TLS with each other, if they have certificates.
    pub(crate) async fn start_among(
        flavor: Flavor,
        certificates: Option<Arc<Certificates>>,
        settings: &[(&str, &str)],
    ) -> Self {
        Self::launch(flavor, Mode::Data, certificates, settings).await
    }

    /// A sentinel instead of a server of data.
    pub(crate) async fn start_sentinel(
        flavor: Flavor,
        certificates: Option<Arc<Certificates>>,
        settings: &[(&str, &str)],
    ) -> Self {
        Self::launch(flavor, Mode::Sentinel, certificates, settings).await
    }

    /// `redis://127.0.0.1:PORT`, or `rediss://…` when it speaks TLS; without a user.
    pub fn url(&self) -> String {
        let scheme = if self.place.certificates.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}", self.address())
    }

    /// The port it listens on, the same after a restart.
    pub fn port(&self) -> u16 {
        self.place.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port()).into()
    }

    /// What it and its clients need to know of each other; none unless it speaks TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.place.certificates.as_deref()
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What the server has logged since it was last started.
    pub fn log(&self) -> String {
        self.process.printed().stdout
    }

    /// From now on it cannot make a file longer than `bytes`, as if the disk were full. `None`: there is room again.
    pub fn limit_files(&mut self, bytes: Option<u64>) {
        self.process.limit_files(bytes);
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Asks it to end (SIGTERM), as a service manager would, and waits until it has. A paused one is resumed for it.
    pub async fn terminate(&mut self) {
        self.process.signal(Signal::TERM);
        self.process.signal(Signal::CONT);
        self.process.ended().await;
    }

    /// Starts it again on the same port and data folder, after ending it (SIGTERM) if it still runs.
    pub async fn restart(&mut self) {
        self.terminate().await;
        self.process = self.place.run().await.unwrap_or_else(|refusal| match refusal {
            Refusal::PortTaken => panic!("another program took port {} while the server was down", self.port()),
            Refusal::Other(why) => panic!("{why}"),
        });
    }

    /// How much of its primary's history a replica has, or a primary has made: bytes, to be compared among those of one
    /// history.
    pub async fn offset(&self) -> u64 {
        let told: String = self.ask(&["INFO", "replication"]).await.expect("a server that runs answers");
        let offset = told.lines().find_map(|line| line.strip_prefix("master_repl_offset:"));
        offset.and_then(|offset| offset.parse().ok()).expect("every server tells how far it is")
    }

    /// Stops it as it stands (SIGSTOP): connections stay open, nothing is answered. Returns when it has stopped.
    pub fn pause(&mut self) {
        self.process.pause();
    }

    /// Lets it go on after [`Self::pause`] (SIGCONT).
    pub fn resume(&mut self) {
        self.process.signal(Signal::CONT);
    }

    /// Sends one command over a connection of its own and reads the answer. Where that is TLS, the process has chosen its
    /// cryptography.
    pub async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let client = match self.certificates() {
            Some(certificates) => redis::Client::build_with_tls(self.url(), certificates.trust())?,
            None => redis::Client::open(self.url())?,
        };
        let mut connection = client.get_multiplexed_async_connection().await?;
        let (name, arguments) = words.split_first().expect("a command has a name");
        redis::cmd(name).arg(arguments).query_async(&mut connection).await
    }

    /// Sends one command over a connection that stays open, and does not wait for an answer.
    pub async fn send(&mut self, words: &[&str]) {
        let mut connection = TcpStream::connect(self.address()).await.expect("a server that runs takes connections");
        let (name, arguments) = words.split_first().expect("a command has a name");
        let bytes = redis::cmd(name).arg(arguments).get_packed_command();
        connection.write_all(&bytes).await.expect("a server that runs reads");
        self.unanswered.push(connection);
    }

    /// Sends a command that is answered `OK`.
    pub(crate) async fn tell(&self, words: &[&str]) {
        let answer: String = self.ask(words).await.expect("a server that has just been started does what it is told");
        assert_eq!(answer, "OK");
    }

    async fn launch(
        flavor: Flavor,
        mode: Mode,
        certificates: Option<Arc<Certificates>>,
        settings: &[(&str, &str)],
    ) -> Self {
        for _ in 0..ATTEMPTS {
            let place = Place::prepare(flavor, mode, certificates.clone(), settings);
            match place.run().await {
                Ok(process) => return Self { process, place, unanswered: Vec::new() },
                Err(Refusal::PortTaken) => {}
                Err(Refusal::Other(why)) => panic!("{why}"),
            }
        }
        panic!("{ATTEMPTS} ports that had just been free were taken when a {flavor:?} server started on them");
    }
}
