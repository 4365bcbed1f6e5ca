//! How keys succeed each other: pure, on the ring with its secrets open.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::algorithm::KeyKind;
use super::master::SECRET_LEN;
use super::material::Secret;
use super::status::Status;
use crate::domain::chance::Chance;
use crate::domain::{KeyId, Timestamp};

/// A key with its secret.
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) kind: KeyKind,
    pub(super) created_at: Timestamp,
    pub(super) status: Status,
    pub(super) secret: Secret,
}

/// Of a secret nothing is shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.kind, self.id, self.status)
    }
}

/// The whole ring, in the moment in which it is read or changed.
pub(super) struct OpenRing {
    /// What all nodes share and no rotation changes: keys of short-lived things derive from it.
    pub(super) shared: Zeroizing<[u8; SECRET_LEN]>,
    /// In order of birth.
    pub(super) keys: Vec<Key>,
}

impl OpenRing {
    pub(super) fn new(chance: &dyn Chance) -> Self {
        let mut shared = Zeroizing::new([0; SECRET_LEN]);
        chance.fill(shared.as_mut_slice());
        Self { shared, keys: Vec::new() }
    }

    /// Unique over all kinds: who reads a key id learns from it what kind of key it names.
    pub(super) fn draw_id(&self, chance: &dyn Chance) -> KeyId {
        loop {
            let mut bits = [0; 4];
            chance.fill(&mut bits);
            let id = KeyId(u32::from_be_bytes(bits));
            if self.keys.iter().all(|key| key.id != id) {
                return id;
            }
        }
    }

    /// Puts `key` in place of the one that signs: all others of its kind stop when it starts.
    pub(super) fn succeed(&mut self, key: Key, longest_token: Duration) {
        let start = key.status.signs_from();
        for older in self.keys.iter_mut().filter(|older| older.kind == key.kind) {
            older.status = older.status.succeeded_at(start, longest_token);
        }
        self.keys.push(key);
    }

    /// Takes a key away at once: it neither signs nor verifies any more.
    pub(super) fn remove(&mut self, id: KeyId) -> Option<KeyKind> {
        let at = self.keys.iter().position(|key| key.id == id)?;
        Some(self.keys.remove(at).kind)
    }

    /// Drops what has no living tokens any more, and tells whether there was anything.
    pub(super) fn prune(&mut self, now: Timestamp) -> bool {
        let before = self.keys.len();
        self.keys.retain(|key| !key.status.is_over(now));
        self.keys.len() < before
    }

    /// When a new key of this kind has to start so that there is always one that signs; `None` if none has to.
    pub(super) fn gap(&self, kind: KeyKind, now: Timestamp) -> Option<Timestamp> {
        let mut ends = now;
        for key in self.keys.iter().filter(|key| key.kind == kind) {
            match key.status {
                Status::Current { .. } => return None,
                Status::Retiring { signs_until, .. } => ends = ends.max(signs_until),
            }
        }
        Some(ends)
    }

    /// A successor that waits for its time starts at once if nobody signs until then.
    pub(super) fn hasten(&mut self, kind: KeyKind, now: Timestamp) {
        let of_kind = || self.keys.iter().filter(|key| key.kind == kind);
        if of_kind().any(|key| key.status.signs_at(now)) {
            return;
        }
        for key in self.keys.iter_mut().filter(|key| key.kind == kind) {
            if let Status::Current { signs_from } = &mut key.status {
                *signs_from = now.min(*signs_from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::SystemChance;
    use crate::domain::keys::status::signer;

    const MINUTE: Duration = Duration::from_mins(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_secs(minutes * 60)
    }

    fn key(id: u32, signs_from: Timestamp) -> Key {
        let status = Status::Current { signs_from };
        Key { id: KeyId(id), kind: KeyKind::Mac, created_at: at(0), status, secret: Secret::default() }
    }

    fn ring() -> OpenRing {
        let mut ring = OpenRing::new(&SystemChance);
        ring.succeed(key(1, at(0)), HOUR);
        ring
    }

    fn signer_at(ring: &OpenRing, minutes: u64) -> u32 {
        signer(ring.keys.iter(), |key| key.status, at(minutes)).unwrap().id.0
    }

    #[test]
    fn a_successor_signs_from_its_time_on_and_the_old_key_verifies_on() {
        let mut ring = ring();
        ring.succeed(key(2, at(10)), HOUR);
        assert_eq!([signer_at(&ring, 9), signer_at(&ring, 10)], [1, 2]);
        assert!(!ring.prune(at(10 + 60)));
        assert!(ring.prune(at(10 + 60 + 5)));
        assert_eq!(ring.keys.len(), 1);
    }

    #[test]
    fn a_successor_at_once_overtakes_one_that_waits() {
        let mut ring = ring();
        ring.succeed(key(2, at(10)), HOUR);
        ring.succeed(key(3, at(5)), HOUR);
        assert_eq!(
            [signer_at(&ring, 4), signer_at(&ring, 5), signer_at(&ring, 10), signer_at(&ring, 99)],
            [1, 3, 3, 3]
        );
    }

    #[test]
    fn removing_the_signer_leaves_a_gap_from_now_on() {
        let mut ring = ring();
        assert_eq!(ring.gap(KeyKind::Mac, at(3)), None);
        assert_eq!(ring.remove(KeyId(1)), Some(KeyKind::Mac));
        assert_eq!(ring.remove(KeyId(1)), None);
        assert_eq!(ring.gap(KeyKind::Mac, at(3)), Some(at(3)));
    }

    #[test]
    fn removing_the_waiting_successor_leaves_a_gap_from_its_time_on() {
        let mut ring = ring();
        ring.succeed(key(2, at(10)), HOUR);
        ring.remove(KeyId(2));
        assert_eq!(ring.gap(KeyKind::Mac, at(3)), Some(at(10)));
    }

    #[test]
    fn removing_the_signer_hastens_the_waiting_successor() {
        let mut ring = ring();
        ring.succeed(key(2, at(10)), HOUR);
        ring.remove(KeyId(1));
        ring.hasten(KeyKind::Mac, at(3));
        assert_eq!(ring.gap(KeyKind::Mac, at(3)), None);
        assert!(ring.keys[0].status.signs_at(at(3)));
    }

    #[test]
    fn a_node_whose_clock_is_behind_still_has_a_signer() {
        let mut ring = OpenRing::new(&SystemChance);
        ring.succeed(key(1, at(10)), MINUTE);
        assert_eq!(signer_at(&ring, 9), 1);
    }
}
