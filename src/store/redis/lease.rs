//! Rule 9: which primary may be believed, where changes wait for replicas.
//!
//! A primary that was replaced does not learn of it at once, and goes on answering whoever still reaches it. Two rules
//! keep that from being heard, without any clock but this node's own and without a word between nodes:
//!
//! - A primary is believed for a [`LEASE`] from the moment when something was sent to it that its replicas acknowledged
//!   then: a replica that acknowledges has not been promoted.
//! - A primary of a history that this node has not seen before is believed only after a [`HOLD`], which is longer: by
//!   then every lease at its predecessor has run out, whoever held it. A promotion begins a history (`master_replid`).
//!
//! So before anything is acknowledged by a new primary, nobody believes the old one any more. It rests on the number of
//! replicas that have to acknowledge: if it is not all that may be promoted, one of the others may be.
//!
//! Nothing beats while nobody asks. Any change that its replicas acknowledged is a lease; where there is none, whoever
//! asks writes one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::{Cmd, Value};
use tokio::time::Instant;

use super::failure::unexpected;
use super::report::Report;
use crate::domain::store::Unavailable;

/// Shorter than a hold by more than the clocks of two machines drift apart in it.
pub(super) const LEASE: Duration = Duration::from_millis(1900);

/// A constant, for nodes that disagreed about it would not wait for each other.
pub(super) const HOLD: Duration = Duration::from_secs(2);

/// When this node first saw each history.
#[derive(Debug, Default)]
pub(super) struct Histories(Mutex<HashMap<String, Instant>>);

impl Histories {
    /// How much of the hold is left of a history that is seen now.
    pub(super) fn see(&self, history: &str) -> Duration {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *seen.entry(history.to_owned()).or_insert_with(Instant::now);
        HOLD.saturating_sub(first.elapsed())
    }
}

/// Until when the primaries at one end of some connections may be believed.
pub(super) struct Leases {
    histories: Arc<Histories>,
    cluster: bool,
    /// By the id of a node; where there is but one primary, by nothing.
    until: ArcSwap<HashMap<Vec<u8>, Instant>>,
    /// Held by whoever writes for a lease; the last failure, and when it was known.
    pub(super) renewal: tokio::sync::Mutex<Option<(Instant, Unavailable)>>,
    /// Somebody is at it before it is due.
    early: AtomicBool,
}

/// What is left of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// Better renewed now, before anybody has to wait for it.
    Little,
    Enough,
}

impl Leases {
    pub(super) fn new(histories: Arc<Histories>, cluster: bool) -> Self {
        let (until, renewal) = (ArcSwap::default(), tokio::sync::Mutex::default());
        Self { histories, cluster, until, renewal, early: AtomicBool::new(false) }
    }

    /// Asked on the connection of a change, after it and before its wait: what they answer is true of the primary that the
    /// wait is about.
    pub(super) fn questions(&self) -> Vec<Cmd> {
        let mut history = redis::cmd("INFO");
        history.arg("replication");
        if self.cluster { vec![history, who()] } else { vec![history] }
    }

    /// A change that was sent at `sent` was acknowledged; these are the answers to [`Self::questions`].
    pub(super) fn grant(&self, sent: Instant, mut answers: Vec<Value>) -> Result<(), Unavailable> {
        let node = if self.cluster { node(answers.pop())? } else { Vec::new() };
        let report = Report::read(answers)?;
        if !report.is_primary() || report.history.is_empty() {
            return Err(Unavailable("what acknowledged a change is no primary any more".to_owned()));
        }
        let left = self.histories.see(&report.history);
        if !left.is_zero() {
            return Err(Unavailable(format!(
                "the primary is new: for {} ms more its predecessor may be believed elsewhere",
                left.as_millis()
            )));
        }
        self.until.rcu(|until| {
            let mut until = HashMap::clone(until);
            until.insert(node.clone(), sent + LEASE);
            until
        });
        Ok(())
    }

    pub(super) fn left(&self, node: &[u8]) -> Left {
        let left = self.until.load().get(node).map(|until| until.saturating_duration_since(Instant::now()));
        match left {
            Some(left) if left > LEASE / 2 => Left::Enough,
            Some(left) if !left.is_zero() => Left::Little,
            _ => Left::Nothing,
        }
    }

    /// Whether the caller is to renew it, being the first who found it due.
    pub(super) fn is_first(&self) -> bool {
        !self.early.swap(true, Ordering::Relaxed)
    }

    pub(super) fn renewed_early(&self) {
        self.early.store(false, Ordering::Relaxed);
    }
}

/// Answered by a node of a cluster with its id, which [`node`] reads.
pub(super) fn who() -> Cmd {
    let mut command = redis::cmd("CLUSTER");
    command.arg("MYID");
    command
}

pub(super) fn node(answer: Option<Value>) -> Result<Vec<u8>, Unavailable> {
    match answer {
        Some(Value::BulkString(node)) if !node.is_empty() => Ok(node),
        _ => Err(unexpected("a question for a node's id")),
    }
}

#[cfg(test)]
mod tests;
