//! Changes to everybody's ring: each is one compare-and-swap of the document.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::algorithm::{KeyKind, SigningAlgorithm};
use super::document::{decode, encode};
use super::holder::{DOCUMENT, KeySettings, Keys};
use super::lifecycle::{Key, OpenRing};
use super::master::MasterSecret;
use super::material::{Secret, generate};
use super::status::Status;
use super::{KeyError, KeyId};
use crate::domain::Timestamp;
use crate::domain::chance::Chance;
use crate::domain::clock::Clock;
use crate::domain::store::{Document, Store, Unavailable, Version};

/// How often a change is begun again because another node was faster.
const ATTEMPTS: usize = 16;

/// What a retirement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    pub kind: KeyKind,
    /// Made in the same write, if the retired key would have signed, now or later.
    pub successor: Option<KeyId>,
}

impl Keys {
    /// Publishes a new key at once. It signs after `publish_lead`; the old one signs until then, and verifies until the
    /// last of its tokens, which live no longer than `longest_token`, has expired.
    ///
    /// [`Unavailable`] leaves open whether it was done.
    pub async fn rotate(
        &self,
        store: &dyn Store,
        kind: KeyKind,
        publish_lead: Duration,
        longest_token: Duration,
    ) -> Result<KeyId, KeyError> {
        let secret = generate(kind, &*self.chance).await?;
        self.change(store, |ring, now| {
            ring.prune(now);
            let key = born(ring, (kind, secret.clone()), now, now.plus(publish_lead), &*self.chance);
            let id = key.id;
            ring.succeed(key, longest_token);
            Ok(id)
        })
        .await
    }

    /// Ends a key at once, for signing and for verification, at this node now and at the others when they hear of it.
    /// Whoever calls this appends a `Key` revocation *before*: that one is exact at every node, and a repetition after a
    /// lost answer finds no key any more.
    pub async fn retire(&self, store: &dyn Store, id: KeyId) -> Result<Retired, KeyError> {
        self.reload(store).await?;
        let kind = self.ring().list().iter().find(|key| key.id == id).map(|key| key.kind);
        let kind = kind.ok_or(KeyError::UnknownKey(id))?;
        let wanted = wanted(self.settings.algorithm).contains(&kind);
        let secret = generate(kind, &*self.chance).await?;
        self.change(store, |ring, now| {
            ring.remove(id).ok_or(KeyError::UnknownKey(id))?;
            ring.hasten(kind, now);
            let start = ring.gap(kind, now).filter(|_| wanted);
            let key = start.map(|start| born(ring, (kind, secret.clone()), now, start, &*self.chance));
            let successor = key.as_ref().map(|key| key.id);
            ring.keys.extend(key);
            Ok(Retired { kind, successor })
        })
        .await
    }

    async fn change<T>(
        &self,
        store: &dyn Store,
        mut change: impl FnMut(&mut OpenRing, Timestamp) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        let _alone = self.alone().await;
        for _ in 0..ATTEMPTS {
            let document = store.document(DOCUMENT).await?.ok_or_else(gone)?;
            let (mut ring, master) = decode(&document.bytes, &self.settings.masters)?;
            let outcome = change(&mut ring, self.clock.now())?;
            if let Some(version) = write(store, Some(document.version), &ring, master, &*self.chance).await? {
                self.replace(version, &ring)?;
                return Ok(outcome);
            }
        }
        Err(contended())
    }
}

/// The ring of the store, with all that this node needs; written only if something was missing or due.
pub(super) async fn settle(
    store: &dyn Store,
    settings: &KeySettings,
    clock: &dyn Clock,
    chance: &dyn Chance,
    opening: bool,
) -> Result<(Version, OpenRing), KeyError> {
    let mut spare: BTreeMap<KeyKind, Secret> = BTreeMap::new();
    for _ in 0..ATTEMPTS {
        let found = store.document(DOCUMENT).await?;
        let expected = found.as_ref().map(|document| document.version);
        let (mut ring, master) = match &found {
            Some(document) => decode(&document.bytes, &settings.masters)?,
            None if opening => (OpenRing::new(chance), &settings.masters.current),
            None => return Err(gone()),
        };
        let stale = opening && master.check_value() != settings.masters.current.check_value();
        let master = if stale { &settings.masters.current } else { master };
        let now = clock.now();
        let mut due = ring.prune(now) || stale;
        for kind in wanted(settings.algorithm) {
            let Some(start) = ring.gap(kind, now) else { continue };
            let secret = match spare.remove(&kind) {
                Some(secret) => secret,
                None => generate(kind, chance).await?,
            };
            spare.insert(kind, secret.clone());
            let key = born(&ring, (kind, secret), now, start, chance);
            ring.keys.push(key);
            due = true;
        }
        match expected {
            Some(version) if !due => return Ok((version, ring)),
            _ => {}
        }
        if let Some(version) = write(store, expected, &ring, master, chance).await? {
            return Ok((version, ring));
        }
    }
    Err(contended())
}

/// The kinds of which there must always be a key. RFC 9068 section 2.1 has RS256 known everywhere, so a resource server
/// that knows nothing else can be served by a change of settings alone.
fn wanted(algorithm: SigningAlgorithm) -> BTreeSet<KeyKind> {
    [KeyKind::Mac, KeyKind::Signing(algorithm), KeyKind::Signing(SigningAlgorithm::Rs256)].into()
}

fn born(
    ring: &OpenRing,
    (kind, secret): (KeyKind, Secret),
    now: Timestamp,
    signs_from: Timestamp,
    chance: &dyn Chance,
) -> Key {
    Key { id: ring.draw_id(chance), kind, created_at: now, status: Status::Current { signs_from }, secret }
}

/// The version written; `None` if the document had moved on.
async fn write(
    store: &dyn Store,
    expected: Option<Version>,
    ring: &OpenRing,
    master: &MasterSecret,
    chance: &dyn Chance,
) -> Result<Option<Version>, KeyError> {
    let document = Document { version: Version(chance.u64()), bytes: encode(ring, master) };
    let written = store.replace_document(DOCUMENT, expected, &document).await?;
    Ok(written.then_some(document.version))
}

fn contended() -> KeyError {
    Unavailable("other nodes keep changing the key ring".to_owned()).into()
}

/// A node that runs does not make a new ring: all tokens that are out would be garbage.
pub(super) fn gone() -> KeyError {
    Unavailable("the key ring is gone from the store".to_owned()).into()
}
