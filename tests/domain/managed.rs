//! Tokens that are managed by their ids, as functions from record to record.

use std::num::NonZeroU64;
use std::time::Duration;

use atropos::domain::client::{ClientId, Reach, Surface, TokenFormat, TokenPolicy};
use atropos::domain::family::birth::{Birth, First, Mint, keep_for};
use atropos::domain::family::listing::Listing;
use atropos::domain::family::managed::{Managed, Renewal};
use atropos::domain::family::refresh::Refusal;
use atropos::domain::family::{Family, State};
use atropos::domain::scope::Scope;
use atropos::domain::{Cause, FamilyId, KeyId, Position, Shard, Timestamp, TokenId};
use proptest::prelude::*;

const BIRTH: Timestamp = Timestamp::from_secs(1_800_000_000);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn policy() -> TokenPolicy {
    TokenPolicy {
        format: TokenFormat::Opaque,
        access_token_lifetime: HOUR,
        refresh_token_idle: DAY,
        code_lifetime: Duration::from_mins(1),
        family_lifetime: 3 * HOUR,
        replay_window: Duration::ZERO,
        access_tokens_per_family: 4,
        client_credentials_refresh: false,
        revoke_access_token: Reach::Token,
    }
}

fn born(managed: Option<Managed>) -> Family {
    let birth = Birth {
        id: FamilyId::new(Shard::default(), BIRTH, 1),
        client: ClientId::new("machine"),
        subject: None,
        surface: Surface::Infisical,
        begotten_by: None,
        scope: Scope::default(),
        audience: vec![],
        epoch: Position(1),
        ancestors: vec![],
        first: First::Tokens { with_refresh_token: false },
        latest: None,
        login: None,
        managed,
    };
    Family::born(birth, &policy(), &mint(0))
}

fn managed() -> Managed {
    Managed::new(Some("ci"), HOUR, BIRTH)
}

fn limited(uses: u64) -> Managed {
    Managed { uses_limit: NonZeroU64::new(uses), ..managed() }
}

fn mint(n: u64) -> Mint {
    Mint { access_key: KeyId(1), refresh_key: KeyId(1), access_nonce: n, refresh_nonce: n }
}

fn after(time: Duration) -> Timestamp {
    BIRTH.plus(time)
}

/// Its strings, in order of birth.
fn strings(family: &Family) -> Vec<TokenId> {
    let State::Live(tokens) = &family.state else { panic!("it has ended") };
    tokens.access.iter().map(|access| family.id_of_access(access)).collect()
}

fn renew(family: &Family, token: TokenId, at: Duration) -> Result<(Family, TokenId), Refusal> {
    let n = u64::try_from(at.as_millis()).unwrap();
    let (next, access) = family.renewed(&Renewal { token, now: after(at), policy: &policy(), mint: &mint(n) })?;
    let id = next.id_of_access(&access);
    Ok((next, id))
}

/// INF-13: each renewal is a new serial in the same family, and the string before it stays good until it expires.
#[test]
fn a_renewal_is_a_new_string_beside_the_old_one() {
    for managed in [None, Some(managed())] {
        let family = born(managed);
        let first = strings(&family)[0];
        let (next, second) = renew(&family, first, HOUR / 2).unwrap();
        assert_eq!((next.id, second.family), (family.id, family.id));
        assert_ne!(second.serial, first.serial);
        for (token, dies) in [(first, HOUR), (second, HOUR / 2 + HOUR)] {
            assert!(next.find_alive(token, after(dies).minus(Duration::from_millis(1))).is_some());
            assert!(next.find_alive(token, after(dies)).is_none());
        }
        assert_eq!(next.newest_expiry(), after(HOUR / 2 + HOUR));
    }
}

/// INF-4: also when a renewal has dropped it from the record. What a failover has lost has not expired, whatever it looks
/// like: whoever holds it may end the family by it.
#[test]
fn what_has_expired_is_told_from_what_was_ended_or_lost() {
    let family = born(Some(managed()));
    let first = strings(&family)[0];
    assert!(!family.has_expired(first, after(HOUR).minus(Duration::from_millis(1))));
    assert!(family.has_expired(first, after(HOUR)));
    let (next, second) = renew(&family, first, HOUR / 2).unwrap();
    let (next, third) = renew(&next, second, HOUR).unwrap();
    assert_eq!(strings(&next), [second, third]);
    assert!(next.has_expired(first, after(HOUR)) && !next.has_expired(third, after(HOUR)));
    assert!(!next.has_expired(TokenId { nonce: 99, ..third }, after(3 * HOUR)));
    assert!(!next.has_expired(TokenId { serial: third.serial + 1, ..third }, after(3 * HOUR)));
    let (ended, _) = next.ended(Cause::Requested, after(HOUR));
    assert!(!ended.has_expired(first, after(HOUR)));
}

#[test]
fn no_renewal_outlives_the_family() {
    let mut family = born(Some(managed()));
    let mut token = strings(&family)[0];
    for step in 1..=5 {
        (family, token) = renew(&family, token, step * HOUR / 2).unwrap();
    }
    assert_eq!(family.expires_at, after(3 * HOUR));
    assert!(family.find_alive(token, after(3 * HOUR).minus(Duration::from_millis(1))).is_some());
    assert!(family.find_alive(token, after(3 * HOUR)).is_none());
    assert_eq!(renew(&family, token, 3 * HOUR), Err(Refusal::Ended));
}

#[test]
fn what_is_dead_is_not_renewed() {
    let family = born(Some(managed()));
    let token = strings(&family)[0];
    assert_eq!(renew(&family, token, HOUR), Err(Refusal::Ended));
    let (ended, receipt) = family.ended(Cause::Requested, BIRTH);
    assert_eq!(receipt.access_tokens, 1);
    assert_eq!(renew(&ended, token, HOUR / 2), Err(Refusal::Ended));
    let (without, _) = family.without(token, BIRTH);
    assert_eq!(renew(&without, token, HOUR / 2), Err(Refusal::Ended));
    let twin = TokenId { nonce: 99, ..token };
    assert_eq!(renew(&family, twin, HOUR / 2), Err(Refusal::Ended));
}

/// A record stays small; there is room again when the oldest string expires, which is before the newest does.
#[test]
fn a_family_has_a_ceiling_of_strings_and_says_when_there_is_room() {
    let mut family = born(None);
    for minute in 1..4 {
        let newest = *strings(&family).last().unwrap();
        family = renew(&family, newest, minute * Duration::from_mins(1)).unwrap().0;
    }
    let newest = *strings(&family).last().unwrap();
    let wait = Duration::from_mins(50);
    assert_eq!(renew(&family, newest, Duration::from_mins(10)), Err(Refusal::TooMany(wait)));
    let (family, _) = renew(&family, newest, HOUR).unwrap();
    assert_eq!(strings(&family).len(), 4);
}

#[test]
fn uses_are_counted_up_to_their_limit_and_then_all_is_dead() {
    let mut family = born(Some(limited(3)));
    let token = strings(&family)[0];
    for uses in 1..=3 {
        assert!(family.find_alive(token, BIRTH).is_some(), "{uses}");
        family = family.used(after(Duration::from_secs(uses))).unwrap();
        let managed = family.managed.as_ref().unwrap();
        let at = Some(after(Duration::from_secs(uses)));
        assert_eq!((managed.uses, managed.last_used, Some(managed.updated)), (uses, at, at));
    }
    assert!(family.find_alive(token, BIRTH).is_none());
    assert_eq!(family.live_tokens(BIRTH).count(), 0);
    assert_eq!(renew(&family, token, HOUR / 2), Err(Refusal::Ended));
    assert!(family.used(BIRTH).is_some(), "one that raced with the last use is still counted");
}

#[test]
fn where_there_is_no_limit_nothing_is_counted() {
    assert!(born(None).used(BIRTH).is_none() && !born(None).counts_uses());
    let family = born(Some(managed()));
    assert!(family.used(BIRTH).is_none() && !family.counts_uses());
}

#[test]
fn a_name_is_given_and_taken_away_as_long_as_the_family_lives() {
    let family = born(Some(managed()));
    let renamed = family.renamed(Some("deploy"), after(HOUR)).unwrap();
    let managed = renamed.managed.as_ref().unwrap();
    assert_eq!((managed.name.as_deref(), managed.updated), (Some("deploy"), after(HOUR)));
    assert_eq!(renamed.renamed(None, after(HOUR)).unwrap().managed.unwrap().name, None);
    assert_eq!(renamed.ended(Cause::Requested, BIRTH).0.renamed(Some("x"), BIRTH), None);
    assert_eq!(born(None).renamed(Some("x"), BIRTH), None);
}

#[test]
fn a_restricted_token_is_used_only_from_where_it_is_trusted() {
    let trusted = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let family = born(Some(Managed { trusted, ..managed() }));
    let trusts = |address: &str| family.trusts(Some(address.parse().unwrap()));
    assert!(trusts("192.0.2.9") && trusts("2001:db8::1"));
    assert!(!trusts("192.0.3.9") && !trusts("2001:db9::1") && !family.trusts(None));
    assert!(born(Some(managed())).trusts(None) && born(None).trusts(None));
}

/// Where it can be found is for life: nothing that happens to a family moves it.
#[test]
fn a_managed_token_is_listed_under_its_identity_and_anything_else_under_its_subject() {
    let family = born(Some(limited(9)));
    let token = strings(&family)[0];
    assert_eq!(family.listing(), Some(Listing::Identity("machine")));
    let (renewed, _) = renew(&family, token, HOUR / 2).unwrap();
    let ended = family.ended(Cause::Requested, BIRTH).0;
    for next in [renewed, ended, family.used(BIRTH).unwrap(), family.renamed(None, BIRTH).unwrap()] {
        assert_eq!(next.listing(), family.listing());
    }
    assert_eq!(born(None).listing(), None);
    let person = Family { subject: Some("machine".into()), ..born(None) };
    assert_eq!(person.listing(), Some(Listing::Subject("machine")));
    assert_ne!(Listing::Subject("machine").hash(), Listing::Identity("machine").hash());
}

#[derive(Clone, Debug)]
enum Step {
    Renew(usize),
    Use,
    Rename,
    Revoke(usize),
    Wait(u32),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_usize).prop_map(Step::Renew),
        3 => Just(Step::Use),
        2 => Just(Step::Rename),
        2 => (0..4_usize).prop_map(Step::Revoke),
        4 => (1..3000_u32).prop_map(Step::Wait),
        1 => Just(Step::End),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    /// Whatever comes: nothing that was dead comes back, no string outlives the family, no use beyond the limit finds one
    /// alive, and a record is kept as long as it may matter.
    #[test]
    fn nothing_comes_back_and_nothing_outlives_the_family(steps in steps(), limit in 0..12_u64) {
        let mut family = born(Some(limited(limit)));
        let mut known = strings(&family);
        let mut dead: Vec<TokenId> = vec![];
        let (mut at, mut uses) = (Duration::ZERO, 0);
        for step in steps {
            let now = after(at);
            match step {
                Step::Wait(seconds) => at += Duration::from_secs(seconds.into()),
                Step::End => family = family.ended(Cause::Requested, now).0,
                Step::Rename => family = family.renamed(Some("x"), now).unwrap_or(family),
                Step::Revoke(back) => {
                    let token = *known.iter().rev().nth(back).unwrap_or(&known[0]);
                    family = family.without(token, now).0;
                    prop_assert!(family.find_alive(token, now).is_none());
                }
                Step::Use => if let Some(next) = family.used(now).filter(|_| family.live_tokens(now).count() > 0) {
                    family = next;
                    uses += 1;
                },
                Step::Renew(back) => {
                    let token = *known.iter().rev().nth(back).unwrap_or(&known[0]);
                    let was_alive = family.find_alive(token, now).is_some();
                    if let Ok((next, new)) = renew(&family, token, at) {
                        prop_assert!(was_alive);
                        prop_assert!(next.find_alive(token, now).is_some() && next.find_alive(new, now).is_some());
                        family = next;
                        known.push(new);
                    }
                }
            }
            let now = after(at);
            prop_assert!(limit == 0 || uses <= limit);
            for token in &dead {
                prop_assert!(family.find_alive(*token, now).is_none(), "{:?} came back", token);
            }
            dead.extend(known.iter().filter(|token| family.find_alive(**token, now).is_none()));
            let end = now.plus(keep_for(&family, now, Duration::from_mins(1))).min(family.expires_at);
            for token in &known {
                prop_assert!(family.find_alive(*token, end).is_none(), "it would be forgotten alive");
            }
        }
    }
}
