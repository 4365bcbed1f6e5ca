//! Linearizability: whatever many clients do at once, through two nodes, while things break: what they are told is what
//! one authority could have told them that does one thing at a time.
//!
//! - `model` that authority; `check` whether it could; `families` a history in parts that can be checked alone
//! - `record` what was asked and told, and when; `show` the same for people
//! - `site` the store and the nodes; `clients` what is done; `faults` what breaks meanwhile
pub mod check;
mod clients;
pub mod families;
mod faults;
pub mod model;
pub mod record;
pub mod show;
mod site;

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};
use fastrand::Rng;
use futures_util::future::{join, join_all, join3};
use tokio::time::Instant;

use self::model::Answer;
use self::record::Operation;
use self::show::Shown;
use self::site::Site;
pub use self::site::Store;
use crate::program::Program;

/// Histories of one family that happen at the same time: other families are no business of theirs.
const AT_ONCE: usize = 6;
/// A denylist of its own for each part: a wide revocation is one entry in each, and only a single family sees it at once.
const SHARDS: u16 = 16;

/// How much, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub store: Store,
    pub count: usize,
    pub seed: u64,
    pub faults: bool,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Of one session.
    pub families: usize,
    /// With operators, in one shard, checked as a whole.
    pub whole: usize,
    /// With operators, in many shards, checked family by family.
    pub spread: usize,
    pub operations: usize,
    /// Operations whose outcome is not known.
    pub unknown: usize,
    pub took: Duration,
    /// The time that the checker took of it.
    pub checking: Duration,
}

/// Lets so many histories happen and checks each; an error shows the first that has no order.
pub async fn prove(program: &Program, options: Options, mut progress: impl FnMut(&Tally)) -> Result<Tally> {
    let start = Instant::now();
    let (one, many) = join(Site::open(program, options.store, 1), Site::open(program, options.store, SHARDS)).await;
    let (one, many) = (one?, many?);
    let mut tally = Tally::default();
    let mut rng = Rng::with_seed(options.seed);
    while tally.histories() < options.count {
        let left = options.count - tally.histories();
        // The embedded store is one shard in any case.
        let spread = options.store != Store::Embedded && rng.u8(..4) == 0;
        let kind = if spread { Kind::Spread } else { Kind::Family };
        let round = Round { one: &one, many: &many, faults: options.faults, kind, families: AT_ONCE.min(left) };
        for history in round.play(&mut rng).await {
            tally.check(&history, options.seed)?;
        }
        tally.took = start.elapsed();
        progress(&tally);
    }
    Ok(tally)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Family,
    Whole,
    Spread,
}

struct History {
    kind: Kind,
    operations: Vec<Operation>,
}

/// What happens at one time.
struct Round<'a> {
    one: &'a Site,
    many: &'a Site,
    faults: bool,
    /// What happens in many shards.
    kind: Kind,
    families: usize,
}

impl Round<'_> {
    /// On one site an operator ends all that there is of a client, so that nobody else may be there meanwhile.
    async fn play(&self, rng: &mut Rng) -> Vec<History> {
        let (one, mut breaks_one, mut breaks_many) = (rng.fork(), rng.fork(), rng.fork());
        let number = if self.kind == Kind::Family { self.families } else { 1 };
        let rest: Vec<Rng> = (0..number).map(|_| rng.fork()).collect();
        let on_one = async {
            let operations = clients::with_operators(self.one, one).await;
            vec![History { kind: Kind::Whole, operations }]
        };
        let on_many = join_all(rest.into_iter().map(async |rng| {
            let operations = match self.kind {
                Kind::Family => clients::one_family(self.many, rng).await,
                Kind::Whole | Kind::Spread => clients::with_operators(self.many, rng).await,
            };
            History { kind: self.kind, operations }
        }));
        let breaking = async {
            if self.faults {
                join(faults::strike(self.one, &mut breaks_one), faults::strike(self.many, &mut breaks_many)).await;
            }
        };
        let (mut histories, others, ()) = join3(on_one, on_many, breaking).await;
        histories.extend(others);
        histories
    }
}

impl Tally {
    pub fn histories(&self) -> usize {
        self.families + self.whole + self.spread
    }

    fn check(&mut self, History { kind, operations }: &History, seed: u64) -> Result<()> {
        match kind {
            Kind::Family => self.families += 1,
            Kind::Whole => self.whole += 1,
            Kind::Spread => self.spread += 1,
        }
        self.operations += operations.len();
        self.unknown += operations.iter().filter(|operation| operation.answer == Answer::Unknown).count();
        let start = Instant::now();
        let parts = if *kind == Kind::Spread { families::of_each(operations) } else { vec![operations.clone()] };
        for part in parts {
            if !check::is_linearizable(&part) {
                let number = self.histories();
                let least = check::smallest(&part);
                bail!(
                    "history {number} of seed {seed} has no order in which one authority could have answered so:\n\n{}\n\
                     These alone have none, whatever the others were answered:\n\n{}",
                    Shown(&part),
                    Shown(&least)
                );
            }
        }
        self.checking += start.elapsed();
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} histories ({} of one family, {} with operators in one shard, {} with operators in {SHARDS}), \
             {} operations, {} without an answer, in {:.1} s, of which the checker took {:.1} s",
            self.histories(),
            self.families,
            self.whole,
            self.spread,
            self.operations,
            self.unknown,
            self.took.as_secs_f64(),
            self.checking.as_secs_f64(),
        )
    }
}
