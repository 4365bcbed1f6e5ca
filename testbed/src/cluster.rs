//! A Redis Cluster, joined without redis-cli.

use std::net::Ipv4Addr;
use std::sync::Arc;

use redis::{RedisResult, Value};

use crate::{Certificates, Flavor, RedisServer, Wire, port::CLUSTER_BUS, until};

/// How many hash slots a cluster has.
const SLOTS: usize = 16_384;

const SETTINGS: [(&str, &str); 2] = [("cluster-enabled", "yes"), ("cluster-node-timeout", "2000")];

/// A cluster of primaries and replicas in which every node has told that it works.
pub struct Cluster {
    nodes: Vec<RedisServer>,
    primaries: usize,
    /// Over which everybody reaches each node; none if everybody reaches them directly.
    wires: Vec<Wires>,
}

/// The two to one node: as clients and replicas know it, and as the other nodes do.
struct Wires {
    data: Wire,
    bus: Wire,
}

impl Cluster {
    /// Starts `primaries` nodes that share the slots evenly, and as many replicas for each of them, and waits until every
    /// node says that the cluster is up and knows who is who. Takes about three seconds, for a primary refuses to work in
    /// its first two.
    ///
    /// A node that does not answer for two seconds is failed over.
    pub async fn start(flavor: Flavor, primaries: usize, replicas_per_primary: usize) -> Self {
        Self::launch(flavor, None, primaries, replicas_per_primary).await
    }

    /// As [`Self::start`]; the nodes speak TLS alone, to each other as well.
    pub async fn start_tls(flavor: Flavor, primaries: usize, replicas_per_primary: usize) -> Self {
        Self::launch(flavor, Some(Arc::new(Certificates::make())), primaries, replicas_per_primary).await
    }

    /// As [`Self::start`]; everybody knows the nodes by wires to each, over which one can be [parted](Self::part) from the
    /// others. `settings` are those of [`RedisServer::start`], for each node. Needs Redis 7, whose connections come from
    /// where they are told to.
    pub async fn start_on_wires(
        flavor: Flavor,
        (primaries, replicas_per_primary): (usize, usize),
        settings: &[(&str, &str)],
    ) -> Self {
        let (mut nodes, mut wires) = (Vec::new(), Vec::new());
        for index in 0..primaries * (1 + replicas_per_primary) {
            let from = comes_from(index).to_string();
            let own = [("bind-source-addr", from.as_str()), ("cluster-announce-ip", "127.0.0.1")];
            let node = RedisServer::start(flavor, &[&SETTINGS[..], &own, settings].concat()).await;
            let bus = (Ipv4Addr::LOCALHOST, node.port() + CLUSTER_BUS).into();
            let to = Wires { data: Wire::to(node.address()).await, bus: Wire::to(bus).await };
            for (setting, wire) in [("cluster-announce-port", &to.data), ("cluster-announce-bus-port", &to.bus)] {
                node.tell(&["CONFIG", "SET", setting, &wire.address().port().to_string()]).await;
            }
            // What was set is to outlive a restart.
            node.tell(&["CONFIG", "REWRITE"]).await;
            nodes.push(node);
            wires.push(to);
        }
        Self { nodes, primaries, wires }.join_up().await
    }

    async fn launch(
        flavor: Flavor,
        certificates: Option<Arc<Certificates>>,
        primaries: usize,
        replicas_per_primary: usize,
    ) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..primaries * (1 + replicas_per_primary) {
            nodes.push(RedisServer::start_among(flavor, certificates.clone(), &SETTINGS).await);
        }
        Self { nodes, primaries, wires: Vec::new() }.join_up().await
    }

    async fn join_up(self) -> Self {
        self.share_slots().await;
        self.introduce().await;
        self.replicate().await;
        self.up().await;
        self
    }

    /// Waits until every node says that the cluster is up: of a primary that was away for longer than the time-out and
    /// was not failed over, the others believe only after some seconds that it is back.
    pub async fn up(&self) {
        until("every node of the cluster knows that it is up", async || self.is_up().await).await;
    }

    /// What all nodes have in common if they speak TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.nodes[0].certificates()
    }

    /// The URL of each node, those that were started as primaries first.
    pub fn urls(&self) -> Vec<String> {
        let url = |(index, node): (usize, &RedisServer)| match self.wires.get(index) {
            Some(wires) => format!("redis://{}", wires.data.address()),
            None => node.url(),
        };
        self.nodes.iter().enumerate().map(url).collect()
    }

    /// From now on no other node reaches this one, nor does it reach them; clients notice nothing. For nodes on wires.
    pub fn part(&self, node: usize) {
        self.hold_back(node);
        self.wires[node].bus.freeze();
        for (_, other) in self.wires.iter().enumerate().filter(|(index, _)| *index != node) {
            other.bus.part_from([comes_from(node)]);
        }
    }

    /// From now on no replica of this node gets anything from it; the other nodes and clients notice nothing. For nodes on
    /// wires.
    pub fn hold_back(&self, node: usize) {
        self.wires[node].data.part_from((0..self.nodes.len()).map(comes_from));
    }

    /// Undoes all [`Self::part`] and [`Self::hold_back`].
    pub fn join(&self) {
        for wires in &self.wires {
            wires.data.thaw();
            wires.bus.thaw();
        }
    }

    /// Whether a node is a primary by its own account.
    pub async fn is_primary(&self, node: usize) -> bool {
        let role: RedisResult<(String, Value, Value)> = self.nodes[node].ask(&["ROLE"]).await;
        role.is_ok_and(|(role, ..)| role == "master")
    }

    /// Whether every node knows that the cluster is up, with as many replicas as it was started with.
    pub async fn is_whole(&self) -> bool {
        self.is_up().await
    }

    /// The nodes: first those that were started as primaries, in the order of their slots, then their replicas: the one
    /// at `n` copies the primary at `n` modulo the number of primaries.
    pub fn nodes(&mut self) -> &mut [RedisServer] {
        &mut self.nodes
    }

    /// Slots before anything else, and an epoch for each, so that no two primaries ever have to settle who is right.
    async fn share_slots(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await;
        }
        for (index, node) in self.nodes[..self.primaries].iter().enumerate() {
            let bound = |index: usize| SLOTS * index / self.primaries;
            let slots: Vec<String> = (bound(index)..bound(index + 1)).map(|slot| slot.to_string()).collect();
            // ADDSLOTSRANGE would be shorter, but Redis 6.2 does not know it.
            let words: Vec<&str> =
                ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
            node.tell(&words).await;
        }
    }

    /// Everybody to everybody: faster than leaving it to gossip.
    async fn introduce(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for other in 0..index {
                let (port, bus) = self.ports(other);
                node.tell(&["CLUSTER", "MEET", "127.0.0.1", &port.to_string(), &bus.to_string()]).await;
            }
        }
        for node in &self.nodes {
            until("every node has met every other", async || {
                let known = lines(node, "NODES").await;
                known.len() == self.nodes.len() && !known.iter().any(|line| line.contains("handshake"))
            })
            .await;
        }
    }

    /// Where others reach a node, and where its bus.
    fn ports(&self, node: usize) -> (u16, u16) {
        match self.wires.get(node) {
            Some(wires) => (wires.data.address().port(), wires.bus.address().port()),
            None => (self.nodes[node].port(), self.nodes[node].port() + CLUSTER_BUS),
        }
    }

    async fn replicate(&self) {
        for (index, replica) in self.nodes.iter().enumerate().skip(self.primaries) {
            let primary = lines(&self.nodes[index % self.primaries], "MYID").await.concat();
            replica.tell(&["CLUSTER", "REPLICATE", &primary]).await;
        }
    }

    async fn is_up(&self) -> bool {
        let expected = self.nodes.len() - self.primaries;
        let mut linked = 0;
        for node in &self.nodes {
            let up = lines(node, "INFO").await.iter().any(|line| line == "cluster_state:ok");
            let known = lines(node, "NODES").await;
            let replicas = known.iter().filter(|line| line.contains("slave")).count();
            let failing = known.iter().any(|line| line.contains("fail"));
            if !up || failing || replicas != expected {
                return false;
            }
            linked += usize::from(is_linked(node).await);
        }
        linked == expected
    }
}

/// Where a node that is on wires comes from, so that wires can tell it from clients and from the others.
fn comes_from(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(node + 1).expect("so many nodes start on no machine"))
}

async fn lines(node: &RedisServer, subject: &str) -> Vec<String> {
    let answer: String = node.ask(&["CLUSTER", subject]).await.expect("a node that has just been started answers");
    answer.lines().map(ToOwned::to_owned).collect()
}

/// Whether a replica has its primary's data. One that was just made a replica of another has no time to answer.
pub(crate) async fn is_linked(replica: &RedisServer) -> bool {
    let answer: RedisResult<String> = replica.ask(&["INFO", "replication"]).await;
    answer.is_ok_and(|answer| answer.lines().any(|line| line == "master_link_status:up"))
}
