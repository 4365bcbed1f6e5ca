//! Families and revocations to write.

use std::time::Duration;

use atropos::domain::client::{ClientId, Surface, TokenFormat};
use atropos::domain::family::listing::Listing;
use atropos::domain::family::managed::Managed;
use atropos::domain::family::{AccessToken, Family, RefreshToken, State, Tokens};
use atropos::domain::scope::Scope;
use atropos::domain::store::{Append, Store};
use atropos::domain::{Cause, FamilyId, Head, KeyId, Position, Revocation, Shard, Tag, Target, Timestamp, TokenId};

/// How long records are kept where it does not matter.
pub(crate) const KEEP: Duration = Duration::from_hours(1);

/// When sample families are born.
const BIRTH: Timestamp = Timestamp::from_secs(1_790_000_000);

pub(crate) fn nth(shard: u16) -> Shard {
    Shard::new(shard).expect("few shards")
}

/// A machine's family, a different one for each number; the higher the number, the later it was born.
pub(crate) fn family(shard: Shard, number: u64) -> Family {
    let id = FamilyId::new(shard, BIRTH.plus(Duration::from_millis(number)), number);
    let born = id.born_at();
    let expires_at = born.plus(KEEP);
    let refresh = RefreshToken { serial: 1, nonce: number.into(), key: KeyId(7), issued_at: born, expires_at };
    let access = AccessToken {
        serial: 2,
        nonce: (!number).into(),
        parent: 1,
        format: TokenFormat::Jwt,
        key: KeyId(0xdead_beef),
        issued_at: born,
        expires_at,
        scope: Some(Scope::parse("read").expect("a scope")),
        audience: Some(vec!["https://api.example".into()]),
    };
    Family {
        id,
        client: ClientId::new("demo-service"),
        subject: None,
        surface: Surface::Standard,
        begotten_by: None,
        scope: Scope::parse("read write").expect("a scope"),
        audience: vec!["https://api.example".into()],
        epoch: Position(number),
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

/// A person's family.
pub(crate) fn family_of(subject: &str, shard: Shard, number: u64) -> Family {
    Family { subject: Some(subject.into()), ..family(shard, number) }
}

/// A token of an identity that is managed by its id.
pub(crate) fn managed_of(client: &str, shard: Shard, number: u64) -> Family {
    let managed = Managed::new(Some("ci"), KEEP, BIRTH);
    Family { client: ClientId::new(client), managed: Some(managed.into()), ..family(shard, number) }
}

/// The family after so many changes.
pub(crate) fn generation(family: &Family, number: u32) -> Family {
    let mut next = family.clone();
    if let State::Live(tokens) = &mut next.state {
        tokens.next_serial = number;
    }
    next
}

/// The reverse of [`generation`].
pub(crate) fn reads_generation(family: &Family) -> u32 {
    match &family.state {
        State::Live(tokens) => tokens.next_serial,
        State::Ended { .. } => panic!("sample families live"),
    }
}

/// A revocation whose tag is `number`.
pub(crate) fn revocation(number: u64) -> Revocation {
    let family = FamilyId::new(nth(0), BIRTH, number);
    Revocation {
        target: Target::Token(TokenId { family, serial: 2, nonce: number }),
        bound: Some(Position(number)),
        put_back: None,
        tag: Tag(number),
        cause: Cause::Requested,
        revoked_at: BIRTH,
        expires_at: BIRTH.plus(KEEP),
    }
}

pub(crate) fn revocations(numbers: impl IntoIterator<Item = u64>) -> Vec<Revocation> {
    numbers.into_iter().map(revocation).collect()
}

/// To append these to a shard, from nowhere on.
pub(crate) fn to(shard: Shard, revocations: &[Revocation]) -> Append<'_> {
    Append { shard, revocations, anchor: None::<Head>, floor: Position::default() }
}

/// As if it had changed so many milliseconds after the first family was born.
pub(crate) fn changed_at(millis: u64, family: Family) -> Family {
    let managed = *family.managed.clone().expect("a managed one");
    let updated = BIRTH.plus(Duration::from_millis(millis));
    Family { managed: Some(Managed { updated, ..managed }.into()), ..family }
}

/// Every family that is listed there, oldest first.
pub(crate) async fn listed(store: &dyn Store, listing: Listing<'_>) -> Vec<FamilyId> {
    let listed = store.families_of(listing, None, 1_000).await.unwrap();
    let mut families: Vec<_> = listed.iter().map(|listed| listed.family).collect();
    families.sort_unstable();
    families
}
