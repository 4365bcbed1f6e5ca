//! What clients were told, compared with what is so when all is over: the same at both nodes, and nothing acknowledged lost
//! but what `memory` may lose.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::told::{State, Told};
use super::{Durability, Phase};
use crate::node::{Node, Outcome};

/// How long nodes may take to put back what a failover has lost. They look every second; a busy machine takes its time.
const HEALED_WITHIN: Duration = Duration::from_secs(10);

/// What was found when all was over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) kept: usize,
    pub(super) revoked: usize,
    /// Sessions whose birth was answered, and that are not there.
    pub(super) lost_births: usize,
    /// Sessions whose last refresh was answered, and is not there.
    pub(super) lost_refreshes: usize,
    /// Refresh tokens that were spent, and could be spent again.
    pub(super) spent_twice: usize,
    /// Sessions that live on though their revocation was answered, by a node whose store did not know them.
    pub(super) lost_revocations: usize,
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        self.kept += other.kept;
        self.revoked += other.revoked;
        self.lost_births += other.lost_births;
        self.lost_refreshes += other.lost_refreshes;
        self.spent_twice += other.spent_twice;
        self.lost_revocations += other.lost_revocations;
    }
}

/// Waits until everything that was revoked is dead at both nodes.
pub(super) async fn healed(nodes: &Arc<[Node; 2]>, sessions: &[Vec<Told>]) -> Result<Duration> {
    let began = Instant::now();
    for told in sessions.iter().flatten().filter(|told| told.state == State::Revoked) {
        for node in nodes.iter() {
            while node.introspect(&told.last().access).await != Outcome::Told(false) {
                ensure!(began.elapsed() < HEALED_WITHIN, "a revocation was lost, and nobody put it back: {told:?}");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    Ok(began.elapsed())
}

/// Uses up the sessions.
pub(super) async fn judge(nodes: &Arc<[Node; 2]>, sessions: Vec<Vec<Told>>, durability: Durability) -> Result<Found> {
    let mut judges = JoinSet::new();
    for lot in sessions {
        let nodes = Arc::clone(nodes);
        judges.spawn(async move {
            let mut found = Found::default();
            for (number, told) in lot.into_iter().enumerate() {
                found += Judge { nodes: &nodes, durability, told }.judge(number % 2 == 0).await?;
            }
            Ok::<_, anyhow::Error>(found)
        });
    }
    let mut all = Found::default();
    while let Some(found) = judges.join_next().await {
        all += found??;
    }
    Ok(all)
}

struct Judge<'a> {
    nodes: &'a [Node; 2],
    durability: Durability,
    told: Told,
}

impl Judge<'_> {
    /// `spend_again`: where a refresh was lost, whether to look if what it spent can be spent.
    async fn judge(&self, spend_again: bool) -> Result<Found> {
        let told = &self.told;
        let active = self.is_active(&told.last().access).await?;
        match told.state {
            State::Revoked => {
                ensure!(!active, "a revoked token is active: {told:?}");
                for pair in &told.pairs {
                    ensure!(!self.is_active(&pair.access).await?, "{pair:?} outlived its session: {told:?}");
                }
                ensure!(!self.is_refreshed(&told.last().refresh).await?, "a revoked session was refreshed: {told:?}");
                Ok(Found { revoked: 1, ..Found::default() })
            }
            State::Live if active => self.live().await,
            State::Live => self.lost(spend_again).await,
            State::RevokedUnheard => Ok(Found { lost_revocations: usize::from(active), ..Found::default() }),
            // Both nodes say the same, whatever it is.
            State::Refreshing(_) | State::Revoking | State::Disputed => Ok(Found::default()),
            State::Gone => {
                ensure!(!active, "what was dead is alive: {told:?}");
                self.lost(spend_again).await
            }
        }
    }

    /// Its last refresh token goes on, and none before it.
    async fn live(&self) -> Result<Found> {
        let told = &self.told;
        ensure!(self.is_refreshed(&told.last().refresh).await?, "a live session was not refreshed: {told:?}");
        if let [.., spent, _] = &told.pairs[..] {
            ensure!(!self.is_refreshed(&spent.refresh).await?, "a spent token was refreshed: {told:?}");
        }
        Ok(Found { kept: 1, ..Found::default() })
    }

    async fn lost(&self, spend_again: bool) -> Result<Found> {
        let told = &self.told;
        ensure!(
            told.resting_since != Some(Phase::Calm),
            "a session was lost that nobody touched since long before: {told:?}"
        );
        let durable = self.durability.outlives_the_primary() && told.pairs.len() > 1;
        ensure!(!durable, "a refresh was answered and is lost: {told:?}");
        let mut found = self.counted_lost();
        if let ([.., spent, _], true) = (&told.pairs[..], spend_again) {
            found.spent_twice = usize::from(self.is_refreshed(&spent.refresh).await?);
        } else {
            ensure!(!self.is_refreshed(&told.last().refresh).await?, "a lost session was refreshed: {told:?}");
        }
        Ok(found)
    }

    fn counted_lost(&self) -> Found {
        let births = usize::from(self.told.pairs.len() == 1);
        Found { lost_births: births, lost_refreshes: 1 - births, ..Found::default() }
    }

    async fn is_active(&self, token: &str) -> Result<bool> {
        let [first, second] = self.nodes;
        match (first.introspect(token).await, second.introspect(token).await) {
            (Outcome::Told(one), Outcome::Told(other)) if one == other => Ok(one),
            answers => bail!("when all is over the nodes answer {answers:?}: {:?}", self.told),
        }
    }

    async fn is_refreshed(&self, token: &str) -> Result<bool> {
        match self.nodes[0].refresh(token).await {
            Outcome::Told(_) => Ok(true),
            Outcome::Refused(_) => Ok(false),
            answer => bail!("when all is over a node answers {answer:?}: {:?}", self.told),
        }
    }
}
