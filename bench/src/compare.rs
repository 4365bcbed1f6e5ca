//! Floor and subject in turns: on a machine whose speed drifts only the ratio within a pair means something.
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::load::{Run, Span, Work, run};
use crate::process::Pid;
use crate::stats::{count_of, rate};

/// How the load is laid on; the same for every row.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) span: Span,
    pub(crate) rounds: u32,
    pub(crate) connections: usize,
}

/// A process under load.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) pid: Pid,
}

/// All rounds of one side.
#[derive(Default)]
pub(crate) struct Side {
    /// Answers per second, by round.
    pub(crate) rates: Vec<f64>,
    /// Of every request of every round, in microseconds, sorted.
    pub(crate) latencies: Vec<u32>,
    cpu: Duration,
}

impl Side {
    pub(crate) fn add(&mut self, run: Run) {
        self.rates.push(rate(run.latencies.len(), run.elapsed));
        self.latencies.extend(run.latencies);
        self.cpu += run.cpu;
    }

    /// Processor time of the process under load for one request, in microseconds.
    pub(crate) fn cpu_per_request(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count_of(self.latencies.len())
    }
}

#[derive(Default)]
pub(crate) struct Comparison {
    pub(crate) floor: Side,
    pub(crate) subject: Side,
}

impl Comparison {
    /// Subject over floor, by round.
    pub(crate) fn ratios(&self) -> Vec<f64> {
        self.subject.rates.iter().zip(&self.floor.rates).map(|(subject, floor)| subject / floor).collect()
    }
}

/// What one round sends to each.
pub(crate) struct Pair {
    pub(crate) floor: Work,
    pub(crate) subject: Work,
}

impl Load {
    /// Every round measures both, and each second round the other way about, so that a steady drift cancels out.
    pub(crate) async fn compare(
        &self,
        floor: Target,
        subject: Target,
        mut prepare: impl AsyncFnMut() -> Result<Pair>,
    ) -> Result<Comparison> {
        let mut comparison = Comparison::default();
        for round in 0..self.rounds {
            let pair = prepare().await?;
            if round % 2 == 0 {
                comparison.floor.add(self.measure(floor, pair.floor).await.context("the floor")?);
                comparison.subject.add(self.measure(subject, pair.subject).await?);
            } else {
                comparison.subject.add(self.measure(subject, pair.subject).await?);
                comparison.floor.add(self.measure(floor, pair.floor).await.context("the floor")?);
            }
        }
        comparison.floor.latencies.sort_unstable();
        comparison.subject.latencies.sort_unstable();
        Ok(comparison)
    }

    async fn measure(&self, target: Target, work: Work) -> Result<Run> {
        Ok(run(target.address, target.pid, self.connections, self.span, work).await?)
    }
}
