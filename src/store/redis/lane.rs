//! Changes that wait until they are safe.
//!
//! `WAIT` and `WAITAOF` tell about what their own connection has written, and hold up everything behind them on it. So a
//! few connections are kept for that beside the shared one, and each takes along whatever has come while it was waiting:
//! any number of changes, one wait. Change and wait go out in one pipeline on one connection that never reconnects by
//! itself: when it breaks between the two, nobody is told that anything is safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::Slot;
use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::cluster;
use super::failure::{failure, lacks_script, settle, unexpected};
use super::keys::beat_beside;
use super::lease::{LEASE, Leases, Left};
use super::script;
use super::wait::Wait;
use crate::domain::store::Unavailable;

/// How many connections wait at once.
pub(super) const LANES: usize = 4;

/// The most changes that share one wait.
const MOST: usize = 128;

/// How long what was written for a lease is kept, of no use to anybody.
const BEAT: Duration = Duration::from_mins(1);

/// Where a lane leads.
pub(super) enum Road {
    Primary(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Road {
    /// `patience`: how long a cluster may be asked again when it says that it did nothing.
    async fn send(&self, slot: Slot, pipeline: &Pipeline, patience: Duration) -> RedisResult<Vec<Value>> {
        match self {
            Self::Primary(connection) => connection.clone().send_packed_commands(pipeline, 0, pipeline.len()).await,
            Self::Cluster(connection) => cluster::route(connection, slot, pipeline, patience).await,
        }
    }
}

/// One command that writes, and who wants to know.
struct Change {
    slot: Slot,
    command: Cmd,
    answer: oneshot::Sender<Result<Value, Unavailable>>,
}

/// Ends its lanes, and whatever waits in them, when it is dropped.
pub(super) struct Lanes {
    queues: Vec<mpsc::Sender<Change>>,
    next: AtomicUsize,
    running: Vec<AbortHandle>,
    leases: Option<Arc<Leases>>,
}

impl Lanes {
    /// With `leases`, every acknowledged change is one.
    pub(super) fn open(roads: Vec<Road>, wait: Wait, limit: Duration, leases: Option<Arc<Leases>>) -> Arc<Self> {
        let (mut queues, mut running) = (Vec::new(), Vec::new());
        for road in roads {
            let (queue, changes) = mpsc::channel(MOST);
            let lane = Lane { road, wait, limit, leases: leases.clone() };
            queues.push(queue);
            running.push(tokio::spawn(lane.run(changes)).abort_handle());
        }
        Arc::new(Self { queues, next: AtomicUsize::new(0), running, leases })
    }

    /// Runs one command that writes, and answers when what it wrote is safe.
    pub(super) async fn change(&self, slot: Slot, command: Cmd) -> Result<Value, Unavailable> {
        let closed = || Unavailable("the connection was lost before a change was known to be safe".to_owned());
        let (answer, answered) = oneshot::channel();
        let lane = self.next.fetch_add(1, Ordering::Relaxed) % self.queues.len();
        self.queues[lane].send(Change { slot, command, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    pub(super) fn has_leases(&self) -> bool {
        self.leases.is_some()
    }

    /// Returns when what `node` has just answered about `key` may be believed: at once while there is a lease. One that is
    /// granted after the answer is as good, for who is acknowledged now was not deposed before.
    pub(super) async fn vouch(self: &Arc<Self>, key: &[u8], node: &[u8]) -> Result<(), Unavailable> {
        let Some(leases) = &self.leases else { return Ok(()) };
        match leases.left(node) {
            Left::Enough => Ok(()),
            Left::Little => {
                if leases.is_first() {
                    let (lanes, key) = (Arc::clone(self), key.to_owned());
                    tokio::spawn(async move { lanes.renew_early(&key).await });
                }
                Ok(())
            }
            Left::Nothing => {
                let late = |_| Unavailable("no replica acknowledged anything in time".to_owned());
                timeout(LEASE, self.renew(leases, key, node)).await.map_err(late)?
            }
        }
    }

    /// Who fails has not failed anybody: there is still a lease.
    async fn renew_early(&self, key: &[u8]) {
        let Some(leases) = &self.leases else { return };
        let _later = self.beat(key).await;
        leases.renewed_early();
    }

    /// One writes for all who want to know.
    async fn renew(&self, leases: &Leases, key: &[u8], node: &[u8]) -> Result<(), Unavailable> {
        let asked = Instant::now();
        let mut failed = leases.renewal.lock().await;
        if leases.left(node) != Left::Nothing {
            return Ok(());
        }
        match &*failed {
            Some((since, why)) if *since > asked => return Err(why.clone()),
            _ => {}
        }
        if let Err(why) = self.beat(key).await {
            *failed = Some((Instant::now(), why.clone()));
            return Err(why);
        }
        if leases.left(node) == Left::Nothing {
            return Err(Unavailable("another primary is acknowledged than the one that answered".to_owned()));
        }
        Ok(())
    }

    async fn beat(&self, key: &[u8]) -> Result<(), Unavailable> {
        let mut beat = redis::cmd("SET");
        beat.arg(beat_beside(key)).arg("").arg("PX").arg(script::millis(BEAT));
        self.change(Slot::for_key(key), beat).await.map(drop)
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.running.iter().for_each(AbortHandle::abort);
    }
}

struct Lane {
    road: Road,
    wait: Wait,
    limit: Duration,
    leases: Option<Arc<Leases>>,
}

impl Lane {
    async fn run(self, mut changes: mpsc::Receiver<Change>) {
        let mut taken = Vec::new();
        while changes.recv_many(&mut taken, MOST).await > 0 {
            // Whoever has given up meanwhile was told that nothing is known: better that nothing is done.
            taken.retain(|change| !change.answer.is_closed());
            let groups = match &self.road {
                Road::Primary(_) => vec![std::mem::take(&mut taken)],
                Road::Cluster(_) => by_slot(std::mem::take(&mut taken)),
            };
            join_all(groups.into_iter().filter(|group| !group.is_empty()).map(|group| self.carry(group))).await;
        }
    }

    /// Sends changes of one node with one wait, once more those that the node had no script for.
    async fn carry(&self, changes: Vec<Change>) {
        let lacking = self.send(changes, false).await;
        if !lacking.is_empty() {
            self.send(lacking, true).await;
        }
    }

    /// Returns the changes that were not even begun for want of a script.
    async fn send(&self, changes: Vec<Change>, load: bool) -> Vec<Change> {
        let scripts = if load { script::load_all().to_vec() } else { Vec::new() };
        let before = scripts.len();
        let commands = scripts.into_iter().chain(changes.iter().map(|change| change.command.clone()));
        let questions = self.leases.iter().flat_map(|leases| leases.questions());
        let pipeline = script::pipeline(commands.chain(questions).chain([self.wait.command(self.limit)]));
        // Of several, some may have been done before a slot moved: which is not told.
        let patience = if changes.len() == 1 { self.limit / 2 } else { Duration::ZERO };
        let begun = Instant::now();
        let sent = timeout(self.limit * 2, self.road.send(changes[0].slot, &pipeline, patience)).await;
        let answers = match sent {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return refuse(changes, &failure(&error)),
            Err(_) => return refuse(changes, &Unavailable("no answer to a change in time".to_owned())),
        };
        self.deliver(changes, answers.into_iter().skip(before).collect(), begun)
    }

    fn deliver(&self, changes: Vec<Change>, mut answers: Vec<Value>, begun: Instant) -> Vec<Change> {
        let Some(waited) = answers.pop() else { return refuse(changes, &unexpected("a change")) };
        let told = answers.split_off(changes.len().min(answers.len()));
        let leased = || self.leases.as_ref().map_or(Ok(()), |leases| leases.grant(begun, told));
        let safe = self.wait.judge(waited).and_then(|()| leased());
        let mut lacking = Vec::new();
        for (change, answer) in changes.into_iter().zip(answers) {
            if lacks_script(&answer) {
                lacking.push(change);
            } else {
                let _gave_up = change.answer.send(safe.clone().and_then(|()| settle(answer)));
            }
        }
        lacking
    }
}

fn refuse(changes: Vec<Change>, why: &Unavailable) -> Vec<Change> {
    for change in changes {
        let _gave_up = change.answer.send(Err(why.clone()));
    }
    Vec::new()
}

fn by_slot(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut groups: Vec<Vec<Change>> = Vec::new();
    for change in changes {
        match groups.iter_mut().find(|group| group[0].slot == change.slot) {
            Some(group) => group.push(change),
            None => groups.push(vec![change]),
        }
    }
    groups
}
