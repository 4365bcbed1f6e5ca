//! A Redis Cluster, joined without redis-cli.

use std::sync::Arc;

use crate::{Certificates, Flavor, RedisServer, until};

/// How many hash slots a cluster has.
const SLOTS: usize = 16_384;

/// A cluster of primaries and replicas in which every node has told that it works.
pub struct Cluster {
    nodes: Vec<RedisServer>,
    primaries: usize,
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

    async fn launch(
        flavor: Flavor,
        certificates: Option<Arc<Certificates>>,
        primaries: usize,
        replicas_per_primary: usize,
    ) -> Self {
        let settings = [("cluster-enabled", "yes"), ("cluster-node-timeout", "2000")];
        let mut nodes = Vec::new();
        for _ in 0..primaries * (1 + replicas_per_primary) {
            nodes.push(RedisServer::start_among(flavor, certificates.clone(), &settings).await);
        }
        let cluster = Self { nodes, primaries };
        cluster.share_slots().await;
        cluster.introduce().await;
        cluster.replicate().await;
        cluster.up().await;
        cluster
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
        self.nodes.iter().map(RedisServer::url).collect()
    }

    /// The nodes: first those that were started as primaries, in the order of their slots, then their replicas: the one
    /// at `n` copies the primary at `n` modulo the number of primaries.
    pub fn nodes(&mut self) -> &mut [RedisServer] {
        &mut self.nodes
    }

    /// Slots before anything else, and an epoch for each, so that no two primaries ever have to settle who is right.
    async fn share_slots(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            tell(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await;
        }
        for (index, node) in self.nodes[..self.primaries].iter().enumerate() {
            let bound = |index: usize| SLOTS * index / self.primaries;
            let slots: Vec<String> = (bound(index)..bound(index + 1)).map(|slot| slot.to_string()).collect();
            // ADDSLOTSRANGE would be shorter, but Redis 6.2 does not know it.
            let words: Vec<&str> =
                ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
            tell(node, &words).await;
        }
    }

    /// Everybody to everybody: faster than leaving it to gossip.
    async fn introduce(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for other in &self.nodes[..index] {
                tell(node, &["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]).await;
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

    async fn replicate(&self) {
        for (index, replica) in self.nodes.iter().enumerate().skip(self.primaries) {
            let primary = lines(&self.nodes[index % self.primaries], "MYID").await.concat();
            tell(replica, &["CLUSTER", "REPLICATE", &primary]).await;
        }
    }

    async fn is_up(&self) -> bool {
        for (index, node) in self.nodes.iter().enumerate() {
            let up = lines(node, "INFO").await.iter().any(|line| line == "cluster_state:ok");
            let known = lines(node, "NODES").await;
            let replicas = known.iter().filter(|line| line.contains("slave")).count();
            let failing = known.iter().any(|line| line.contains("fail"));
            if !up || failing || replicas != self.nodes.len() - self.primaries {
                return false;
            }
            if index >= self.primaries && !is_linked(node).await {
                return false;
            }
        }
        true
    }
}

async fn tell(node: &RedisServer, words: &[&str]) {
    let answer: String = node.ask(words).await.expect("a node that has just been started does what it is told");
    assert_eq!(answer, "OK");
}

async fn lines(node: &RedisServer, subject: &str) -> Vec<String> {
    let answer: String = node.ask(&["CLUSTER", subject]).await.expect("a node that has just been started answers");
    answer.lines().map(ToOwned::to_owned).collect()
}

/// Whether a replica has its primary's data.
pub(crate) async fn is_linked(replica: &RedisServer) -> bool {
    let answer: String =
        replica.ask(&["INFO", "replication"]).await.expect("a server that has just been started answers");
    answer.lines().any(|line| line == "master_link_status:up")
}
