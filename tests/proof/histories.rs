//! Histories of many clients at once, and the checker that judges them: it can say no.

use std::time::Duration;

use atropos_proof::histories::check::{is_linearizable, smallest};
use atropos_proof::histories::model::{Answer, Call, Owner, Pair, Token};
use atropos_proof::histories::record::{Moment, Operation};
use atropos_proof::histories::{Options, Store, families, prove};

use crate::program;

/// INV-1, INV-2, INV-4, through one process.
#[tokio::test]
async fn what_many_clients_are_told_by_one_server_has_an_order() {
    play(Store::Embedded, 60).await;
}

/// INV-1, INV-2, INV-4, RFC7009-2.1-ab, through two processes, one of which loses its store or is killed.
#[tokio::test]
async fn what_many_clients_are_told_by_two_servers_has_an_order() {
    play(Store::Redis, 60).await;
}

#[tokio::test]
async fn what_many_clients_are_told_by_two_servers_on_a_cluster_has_an_order() {
    play(Store::Cluster, 40).await;
}

async fn play(store: Store, count: usize) {
    for faults in [false, true] {
        let options = Options { store, count: count / 2, seed: 1, faults };
        let tally = prove(&program(), options, |_| {}).await.unwrap_or_else(|violation| panic!("{violation}"));
        assert!(tally.families > 0 && tally.whole > 0 && tally.operations > 10 * count / 2, "{tally}");
    }
}

const PAIRS: [Pair; 4] = [pair(1), pair(2), pair(3), pair(4)];

const fn pair(number: u16) -> Pair {
    Pair { access: Token::Access(number), refresh: Token::Refresh(number) }
}

fn refresh(number: u16) -> Call {
    Call::Refresh(Token::Refresh(number))
}

fn given(number: u16) -> Answer {
    Answer::Given(pair(number))
}

/// From when to when, what was asked, what was answered. Times are places in the order.
type Line = (usize, usize, Call, Answer);

fn history(lines: &[Line]) -> Vec<Operation> {
    let moment = |order: usize| Moment { order, time: Duration::from_millis(order as u64) };
    let operation = |&(from, to, call, answer): &Line| {
        let (invoked, answered) = (moment(from), moment(to));
        Operation { process: from, node: 0, call, answer, invoked, answered }
    };
    lines.iter().map(operation).collect()
}

fn begun_and(lines: &[Line]) -> Vec<Operation> {
    owned_by(Owner::Opaque, lines)
}

fn owned_by(owner: Owner, lines: &[Line]) -> Vec<Operation> {
    history(&[&[(1, 2, Call::Issue(owner), given(1))], lines].concat())
}

#[test]
fn the_checker_accepts_what_one_authority_could_have_answered() {
    let [one, two, ..] = PAIRS;
    let good: &[&[Line]] = &[
        &[(3, 4, refresh(1), given(2)), (5, 6, refresh(1), given(2)), (7, 8, refresh(2), given(3))],
        // A replay of what was replaced already, while it was replaced.
        &[(3, 8, refresh(2), given(3)), (4, 6, refresh(1), given(2)), (5, 7, refresh(1), given(2))],
        &[(3, 4, Call::Revoke(one.access), Answer::Done), (5, 6, refresh(1), given(2))],
        // While it is being revoked it may be both, one after the other.
        &[
            (3, 8, Call::Revoke(one.refresh), Answer::Done),
            (4, 5, Call::Introspect(one.access), Answer::Active(true)),
            (6, 7, Call::Introspect(one.access), Answer::Active(false)),
        ],
        // What was not answered has happened late, or early, or never.
        &[
            (3, 4, Call::Revoke(one.refresh), Answer::Unknown),
            (5, 6, Call::Introspect(one.access), Answer::Active(true)),
            (7, 8, Call::Introspect(one.access), Answer::Active(false)),
        ],
        &[(3, 4, refresh(1), Answer::Unknown), (5, 6, refresh(1), given(2)), (7, 8, refresh(2), given(3))],
        // The second is a thief.
        &[
            (3, 4, refresh(1), given(2)),
            (5, 6, refresh(2), given(3)),
            (7, 8, refresh(1), Answer::Refused),
            (9, 10, Call::Introspect(two.access), Answer::Active(false)),
        ],
        &[
            (3, 4, refresh(1), given(2)),
            (5, 6, Call::Revoke(two.access), Answer::Done),
            (7, 8, refresh(1), Answer::Refused),
            (9, 10, refresh(2), given(3)),
        ],
        &[(3, 4, Call::End(Some(Owner::Jwt)), Answer::Done), (5, 6, refresh(1), given(2))],
        &[
            (3, 6, Call::End(None), Answer::Done),
            (4, 5, Call::Issue(Owner::Jwt), given(2)),
            (7, 8, refresh(2), given(3)),
        ],
    ];
    for lines in good {
        assert!(is_linearizable(&begun_and(lines)), "{lines:?}");
    }
}

#[test]
fn the_checker_refuses_what_no_authority_could_have_answered() {
    let [one, two, ..] = PAIRS;
    let bad: &[&[Line]] = &[
        // It lives after it was revoked: itself, by its family, by its client, with everything.
        &[(3, 4, Call::Revoke(one.access), Answer::Done), (5, 6, Call::Introspect(one.access), Answer::Active(true))],
        &[(3, 4, Call::Revoke(one.refresh), Answer::Done), (5, 6, Call::Introspect(one.access), Answer::Active(true))],
        &[(3, 4, Call::Revoke(one.refresh), Answer::Done), (5, 6, refresh(1), given(2))],
        &[(3, 4, Call::End(Some(Owner::Opaque)), Answer::Done), (5, 6, refresh(1), given(2))],
        &[(3, 4, Call::End(None), Answer::Done), (5, 6, Call::Introspect(one.access), Answer::Active(true))],
        // Dead and alive again, though it is being revoked all the time.
        &[
            (3, 8, Call::Revoke(one.refresh), Answer::Done),
            (4, 5, Call::Introspect(one.access), Answer::Active(false)),
            (6, 7, Call::Introspect(one.access), Answer::Active(true)),
        ],
        // Dead though nobody did anything to it, or only to another.
        &[(3, 4, Call::Introspect(one.access), Answer::Active(false))],
        &[(3, 4, refresh(1), Answer::Refused)],
        &[(3, 4, Call::End(Some(Owner::Jwt)), Answer::Done), (5, 6, refresh(1), Answer::Refused)],
        &[(3, 4, Call::Revoke(one.access), Answer::Done), (5, 6, refresh(1), Answer::Refused)],
        // Two branches.
        &[(3, 6, refresh(1), given(2)), (4, 5, refresh(1), given(3))],
        // A replay of what was replaced already, and one that ends nothing.
        &[(3, 4, refresh(1), given(2)), (5, 6, refresh(2), given(3)), (7, 8, refresh(1), given(2))],
        &[
            (3, 4, refresh(1), given(2)),
            (5, 6, refresh(2), given(3)),
            (7, 8, refresh(1), Answer::Refused),
            (9, 10, refresh(3), given(4)),
        ],
        &[(3, 4, refresh(1), given(2)), (5, 6, Call::Introspect(one.refresh), Answer::Active(true))],
        // Without an answer it may have happened; but not halfway.
        &[
            (3, 4, refresh(1), Answer::Unknown),
            (5, 6, Call::Introspect(one.refresh), Answer::Active(false)),
            (7, 8, refresh(1), given(2)),
            (9, 10, refresh(1), given(3)),
        ],
        &[(3, 4, refresh(1), given(2)), (5, 6, Call::Revoke(two.access), Answer::Done), (7, 8, refresh(1), given(2))],
        // A session that began after the cut.
        &[
            (3, 4, Call::End(None), Answer::Done),
            (5, 6, Call::Issue(Owner::Opaque), given(2)),
            (7, 8, Call::Introspect(two.access), Answer::Active(false)),
        ],
    ];
    for lines in bad {
        assert!(!is_linearizable(&begun_and(lines)), "{lines:?}");
    }
}

#[test]
fn whoever_is_strict_gives_no_answer_twice() {
    let again = [(3, 4, refresh(1), given(2)), (5, 6, refresh(1), given(2))];
    let refused =
        [(3, 4, refresh(1), given(2)), (5, 6, refresh(1), Answer::Refused), (7, 8, refresh(2), Answer::Refused)];
    assert!(!is_linearizable(&owned_by(Owner::Strict, &again)));
    assert!(is_linearizable(&owned_by(Owner::Strict, &refused)));
    assert!(is_linearizable(&owned_by(Owner::Opaque, &again)));
    assert!(!is_linearizable(&owned_by(Owner::Opaque, &refused)));
}

#[test]
fn of_a_history_without_an_order_the_least_is_shown() {
    let [one, two, ..] = PAIRS;
    let lines = [
        (3, 5, Call::Introspect(one.access), Answer::Active(true)),
        (4, 6, refresh(1), given(2)),
        (7, 8, Call::Introspect(two.access), Answer::Active(true)),
        (9, 10, Call::Revoke(two.access), Answer::Done),
        (11, 14, Call::Revoke(one.access), Answer::Done),
        (12, 13, Call::Introspect(two.access), Answer::Active(true)),
        (15, 16, Call::Introspect(one.access), Answer::Active(true)),
    ];
    let least = smallest(&begun_and(&lines));
    let asked: Vec<_> = least.iter().map(|operation| operation.invoked.order).collect();
    assert_eq!(
        asked,
        [1, 4, 9, 12],
        "the issue, the refresh, the revocation, and who was told that it is active after it"
    );
    assert!(!is_linearizable(&least));
}

#[test]
fn a_history_falls_into_its_families() {
    let [one, two, ..] = PAIRS;
    let lines = [
        (3, 4, Call::Issue(Owner::Jwt), given(2)),
        (5, 6, refresh(2), given(3)),
        (7, 8, Call::End(Some(Owner::Jwt)), Answer::Done),
        (9, 10, Call::Introspect(one.access), Answer::Active(true)),
        (11, 12, Call::End(None), Answer::Done),
        (13, 14, Call::Introspect(two.access), Answer::Active(false)),
    ];
    let parts = families::of_each(&begun_and(&lines));
    let asked: Vec<Vec<_>> =
        parts.iter().map(|part| part.iter().map(|operation| operation.invoked.order).collect()).collect();
    assert_eq!(asked, [vec![1, 9, 11], vec![3, 5, 7, 11, 13]]);
}
