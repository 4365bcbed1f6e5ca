//! Failovers under load: two nodes on a primary that sentinels watch, or on a cluster of three primaries with a replica each;
//! clients begin, refresh, revoke and introspect through both; a primary is killed, stopped, or parted from all others while
//! it still answers the nodes. Afterwards everything that was answered is compared with what is so.
//!
//! - `ground`: the servers, and what is done to them; `load`: the clients; `told`: what one of them may be told next;
//!   `verdict`: what is found when all is over.

mod ground;
mod load;
mod told;
mod verdict;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use atropos_testbed::Flavor;
use tokio::time::Instant;

use crate::node::Node;
use crate::program::{Program, Start};
use ground::Servers;
use load::{Load, Step};
use verdict::Found;

/// Whom the nodes ask for a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Sentinels,
    Cluster,
}

/// What happens to a primary. Before it is killed or stopped, its replicas fall behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Kill,
    /// It hangs, and wakes when another is in its place.
    Stop,
    /// It answers the nodes, and nobody else hears of it. Sentinels are parted from the first node as well: that one reaches
    /// only the deposed primary.
    Part,
}

/// `store.durability` of both nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    Memory,
    /// Of the primary's disk, with which it goes.
    Fsync,
    Replicas(u8),
}

#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub ground: Ground,
    pub fault: Fault,
    pub durability: Durability,
    pub flavor: Flavor,
    pub seed: u64,
}

/// How far a scenario is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Calm,
    /// The replicas of the victim fall behind.
    Lagging,
    /// From the fault until the victim is a replica like any other.
    Struck,
    Healed,
    Over,
}

/// What a scenario came to.
#[derive(Debug)]
pub struct Failover {
    scenario: Scenario,
    /// Sessions begun, refreshed and revoked, and introspections, by answers of 200.
    told: [usize; 4],
    unavailable: usize,
    found: Found,
    /// How often a revoked token was called active before all was healed.
    came_back: usize,
    /// From the fault until both nodes took every kind of write again, the time in which the victim came back included.
    recovered_after: Duration,
    healed_after: Duration,
}

/// Writes of each kind by each node before the fault, and after it.
const CALM: usize = 20;
/// As many while the store is not what it was.
const DISTURBED: usize = 8;
/// Requests that are not answered while nothing can be acknowledged.
const UNANSWERED: usize = 8;

impl Scenario {
    /// All there are, for a seed: on Redis if it is odd, else on Valkey.
    pub fn all(seed: u64) -> Vec<Self> {
        let mut all = Vec::new();
        for ground in [Ground::Sentinels, Ground::Cluster] {
            for fault in [Fault::Kill, Fault::Stop, Fault::Part] {
                for durability in [ground.durability(fault), Durability::Memory, Durability::Fsync] {
                    let flavor = if seed.is_multiple_of(2) { Flavor::Valkey } else { Flavor::Redis };
                    all.push(Self { ground, fault, durability, flavor, seed });
                }
            }
        }
        all
    }

    /// Such as `cluster/kill/replicas:1`.
    pub fn name(&self) -> String {
        let Self { ground, fault, durability, .. } = self;
        format!("{ground:?}/{fault:?}/{durability}").to_lowercase()
    }

    pub async fn run(self, program: &Program) -> Result<Failover> {
        self.broken(program).await.with_context(|| format!("{self} is broken"))
    }

    async fn broken(self, program: &Program) -> Result<Failover> {
        let data = tempfile::tempdir()?;
        let mut servers = Servers::start(self).await;
        let nodes = self.nodes(program, &servers, data.path()).await;
        let mut load = Load::start(&nodes, self);
        load.until_told(&[0, 1], CALM).await?;
        load.enter(Phase::Lagging);
        // By now every client knows what it is to let rest.
        load.until_told(&[0, 1], 1).await?;
        servers.caught_up().await;
        let struck = self.strike(&mut servers, &load).await?;
        servers.heal(self.fault).await;
        load.enter(Phase::Healed);
        load.until_told(&[0, 1], CALM).await?;
        let recovered_after = struck.elapsed();
        let sessions = load.stop().await?;
        let healed_after = verdict::healed(&nodes, &sessions).await?;
        let found = verdict::judge(&nodes, sessions, self.durability).await?;
        let counts = load.counts();
        let failover = Failover {
            scenario: self,
            told: [Step::Issue, Step::Refresh, Step::Revoke, Step::Introspect].map(|step| counts.told(step)),
            unavailable: counts.unavailable(),
            found,
            came_back: counts.came_back(),
            recovered_after,
            healed_after,
        };
        failover.says_something()?;
        Ok(failover)
    }

    /// Returns when another primary is in place and the clients have met with what that means; from when on.
    async fn strike(self, servers: &mut Servers, load: &Load) -> Result<Instant> {
        let safe = self.durability.outlives_the_primary();
        if self.fault != Fault::Part {
            servers.hold_back();
            if safe {
                load.until_unavailable(0, UNANSWERED).await?;
            } else {
                load.until_told(&[0, 1], DISTURBED).await?;
            }
        }
        load.enter(Phase::Struck);
        let struck = Instant::now();
        servers.strike(self.fault).await;
        servers.replaced().await;
        if !safe && self.fault != Fault::Part {
            // A victim that is back too early is one that was parted: what that may lose, the other fault tells.
            servers.forgotten().await;
            load.until_told(&[0, 1], 1).await?;
        }
        if self.fault == Fault::Part {
            match (self.ground, safe) {
                // What is revoked at one is asked for at the other.
                (Ground::Sentinels, true) => {
                    load.until_unavailable(0, UNANSWERED).await?;
                    load.until_told(&[1], DISTURBED).await?;
                }
                (Ground::Sentinels, false) => load.until_came_back(DISTURBED).await?,
                (Ground::Cluster, _) => load.until_told(&[0, 1], DISTURBED).await?,
            }
        }
        Ok(struck)
    }

    async fn nodes(self, program: &Program, servers: &Servers, data: &Path) -> Arc<[Node; 2]> {
        let [first, second] = servers.urls();
        let durability = self.durability.to_string();
        // Given, for of two that start at once only one could make it.
        let secret = [("ATROPOS__KEYS__MASTER_SECRET", "a secret of which nobody makes a secret, for a proof")];
        let start = |url| Start { data, store: Some(url), durability: &durability, more: &secret };
        let (first, second) = (start(&first), start(&second));
        let (first, second) = tokio::join!(program.start(&first), program.start(&second));
        Arc::new([first, second])
    }
}

impl Ground {
    /// The least by which nothing acknowledged is lost: every replica that may come after, or, if all were parted from the
    /// primary together, one of which the sentinels choose the one that has most.
    fn durability(self, fault: Fault) -> Durability {
        match (self, fault) {
            (Self::Sentinels, Fault::Kill | Fault::Stop) => Durability::Replicas(2),
            (Self::Sentinels, Fault::Part) | (Self::Cluster, _) => Durability::Replicas(1),
        }
    }
}

impl Durability {
    /// Whether a failover must not lose what was acknowledged.
    fn outlives_the_primary(self) -> bool {
        matches!(self, Self::Replicas(_))
    }

    /// What it asks of each server.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Memory | Self::Replicas(_) => &[],
            Self::Fsync => &[("appendonly", "yes"), ("appendfsync", "always")],
        }
    }
}

impl Failover {
    /// A scenario in which nothing could have been lost has proved nothing.
    fn says_something(&self) -> Result<()> {
        let Found { kept, revoked, lost_births, lost_refreshes, .. } = self.found;
        ensure!(kept > 0 && revoked > 0, "nothing was left to look at: {self}");
        if !self.scenario.durability.outlives_the_primary() && self.scenario.ground == Ground::Sentinels {
            ensure!(lost_births + lost_refreshes > 0, "this failover has lost nothing: {self}");
        }
        Ok(())
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Fsync => f.write_str("fsync"),
            Self::Replicas(count) => write!(f, "replicas:{count}"),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<25} on {:?}, seed {}", self.name(), self.flavor, self.seed)
    }
}

impl fmt::Display for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, told: [issued, refreshed, revoked, introspected], unavailable, found, .. } = self;
        write!(
            f,
            "{scenario}: {issued} begun, {refreshed} refreshed, {revoked} revoked, {introspected} introspected, \
             {unavailable} not answered; then {} kept, {} births and {} refreshes lost, {} spent twice, \
             {} revocations lost; {} times active before they were put back; writing again after {:.1?}, healed {:.1?} later",
            found.kept,
            found.lost_births,
            found.lost_refreshes,
            found.spent_twice,
            found.lost_revocations,
            self.came_back,
            self.recovered_after,
            self.healed_after,
        )
    }
}
