//! A record as they are in everyday life.

use crate::domain::client::{ClientId, Surface, TokenFormat};
use crate::domain::family::{AccessToken, Family, Fingerprint, RefreshToken, SpentToken, State, Tokens};
use crate::domain::scope::Scope;
use crate::domain::{FamilyId, KeyId, Position, Shard, Timestamp};

/// A session that was refreshed a moment ago: the access token from before lives on.
pub(super) fn session() -> Family {
    let id = FamilyId::new(Shard::default(), Timestamp::from_secs(1_790_000_000), u64::MAX);
    let (issued_at, expires_at) = (id.born_at(), id.born_at());
    let refresh = RefreshToken { serial: 3, nonce: u64::MAX.into(), key: KeyId(1), issued_at, expires_at };
    let spent =
        SpentToken { serial: 1, nonce: u64::MAX.into(), at: issued_at, request: Fingerprint([0xff; 16]), access: 4 };
    let access = |serial, parent| AccessToken {
        serial,
        nonce: u64::MAX.into(),
        parent,
        format: TokenFormat::Opaque,
        key: KeyId(1),
        issued_at,
        expires_at,
        scope: None,
        audience: None,
    };
    let tokens = Tokens {
        next_serial: 5,
        code: None,
        refresh: Some(refresh),
        spent: Some(spent),
        access: vec![access(2, 1), access(4, 3)],
    };
    Family {
        id,
        client: ClientId::new("demo-session"),
        subject: None,
        surface: Surface::Standard,
        begotten_by: None,
        scope: Scope::parse("read write").expect("a scope"),
        audience: vec!["https://api.example".into()],
        epoch: Position(1_790_000_000_000_000),
        expires_at,
        ancestors: Vec::new(),
        state: State::Live(tokens),
        managed: None,
        login: None,
    }
}
