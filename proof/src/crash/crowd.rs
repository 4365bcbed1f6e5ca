//! Many clients, each with a session of its own, until somebody is killed.

use std::cell::Cell;

use anyhow::{Result, ensure};
use fastrand::Rng;
use futures_util::future::try_join_all;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::Notify;

use super::scene::Scene;
use crate::ledger::{Deed, Ledger};
use crate::node::Node;

/// After so many access tokens a session is left as it is.
pub(super) const LONGEST: usize = 8;

/// Answers before the kill, at most, for each session.
const ANSWERS: usize = 4;

/// How many answers have come, and how many are waited for.
struct Moment {
    answers: Cell<usize>,
    wanted: usize,
    come: Notify,
}

impl Moment {
    fn count(&self) {
        self.answers.set(self.answers.get() + 1);
        if self.answers.get() == self.wanted {
            self.come.notify_one();
        }
    }

    fn is_past(&self) -> bool {
        self.answers.get() >= self.wanted
    }
}

/// All ask until an answer, of which nobody knows beforehand which, is the last before the kill. How many came.
pub(super) async fn until_killed(scene: &Scene<'_>, sessions: &mut [Ledger], rng: &mut Rng) -> Result<u64> {
    let wanted = rng.usize(1..=ANSWERS * sessions.len());
    let moment = Moment { answers: Cell::new(0), wanted, come: Notify::new() };
    let victim = Pid::from_raw(scene.victim().cast_signed());
    let killed = async {
        moment.come.notified().await;
        let killed = victim.is_some_and(|victim| kill_process(victim, Signal::KILL).is_ok());
        ensure!(killed, "the victim was dead before it was killed");
        Ok(())
    };
    let asking = sessions.iter_mut().map(|session| ask(session, scene.node(), &moment, rng.fork()));
    tokio::try_join!(killed, try_join_all(asking))?;
    Ok(u64::try_from(moment.answers.get()).unwrap_or(u64::MAX))
}

/// Asks one thing after another; what is on its way when the kill comes is not called back.
async fn ask(session: &mut Ledger, node: &Node, moment: &Moment, mut rng: Rng) -> Result<()> {
    while !moment.is_past() {
        let deed = any_deed(&mut rng);
        if session.ask(node, deed).await? {
            moment.count();
        }
    }
    Ok(())
}

/// Mostly what changes something: a look is of use after the kill.
pub(crate) fn any_deed(rng: &mut Rng) -> Deed {
    match rng.u8(0..10) {
        0..4 => Deed::Refresh,
        4 => Deed::Replay,
        5 => Deed::Introspect(rng.usize(..)),
        6..8 => Deed::RevokeAccess(rng.usize(..)),
        _ => Deed::End,
    }
}
