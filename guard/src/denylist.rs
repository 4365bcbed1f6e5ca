//! A copy of one shard's denylist.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_utils::atomic::AtomicCell;

use crate::index::{Covering, Index};
use crate::revocation::{Credential, Entry, Head, Position, Revocation, Tag, Target};
use crate::time::Timestamp;

/// All revocations of a shard that still matter, as far as this copy has followed them.
///
/// Reading takes no lock, but in the very moment in which the head is written. Entries become visible before the head
/// that includes them: who sees a head sees all before it.
#[derive(Debug, Default)]
pub struct Denylist {
    head: AtomicCell<Head>,
    /// The highest position seen in any history.
    highest: AtomicU64,
    /// How often the store turned out to have another history than this copy.
    forks: AtomicU64,
    /// In the order of the log, which the index cannot tell. Locked by followers only, never by a check.
    log: Mutex<BTreeMap<Position, Revocation>>,
    index: Index,
}

impl Denylist {
    pub fn head(&self) -> Head {
        self.head.load()
    }

    /// The highest position that this copy has ever seen, in the store's history or in one that the store has lost. No
    /// entry may be put at or before it: what was born under a position must not meet that position twice.
    pub fn highest(&self) -> Position {
        Position(self.highest.load(Ordering::Acquire))
    }

    /// Rises whenever the store turns out to have another history than this copy. What was noted of a shard before and
    /// after a rise does not fit together.
    pub fn forks(&self) -> u64 {
        self.forks.load(Ordering::Acquire)
    }

    pub fn len(&self) -> usize {
        self.log().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this copy has everything up to `head`, a head that somebody read from the store.
    ///
    /// A copy that stands *past* it (another request's answer came in first) has it as well, if the very entry is there.
    /// A head of another history is never known: tags differ.
    pub fn knows(&self, head: Head) -> bool {
        self.head() == head || self.log().get(&head.position).is_some_and(|entry| entry.head_at(head.position) == head)
    }

    /// A revocation that takes this credential, if there is one.
    pub fn covering(&self, credential: &Credential<'_>) -> Option<Covering> {
        self.index.covering(credential)
    }

    /// Whether a target that names a token, a family or a key outright is listed.
    pub fn is_listed(&self, target: &Target) -> bool {
        self.index.exact(target).is_some()
    }

    /// The entry by which a target that names a token, a family or a key outright is listed, as the head it made: who
    /// reads the store from there on, inclusive, sees whether it is still there.
    pub fn listed(&self, target: &Target) -> Option<Head> {
        let at = self.index.exact(target)?;
        self.log().get(&at).filter(|entry| entry.target == *target).map(|entry| entry.head_at(at))
    }

    /// The latest entry of a target, if it is the revocation of this tag; as the head it made. For wide targets, of which
    /// there may be one after another: whether it is *this* one that stands there.
    pub fn tagged(&self, target: &Target, tag: Tag) -> Option<Head> {
        let at = self.index.latest(target)?;
        let log = self.log();
        log.get(&at).filter(|entry| entry.target == *target && entry.tag == tag).map(|entry| entry.head_at(at))
    }

    /// Takes in a stretch of the log that joins this copy without a gap, up to `head`.
    pub fn apply(&self, entries: impl IntoIterator<Item = Entry>, head: Head) {
        let mut log = self.log();
        self.write_down(&mut log, entries);
        // An answer that was overtaken must not turn the copy back.
        if head.position >= self.head().position {
            self.stand_at(head);
        }
    }

    /// Moves the head back to where a store stands that has lost nothing but what was due to be forgotten: no entry is
    /// missing, and still it is another history. Does nothing if the copy has moved on from `from` meanwhile.
    pub fn turn_back(&self, from: Head, to: Head) {
        let _log = self.log();
        if self.head() == from && to != from {
            self.forks.fetch_add(1, Ordering::AcqRel);
            self.head.store(to);
        }
    }

    /// Takes the whole log of the store in place of this one. What only this copy had stays marked: the caller
    /// puts it back into the store (see [`Self::missing_from`]).
    pub fn rebase(&self, entries: impl IntoIterator<Item = Entry>, head: Head) {
        let mut log = self.log();
        let stood = self.head();
        log.clear();
        self.write_down(&mut log, entries);
        let continues = stood == Head::default() || stood == head;
        if !continues && log.get(&stood.position).is_none_or(|entry| entry.head_at(stood.position) != stood) {
            self.forks.fetch_add(1, Ordering::AcqRel);
        }
        self.stand_at(head);
    }

    /// The newest entry that the store must still have: whoever reads from there on, inclusive, sees whether both are of
    /// one history. `None` if there is none, and then only the whole log tells.
    pub fn anchor(&self, now: Timestamp) -> Option<Head> {
        let log = self.log();
        let (position, entry) = log.iter().rev().find(|(_, entry)| entry.expires_at > now)?;
        Some(entry.head_at(*position))
    }

    /// What this copy has, in order, that `store` lacks and that still matters: what a failover lost. Each with the bound
    /// that it had where it stood.
    pub fn missing_from(&self, store: &[Entry], now: Timestamp) -> Vec<Revocation> {
        let there: HashSet<Tag> = store.iter().map(|entry| entry.revocation.tag).collect();
        let log = self.log();
        let missing = log.iter().filter(|(_, entry)| entry.expires_at > now && !there.contains(&entry.tag));
        missing
            .map(|(position, entry)| Revocation { bound: Some(entry.bound_at(*position)), ..entry.clone() })
            .collect()
    }

    /// What `pick` makes of the entries after `position`, in order, and where the last of them stands.
    pub fn after<T>(&self, position: Position, mut pick: impl FnMut(&Revocation) -> Option<T>) -> (Vec<T>, Position) {
        let log = self.log();
        let mut last = position;
        let picked = log.range((Bound::Excluded(position), Bound::Unbounded)).filter_map(|(at, entry)| {
            last = *at;
            pick(entry)
        });
        (picked.collect(), last)
    }

    /// Forgets what can cover nothing alive any more, and tells where it stood.
    pub fn forget(&self, now: Timestamp) -> Vec<Position> {
        let mut log = self.log();
        let due: Vec<Position> =
            log.iter().filter(|(_, entry)| entry.expires_at <= now).map(|(position, _)| *position).collect();
        for position in &due {
            if let Some(entry) = log.remove(position) {
                self.index.unmark(&entry.target, now);
            }
        }
        due
    }

    fn write_down(&self, log: &mut BTreeMap<Position, Revocation>, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            // Answers to those who ask at one time have most of their entries in common.
            if log.get(&entry.position) == Some(&entry.revocation) {
                continue;
            }
            self.index.mark(&entry);
            self.highest.fetch_max(entry.position.0, Ordering::AcqRel);
            log.insert(entry.position, entry.revocation);
        }
    }

    fn stand_at(&self, head: Head) {
        self.highest.fetch_max(head.position.0, Ordering::AcqRel);
        // Nearly every answer finds it there already, and a write takes it from the caches of all who read it.
        if self.head() != head {
            self.head.store(head);
        }
    }

    /// A panic under this lock leaves a log that is still in order: every step keeps it so.
    fn log(&self) -> MutexGuard<'_, BTreeMap<Position, Revocation>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
