//! Whether a server may be used.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::lease::{Histories, Leases};
use super::report::Report;
use super::wait::Wait;
use super::{Durability, RedisSettings};

/// The oldest version that has `GETDEL`.
const OLDEST: (u32, u32) = (6, 2);

/// The first version of Redis that can tell when a write is on disk; every Valkey calls itself as late.
const TELLS_FSYNC: (u32, u32) = (7, 2);

/// `appendfsync everysec` syncs once a second, and a change may just miss one sync and wait behind those who did, too.
const EVERY_SECOND: Duration = Duration::from_millis(2500);

/// What is asked of every server that answers.
#[derive(Clone, Debug)]
pub(super) struct Demands {
    durability: Durability,
    timeout: Duration,
    allow_eviction: bool,
    cluster: bool,
    histories: Arc<Histories>,
}

/// A server that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Findings {
    /// What a change must wait for; none if an answer itself says enough.
    pub(super) wait: Option<Wait>,
    /// For the log, a sentence each.
    pub(super) warnings: Vec<String>,
    /// For the log, again and again.
    pub(super) alarm: Option<String>,
}

impl Findings {
    /// Says all of it, once for each server that is taken on.
    pub(super) fn tell(&self) {
        for warning in &self.warnings {
            warn!("{warning}");
        }
        self.repeat();
    }

    /// What holds for both of two servers: that one of them needs to be waited for is enough.
    pub(super) fn and(mut self, other: Self) -> Self {
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Self { wait: self.wait.or(other.wait), warnings: self.warnings, alarm: self.alarm.or(other.alarm) }
    }

    /// Says what must not be forgotten.
    pub(super) fn repeat(&self) {
        if let Some(alarm) = &self.alarm {
            warn!("{alarm}");
        }
    }
}

impl Demands {
    pub(super) fn of(settings: &RedisSettings, cluster: bool) -> Self {
        let RedisSettings { durability, timeout, allow_eviction, .. } = *settings;
        Self { durability, timeout, allow_eviction, cluster, histories: Arc::default() }
    }

    /// Takes note of a primary's history, from when on its hold counts.
    pub(super) fn see(&self, history: &str) {
        self.histories.see(history);
    }

    /// For connections to primaries, where changes wait for replicas.
    pub(super) fn leases(&self) -> Option<Arc<Leases>> {
        let waits = matches!(self.durability, Durability::Replicas(_));
        waits.then(|| Arc::new(Leases::new(Arc::clone(&self.histories), self.cluster)))
    }

    /// The bound of every call.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Refuses with one sentence.
    pub(super) fn judge(&self, report: &Report) -> Result<Findings, String> {
        if report.version < OLDEST {
            let (major, minor) = report.version;
            return Err(format!("the server is of version {major}.{minor}; Redis 6.2 or later, or Valkey, is needed"));
        }
        match report.role.as_str() {
            "master" => {}
            "slave" => {
                return Err("the server is a replica: name the primary, or the sentinels that know it".to_owned());
            }
            _ => return Err("the server keeps no data: if it is a sentinel, put +sentinel into store.url".to_owned()),
        }
        if report.cluster != self.cluster {
            let told = if self.cluster {
                "is no part of a cluster: leave +cluster out of"
            } else {
                "is part of a cluster: put +cluster into"
            };
            return Err(format!("the server {told} store.url"));
        }
        let alarm = self.judge_eviction(report)?;
        let wait = self.judge_durability(report)?;
        Ok(Findings { wait, warnings: self.warnings(report), alarm })
    }

    fn judge_eviction(&self, report: &Report) -> Result<Option<String>, String> {
        let what = match report.maxmemory_policy.as_deref() {
            Some("noeviction") => return Ok(None),
            Some(policy) => {
                format!("the server's maxmemory-policy is {policy}: when its memory is full it forgets revocations")
            }
            None => "the server does not tell its maxmemory-policy: when its memory is full it may forget revocations"
                .to_owned(),
        };
        if self.allow_eviction {
            Ok(Some(what))
        } else {
            Err(format!("{what}; set it to noeviction, or store.allow_eviction to true to bear that"))
        }
    }

    fn judge_durability(&self, report: &Report) -> Result<Option<Wait>, String> {
        match self.durability {
            Durability::Memory => Ok(None),
            Durability::Replicas(count) => Ok(Some(Wait::Replicas(count.get()))),
            Durability::Fsync => self.judge_fsync(report),
        }
    }

    /// With `appendfsync always` no server answers before it has synced, which is twice as fast as asking it. In a
    /// cluster it is asked all the same: a primary that was a replica a moment ago may have other settings.
    fn judge_fsync(&self, report: &Report) -> Result<Option<Wait>, String> {
        let refuse = |why: &str| Err(format!("durability is \"fsync\", but {why}"));
        let can_tell = report.version >= TELLS_FSYNC;
        let may_answer_early = report.rewrite_skips_fsync || (can_tell && self.cluster);
        match report.appendfsync.as_deref() {
            _ if !report.appendonly => refuse("the server's appendonly is no: it writes nothing to disk"),
            Some("no") => refuse("the server's appendfsync is no: it leaves writing to the system"),
            Some("everysec") if can_tell && self.timeout < EVERY_SECOND => refuse(
                "the server's appendfsync is everysec, for which store.timeout must be at least 2.5 seconds; \
                 better is appendfsync always",
            ),
            Some("always") if !may_answer_early => Ok(None),
            _ if can_tell => Ok(Some(Wait::Fsync)),
            Some("always") => refuse("the server's no-appendfsync-on-rewrite is yes, and it is too old to tell of it"),
            _ => refuse("this server can only keep to it with appendfsync always"),
        }
    }

    fn warnings(&self, report: &Report) -> Vec<String> {
        let mut warnings = Vec::new();
        if !report.appendonly {
            warnings.push("the server's appendonly is no: what it holds is lost when it restarts".to_owned());
        }
        if let Durability::Replicas(wanted) = self.durability {
            let there = report.replicas;
            if there < u64::from(wanted.get()) {
                warnings.push(format!("{there} replicas are connected of {wanted} that every change will wait for"));
            } else if there > u64::from(wanted.get()) {
                warnings.push(format!(
                    "{there} replicas are connected, and a change waits for {wanted}: one that has not got it may be promoted"
                ));
            }
        }
        warnings
    }
}

#[cfg(test)]
mod tests;
