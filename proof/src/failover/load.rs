//! Clients that begin, refresh, revoke and introspect sessions through both nodes, and write down what they were told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use atropos_testbed::until;
use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::told::{Heard, State, Told};
use super::{Fault, Ground, Phase, Scenario};
use crate::node::{Node, Outcome};

const CLIENTS: u64 = 16;

/// Refreshes of one session: fewer than the access tokens that it may have.
const REFRESHES: usize = 20;

/// What lies between two requests of a client: more would only make more of the same.
const THINKS: Duration = Duration::from_millis(12);

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Issue,
    Refresh,
    Revoke,
    Introspect,
}

/// Answers of 200, by node and [`Step`], those of 503 by node, and what was seen that only `memory` excuses.
#[derive(Debug, Default)]
pub(super) struct Counts {
    told: [[AtomicUsize; 4]; 2],
    unavailable: [AtomicUsize; 2],
    came_back: AtomicUsize,
}

impl Counts {
    pub(super) fn told(&self, step: Step) -> usize {
        (0..2).map(|node| self.told_by(node, step)).sum()
    }

    pub(super) fn unavailable(&self) -> usize {
        self.unavailable.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn came_back(&self) -> usize {
        self.came_back.load(Ordering::Relaxed)
    }

    fn told_by(&self, node: usize, step: Step) -> usize {
        self.told[node][step as usize].load(Ordering::Relaxed)
    }

    fn count<T>(&self, node: usize, step: Step, heard: &Outcome<T>) {
        match heard {
            Outcome::Told(_) => self.told[node][step as usize].fetch_add(1, Ordering::Relaxed),
            Outcome::Unavailable | Outcome::Lost => self.unavailable[node].fetch_add(1, Ordering::Relaxed),
            Outcome::Refused(_) => 0,
        };
    }
}

pub(super) struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<Vec<Told>>,
}

struct Shared {
    nodes: Arc<[Node; 2]>,
    scenario: Scenario,
    phase: watch::Sender<Phase>,
    counts: Counts,
    broken: Mutex<Option<String>>,
}

impl Load {
    pub(super) fn start(nodes: &Arc<[Node; 2]>, scenario: Scenario) -> Self {
        let shared = Arc::new(Shared {
            nodes: Arc::clone(nodes),
            scenario,
            phase: watch::Sender::new(Phase::Calm),
            counts: Counts::default(),
            broken: Mutex::default(),
        });
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let rng = Rng::with_seed(scenario.seed.wrapping_mul(CLIENTS).wrapping_add(number));
            clients.spawn(Client { shared: Arc::clone(&shared), rng, sessions: Vec::new() }.run());
        }
        Self { shared, clients }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.shared.phase.send_replace(phase);
    }

    /// Waits until each of these nodes has answered every kind of write so many times more.
    pub(super) async fn until_told(&self, nodes: &[usize], times: usize) -> Result<()> {
        let writes = [Step::Issue, Step::Refresh, Step::Revoke];
        let goal: Vec<_> = nodes
            .iter()
            .flat_map(|node| writes.map(|step| (*node, step)))
            .map(|(node, step)| (node, step, self.counts().told_by(node, step) + times))
            .collect();
        let reached = || goal.iter().all(|(node, step, count)| self.counts().told_by(*node, *step) >= *count);
        until("the nodes have answered", async || self.shared.is_broken() || reached()).await;
        self.shared.verdict()
    }

    /// Waits until so many requests more to a node were not answered.
    pub(super) async fn until_unavailable(&self, node: usize, times: usize) -> Result<()> {
        let count = || self.counts().unavailable[node].load(Ordering::Relaxed);
        let goal = count() + times;
        until("requests were not answered", async || self.shared.is_broken() || count() >= goal).await;
        self.shared.verdict()
    }

    /// Waits until so many times more what was revoked at one node was called active at the other.
    pub(super) async fn until_came_back(&self, times: usize) -> Result<()> {
        let goal = self.counts().came_back() + times;
        let reached = || self.counts().came_back() >= goal;
        until("the nodes disagree", async || self.shared.is_broken() || reached()).await;
        self.shared.verdict()
    }

    /// What the clients were told, each for itself.
    pub(super) async fn stop(&mut self) -> Result<Vec<Vec<Told>>> {
        self.enter(Phase::Over);
        let mut sessions = Vec::new();
        while let Some(told) = self.clients.join_next().await {
            sessions.push(told?);
        }
        self.shared.verdict()?;
        Ok(sessions)
    }
}

impl Shared {
    fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// What a node answers now to what it was asked in the phase `asked`.
    fn heard(&self, node: usize, asked: Phase) -> Heard {
        let Scenario { ground, fault, durability, .. } = self.scenario;
        let apart = (ground, fault) == (Ground::Sentinels, Fault::Part) && !durability.outlives_the_primary();
        let parted = apart && (asked == Phase::Struck || self.phase() == Phase::Struck);
        Heard { node, durability, calm: self.phase() == Phase::Calm, parted }
    }

    fn is_broken(&self) -> bool {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn note(&self, found: Result<(), String>) {
        if let Err(what) = found {
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
        }
    }

    fn verdict(&self) -> Result<()> {
        match &*self.broken.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(what) => bail!("{what}"),
            None => Ok(()),
        }
    }
}

struct Client {
    shared: Arc<Shared>,
    rng: Rng,
    sessions: Vec<Told>,
}

impl Client {
    async fn run(mut self) -> Vec<Told> {
        let mut before = Phase::Calm;
        loop {
            let phase = self.shared.phase();
            if phase == Phase::Over || self.shared.is_broken() {
                return self.sessions;
            }
            if phase != before {
                self.let_some_rest(before);
                before = phase;
            }
            self.step().await;
            sleep(THINKS).await;
        }
    }

    /// Every other session that is awake.
    fn let_some_rest(&mut self, since: Phase) {
        let awake = self.sessions.iter_mut().filter(|told| told.resting_since.is_none());
        awake.step_by(2).for_each(|told| told.resting_since = Some(since));
    }

    async fn step(&mut self) {
        let node = self.rng.usize(..2);
        let awake: Vec<usize> =
            (0..self.sessions.len()).filter(|index| self.sessions[*index].resting_since.is_none()).collect();
        let Some(index) = self.rng.choice(awake).filter(|_| self.rng.u8(..10) > 2) else {
            return self.issue(node).await;
        };
        let step = match (self.sessions[index].state, self.rng.u8(..10)) {
            (State::Refreshing(_), _) => Step::Refresh,
            (State::Live, 0..5) if self.sessions[index].pairs.len() < REFRESHES => Step::Refresh,
            (State::Live, 5..7) | (State::Revoking, _) => Step::Revoke,
            (_, _) => Step::Introspect,
        };
        self.go_on(index, step, node).await;
    }

    async fn issue(&mut self, node: usize) {
        let asked = self.shared.phase();
        let answer = self.shared.nodes[node].issue().await;
        self.shared.counts.count(node, Step::Issue, &answer);
        match answer {
            Outcome::Told(pair) => self.sessions.push(Told::begun(pair, self.shared.heard(node, asked))),
            Outcome::Refused(why) => self.shared.note(Err(format!("no session was begun: {why}"))),
            Outcome::Unavailable | Outcome::Lost => {}
        }
    }

    async fn go_on(&mut self, index: usize, step: Step, node: usize) {
        let Shared { nodes, counts, .. } = &*self.shared;
        let (told, to) = (&mut self.sessions[index], &nodes[node]);
        let (asked, at) = (self.shared.phase(), Instant::now());
        let found = match step {
            Step::Refresh => {
                let answer = to.refresh(&told.last().refresh).await;
                counts.count(node, step, &answer);
                told.refreshed(answer, at, self.shared.heard(node, asked))
            }
            Step::Revoke => {
                let answer = to.revoke(&told.last().refresh).await;
                counts.count(node, step, &answer);
                told.revoked(answer, self.shared.heard(node, asked))
            }
            Step::Issue | Step::Introspect => {
                let answer = to.introspect(&told.last().access).await;
                counts.count(node, Step::Introspect, &answer);
                told.introspected(&answer, self.shared.heard(node, asked)).map(|came_back| {
                    counts.came_back.fetch_add(usize::from(came_back), Ordering::Relaxed);
                })
            }
        };
        self.shared.note(found.map_err(|what| format!("node {}: {what}", node + 1)));
    }
}
