//! A copy of one shard's denylist.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use papaya::HashMap;

use crate::id::{FamilyId, KeyId, TokenId};
use crate::revocation::{Cause, Credential, Entry, Head, Position, Revocation, Tag, Target};
use crate::time::Timestamp;

/// All revocations of a shard that still matter, as far as this copy has followed them.
///
/// Reading takes no lock. Entries become visible before the head that includes them: who sees a head sees all before it.
#[derive(Debug, Default)]
pub struct Denylist {
    head: ArcSwap<Head>,
    /// In the order of the log, which the index cannot tell. Locked by followers only, never by a check.
    log: Mutex<BTreeMap<Position, Revocation>>,
    tokens: HashMap<TokenId, Mark>,
    families: HashMap<FamilyId, Mark>,
    subjects: HashMap<Box<str>, Mark>,
    clients: HashMap<Box<str>, Mark>,
    keys: HashMap<KeyId, Mark>,
    everything: HashMap<(), Mark>,
}

/// What the index keeps of all revocations of one target: the widest of them.
#[derive(Clone, Copy, Debug)]
struct Mark {
    bound: Position,
    expires_at: Timestamp,
    cause: Cause,
}

impl Denylist {
    pub fn head(&self) -> Head {
        **self.head.load()
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
        self.head() == head || self.log().get(&head.position).is_some_and(|entry| entry.tag == head.tag)
    }

    /// The cause of a revocation that takes this credential, if there is one.
    pub fn covering(&self, credential: &Credential<'_>) -> Option<Cause> {
        let exact = |mark: Mark| mark.cause;
        let older = |mark: Mark| (credential.epoch < mark.bound).then_some(mark.cause);
        find(&self.tokens, &credential.token)
            .map(exact)
            .or_else(|| find(&self.families, &credential.token.family).map(exact))
            .or_else(|| find(&self.keys, &credential.key).map(exact))
            .or_else(|| self.clients.pin().get(credential.client).copied().and_then(older))
            .or_else(|| {
                credential.subject.and_then(|subject| self.subjects.pin().get(subject).copied()).and_then(older)
            })
            .or_else(|| find(&self.everything, &()).and_then(older))
            .or_else(|| self.covering_ancestor(credential))
    }

    fn covering_ancestor(&self, credential: &Credential<'_>) -> Option<Cause> {
        credential.ancestors.iter().find_map(|link| {
            find(&self.tokens, &link.token)
                .or_else(|| find(&self.families, &link.token.family))
                .or_else(|| find(&self.keys, &link.key))
                .or_else(|| self.clients.pin().get(&*link.client).copied().filter(|mark| credential.epoch < mark.bound))
                .map(|mark| mark.cause)
        })
    }

    /// Whether a revocation of at least this reach is known, so that another would change nothing.
    pub fn includes(&self, target: &Target, bound: Position) -> bool {
        let as_wide = |mark: Option<Mark>| mark.is_some_and(|mark| mark.bound >= bound);
        match target {
            Target::Token(token) => find(&self.tokens, token).is_some(),
            Target::Family(family) => find(&self.families, family).is_some(),
            Target::Key(key) => find(&self.keys, key).is_some(),
            Target::Subject(subject) => as_wide(self.subjects.pin().get(subject).copied()),
            Target::Client(client) => as_wide(self.clients.pin().get(client).copied()),
            Target::Everything => as_wide(find(&self.everything, &())),
        }
    }

    /// Takes in a stretch of the log that joins this copy without a gap, up to `head`.
    pub fn apply(&self, entries: impl IntoIterator<Item = Entry>, head: Head) {
        let mut log = self.log();
        self.write_down(&mut log, entries);
        // An answer that was overtaken must not turn the copy back.
        if head.position >= self.head().position {
            self.head.store(head.into());
        }
    }

    /// Takes the whole log of another history in place of this one. What only this copy had stays marked: the caller
    /// puts it back into the store (see [`Self::missing_from`]).
    pub fn rebase(&self, entries: impl IntoIterator<Item = Entry>, head: Head) {
        let mut log = self.log();
        log.clear();
        self.write_down(&mut log, entries);
        self.head.store(head.into());
    }

    /// The newest entry that the store must still have: whoever reads from there on, inclusive, sees whether both are of
    /// one history. `None` if there is none, and then only the whole log tells.
    pub fn anchor(&self, now: Timestamp) -> Option<Head> {
        let log = self.log();
        let (position, entry) = log.iter().rev().find(|(_, entry)| entry.expires_at > now)?;
        Some(Head { position: *position, tag: entry.tag })
    }

    /// What this copy has, in order, that `store` lacks and that still matters: what a failover lost.
    pub fn missing_from(&self, store: &[Entry], now: Timestamp) -> Vec<Revocation> {
        let there: HashSet<Tag> = store.iter().map(|entry| entry.revocation.tag).collect();
        let log = self.log();
        log.values().filter(|entry| entry.expires_at > now && !there.contains(&entry.tag)).cloned().collect()
    }

    /// Forgets what can cover nothing alive any more, and tells where it stood.
    pub fn forget(&self, now: Timestamp) -> Vec<Position> {
        let mut log = self.log();
        let due: Vec<Position> =
            log.iter().filter(|(_, entry)| entry.expires_at <= now).map(|(position, _)| *position).collect();
        for position in &due {
            if let Some(entry) = log.remove(position) {
                self.unmark(&entry.target, now);
            }
        }
        due
    }

    fn write_down(&self, log: &mut BTreeMap<Position, Revocation>, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.mark(&entry.revocation);
            log.insert(entry.position, entry.revocation);
        }
    }

    fn mark(&self, revocation: &Revocation) {
        let new = Mark { bound: revocation.bound, expires_at: revocation.expires_at, cause: revocation.cause };
        match &revocation.target {
            Target::Token(token) => widen(&self.tokens, *token, new),
            Target::Family(family) => widen(&self.families, *family, new),
            Target::Subject(subject) => widen(&self.subjects, subject.clone(), new),
            Target::Client(client) => widen(&self.clients, client.clone(), new),
            Target::Key(key) => widen(&self.keys, *key, new),
            Target::Everything => widen(&self.everything, (), new),
        }
    }

    fn unmark(&self, target: &Target, now: Timestamp) {
        match target {
            Target::Token(token) => drop_due(&self.tokens, token, now),
            Target::Family(family) => drop_due(&self.families, family, now),
            Target::Subject(subject) => drop_due(&self.subjects, subject, now),
            Target::Client(client) => drop_due(&self.clients, client, now),
            Target::Key(key) => drop_due(&self.keys, key, now),
            Target::Everything => drop_due(&self.everything, &(), now),
        }
    }

    /// A panic under this lock leaves a log that is still in order: every step keeps it so.
    fn log(&self) -> MutexGuard<'_, BTreeMap<Position, Revocation>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<K: Hash + Eq>(map: &HashMap<K, Mark>, key: &K) -> Option<Mark> {
    map.pin().get(key).copied()
}

/// Two revocations of one target make one mark, as wide and as lasting as the wider of each: an earlier one that is
/// remembered longer than it must be still covers only what was born before its bound.
fn widen<K: Hash + Eq>(map: &HashMap<K, Mark>, key: K, new: Mark) {
    map.pin().update_or_insert(
        key,
        |old| Mark {
            bound: old.bound.max(new.bound),
            expires_at: old.expires_at.max(new.expires_at),
            cause: old.cause,
        },
        new,
    );
}

fn drop_due<K: Hash + Eq>(map: &HashMap<K, Mark>, key: &K, now: Timestamp) {
    let map = map.pin();
    if map.get(key).is_some_and(|mark| mark.expires_at <= now) {
        map.remove(key);
    }
}
