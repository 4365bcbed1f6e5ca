//! Failovers: the replica takes over without what it had not heard of.

use super::introspect;
use crate::denylist::Target;
use crate::names::{Subject, TokenId};
use crate::scenario::{Call, Durability, Grant, PrimaryClock, Scenario, World};

/// One failover, at any moment.
pub(super) const FAILOVER: World = World { replication: true, failovers: 1, polls: 2, ..World::QUIET };
/// 200 waits for the replica.
pub(super) const DURABLE: World = World { durability: Durability::Replicas, ..FAILOVER };

impl Scenario {
    /// The same, with a new primary that numbers on from what it has heard of.
    #[must_use]
    pub fn with_clock_behind(mut self) -> Self {
        self.world.clock = PrimaryClock::Behind;
        self
    }
}

/// Two cuts at two nodes; each token is asked for at the other node.
pub fn two_durable_cuts() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), Grant::existing('w')],
        vec![
            Call::cut_subject('u').at(0),
            Call::cut_subject('w').at(1),
            introspect(0).at(1),
            introspect(1).at(0).after(1),
        ],
    )
    .in_world(DURABLE)
}

/// A family is born while history changes under it, then its subject is cut at a node that knew nothing of the old one.
pub fn born_across_failover() -> Scenario {
    Scenario::new(
        vec![Grant::issued('w')],
        vec![
            Call::cut_subject('u').at(0),
            Call::Issue(0).at(0),
            Call::cut_subject('w').at(1).after(1),
            introspect(0).at(0).after(2),
        ],
    )
    .in_world(DURABLE)
}

/// The same with a code: the cut of its subject has answered before the family is written, at the very number of its epoch.
pub fn code_redeemed_across_failover() -> Scenario {
    let family = Grant { from_code: true, ..Grant::issued('w') };
    Scenario::new(
        vec![family],
        vec![
            Call::cut_subject('u').at(0),
            Call::Issue(0).at(0),
            Call::cut_subject('w').at(1),
            introspect(0).at(0).after(1).after(2),
        ],
    )
    .in_world(World { polls: 1, ..DURABLE })
}

/// A family is born after a cut that answered; a failover loses nothing that was answered, and what is put back spares it.
pub fn durable_cut_then_login() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::cut_subject('u').at(0),
            Call::Issue(0).at(1).after(0),
            Call::cut_subject('x').at(1),
            introspect(0).at(0).after(1),
        ],
    )
    .in_world(DURABLE)
}

/// A cut is made again at another node if it answers 503; then its subject logs in.
pub fn login_after_a_retry() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::cut_subject('x').at(0),
            Call::cut_subject('u').at(0).after_answer(0),
            Call::cut_subject('u').at(1).after_answer(1),
            Call::Issue(0).at(1).after(2),
            introspect(0).at(0).after(3),
        ],
    )
    .in_world(DURABLE)
}

/// The same while another node cuts the same subject: a cut that answers 503 and is not made again may still take effect.
pub fn login_between_two_cuts() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::Issue(0).at(0),
            Call::cut_subject('u').at(1),
            Call::cut_subject('u').at(0),
            introspect(0).at(1).after(0),
        ],
    )
    .in_world(World { polls: 0, ..DURABLE })
}

/// Two revocations of one token, the second of which finds the first; a third node is asked.
pub fn durable_revocation_repeated() -> Scenario {
    let token = TokenId::refresh(0);
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::Revoke(token).at(0), Call::Revoke(token).at(1), introspect(0).at(2).after(1)],
    )
    .with_nodes(3)
    .in_world(DURABLE)
}

/// Node 1 stays connected to the primary that was deposed.
pub fn deposed_primary_serves_a_node() -> Scenario {
    Scenario::new(vec![Grant::existing('u')], vec![Call::cut_subject('u').at(0), introspect(0).at(1).after(0)])
        .in_world(World { deposed_serves: Some(1), polls: 0, ..DURABLE })
}

/// A family is written with the number of a lost entry as its epoch, when that entry is already forgotten: nothing is put
/// back, and no fork is found. Then its subject is cut at a node that knew nothing of it.
pub fn born_at_a_forgotten_number() -> Scenario {
    let short = Call::Cut { target: Target::Subject(Subject('x')), forget_at: 1 };
    Scenario::new(
        vec![Grant::issued('w')],
        vec![short.at(0), Call::Issue(0).at(0), Call::cut_subject('w').at(1).after(1), introspect(0).at(0).after(2)],
    )
    .in_world(World { ticks: 1, ..DURABLE })
}

/// A token is exchanged while history changes, and its client is cut on the new primary by a node that knew nothing of
/// the old one.
pub fn exchanged_across_failover() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), Grant::exchanged('B', 'u', TokenId::access(0))],
        vec![
            Call::cut_subject('x').at(0),
            Call::Issue(1).at(0),
            Call::cut_client('A').at(1),
            introspect(1).at(0).after(1).after(2),
        ],
    )
    .in_world(World { polls: 1, ..DURABLE })
}

/// In memory: a revocation is lost, and made again on the new primary, at the node that remembers it.
pub fn lost_revocation_repeated() -> Scenario {
    let token = TokenId::refresh(0);
    Scenario::new(
        vec![Grant::existing('u')],
        vec![
            Call::Revoke(token).at(0),
            Call::Revoke(token).at(0).after_failover(),
            introspect(0).at(1).after(1),
            introspect(0).at(0).after(1),
        ],
    )
    .in_world(FAILOVER)
}

/// A token is asked for at the node that cuts its subject, at any moment, then at the other.
pub fn asked_before_and_after() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::cut_subject('u').at(0), introspect(0).at(0), introspect(0).at(1).after(1)],
    )
    .in_world(DURABLE)
}
