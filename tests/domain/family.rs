//! RFC 6749 section 6 and RFC 9700 section 4.14.2, as functions from record to record.

use std::time::Duration;

use atropos::domain::client::{ClientId, Reach, Surface, TokenFormat, TokenPolicy};
use atropos::domain::family::birth::{Birth, First, Mint, keep_for};
use atropos::domain::family::refresh::{Refusal, Spend, Spent, Successors};
use atropos::domain::family::{Family, Fingerprint, State};
use atropos::domain::scope::Scope;
use atropos::domain::{Cause, FamilyId, KeyId, Position, Shard, Timestamp, TokenId};
use proptest::prelude::*;

const BIRTH: Timestamp = Timestamp::from_secs(1_800_000_000);
const DAY: Duration = Duration::from_hours(24);

fn policy() -> TokenPolicy {
    TokenPolicy {
        format: TokenFormat::Opaque,
        access_token_lifetime: Duration::from_hours(1),
        refresh_token_idle: 30 * DAY,
        code_lifetime: Duration::from_mins(1),
        family_lifetime: 90 * DAY,
        replay_window: Duration::from_secs(10),
        access_tokens_per_family: 100,
        client_credentials_refresh: true,
        revoke_access_token: Reach::Token,
    }
}

fn mint(n: u64) -> Mint {
    Mint { access_key: KeyId(1), refresh_key: KeyId(1), access_nonce: 2 * n, refresh_nonce: 2 * n + 1 }
}

fn born(policy: &TokenPolicy) -> Family {
    let birth = Birth {
        id: FamilyId::new(Shard::default(), BIRTH, 1),
        client: ClientId::new("a"),
        subject: None,
        surface: Surface::Standard,
        begotten_by: None,
        scope: Scope::parse("read write").unwrap(),
        audience: vec!["https://api.example".into()],
        epoch: Position(1),
        ancestors: vec![],
        first: First::Tokens { with_refresh_token: true },
        latest: None,
        login: None,
        managed: None,
    };
    Family::born(birth, policy, &mint(0))
}

fn current(family: &Family) -> TokenId {
    let State::Live(tokens) = &family.state else { panic!("it has ended") };
    family.id_of_refresh(tokens.refresh.as_ref().unwrap())
}

/// Presents `token` to `family`, `after` its birth.
struct Present<'a> {
    policy: &'a TokenPolicy,
    after: Duration,
    scope: Option<&'a Scope>,
    request: u8,
    n: u64,
}

impl Present<'_> {
    fn to(&self, family: &Family, token: TokenId) -> Result<Spent, Refusal> {
        family.spend(&Spend {
            token,
            request: Fingerprint([self.request; 16]),
            scope: self.scope,
            audience: None,
            now: BIRTH.plus(self.after),
            policy: self.policy,
            mint: &mint(self.n),
        })
    }
}

fn present(policy: &TokenPolicy, seconds: u64) -> Present<'_> {
    Present { policy, after: Duration::from_secs(seconds), scope: None, request: 0, n: seconds + 1 }
}

fn rotated(spent: Result<Spent, Refusal>) -> (Family, Successors) {
    match spent {
        Ok(Spent::Rotated(family, successors)) => (family, successors),
        other => panic!("not rotated: {other:?}"),
    }
}

/// RFC9700-4.14.2-c, S18: ten replays in the window, one successor; the window counts from the first spend.
#[test]
fn a_lost_answer_is_given_again_and_never_makes_a_second_branch() {
    let policy = policy();
    let family = born(&policy);
    let first = current(&family);
    let (family, successors) = rotated(present(&policy, 100).to(&family, first));
    for second in 100..110 {
        assert_eq!(present(&policy, second).to(&family, first), Ok(Spent::Replayed(successors.clone())));
    }
    assert!(matches!(present(&policy, 110).to(&family, first), Ok(Spent::Reused(..))));
}

/// RFC9700-4.14.2-c: another scope, key or client in the window is refused, and the family is untouched.
#[test]
fn another_request_in_the_window_gets_nothing_and_ends_nothing() {
    let policy = policy();
    let family = born(&policy);
    let first = current(&family);
    let (family, _) = rotated(present(&policy, 100).to(&family, first));
    let other = Present { request: 1, ..present(&policy, 101) };
    assert_eq!(other.to(&family, first), Err(Refusal::OtherRequest));
}

#[test]
fn a_replay_whose_access_token_is_gone_gets_nothing_and_ends_nothing() {
    let policy = policy();
    let family = born(&policy);
    let first = current(&family);
    let (family, successors) = rotated(present(&policy, 100).to(&family, first));
    let (family, _) = family.without(family.id_of_access(&successors.access), BIRTH.plus(Duration::from_secs(101)));
    assert_eq!(present(&policy, 102).to(&family, first), Err(Refusal::SuccessorGone));
}

/// RFC9700-4.14.2-b, S6: five rotations in one second, then each of the older tokens: each is reuse.
#[test]
fn any_token_but_the_last_spent_is_reuse_however_quickly_it_came() {
    let policy = policy();
    let mut family = born(&policy);
    let mut older = Vec::new();
    for n in 0..5 {
        older.push(current(&family));
        family = rotated(Present { n, ..present(&policy, 100) }.to(&family, current(&family))).0;
    }
    older.pop();
    for token in older {
        let Ok(Spent::Reused(ended, receipt)) = present(&policy, 100).to(&family, token) else {
            panic!("not seen as reuse")
        };
        assert_eq!(ended.state, State::Ended { at: BIRTH.plus(Duration::from_secs(100)), cause: Cause::Reuse });
        assert_eq!((receipt.refresh_tokens, receipt.access_tokens), (1, 6));
    }
}

#[test]
fn a_token_with_the_serial_of_the_live_one_from_a_lost_history_is_reuse() {
    let policy = policy();
    let family = born(&policy);
    let twin = TokenId { nonce: 99, ..current(&family) };
    assert!(matches!(present(&policy, 1).to(&family, twin), Ok(Spent::Reused(..))));
}

#[test]
fn a_window_of_zero_is_strict() {
    let policy = TokenPolicy { replay_window: Duration::ZERO, ..policy() };
    let family = born(&policy);
    let first = current(&family);
    let (family, _) = rotated(present(&policy, 100).to(&family, first));
    assert!(matches!(present(&policy, 100).to(&family, first), Ok(Spent::Reused(..))));
}

/// RFC6749-6-b
#[test]
fn a_narrower_scope_narrows_the_access_token_alone() {
    let policy = policy();
    let family = born(&policy);
    let narrower = Scope::parse("read").unwrap();
    let asked = Present { scope: Some(&narrower), ..present(&policy, 1) };
    let (family, successors) = rotated(asked.to(&family, current(&family)));
    assert_eq!(successors.access.scope, Some(narrower));
    let (family, successors) = rotated(present(&policy, 2).to(&family, current(&family)));
    assert_eq!((successors.access.scope, family.scope.as_str()), (None, "read write"));
}

/// RFC9700-4.14.2-e: unused for too long, or born too long ago.
#[test]
fn idle_and_absolute_expiry_refuse_without_ending() {
    let policy = policy();
    let family = born(&policy);
    let idle = Present { after: policy.refresh_token_idle, ..present(&policy, 0) };
    assert_eq!(idle.to(&family, current(&family)), Err(Refusal::Idle));
    let old = Present { after: policy.family_lifetime, ..present(&policy, 0) };
    assert_eq!(old.to(&family, current(&family)), Err(Refusal::Expired));
}

/// S27: refreshed again and again, a family dies so long after its *birth*.
#[test]
fn rotating_does_not_prolong_a_family() {
    let policy = policy();
    let mut family = born(&policy);
    for day in 1..90 {
        let again = Present { after: day * DAY, n: u64::from(day), ..present(&policy, 0) };
        let (next, successors) = rotated(again.to(&family, current(&family)));
        assert!(successors.refresh.expires_at <= BIRTH.plus(policy.family_lifetime));
        family = next;
    }
    let last = Present { after: 90 * DAY, ..present(&policy, 0) };
    assert_eq!(last.to(&family, current(&family)), Err(Refusal::Expired));
}

#[test]
fn a_family_has_a_ceiling_of_access_tokens_and_says_when_there_is_room() {
    let policy = TokenPolicy { access_tokens_per_family: 3, ..policy() };
    let mut family = born(&policy);
    for n in 1..3 {
        family = rotated(present(&policy, n).to(&family, current(&family))).0;
    }
    let wait = Duration::from_secs(3600 - 3);
    assert_eq!(present(&policy, 3).to(&family, current(&family)), Err(Refusal::TooMany(wait)));
    rotated(present(&policy, 3600).to(&family, current(&family)));
}

#[test]
fn a_record_stays_small_however_often_it_rotates() {
    let policy = policy();
    let mut family = born(&policy);
    for n in 1..10_000_u32 {
        let again = Present { after: n * Duration::from_mins(10), n: n.into(), ..present(&policy, 0) };
        family = rotated(again.to(&family, current(&family))).0;
        let State::Live(tokens) = &family.state else { unreachable!() };
        assert!(tokens.access.len() <= 6, "an access token lives for six rotations");
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Presents the n-th refresh token ever issued.
    Present(usize, u8),
    Wait(u32),
    RevokeAccess(usize),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..8_usize, 0..2_u8).prop_map(|(back, request)| Step::Present(back, request)),
        3 => prop_oneof![1..20_u32, 1000..5000_u32, 2_000_000..3_000_000_u32].prop_map(Step::Wait),
        2 => (0..8_usize).prop_map(Step::RevokeAccess),
        1 => Just(Step::End),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    /// Whatever comes: at most one live refresh token, none comes back, and a record is kept as long as it may matter.
    #[test]
    fn a_family_never_has_two_live_refresh_tokens_and_nothing_comes_back(steps in steps()) {
        let policy = policy();
        let mut family = born(&policy);
        let (mut refresh, mut access) = (vec![current(&family)], vec![]);
        let mut dead: Vec<TokenId> = vec![];
        let mut after = Duration::ZERO;
        for (n, step) in (1..).zip(steps) {
            let now = BIRTH.plus(after);
            match step {
                Step::Wait(seconds) => after += Duration::from_secs(seconds.into()),
                Step::End => family = family.ended(Cause::Requested, now).0,
                Step::RevokeAccess(back) => {
                    if let Some(token) = access.iter().rev().nth(back) {
                        family = family.without(*token, now).0;
                        prop_assert!(family.find_alive(*token, now).is_none());
                    }
                }
                Step::Present(back, request) => {
                    let token = *refresh.iter().rev().nth(back).unwrap_or(&refresh[0]);
                    let spent = Present { policy: &policy, after, scope: None, request, n }.to(&family, token);
                    match spent {
                        Ok(Spent::Rotated(next, successors)) => {
                            prop_assert_eq!(token, current(&family));
                            family = next;
                            refresh.push(family.id_of_refresh(&successors.refresh));
                            access.push(family.id_of_access(&successors.access));
                        }
                        Ok(Spent::Replayed(successors)) => {
                            prop_assert_eq!(Some(&family.id_of_refresh(&successors.refresh)), refresh.last());
                            prop_assert_eq!(Some(&family.id_of_access(&successors.access)), access.last());
                        }
                        Ok(Spent::Reused(ended, _)) => family = ended,
                        Err(_) => {}
                    }
                }
            }
            let now = BIRTH.plus(after);
            let alive: Vec<TokenId> = refresh.iter().copied().filter(|t| family.find_alive(*t, now).is_some()).collect();
            prop_assert!(alive.len() <= 1, "two live refresh tokens: {:?}", alive);
            for token in &dead {
                prop_assert!(family.find_alive(*token, now).is_none(), "{:?} came back", token);
            }
            dead.extend(refresh.iter().chain(&access).filter(|t| family.find_alive(**t, now).is_none()));
            let kept_until = now.plus(keep_for(&family, now, Duration::from_mins(1)));
            for token in refresh.iter().chain(&access) {
                prop_assert!(family.find_alive(*token, kept_until).is_none(), "it would be forgotten alive");
            }
        }
    }
}
