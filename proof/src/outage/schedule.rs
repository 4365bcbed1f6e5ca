//! Faults on the wire to Redis, one after another by a seed, while clients ask.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use futures_util::future::try_join_all;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{BOUND, GRACE, Scene};
use crate::crash::any_deed;
use crate::ledger::Ledger;
use crate::node::Node;
use crate::program::Program;

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub faults: u32,
    pub answered: u64,
    pub unanswered: u64,
    pub settled: u64,
    pub longest: Duration,
}

/// Clients that ask at once, and how many questions end before the fault does.
const SESSIONS: usize = 12;
const QUESTIONS: usize = 24;
/// Faults after which all is compared.
const COMPARED: u32 = 5;

/// What all who ask have in common.
struct Course {
    answered: Cell<u64>,
    unanswered: Cell<u64>,
    longest: Cell<Duration>,
    over: Cell<bool>,
    ended: Notify,
}

/// `rounds` faults, and after each few a comparison of what every client was told with what is so.
pub async fn faults(program: &Program, rounds: u32, seed: u64) -> Result<Counted> {
    let mut counted = Counted::default();
    for (round, window) in (0..rounds.div_ceil(COMPARED)).zip([true, true, false].into_iter().cycle()) {
        let seed = seed.wrapping_add(round.into());
        let what = || format!("faults on the wire, replay window {window}: --seed {seed} --rounds {COMPARED}");
        one_course(program, window, &mut Rng::with_seed(seed), &mut counted).await.with_context(what)?;
    }
    Ok(counted)
}

async fn one_course(program: &Program, window: bool, rng: &mut Rng, counted: &mut Counted) -> Result<()> {
    let scene = Scene::set(program, if window { "1h" } else { "0s" }).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(Ledger::begin(&scene.node, window).await?);
    }
    let course = Course {
        answered: Cell::default(),
        unanswered: Cell::default(),
        longest: Cell::default(),
        over: Cell::default(),
        ended: Notify::new(),
    };
    let mut own = rng.fork();
    let conducting = async {
        for _ in 0..COMPARED {
            course.questions(QUESTIONS).await;
            strike(&scene, &mut own).await;
            course.questions(QUESTIONS).await;
            scene.recover().await;
        }
        course.over.set(true);
        anyhow::Ok(())
    };
    let asking = sessions.iter_mut().map(|session| ask(session, &scene.node, &course, rng.fork()));
    tokio::try_join!(conducting, try_join_all(asking))?;
    counted.faults += COMPARED;
    counted.answered += course.answered.get();
    counted.unanswered += course.unanswered.get();
    counted.longest = counted.longest.max(course.longest.get());
    for session in &mut sessions {
        session.insist(&scene.node).await?;
        session.settle(&scene.node).await?;
        counted.settled += 1;
    }
    Ok(())
}

async fn ask(session: &mut Ledger, node: &Node, course: &Course, mut rng: Rng) -> Result<()> {
    while !course.over.get() {
        let begun = Instant::now();
        let answered = session.ask(node, any_deed(&mut rng)).await?;
        let took = begun.elapsed();
        ensure!(took < BOUND + GRACE, "a request took {took:?}");
        course.longest.set(course.longest.get().max(took));
        let count = if answered { &course.answered } else { &course.unanswered };
        count.set(count.get() + 1);
        course.ended.notify_one();
    }
    Ok(())
}

impl Course {
    /// Returns when so many more questions have ended, answered or not.
    async fn questions(&self, wanted: usize) {
        for _ in 0..wanted {
            self.ended.notified().await;
        }
    }
}

/// One fault; whatever it leaves behind is mended by [`Scene::recover`].
async fn strike(scene: &Scene, rng: &mut Rng) {
    let wire = &scene.wire;
    match rng.u8(0..8) {
        0 => wire.cut().await,
        1 => wire.freeze(),
        2 => wire.hold_answers(),
        // Within the bound of a call, about it, and beyond it.
        3 => wire.delay(Duration::from_millis(rng.u64(1..1000))),
        4 => wire.truncate_after(rng.usize(0..600)),
        5 => wire.lose_answer_to("EVALSHA"),
        6 => wire.lose_answer_to("MGET"),
        _ => {
            // A connection that is closed in the middle of what it carries, and a network that comes and goes.
            wire.truncate_after(rng.usize(0..60));
            wire.cut().await;
            wire.mend();
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, answered, unanswered, settled, longest } = self;
        write!(
            f,
            "{faults} faults, {answered} answers, {unanswered} times 503 or none, the longest after {longest:.2?}; \
             {settled} sessions compared; 0 promises broken"
        )
    }
}
