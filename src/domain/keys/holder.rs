//! This node's copy of the ring.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use aws_lc_rs::hmac::Key as HmacKey;
use quick_cache::sync::Cache;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

use super::algorithm::{KeyKind, SigningAlgorithm};
use super::change::{gone, settle};
use super::document::decode;
use super::lifecycle::OpenRing;
use super::master::MasterSecrets;
use super::provider::install;
use super::ring::KeyRing;
use super::{KeyError, KeyId};
use crate::domain::Timestamp;
use crate::domain::chance::Chance;
use crate::domain::clock::Clock;
use crate::domain::store::{Store, Unavailable, Version};
use crate::domain::token::Verified;

/// The name of the ring among the store's documents.
pub(super) const DOCUMENT: &str = "keyring";

/// What a node brings along.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// Goes into every MAC and every JWT: a token of another issuer is garbage here.
    pub issuer: Arc<str>,
    pub masters: MasterSecrets,
    /// Signs this node's JWTs. A key for RS256 is published besides.
    pub algorithm: SigningAlgorithm,
    /// Verified JWTs to remember, at about half a kilobyte each.
    pub remembered: usize,
}

/// The keys, as this node knows them. Reading takes no lock.
pub struct Keys {
    pub(super) settings: KeySettings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) chance: Arc<dyn Chance>,
    pub(super) ring: ArcSwap<KeyRing>,
    pub(crate) verified: Verified,
    /// Key ids that a reload has looked for in vain. An id is drawn at random, so one that has been asked for before it
    /// existed is not drawn later: asking again is not worth another trip.
    absent: Cache<KeyId, ()>,
    reloads: Mutex<Reloads>,
    begun: AtomicU64,
}

/// Whoever holds this is the only one to replace the ring.
#[derive(Default)]
pub(super) struct Reloads {
    /// The number of the last reload that ended, and how.
    last: Option<(u64, Result<(), Unavailable>)>,
    /// The next begins no earlier.
    earliest: Option<Instant>,
}

impl Keys {
    /// Reloads begin at least so long apart, whatever arrives: garbage with random key ids costs four reads a second.
    const SPACING: Duration = Duration::from_millis(250);
    const ABSENT: usize = 1024;

    /// Reads the ring, or makes it if there is none; adds what this node's settings need, and seals it anew if it was
    /// sealed under the previous master secret. Of several nodes that make it at once, one does and the others read it.
    pub async fn open(
        store: &dyn Store,
        settings: KeySettings,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Result<Self, KeyError> {
        install();
        let (version, ring) = settle(store, &settings, &*clock, &*chance, true).await?;
        Ok(Self {
            verified: Verified::new(settings.remembered),
            settings,
            clock,
            chance,
            ring: ArcSwap::from_pointee(KeyRing::new(version, &ring)?),
            absent: Cache::new(Self::ABSENT),
            reloads: Mutex::default(),
            begun: AtomicU64::new(0),
        })
    }

    pub fn issuer(&self) -> &Arc<str> {
        &self.settings.issuer
    }

    /// What this node's access tokens are signed with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.settings.algorithm
    }

    /// The ring as it stands. Not to be kept across an `await`.
    pub fn ring(&self) -> Guard<Arc<KeyRing>> {
        self.ring.load()
    }

    /// The key that opaque tokens are made with now.
    pub fn mac(&self) -> Result<KeyId, Unavailable> {
        self.signer(KeyKind::Mac)
    }

    /// The key that JWTs are signed with now.
    pub fn signing(&self) -> Result<KeyId, Unavailable> {
        self.signing_by(self.settings.algorithm)
    }

    /// The key that signs by this algorithm now. There is always one for RS256.
    pub fn signing_by(&self, algorithm: SigningAlgorithm) -> Result<KeyId, Unavailable> {
        self.signer(KeyKind::Signing(algorithm))
    }

    fn signer(&self, kind: KeyKind) -> Result<KeyId, Unavailable> {
        let signer = self.ring.load().signer(kind, self.now());
        signer.ok_or_else(|| Unavailable(format!("the key ring has no {kind} key")))
    }

    /// An HMAC key for a purpose, the same on every node and after every rotation.
    pub(crate) fn derive(&self, purpose: &str) -> HmacKey {
        self.ring.load().derive(purpose)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn chance(&self) -> &dyn Chance {
        &*self.chance
    }

    /// Reads the ring anew. One read serves all who ask before it begins; it is as fresh as the question of each.
    pub async fn reload(&self, store: &dyn Store) -> Result<(), Unavailable> {
        let asked = self.begun.load(Ordering::Acquire);
        let mut reloads = self.reloads.lock().await;
        if let Some((number, outcome)) = &reloads.last
            && *number > asked
        {
            return outcome.clone();
        }
        if let Some(earliest) = reloads.earliest {
            sleep_until(earliest).await;
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        reloads.earliest = Some(Instant::now() + Self::SPACING);
        let outcome = self.load(store).await.map_err(Unavailable::from);
        reloads.last = Some((number, outcome.clone()));
        outcome
    }

    /// Keeps the ring in order; to be called every half minute or so. Hears of rotations by others, drops keys whose last
    /// token has expired, makes what this node's settings need.
    pub async fn refresh(&self, store: &dyn Store) -> Result<(), KeyError> {
        let _alone = self.alone().await;
        let (version, ring) = settle(store, &self.settings, &*self.clock, &*self.chance, false).await?;
        self.replace(version, &ring)?;
        self.absent.clear();
        Ok(())
    }

    /// Whether a reload is of use to somebody who asks for this key.
    pub(crate) fn may_exist(&self, id: KeyId) -> bool {
        self.absent.get(&id).is_none()
    }

    pub(crate) fn remember_absent(&self, id: KeyId) {
        self.absent.insert(id, ());
    }

    pub(super) async fn alone(&self) -> MutexGuard<'_, Reloads> {
        self.reloads.lock().await
    }

    /// Only while [`Self::alone`]: a ring that was read earlier must not replace one that was read later.
    pub(super) fn replace(&self, version: Version, ring: &OpenRing) -> Result<(), KeyError> {
        if version != self.ring.load().version {
            self.ring.store(Arc::new(KeyRing::new(version, ring)?));
        }
        Ok(())
    }

    async fn load(&self, store: &dyn Store) -> Result<(), KeyError> {
        let document = store.document(DOCUMENT).await?.ok_or_else(gone)?;
        if document.version != self.ring.load().version {
            let (ring, _) = decode(&document.bytes, &self.settings.masters)?;
            self.replace(document.version, &ring)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("issuer", &self.settings.issuer)
            .field("ring", &*self.ring())
            .finish_non_exhaustive()
    }
}
