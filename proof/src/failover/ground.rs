//! What the nodes stand on, and how it is broken: servers on wires, of which one, the victim, is killed, stopped or parted.

use std::net::SocketAddr;

use atropos_testbed::{Cluster, RedisServer, Sentinels, Wire, until};

use super::{Fault, Ground, Scenario};

/// Primaries of the cluster, each with one replica.
const PRIMARIES: usize = 3;

pub(super) struct Servers {
    kind: Kind,
    victim: usize,
}

enum Kind {
    Sentinels {
        sentinels: Sentinels,
        /// The first node's ways to the sentinels: it is parted together with the primary.
        ways: Vec<Wire>,
    },
    Cluster(Cluster),
}

impl Servers {
    pub(super) async fn start(scenario: Scenario) -> Self {
        let Scenario { ground, flavor, durability, seed, .. } = scenario;
        let settings = durability.settings();
        match ground {
            Ground::Sentinels => {
                let sentinels = Sentinels::start_on_wires(flavor, settings).await;
                let mut ways = Vec::new();
                for sentinel in sentinels.addresses() {
                    ways.push(Wire::to(sentinel).await);
                }
                let victim = sentinels.primary_index().await.expect("they have just named one");
                Self { kind: Kind::Sentinels { sentinels, ways }, victim }
            }
            Ground::Cluster => {
                let cluster = Cluster::start_on_wires(flavor, (PRIMARIES, 1), settings).await;
                Self { kind: Kind::Cluster(cluster), victim: fastrand::Rng::with_seed(seed).usize(..PRIMARIES) }
            }
        }
    }

    /// What the two nodes are told.
    pub(super) fn urls(&self) -> [String; 2] {
        match &self.kind {
            Kind::Sentinels { sentinels, ways } => {
                let url = |addresses: Vec<SocketAddr>| {
                    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                    format!("redis+sentinel://{}/{}", addresses.join(","), sentinels.master_name())
                };
                [url(ways.iter().map(Wire::address).collect()), url(sentinels.addresses())]
            }
            Kind::Cluster(cluster) => {
                let nodes: Vec<_> = cluster.urls().iter().map(|url| url.replace("redis://", "")).collect();
                let url = format!("redis+cluster://{}", nodes.join(","));
                [url.clone(), url]
            }
        }
    }

    /// Waits until the victim's replicas have all that it has by now.
    pub(super) async fn caught_up(&mut self) {
        let (victim, servers, replicas) = match &mut self.kind {
            Kind::Sentinels { sentinels, .. } => (self.victim, sentinels.servers(), vec![1, 2]),
            Kind::Cluster(cluster) => (self.victim, cluster.nodes(), vec![self.victim + PRIMARIES]),
        };
        let made = servers[victim].offset().await;
        for replica in replicas {
            until("a replica has caught up", async || servers[replica].offset().await >= made).await;
        }
    }

    /// From now on the victim's replicas hear nothing of what it is told.
    pub(super) fn hold_back(&self) {
        match &self.kind {
            Kind::Sentinels { sentinels, .. } => sentinels.hold_back(self.victim),
            Kind::Cluster(cluster) => cluster.hold_back(self.victim),
        }
    }

    pub(super) async fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.victim().kill().await,
            Fault::Stop => self.victim().pause(),
            Fault::Part => match &self.kind {
                Kind::Sentinels { sentinels, ways } => {
                    sentinels.part(self.victim);
                    ways.iter().for_each(Wire::freeze);
                }
                Kind::Cluster(cluster) => cluster.part(self.victim),
            },
        }
    }

    /// Waits until there is another primary in the place of the victim.
    pub(super) async fn replaced(&self) {
        until("another primary is in place", async || match &self.kind {
            Kind::Sentinels { sentinels, .. } => {
                sentinels.primary_index().await.is_some_and(|index| index != self.victim)
            }
            Kind::Cluster(cluster) => cluster.is_primary(self.victim + PRIMARIES).await,
        })
        .await;
    }

    /// Waits until nobody who asks for the primary is sent to the victim any more. A sentinel may hear of the failover seconds
    /// after the others, and whoever asks it meanwhile finds the victim, if that is back: as a primary, and parted.
    pub(super) async fn forgotten(&self) {
        if let Kind::Sentinels { sentinels, .. } = &self.kind {
            until("no sentinel names the victim", async || sentinels.have_all_left(self.victim).await).await;
        }
    }

    /// The victim comes back, as what the others make of it. Returns when all have what they should have.
    pub(super) async fn heal(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.victim().restart().await,
            Fault::Stop => self.victim().resume(),
            Fault::Part => {}
        }
        match &self.kind {
            Kind::Sentinels { sentinels, ways } => {
                sentinels.join(self.victim);
                ways.iter().for_each(Wire::thaw);
                until("the others are replicas of the new primary", async || sentinels.has_replicas(2).await).await;
            }
            Kind::Cluster(cluster) => {
                cluster.join();
                until("the cluster is whole again", async || cluster.is_whole().await).await;
            }
        }
    }

    fn victim(&mut self) -> &mut RedisServer {
        match &mut self.kind {
            Kind::Sentinels { sentinels, .. } => &mut sentinels.servers()[self.victim],
            Kind::Cluster(cluster) => &mut cluster.nodes()[self.victim],
        }
    }
}
