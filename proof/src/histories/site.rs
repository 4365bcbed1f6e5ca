//! What a history happens on: a store, one or two nodes, and wires between all of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Result;
use atropos_testbed::{Binary, Cluster, Flavor, RedisServer, Wire};
use clap::ValueEnum;
use tempfile::TempDir;
use tokio::sync::{Mutex, RwLock, watch};

use super::model::{Answer, Owner};
use crate::client::Client;
use crate::node::Node;
use crate::program::{Program, Start};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Store {
    Embedded,
    Redis,
    Cluster,
}

/// The longest that a node waits for its store. Less would make histories with a frozen wire shorter, and nodes on a busy
/// machine refuse to start.
pub(super) const STORE_TIMEOUT: Duration = Duration::from_secs(1);
const CLIENTS: &str = include_str!("clients.toml");

pub(super) struct Site {
    program: Program,
    folder: TempDir,
    shards: String,
    pub(super) backing: Mutex<Backing>,
    pub(super) seats: Vec<Seat>,
    /// Held by operators, and by whoever kills a node: of an embedded store, a command that finds no server running takes
    /// the file, and the server that is started meanwhile has none.
    file: RwLock<()>,
    /// Held by whoever breaks something, until it is mended.
    pub(super) calm: RwLock<()>,
}

/// Whoever keeps the data.
pub(super) enum Backing {
    Embedded,
    Redis(RedisServer),
    Cluster(Cluster),
}

/// A place for a node: what is the same after a restart.
pub(super) struct Seat {
    data: PathBuf,
    store: Option<String>,
    /// Between the node and its store; a node of a cluster is told other addresses by the cluster, and goes around it.
    pub(super) wire: Option<Wire>,
    pub(super) running: Mutex<Running>,
    /// How clients come in; none while the node is gone.
    door: watch::Sender<Option<Client>>,
}

pub(super) struct Running {
    pub(super) node: Node,
    /// Between the clients and the node.
    pub(super) front: Wire,
}

impl Site {
    pub(super) async fn open(program: &Program, store: Store, shards: u16) -> Result<Self> {
        let backing = match store {
            Store::Embedded => Backing::Embedded,
            Store::Redis => Backing::Redis(RedisServer::start(Flavor::Redis, &[]).await),
            Store::Cluster => Backing::Cluster(Cluster::start(Flavor::Redis, 3, 0).await),
        };
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("clients.toml"), CLIENTS)?;
        let (program, shards, nodes) = (program.clone(), shards.to_string(), backing.nodes());
        let (seats, file, calm) = (Vec::new(), RwLock::default(), RwLock::default());
        let mut site = Self { program, folder, shards, backing: Mutex::new(backing), seats, file, calm };
        for number in 0..nodes {
            let seat = site.furnish(number).await?;
            site.seats.push(seat);
        }
        Ok(site)
    }

    async fn furnish(&self, number: usize) -> Result<Seat> {
        let data = self.folder.path().join(format!("node-{number}"));
        std::fs::create_dir(&data)?;
        if let Some(first) = self.seats.first() {
            // Folders of their own, so that an operator can speak to either; but one secret.
            std::fs::copy(first.data.join("master-secret"), data.join("master-secret"))?;
        }
        let (store, wire) = self.backing.lock().await.laid().await;
        let running = self.run(&data, store.as_deref()).await;
        let door = watch::Sender::new(Some(running.client()));
        Ok(Seat { data, store, wire, running: Mutex::new(running), door })
    }

    async fn run(&self, data: &Path, store: Option<&str>) -> Running {
        let mut command = self.started(data, store, |start| self.program.command(start));
        command.arg("--config").arg(self.folder.path().join("clients.toml"));
        let node = Node::of(Binary::start_command(&mut command).await);
        let front = Wire::to(node.address()).await;
        Running { node, front }
    }

    fn started<T>(&self, data: &Path, store: Option<&str>, then: impl FnOnce(&Start<'_>) -> T) -> T {
        let timeout = format!("{}ms", STORE_TIMEOUT.as_millis());
        let more = [("ATROPOS__STORE__TIMEOUT", &*timeout), ("ATROPOS__STORE__SHARDS", &*self.shards)];
        then(&Start { data, store, durability: "memory", more: &more })
    }

    /// Kills a node and starts it anew. Clients stay away from it meanwhile.
    pub(super) async fn restart(&self, number: usize) {
        let seat = &self.seats[number];
        let _file = if seat.store.is_none() { Some(self.file.write().await) } else { None };
        let mut running = seat.running.lock().await;
        seat.door.send_replace(None);
        running.node.kill().await;
        *running = self.run(&seat.data, seat.store.as_deref()).await;
        seat.door.send_replace(Some(running.client()));
    }

    /// A node that runs, this one if it does: its number, and the way in.
    pub(super) async fn door(&self, number: usize) -> (usize, Client) {
        for (number, seat) in self.seats.iter().enumerate().cycle().skip(number).take(self.seats.len()) {
            if let Some(client) = &*seat.door.borrow() {
                return (number, client.clone());
            }
        }
        let mut door = self.seats[number].door.subscribe();
        let open = door.wait_for(Option::is_some).await.expect("the sender is in the seat");
        (number, open.clone().expect("this is what was waited for"))
    }

    /// An operator ends all of a client, or everything, or what is named on the command's input. It is done by a node that
    /// runs, or by the command itself on the store, whichever it finds.
    pub(super) async fn end(&self, number: usize, target: &[&str], input: String) -> Answer {
        let _file = self.file.read().await;
        let seat = &self.seats[number];
        let arguments = [&["revoke", "--yes"], target].concat();
        let mut command =
            self.started(&seat.data, seat.store.as_deref(), |start| self.program.operator(start, &arguments));
        let output = tokio::task::spawn_blocking(move || -> std::io::Result<_> {
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            // Dropped at once, which ends it. A command that reads none may be gone already.
            let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
            child.wait()
        });
        let status = output.await.expect("the command does not panic").expect("the program can be started");
        if status.success() { Answer::Done } else { Answer::Unknown }
    }
}

impl Backing {
    fn nodes(&self) -> usize {
        match self {
            Self::Embedded => 1,
            Self::Redis(_) | Self::Cluster(_) => 2,
        }
    }

    /// The URL of the store for one more node, and the wire that it goes through.
    async fn laid(&self) -> (Option<String>, Option<Wire>) {
        match self {
            Self::Embedded => (None, None),
            Self::Redis(redis) => {
                let wire = Wire::to(redis.address()).await;
                (Some(format!("redis://{}", wire.address())), Some(wire))
            }
            Self::Cluster(cluster) => {
                let nodes: Vec<_> = cluster.urls().iter().map(|url| url.replace("redis://", "")).collect();
                (Some(format!("redis+cluster://{}", nodes.join(","))), None)
            }
        }
    }
}

impl Running {
    fn client(&self) -> Client {
        Client::new(Owner::Opaque.id(), self.front.address())
    }
}
