//! The index answers as the predicate does, and a copy follows a log without losing or inventing anything.

use std::time::Duration;

use atropos_guard::{
    Cause, Credential, Denylist, Entry, FamilyId, Head, KeyId, Link, Position, Revocation, Shard, Tag, Target,
    Timestamp, TokenId,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn family(n: u64) -> FamilyId {
    FamilyId::new(Shard::default(), NOW, n)
}

fn token(family_number: u64, serial: u32) -> TokenId {
    TokenId { family: family(family_number), serial, nonce: 7 }
}

fn entry(position: u64, target: Target, bound: impl Into<Option<u64>>, lives: u64) -> Entry {
    let revocation = Revocation {
        target,
        bound: bound.into().map(Position),
        put_back: None,
        tag: Tag(position.wrapping_mul(31)),
        cause: Cause::Requested,
        revoked_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(lives)),
    };
    Entry { position: Position(position), revocation }
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        (0..3_u64, 0..3_u32).prop_map(|(f, s)| Target::Token(token(f, s))),
        (0..3_u64).prop_map(|f| Target::Family(family(f))),
        "[ab]".prop_map(|s| Target::Subject(s.into())),
        "[xyz]".prop_map(|c| Target::Client(c.into())),
        (0..3_u32).prop_map(|k| Target::Key(KeyId(k))),
        Just(Target::Everything),
        "[xyz]".prop_map(|c| Target::Identity(c.into())),
    ]
}

#[derive(Clone, Debug)]
struct Held {
    token: TokenId,
    key: KeyId,
    client: String,
    subject: Option<String>,
    epoch: Position,
    is_managed: bool,
    ancestors: Vec<Link>,
}

impl Held {
    fn credential(&self) -> Credential<'_> {
        Credential {
            token: self.token,
            key: self.key,
            client: &self.client,
            subject: self.subject.as_deref(),
            epoch: self.epoch,
            is_managed: self.is_managed,
            ancestors: &self.ancestors,
        }
    }
}

fn held() -> impl Strategy<Value = Held> {
    let link = (0..3_u64, 0..3_u32, "[xyz]", 0..3_u32).prop_map(|(f, s, client, key)| Link {
        token: token(f, s),
        client: client.into(),
        key: KeyId(key),
    });
    let who = ("[xyz]", prop::option::of("[ab]"), any::<bool>());
    (0..3_u64, 0..3_u32, 0..3_u32, who, 0..12_u64, prop::collection::vec(link, 0..3)).prop_map(
        |(f, s, key, (client, subject, is_managed), epoch, ancestors)| Held {
            token: token(f, s),
            key: KeyId(key),
            client,
            subject,
            epoch: Position(epoch),
            is_managed,
            ancestors,
        },
    )
}

fn log() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((targets(), prop::option::of(0..12_u64), 1..100_u64), 0..12).prop_map(|drawn| {
        drawn
            .into_iter()
            .zip(1..)
            .map(|((target, bound, lives), position)| entry(position, target, bound, lives))
            .collect()
    })
}

proptest! {
    #[test]
    fn the_index_answers_as_the_predicate_does(log in log(), held in held()) {
        let denylist = Denylist::default();
        denylist.apply(log.clone(), log.last().map_or_else(Head::default, Entry::head));
        let covered = log.iter().any(|entry| entry.covers(&held.credential()));
        let found = denylist.covering(&held.credential());
        prop_assert_eq!(found.is_some(), covered);
        if let Some(found) = found {
            let there = log.iter().any(|entry| entry.position <= found.position && entry.covers(&held.credential()));
            prop_assert!(there, "it stands there or before");
        }
    }

    #[test]
    fn what_is_forgotten_covers_nothing_that_a_later_entry_does_not(log in log(), held in held(), after in 0..100_u64) {
        let denylist = Denylist::default();
        denylist.apply(log.clone(), log.last().map_or_else(Head::default, Entry::head));
        let then = NOW.plus(Duration::from_secs(after));
        let due = denylist.forget(then);
        prop_assert!(log.iter().all(|e| (e.revocation.expires_at <= then) == due.contains(&e.position)));
        // What still matters still covers. (An index may remember longer than it must, never shorter.)
        let still = log.iter().filter(|e| e.revocation.expires_at > then);
        if still.into_iter().any(|e| e.covers(&held.credential())) {
            prop_assert!(denylist.covering(&held.credential()).is_some());
        }
        prop_assert_eq!(denylist.head(), log.last().map_or_else(Head::default, Entry::head));
    }

    #[test]
    fn a_copy_that_lost_part_of_its_history_knows_what_to_put_back(log in log(), held in held(), lost in 0..12_usize) {
        let denylist = Denylist::default();
        denylist.apply(log.clone(), log.last().map_or_else(Head::default, Entry::head));
        let kept = &log[..log.len().saturating_sub(lost)];
        let missing = denylist.missing_from(kept, NOW);
        let expected: Vec<_> = log[kept.len()..]
            .iter()
            .map(|entry| Revocation { bound: Some(entry.bound()), ..entry.revocation.clone() })
            .collect();
        prop_assert_eq!(&missing, &expected);
        // Put back elsewhere, each covers what it covered where it stood.
        let elsewhere = missing.into_iter().zip(100..).map(|(revocation, at)| Entry { position: Position(at), revocation });
        for (again, entry) in elsewhere.zip(&log[kept.len()..]) {
            prop_assert_eq!(again.covers(&held.credential()), entry.covers(&held.credential()));
        }
    }

    #[test]
    fn identifiers_have_one_spelling(shard in 0..Shard::MOST, random: u64, serial: u32, nonce: u64) {
        let family = FamilyId::new(Shard::new(shard).unwrap(), NOW, random);
        prop_assert_eq!(family.shard().number(), shard);
        prop_assert_eq!(family.born_at(), NOW);
        prop_assert_eq!(family.to_string().parse(), Ok(family));
        prop_assert!(family.to_string().to_uppercase() == family.to_string() || family.to_string().to_uppercase().parse::<FamilyId>().is_err());
        let token = TokenId { family, serial, nonce };
        prop_assert_eq!(TokenId::from_bytes(&token.to_bytes()), Some(token));
        prop_assert_eq!(token.to_string().parse(), Ok(token));
        let padded = format!("{token}=");
        prop_assert!(padded.parse::<TokenId>().is_err());
    }

    #[test]
    fn any_text_is_read_or_refused(text: String) {
        let _ = text.parse::<FamilyId>();
        let _ = text.parse::<KeyId>();
        prop_assert!(text.parse::<TokenId>().is_err() || text.len() == 38);
    }
}

#[test]
fn unused_bits_at_the_end_of_a_token_id_must_be_zero() {
    let text = token(1, 1).to_string();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spellings =
        alphabet.chars().filter(|last| format!("{}{last}", &text[..37]).parse::<TokenId>() == Ok(token(1, 1)));
    assert_eq!(spellings.count(), 1);
}

#[test]
fn a_head_of_another_history_is_not_known() {
    let denylist = Denylist::default();
    let log = [entry(5, Target::Everything, 3, 10), entry(9, Target::Family(family(1)), 3, 10)];
    denylist.apply(log.clone(), log[1].head());
    assert!(denylist.knows(log[1].head()));
    assert!(denylist.knows(log[0].head()), "a copy that is ahead of what was read has all of it");
    assert!(!denylist.knows(Head { position: Position(9), tag: Tag(1) }), "same position, another entry");
    assert!(!denylist.knows(Head { position: Position(7), tag: log[0].revocation.tag }));
    assert!(!denylist.knows(Head::default()), "a store that has nothing is not where this copy came from");
}

#[test]
fn an_answer_that_was_overtaken_does_not_turn_the_copy_back() {
    let denylist = Denylist::default();
    let (early, late) = (entry(5, Target::Everything, 3, 10), entry(9, Target::Family(family(1)), 3, 10));
    denylist.apply([early.clone(), late.clone()], late.head());
    denylist.apply([early.clone()], early.head());
    assert_eq!(denylist.head(), late.head());
}

#[test]
fn the_anchor_is_the_newest_entry_that_must_still_be_there() {
    let denylist = Denylist::default();
    assert_eq!(denylist.anchor(NOW), None);
    let (lasting, brief) = (entry(5, Target::Everything, 3, 100), entry(9, Target::Family(family(1)), 3, 1));
    denylist.apply([lasting.clone(), brief.clone()], brief.head());
    assert_eq!(denylist.anchor(NOW), Some(brief.head()));
    // S22, S23: the short-lived one may be gone from the store; the other must not be.
    assert_eq!(denylist.anchor(NOW.plus(Duration::from_secs(1))), Some(lasting.head()));
}

#[test]
fn rebasing_keeps_what_was_revoked_in_the_lost_history() {
    let denylist = Denylist::default();
    let lost = entry(9, Target::Family(family(1)), 3, 10);
    denylist.apply([lost.clone()], lost.head());
    let other = entry(6, Target::Family(family(2)), 3, 10);
    denylist.rebase([other.clone()], other.head());
    let held = |n| Held {
        is_managed: false,
        token: token(n, 1),
        key: KeyId(1),
        client: "x".into(),
        subject: None,
        epoch: Position(1),
        ancestors: vec![],
    };
    assert_eq!(denylist.head(), other.head());
    assert!(denylist.covering(&held(1).credential()).is_some(), "INV-5");
    assert!(denylist.covering(&held(2).credential()).is_some());
    assert!(denylist.covering(&held(3).credential()).is_none(), "S25");
}

#[test]
fn what_is_put_back_makes_another_head_than_before() {
    let before = entry(9, Target::Everything, 3, 10);
    let mut again = before.clone();
    again.revocation.put_back = Some(Tag(5));
    let denylist = Denylist::default();
    denylist.apply([before.clone()], before.head());
    assert!(!denylist.knows(again.head()), "the same entry at the same position, in another history");
}

#[test]
fn what_is_named_outright_is_found_where_it_stands() {
    let denylist = Denylist::default();
    let (first, second) =
        (entry(5, Target::Family(family(1)), None, 10), entry(9, Target::Client("x".into()), None, 10));
    denylist.apply([first.clone(), second.clone()], second.head());
    assert_eq!(denylist.listed(&Target::Family(family(1))), Some(first.head()));
    assert_eq!(denylist.listed(&Target::Family(family(2))), None);
    assert_eq!(denylist.listed(&Target::Client("x".into())), None, "what it covers depends on the epoch");
}

#[test]
fn what_is_wide_is_found_by_its_tag_while_it_is_the_latest_of_its_target() {
    let denylist = Denylist::default();
    let target = Target::Identity("x".into());
    let (first, other) = (entry(5, target.clone(), None, 10), entry(7, Target::Client("x".into()), None, 10));
    denylist.apply([first.clone(), other.clone()], other.head());
    assert_eq!(denylist.tagged(&target, first.revocation.tag), Some(first.head()));
    assert_eq!(denylist.tagged(&target, other.revocation.tag), None);
    assert_eq!(denylist.tagged(&Target::Identity("y".into()), first.revocation.tag), None);
    // Put back, it has its tag still, and makes another head.
    let mut again = entry(9, target.clone(), 5, 10);
    (again.revocation.tag, again.revocation.put_back) = (first.revocation.tag, Some(Tag(1)));
    denylist.apply([again.clone()], again.head());
    assert_eq!(denylist.tagged(&target, first.revocation.tag), Some(again.head()));
    let later = entry(11, target.clone(), None, 10);
    denylist.apply([later.clone()], later.head());
    assert_eq!(denylist.tagged(&target, first.revocation.tag), None);
    denylist.forget(NOW.plus(Duration::from_secs(10)));
    assert_eq!(denylist.tagged(&target, later.revocation.tag), None);
}

#[test]
fn a_copy_turns_back_only_from_where_it_stands() {
    let denylist = Denylist::default();
    let (early, late) = (entry(5, Target::Everything, 3, 100), entry(9, Target::Family(family(1)), 3, 1));
    denylist.apply([early.clone(), late.clone()], late.head());
    denylist.turn_back(early.head(), early.head());
    assert_eq!((denylist.head(), denylist.forks()), (late.head(), 0), "it has moved on meanwhile");
    denylist.turn_back(late.head(), early.head());
    assert_eq!((denylist.head(), denylist.forks()), (early.head(), 1), "it is another history");
    assert_eq!(denylist.highest(), late.position, "rule 8: no position is used twice");
}

#[test]
fn a_fork_is_counted_and_a_continuation_is_not() {
    let denylist = Denylist::default();
    let first = entry(5, Target::Everything, 3, 10);
    denylist.rebase([first.clone()], first.head());
    assert_eq!(denylist.forks(), 0, "there was nothing before");
    let second = entry(9, Target::Family(family(1)), 3, 10);
    denylist.rebase([first.clone(), second.clone()], second.head());
    assert_eq!(denylist.forks(), 0);
    denylist.rebase([first.clone()], first.head());
    assert_eq!(denylist.forks(), 1);
}
