//! What a check looks at: every revocation of a log by what it is about. Read without a lock.

use std::hash::Hash;

use papaya::HashMap;

use crate::id::{FamilyId, KeyId, TokenId};
use crate::revocation::{Cause, Credential, Entry, Position, Target};
use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(crate) struct Index {
    tokens: HashMap<TokenId, Mark>,
    families: HashMap<FamilyId, Mark>,
    subjects: HashMap<Box<str>, Mark>,
    clients: HashMap<Box<str>, Mark>,
    keys: HashMap<KeyId, Mark>,
    everything: HashMap<(), Mark>,
    identities: HashMap<Box<str>, Mark>,
}

/// What the index keeps of all revocations of one target: the widest of them.
#[derive(Clone, Copy, Debug)]
struct Mark {
    bound: Position,
    /// Where the latest of them stands.
    position: Position,
    expires_at: Timestamp,
    cause: Cause,
}

/// A revocation that takes a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covering {
    pub cause: Cause,
    /// It stands at this position, or before.
    pub position: Position,
}

impl Index {
    pub(crate) fn covering(&self, credential: &Credential<'_>) -> Option<Covering> {
        let older = |mark: &Mark| credential.epoch < mark.bound;
        find(&self.tokens, &credential.token)
            .or_else(|| find(&self.families, &credential.token.family))
            .or_else(|| find(&self.keys, &credential.key))
            .or_else(|| named(&self.clients, credential.client).filter(older))
            .or_else(|| credential.subject.and_then(|subject| named(&self.subjects, subject)).filter(older))
            .or_else(|| find(&self.everything, &()).filter(older))
            .or_else(|| credential.is_managed.then(|| named(&self.identities, credential.client))?.filter(older))
            .or_else(|| self.covering_ancestor(credential))
            .map(|Mark { cause, position, .. }| Covering { cause, position })
    }

    fn covering_ancestor(&self, credential: &Credential<'_>) -> Option<Mark> {
        let older = |mark: &Mark| credential.epoch < mark.bound;
        credential.ancestors.iter().find_map(|link| {
            find(&self.tokens, &link.token)
                .or_else(|| find(&self.families, &link.token.family))
                .or_else(|| find(&self.keys, &link.key))
                .or_else(|| named(&self.clients, &link.client).filter(older))
                .or_else(|| named(&self.identities, &link.client).filter(older))
        })
    }

    /// Where a target that names something outright is marked; what is wide names nothing outright.
    pub(crate) fn exact(&self, target: &Target) -> Option<Position> {
        match target {
            Target::Token(_) | Target::Family(_) | Target::Key(_) => self.latest(target),
            Target::Subject(_) | Target::Client(_) | Target::Everything | Target::Identity(_) => None,
        }
    }

    /// Where the latest revocation of a target stands, exact or wide.
    pub(crate) fn latest(&self, target: &Target) -> Option<Position> {
        let mark = match target {
            Target::Token(token) => find(&self.tokens, token),
            Target::Family(family) => find(&self.families, family),
            Target::Subject(subject) => named(&self.subjects, subject),
            Target::Client(client) => named(&self.clients, client),
            Target::Key(key) => find(&self.keys, key),
            Target::Everything => find(&self.everything, &()),
            Target::Identity(client) => named(&self.identities, client),
        };
        mark.map(|mark| mark.position)
    }

    pub(crate) fn mark(&self, entry: &Entry) {
        let revocation = &entry.revocation;
        let new = Mark {
            bound: entry.bound(),
            position: entry.position,
            expires_at: revocation.expires_at,
            cause: revocation.cause,
        };
        match &revocation.target {
            Target::Token(token) => widen(&self.tokens, *token, new),
            Target::Family(family) => widen(&self.families, *family, new),
            Target::Subject(subject) => widen(&self.subjects, subject.clone(), new),
            Target::Client(client) => widen(&self.clients, client.clone(), new),
            Target::Key(key) => widen(&self.keys, *key, new),
            Target::Everything => widen(&self.everything, (), new),
            Target::Identity(client) => widen(&self.identities, client.clone(), new),
        }
    }

    pub(crate) fn unmark(&self, target: &Target, now: Timestamp) {
        match target {
            Target::Token(token) => drop_due(&self.tokens, token, now),
            Target::Family(family) => drop_due(&self.families, family, now),
            Target::Subject(subject) => drop_due(&self.subjects, subject, now),
            Target::Client(client) => drop_due(&self.clients, client, now),
            Target::Key(key) => drop_due(&self.keys, key, now),
            Target::Everything => drop_due(&self.everything, &(), now),
            Target::Identity(client) => drop_due(&self.identities, client, now),
        }
    }
}

fn find<K: Hash + Eq>(map: &HashMap<K, Mark>, key: &K) -> Option<Mark> {
    map.pin().get(key).copied()
}

fn named(map: &HashMap<Box<str>, Mark>, name: &str) -> Option<Mark> {
    map.pin().get(name).copied()
}

/// Two revocations of one target make one mark, as wide and as lasting as the wider of each: an earlier one that is
/// remembered longer than it must be still covers only what was born before its bound.
fn widen<K: Hash + Eq>(map: &HashMap<K, Mark>, key: K, new: Mark) {
    map.pin().update_or_insert(
        key,
        |old| Mark {
            bound: old.bound.max(new.bound),
            position: old.position.max(new.position),
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
