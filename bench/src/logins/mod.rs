//! Introspection while people sign in: how long it takes beside logins, whose passwords are dear to check (Argon2id), by how
//! long it takes without, in turns.
//!
//! - `people.rs` who signs in; `course.rs` one round: introspection at a steady rate, with or without logins
mod course;
mod people;

use anyhow::Result;

use self::course::Round;
use self::people::People;
use crate::course::tell;
use crate::report::{Report, Sheet, verdict};
use crate::rows;
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::{median, percentile, range};

/// The p99 of introspection under logins, by that without.
const BAR: f64 = 2.0;

pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    let people = People::make(plan.load);
    for store in Store::ALL {
        tell("introspection under logins", store);
        let line = vec!["introspect, opaque".to_owned(), store.to_string()];
        match on(plan, store, &people).await {
            Ok(outcome) => report.push(Sheet::Logins, [line, outcome.cells(store)].concat()),
            Err(error) => report.fail(Sheet::Logins, line, &error),
        }
    }
}

async fn on(plan: &Plan, store: Store, people: &People) -> Result<Outcome> {
    let row = rows::named("introspect-opaque");
    let stage = Stage::with_people(plan, store, &people.settings()).await?;
    let tokens: Vec<String> = stage.tokens(row.tokens).await?.into();
    let mut outcome = Outcome::default();
    let mut names = people.in_turns();
    for round in 0..plan.load.rounds {
        // Each second round the other way about, as everywhere.
        for with_logins in [round % 2 == 1, round % 2 == 0] {
            let names = with_logins.then_some(&mut names);
            let part = course::run(&stage, row, &tokens, names).await?;
            outcome.add(part, with_logins);
        }
    }
    stage.strike().await?;
    Ok(outcome.sorted())
}

/// All rounds, in microseconds.
#[derive(Default)]
struct Outcome {
    idle: Side,
    busy: Side,
    /// What it took to be signed in once the form was sent.
    logins: Vec<u32>,
}

#[derive(Default)]
struct Side {
    latencies: Vec<u32>,
    /// By round.
    p99: Vec<f64>,
}

impl Outcome {
    fn add(&mut self, Round { mut latencies, logins }: Round, with_logins: bool) {
        latencies.sort_unstable();
        let side = if with_logins { &mut self.busy } else { &mut self.idle };
        side.p99.push(f64::from(percentile(&latencies, 990)));
        side.latencies.extend(latencies);
        self.logins.extend(logins);
    }

    fn sorted(mut self) -> Self {
        for values in [&mut self.idle.latencies, &mut self.busy.latencies, &mut self.logins] {
            values.sort_unstable();
        }
        self
    }

    /// By round: a machine that slows down is slow in both halves of one.
    fn ratios(&self) -> Vec<f64> {
        self.busy.p99.iter().zip(&self.idle.p99).map(|(busy, idle)| busy / idle).collect()
    }

    /// The bar is for Redis, as all of them.
    fn cells(&self, store: Store) -> Vec<String> {
        let (ratios, is_judged) = (self.ratios(), store == Store::Redis);
        let (ratio, (low, high)) = (median(&ratios), range(&ratios));
        let millis = |values: &[u32], per_mille| f64::from(percentile(values, per_mille)) / 1e3;
        let both = |per_mille| {
            let [idle, busy] = [&self.idle, &self.busy].map(|side| millis(&side.latencies, per_mille));
            format!("{idle:.2} → {busy:.2}")
        };
        vec![
            self.logins.len().to_string(),
            format!("{:.1}", millis(&self.logins, 500)),
            both(500),
            both(990),
            both(999),
            format!("{ratio:.2}"),
            format!("{low:.2}–{high:.2}"),
            if is_judged { format!("≤ {BAR:.2}") } else { String::new() },
            verdict(is_judged.then_some(ratio <= BAR)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_is_compared_with_itself() {
        let mut outcome = Outcome::default();
        // The second round is on a machine half as fast.
        for (with_logins, slowest) in [(false, 100), (true, 150), (true, 300), (false, 200)] {
            let latencies = (1..=100).map(|_| slowest).collect();
            outcome.add(Round { latencies, logins: vec![u32::from(with_logins); 3] }, with_logins);
        }
        let cells = outcome.sorted().cells(Store::Redis);
        assert_eq!(cells[5..], ["1.50", "1.50–1.50", "≤ 2.00", "holds"]);
    }
}
