//! The authorization code (RFC 6749 section 4.1), as functions from record to record.

use std::time::Duration;

use atropos::domain::client::{ClientId, Reach, Surface, TokenFormat, TokenPolicy};
use atropos::domain::family::birth::{Birth, First, Mint, keep_for};
use atropos::domain::family::code::{Redeem, Redeemed, Redirect, Refusal};
use atropos::domain::family::{Family, State};
use atropos::domain::pkce::CodeChallenge;
use atropos::domain::scope::Scope;
use atropos::domain::store::Receipt;
use atropos::domain::{Cause, FamilyId, KeyId, Position, Shard, Timestamp, TokenId};
use proptest::prelude::*;

const BIRTH: Timestamp = Timestamp::from_secs(1_800_000_000);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn policy() -> TokenPolicy {
    TokenPolicy {
        format: TokenFormat::Opaque,
        access_token_lifetime: Duration::from_hours(1),
        refresh_token_idle: 30 * DAY,
        code_lifetime: MINUTE,
        family_lifetime: 90 * DAY,
        replay_window: Duration::from_secs(10),
        access_tokens_per_family: 100,
        client_credentials_refresh: false,
        revoke_access_token: Reach::Token,
    }
}

fn mint(n: u64) -> Mint {
    Mint { access_key: KeyId(1), refresh_key: KeyId(1), access_nonce: 2 * n, refresh_nonce: 2 * n + 1 }
}

fn born() -> Family {
    let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    let redirect = Redirect { uri: "https://app.example/cb".into(), is_named: true };
    let birth = Birth {
        id: FamilyId::new(Shard::default(), BIRTH, 1),
        client: ClientId::new("a"),
        subject: Some("alice".into()),
        surface: Surface::Standard,
        begotten_by: None,
        scope: Scope::parse("read").unwrap(),
        audience: vec!["https://api.example".into()],
        epoch: Position(1),
        ancestors: vec![],
        first: First::Code { challenge, redirect, repeats: Some("n-0S6".into()) },
        latest: None,
        login: None,
        managed: None,
    };
    Family::born(birth, &policy(), &mint(0))
}

fn code(family: &Family) -> TokenId {
    let State::Live(tokens) = &family.state else { panic!("it has ended") };
    family.id_of_code(tokens.code.as_ref().unwrap())
}

fn redeem(family: &Family, token: TokenId, after: Duration, with_refresh_token: bool) -> Result<Redeemed, Refusal> {
    let (now, policy, mint) = (BIRTH.plus(after), &policy(), &mint(9));
    family.redeem(&Redeem { token, with_refresh_token, scope: None, audience: None, now, policy, mint })
}

fn first(family: &Family, after: Duration, with_refresh_token: bool) -> Family {
    match redeem(family, code(family), after, with_refresh_token) {
        Ok(Redeemed::First(next, _)) => next,
        other => panic!("{other:?}"),
    }
}

/// RFC6749-4.1.2-j: nothing but the code is there before it is exchanged, and it expires.
#[test]
fn a_family_begins_with_a_code_alone() {
    let family = born();
    assert_eq!(family.count(BIRTH), Receipt { families: 1, refresh_tokens: 0, access_tokens: 0 });
    assert_eq!(family.live_tokens(BIRTH).count(), 0);
    assert_eq!(family.find_alive(code(&family), BIRTH), None, "it opens nothing by itself");
    assert_eq!(family.count(BIRTH.plus(MINUTE)), Receipt::default());
    // A code that nobody exchanges leaves its record as soon as it may.
    assert_eq!(keep_for(&family, BIRTH, DAY), MINUTE + DAY);
    assert_eq!(redeem(&family, code(&family), MINUTE, true), Err(Refusal::Expired));
    first(&family, MINUTE.saturating_sub(Duration::from_millis(1)), true);
}

#[test]
fn a_code_is_exchanged_for_a_session() {
    let family = first(&born(), MINUTE / 2, true);
    let now = BIRTH.plus(MINUTE);
    assert_eq!(family.count(now), Receipt { families: 1, refresh_tokens: 1, access_tokens: 1 });
    assert_eq!(family.expires_at, BIRTH.plus(90 * DAY), "it began when it was approved");
}

/// Where nothing can follow the access token, the family ends with it.
#[test]
fn without_a_refresh_token_the_family_ends_with_its_access_token() {
    let family = first(&born(), MINUTE / 2, false);
    let ends = BIRTH.plus(MINUTE / 2 + Duration::from_hours(1));
    assert_eq!((family.expires_at, family.last_moment()), (ends, ends));
    assert_eq!(family.count(BIRTH.plus(MINUTE)), Receipt { families: 1, refresh_tokens: 0, access_tokens: 1 });
}

/// OA21-7.5.2-d, S17: whenever it comes again, as long as anything that it begot may live.
#[test]
fn a_code_that_comes_again_ends_its_family() {
    let family = born();
    let spent = first(&family, MINUTE / 2, true);
    for after in [MINUTE / 2, MINUTE, DAY, 89 * DAY] {
        match redeem(&spent, code(&family), after, true) {
            Ok(Redeemed::Again(ended, _)) => {
                assert_eq!(ended.state, State::Ended { at: BIRTH.plus(after), cause: Cause::CodeReuse });
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(redeem(&spent, code(&family), 90 * DAY, true), Err(Refusal::Expired));
    let (ended, _) = spent.ended(Cause::Requested, BIRTH.plus(DAY));
    assert_eq!(redeem(&ended, code(&family), DAY, true), Err(Refusal::Ended));
}

/// One that a failover has lost, or another's.
#[test]
fn a_code_that_the_record_does_not_list_changes_nothing() {
    let family = born();
    let id = code(&family);
    for other in [TokenId { serial: id.serial + 1, ..id }, TokenId { nonce: id.nonce ^ 1, ..id }] {
        assert_eq!(redeem(&family, other, MINUTE / 2, true), Err(Refusal::Unknown));
    }
}

proptest! {
    /// Of any number of presentations at any times at most one is given tokens, and none after another was.
    #[test]
    fn a_code_is_exchanged_once(times in prop::collection::vec(0_u64..200, 1..20), refresh in any::<bool>()) {
        let (mut family, mut given) = (born(), 0);
        let id = code(&family);
        for seconds in times {
            match redeem(&family, id, Duration::from_secs(seconds), refresh) {
                Ok(Redeemed::First(next, begotten)) => {
                    given += 1;
                    prop_assert!(seconds < 60);
                    prop_assert_eq!(begotten.refresh.is_some(), refresh);
                    prop_assert!(begotten.access.expires_at <= next.expires_at);
                    family = next;
                }
                Ok(Redeemed::Again(ended, _)) => {
                    prop_assert!(given == 1);
                    family = ended;
                }
                Err(_) => {}
            }
        }
        prop_assert!(given <= 1);
    }
}
