//! What most tests begin with.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::chance::SystemChance;
use atropos::domain::client::ClientId;
use atropos::domain::clock::{Clock as _, FixedClock};
use atropos::domain::keys::{KeyError, KeySettings, Keys, MasterSecret, MasterSecrets, SigningAlgorithm};
use atropos::domain::scope::Scope;
use atropos::domain::token::{AccessClaims, OpaqueKind, Reading};
use atropos::domain::{FamilyId, Position, Shard, Timestamp, TokenId};

use crate::memory::Memory;

pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(crate) const JWT_LIFE: Duration = Duration::from_mins(5);

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(NOW))
}

pub(crate) fn master(byte: u8) -> MasterSecret {
    MasterSecret::new(&[byte; 32]).unwrap()
}

pub(crate) fn settings() -> KeySettings {
    KeySettings {
        issuer: ISSUER.into(),
        masters: MasterSecrets { current: master(1), previous: None },
        algorithm: SigningAlgorithm::Es256,
        remembered: 100,
    }
}

pub(crate) async fn open_with(
    store: &Memory,
    settings: KeySettings,
    clock: &Arc<FixedClock>,
) -> Result<Keys, KeyError> {
    Keys::open(store, settings, Arc::<FixedClock>::clone(clock), Arc::new(SystemChance)).await
}

pub(crate) async fn open(store: &Memory, clock: &Arc<FixedClock>) -> Keys {
    open_with(store, settings(), clock).await.unwrap()
}

pub(crate) fn token_id(serial: u32) -> TokenId {
    TokenId { family: FamilyId::new(Shard::default(), NOW, 99), serial, nonce: 7 }
}

pub(crate) fn claims(clock: &FixedClock) -> AccessClaims {
    AccessClaims {
        id: token_id(2),
        client: ClientId::new("client"),
        subject: None,
        scope: Scope::parse("read").unwrap(),
        audience: vec!["https://api.example".into()],
        issued_at: clock.now(),
        expires_at: clock.now().plus(JWT_LIFE),
        epoch: Position(1),
        is_managed: false,
        ancestors: Vec::new(),
    }
}

/// By the key that signs now.
pub(crate) fn opaque(keys: &Keys) -> String {
    keys.mint(OpaqueKind::Access, token_id(2), keys.mac().unwrap()).unwrap().expose().to_owned()
}

/// By the key that signs now.
pub(crate) fn jwt(keys: &Keys, clock: &FixedClock) -> String {
    keys.sign(&claims(clock), keys.signing().unwrap()).unwrap().expose().to_owned()
}

pub(crate) fn is_ours(reading: &Reading) -> bool {
    matches!(reading, Reading::Opaque { .. } | Reading::Jwt(_))
}

pub(crate) fn is_garbage(reading: &Reading) -> bool {
    matches!(reading, Reading::Garbage)
}
