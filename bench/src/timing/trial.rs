//! Trials of several kinds on one connection, in an order drawn by chance, so that whatever the machine does meanwhile is
//! done to all kinds alike.
use anyhow::{Result, ensure};
use fastrand::Rng;

use crate::clock::now;
use crate::connection::Connection;
use crate::request::{Ask, Request};
use crate::stage::Stage;
use crate::stats::Median;

/// The same order in every run.
const SEED: u64 = 6;
/// Answered, checked and not counted, of each kind; its every token at least once, for the first look at one costs more.
const WARM_UP: usize = 50;

/// Kinds that are compared with the first of them. The second is the first once more: how far those two are apart is
/// what this machine makes of no difference at all.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) kinds: Vec<Kind>,
    /// How many trials stand for one: some are slow.
    pub(super) for_each: usize,
}

pub(super) struct Kind {
    pub(super) title: &'static str,
    pub(super) ask: Ask,
    /// Asked about in turns of chance.
    pub(super) tokens: Vec<String>,
    /// What INV-6 asks of it: the answer of the first kind, byte for byte, in the same time.
    pub(super) is_alike: bool,
}

/// What came of one kind.
pub(super) struct Line {
    pub(super) title: &'static str,
    pub(super) trials: usize,
    /// In microseconds.
    pub(super) quartiles: [f64; 3],
    /// The first kind, once more.
    pub(super) is_twin: bool,
    pub(super) is_judged: bool,
    /// From the first kind, which is not apart from itself.
    pub(super) apart: Option<Apart>,
}

/// Two medians, in microseconds.
pub(super) struct Apart {
    pub(super) difference: f64,
    /// What the difference may be off by, with a confidence of 99%.
    pub(super) margin: f64,
    /// How far apart two kinds can seem that are one.
    pub(super) noise: f64,
}

impl Apart {
    /// The bar of INV-6.
    pub(super) fn is_within_noise(&self) -> bool {
        self.difference.abs() <= self.noise
    }
}

pub(super) async fn run(stage: &Stage<'_>, group: &Group, trials: usize) -> Result<Vec<Line>> {
    let trials = (trials / group.for_each).max(1);
    let mut rng = Rng::with_seed(SEED);
    let mut connection = Connection::open(stage.server.address).await?;
    let requests: Vec<Request> = group.kinds.iter().map(|kind| stage.request(kind.ask)).collect();
    let mut expected = None;
    let mut bytes = Vec::new();
    let mut times: Vec<Vec<u32>> = vec![Vec::with_capacity(trials); group.kinds.len()];
    for (index, number, is_counted) in course(group, trials, &mut rng) {
        let kind = &group.kinds[index];
        let token = kind.tokens.get(number % kind.tokens.len().max(1)).map_or("", String::as_str);
        requests[index].render(token, &mut bytes);
        let asked = now();
        let (status, body) = connection.exchange(&bytes).await?;
        let time = now() - asked;
        if kind.is_alike {
            let expected = expected.get_or_insert_with(|| (status, body.to_vec()));
            ensure!((status, body) == (expected.0, &*expected.1), "{} is told apart by its answer", kind.title);
        }
        if is_counted {
            times[index].push(u32::try_from(time.as_nanos()).unwrap_or(u32::MAX));
        }
    }
    Ok(lines(group, times))
}

/// Which kind is asked about, which of its tokens, and whether it counts: first what does not, then each kind so many
/// times, in any order.
fn course(group: &Group, trials: usize, rng: &mut Rng) -> Vec<(usize, usize, bool)> {
    let kinds = || group.kinds.iter().enumerate();
    let warm_up = kinds().flat_map(|(index, kind)| {
        let times = kind.tokens.len().max(WARM_UP / group.for_each);
        (0..times).map(move |number| (index, number, false))
    });
    let mut course: Vec<_> = kinds().flat_map(|(index, _)| (0..trials).map(move |turn| (index, turn, true))).collect();
    rng.shuffle(&mut course);
    warm_up.chain(course).collect()
}

fn lines(group: &Group, times: Vec<Vec<u32>>) -> Vec<Line> {
    let medians: Vec<Median> = times.into_iter().map(Median::of).collect();
    let apart = |median: &Median| {
        let (difference, margin) = median.minus(&medians[0]);
        (difference / 1e3, margin / 1e3)
    };
    let (again, margin) = medians.get(1).map_or((0.0, 0.0), apart);
    let noise = again.abs() + margin;
    let lines = group.kinds.iter().zip(&medians).enumerate().map(|(index, (kind, median))| Line {
        title: kind.title,
        trials: median.count,
        quartiles: median.quartiles.map(|nanos| f64::from(nanos) / 1e3),
        is_twin: index == 1,
        is_judged: kind.is_alike && index > 1,
        apart: (index > 0).then(|| apart(median)).map(|(difference, margin)| Apart { difference, margin, noise }),
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::INTROSPECT;

    fn kind(is_alike: bool) -> Kind {
        Kind { title: "", ask: INTROSPECT, tokens: vec![String::new(); 60], is_alike }
    }

    fn group() -> Group {
        Group { title: "", kinds: vec![kind(true), kind(true), kind(true), kind(true), kind(false)], for_each: 1 }
    }

    #[test]
    fn what_takes_longer_than_chance_explains_misses_the_bar_and_what_does_not_holds() {
        let mut rng = Rng::with_seed(1);
        // Some 50 µs with a scatter of 5; the fourth and the fifth take 2 µs longer.
        let mut times = |more: u32| (0..10_000).map(|_| 45_000 + rng.u32(..10_000) + more).collect::<Vec<u32>>();
        let lines = lines(&group(), vec![times(0), times(0), times(0), times(2_000), times(2_000)]);
        let within: Vec<_> = lines.iter().map(|line| line.apart.as_ref().map(Apart::is_within_noise)).collect();
        assert_eq!(within, [None, Some(true), Some(true), Some(false), Some(false)]);
        assert_eq!(lines.iter().map(|line| line.is_judged).collect::<Vec<_>>(), [false, false, true, true, false]);
        let Apart { difference, margin, noise } = lines[3].apart.as_ref().unwrap();
        // The scatter of both medians, at 2.576 of √(2 · 10,000) / 2 ranks of a nanosecond each.
        assert!((difference - 2.0).abs() < 0.3 && (margin - 0.18).abs() < 0.02, "{difference} ± {margin}");
        assert!(noise >= margin, "{noise}");
    }

    #[test]
    fn every_kind_has_as_many_trials_and_every_token_was_asked_about_before() {
        let course = course(&group(), 30, &mut Rng::with_seed(1));
        for kind in 0..5 {
            let of = |counted| course.iter().filter(move |turn| turn.0 == kind && turn.2 == counted);
            assert_eq!((of(false).count(), of(true).count()), (60, 30));
        }
        assert!(course.iter().position(|turn| turn.2) == Some(300), "what does not count comes first");
        assert!(!course[300..].is_sorted_by_key(|turn| turn.0), "the kinds take turns");
    }
}
