//! `kill -9` at any moment, right after a 200 while other requests are on their way: what was said stays so, what was not
//! is done as a whole or not at all, and nothing that was revoked comes back.
//!
//! - `scene` who is killed, and how everything is started again
//! - `crowd` the clients that ask meanwhile
//! - `torn` files of the embedded store that were copied, cut or damaged
mod crowd;
mod scene;
mod torn;

use std::fmt;

use anyhow::{Context as _, Result};
use fastrand::Rng;

use crate::ledger::{Found, Ledger};
use crate::program::Program;
pub(crate) use crowd::any_deed;
use scene::Scene;
pub use scene::Victim;
pub use torn::{Torn, torn};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub rounds: u32,
    pub seed: u64,
    /// Clients that ask at once.
    pub sessions: usize,
}

/// What was seen of one victim.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub kills: u32,
    /// Answers before and while it was killed.
    pub answered: u64,
    /// Sessions of which something was asked and not answered, by what had become of that.
    pub done: u64,
    pub not_done: u64,
    pub either: u64,
    /// Sessions that were looked at afterwards, all tokens of each.
    pub settled: u64,
}

/// Old sessions that are looked at again after each kill: nothing comes back later, either.
const AGAIN: usize = 4;

/// Rounds of which one is without a replay window: the settings of a server do not change while it runs.
const STRICT: u32 = 3;

/// Kills the victim in every round, and compares what clients were told with what is so when it is back.
pub async fn crash(program: &Program, victim: Victim, plan: Plan) -> Result<Counted> {
    let mut counted = Counted::default();
    let strict = plan.rounds / STRICT;
    for (window, rounds) in [(true, plan.rounds - strict), (false, strict)] {
        let mut scene = Scene::set(program, victim, window).await;
        let mut sessions = Vec::new();
        let mut over = Vec::new();
        for round in 0..rounds {
            let seed = plan.seed.wrapping_add(round.into());
            let what = || format!("{victim}, replay window {window}, round {round}: --seed {seed} --rounds 1");
            let mut rng = Rng::with_seed(seed);
            play(&mut scene, &mut sessions, (&plan, &mut rng), &mut counted).await.with_context(what)?;
            over.extend(sessions.extract_if(.., |session| session.is_over() || session.len() > crowd::LONGEST));
            for _ in 0..AGAIN.min(over.len()) {
                let old: &mut Ledger = rng.choice(&mut over).context("there is one")?;
                old.settle(scene.node()).await.context("an old session").with_context(what)?;
            }
        }
    }
    Ok(counted)
}

async fn play(
    scene: &mut Scene<'_>,
    sessions: &mut Vec<Ledger>,
    (plan, rng): (&Plan, &mut Rng),
    counted: &mut Counted,
) -> Result<()> {
    while sessions.len() < plan.sessions {
        sessions.push(Ledger::begin(scene.node(), scene.window).await?);
    }
    counted.answered += crowd::until_killed(scene, sessions, rng).await?;
    counted.kills += 1;
    scene.restart().await;
    for session in sessions {
        counted.settled += 1;
        match session.settle(scene.node()).await? {
            Found::NoDoubt => {}
            Found::Done => counted.done += 1,
            Found::NotDone => counted.not_done += 1,
            Found::Either => counted.either += 1,
        }
    }
    Ok(())
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, answered, done, not_done, either, settled } = self;
        write!(
            f,
            "{kills} kills, {answered} answers; {settled} sessions compared; of what was not answered {done} done, \
             {not_done} not, {either} refreshes given again; 0 promises broken"
        )
    }
}
