//! Wide revocations and the families they meet.

use super::introspect;
use crate::names::{Client, TokenId};
use crate::scenario::{Call, Grant, Scenario, World};

const FOLLOWING: World = World { polls: 2, ..World::QUIET };

/// A subject is cut while a family of theirs is being made: it lives or dies as a whole, and the older one dies.
pub fn cut_races_issue() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), Grant::issued('u')],
        vec![
            Call::Issue(1).at(0),
            Call::cut_subject('u').at(1),
            introspect(1).at(0).after(0),
            introspect(1).at(1).after(0),
            introspect(0).at(0),
            introspect(0).at(1).after(1),
        ],
    )
    .in_world(FOLLOWING)
}

/// A family between two cuts: spared by the first, taken by the second.
pub fn issue_between_two_cuts() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::cut_subject('u').at(1),
            Call::Issue(0).at(0),
            introspect(0).at(0).after(1),
            introspect(0).at(1).after(1),
            Call::cut_subject('u').at(0),
        ],
    )
    .in_world(FOLLOWING)
}

/// Two revocations of one access token, and a cut of its subject.
pub fn two_revocations_and_a_cut() -> Scenario {
    let token = TokenId::access(0);
    Scenario::new(
        vec![Grant::existing('u')],
        vec![
            Call::Revoke(token).at(0),
            Call::Revoke(token).at(1),
            Call::cut_subject('u').at(1),
            introspect(0).at(0),
            introspect(0).at(1),
        ],
    )
    .in_world(FOLLOWING)
}

/// A client whose families live in two shards is cut while more of them are made.
pub fn client_cut_over_two_shards() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), Grant::issued('u').in_shard(1), Grant::issued('v')],
        vec![
            Call::cut_client('A').at(0),
            Call::Issue(1).at(1),
            Call::Issue(2).at(0),
            introspect(1).at(1).after(1),
            introspect(2).at(1).after(2),
            introspect(0).at(1),
        ],
    )
    .with_shards(2)
}

/// The code was given before the cut, and is redeemed after it.
pub fn code_from_before_the_cut() -> Scenario {
    let family = Grant { from_code: true, ..Grant::issued('u') };
    Scenario::new(vec![family], vec![Call::cut_subject('u').at(1), Call::Issue(0).at(0), introspect(0).at(0).after(1)])
}

/// The same, while something else is appended.
pub fn code_redeemed_while_others_revoke() -> Scenario {
    let mut scenario = code_from_before_the_cut();
    scenario.requests.push(Call::cut_subject('x').at(0));
    scenario
}

/// A client is disabled, then cut; what it obtains meanwhile must not outlive the cut.
pub fn client_disabled_then_cut() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::Issue(0).at(0),
            Call::Disable(Client('A')).at(1),
            Call::cut_client('A').at(1).after(1),
            introspect(0).at(0).after(0),
            introspect(0).at(1).after(0),
        ],
    )
}

/// A cut answers 503, its retry answers 200, a family is born, and then the first command lands.
pub fn cut_lands_after_its_retry() -> Scenario {
    let target = Call::cut_subject('u');
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::LateCut(target.target().expect("a cut has a target")).at(0),
            target.at(1).after_answer(0),
            Call::Issue(0).at(0).after(1),
            introspect(0).at(0).after(2),
        ],
    )
}

/// A node sweeps whose clock is ahead, and the other one restarts.
pub fn sweep_and_restart() -> Scenario {
    let world = World { sweeps: true, restarts: Some(1), fast: 9, ..World::QUIET };
    Scenario::new(vec![Grant::existing('u')], vec![Call::cut_subject('u').at(0), introspect(0).at(1).after(0)])
        .in_world(world)
}

/// Tokens expire, entries are forgotten, and a node whose clock is a tick behind restarts.
pub fn expiry_seen_late() -> Scenario {
    let world = World { sweeps: true, restarts: Some(1), ticks: 4, expiry: Some(1), slow: 1, ..World::QUIET };
    Scenario::new(vec![Grant::existing('u')], vec![Call::cut_subject('u').at(0), introspect(0).at(1).after(0)])
        .in_world(world)
}

/// The token is made with a key that the node at which it is revoked has not heard of.
pub fn revoked_where_its_key_is_unknown() -> Scenario {
    let world = World { keyless: Some(1), ..World::QUIET };
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::Revoke(TokenId::refresh(0)).at(1), introspect(0).at(0).after(0), introspect(0).at(1)],
    )
    .in_world(world)
}

/// A cut, and a replica that hears of it in its own time.
pub fn replica_lags() -> Scenario {
    let world = World { replication: true, ..World::QUIET };
    Scenario::new(vec![Grant::existing('u')], vec![Call::cut_subject('u').at(0), introspect(0).at(1).after(0)])
        .in_world(world)
}
