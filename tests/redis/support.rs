//! Families, settings, and a plain connection to look behind the store's back.

use std::time::Duration;

use atropos::domain::client::{ClientId, Surface, TokenFormat};
use atropos::domain::family::listing::Listing;
use atropos::domain::family::managed::Managed;
use atropos::domain::family::{AccessToken, Family, RefreshToken, State, Tokens};
use atropos::domain::scope::Scope;
use atropos::domain::store::{Append, Commit, Created, Store, Version};
use atropos::domain::{Cause, FamilyId, KeyId, Position, Revocation, Shard, Tag, Target, Timestamp};
use atropos::store::redis::{Durability, OpenError, RedisSettings, RedisStore};
use atropos_testbed::until;
use redis::FromRedisValue;

/// How long records are kept: longer than any test takes.
pub(crate) const HOUR: Duration = Duration::from_hours(1);

pub(crate) fn settings(url: &str) -> RedisSettings {
    // The machine may be busy; what is to be fast says so itself.
    RedisSettings { timeout: Duration::from_secs(10), ..RedisSettings::new(url, Durability::Memory) }
}

pub(crate) fn with(url: &str, durability: &str, timeout: Duration) -> RedisSettings {
    RedisSettings { durability: durability.parse().unwrap(), timeout, ..settings(url) }
}

pub(crate) async fn open(settings: &RedisSettings) -> RedisStore {
    RedisStore::open(settings).await.unwrap()
}

pub(crate) async fn refusal(settings: &RedisSettings) -> String {
    match RedisStore::open(settings).await {
        Err(OpenError::Refused(why)) => why,
        other => panic!("should be refused, but: {other:?}"),
    }
}

pub(crate) fn shard(number: u16) -> Shard {
    Shard::new(number).unwrap()
}

/// A client's own session: one refresh token, one access token.
pub(crate) fn session(shard: Shard, random: u64) -> Family {
    let now = Timestamp::from_millis(1_763_765_432_123);
    let expires_at = now.plus(Duration::from_hours(90 * 24));
    let refresh = RefreshToken { serial: 1, nonce: u64::MAX.into(), key: KeyId(u32::MAX), issued_at: now, expires_at };
    let access = AccessToken {
        serial: 2,
        nonce: u64::MAX.into(),
        parent: 1,
        format: TokenFormat::Opaque,
        key: KeyId(u32::MAX),
        issued_at: now,
        expires_at,
        scope: None,
        audience: None,
    };
    Family {
        id: FamilyId::new(shard, now, random),
        client: ClientId::new("demo-session"),
        subject: None,
        surface: Surface::Standard,
        begotten_by: None,
        scope: Scope::parse("read write").unwrap(),
        audience: vec!["https://api.example".into()],
        epoch: Position(1_763_765_432_123_456),
        expires_at,
        ancestors: Vec::new(),
        state: State::Live(Tokens {
            next_serial: 3,
            code: None,
            refresh: Some(refresh),
            spent: None,
            access: vec![access],
        }),
        managed: None,
        login: None,
    }
}

pub(crate) fn persons_session(shard: Shard, random: u64, subject: &str) -> Family {
    Family { subject: Some(subject.into()), ..session(shard, random) }
}

/// A token of an identity that is managed by its id.
pub(crate) fn managed(shard: Shard, random: u64) -> Family {
    let family = session(shard, random);
    let managed = Managed::new(None, HOUR, family.id.born_at());
    Family { managed: Some(managed.into()), ..family }
}

pub(crate) fn revocation(family: FamilyId, tag: u64) -> Revocation {
    Revocation {
        target: Target::Family(family),
        bound: None,
        put_back: None,
        tag: Tag(tag),
        cause: Cause::Requested,
        revoked_at: Timestamp::from_millis(1_763_765_432_123),
        expires_at: Timestamp::from_millis(1_863_765_432_123),
    }
}

pub(crate) fn append(shard: Shard, revocations: &[Revocation]) -> Append<'_> {
    Append { shard, revocations, anchor: None, floor: Position(0) }
}

/// From version 1 to version 2.
pub(crate) fn commit<'a>(family: &'a Family, revocations: &'a [Revocation]) -> Commit<'a> {
    let append = append(family.id.shard(), revocations);
    Commit { expected: Version(1), version: Version(2), family, keep_for: HOUR, append }
}

/// Writes a family at version 1.
pub(crate) async fn create(store: &RedisStore, family: &Family) {
    let created = store.create(family, Version(1), HOUR).await.unwrap();
    assert!(matches!(created, Created::Done(_)), "{created:?}");
}

/// Every family that is listed there, oldest first.
pub(crate) async fn listed(store: &dyn Store, listing: Listing<'_>) -> Vec<FamilyId> {
    let listed = store.families_of(listing, None, 1_000).await.unwrap();
    let mut families: Vec<_> = listed.iter().map(|listed| listed.family).collect();
    families.sort_unstable();
    families
}

/// Waits until `condition` holds, for less time than it takes the store to notice by its rarest look at the servers.
pub(crate) async fn soon(what: &str, condition: impl AsyncFnMut() -> bool) {
    let awaited = tokio::time::timeout(Duration::from_secs(30), until(what, condition)).await;
    assert!(awaited.is_ok(), "waited in vain until {what}");
}

/// Sends one command over a connection of its own, past the store.
pub(crate) async fn tell<T: FromRedisValue>(url: &str, words: &[&[u8]]) -> T {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd(str::from_utf8(words[0]).unwrap()).arg(&words[1..]).query_async(&mut connection).await.unwrap()
}

/// As [`tell`], with words of text separated by spaces.
pub(crate) async fn say<T: FromRedisValue>(url: &str, line: &str) -> T {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    tell(url, &words).await
}

/// How often a command was called, by anybody.
pub(crate) async fn calls(url: &str, command: &str) -> u64 {
    let stats: String = say(url, "INFO commandstats").await;
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

/// Whether a server can tell when a write is on disk: Valkey, and Redis from 7.2 on.
pub(crate) async fn tells_fsync(url: &str) -> bool {
    let found: Vec<redis::Value> = say(url, "COMMAND INFO waitaof").await;
    found.iter().any(|command| *command != redis::Value::Nil)
}
