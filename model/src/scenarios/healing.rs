//! What a failover has lost, and the nodes that remember it.

use super::failover::{DURABLE, FAILOVER};
use super::introspect;
use crate::denylist::Target;
use crate::names::Subject;
use crate::scenario::{Call, Grant, Scenario, World};

/// A login right after a cut, in memory: the cut may have to be put back.
pub fn cut_then_login() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![Call::cut_subject('u').at(0), Call::Issue(0).at(0).after(0), introspect(0).at(1).after(1)],
    )
    .in_world(FAILOVER)
}

/// The node that knows the lost cut heals only after a family was born on the new primary.
pub fn healed_after_login() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            Call::cut_subject('u').at(1),
            Call::cut_subject('x').at(0).after(0).after_failover(),
            Call::Issue(0).at(0).after(1).after_failover(),
            introspect(0).at(0).after(2),
        ],
    )
    .in_world(FAILOVER)
}

/// In memory, between the failover and the first poll of a node that knew.
pub fn before_any_node_has_healed() -> Scenario {
    let requests = vec![Call::cut_subject('u').at(0), introspect(0).at(1).after(0)];
    Scenario::new(vec![Grant::existing('u')], requests).in_world(World { polls: 0, ..FAILOVER })
}

/// In memory, after that poll; the other node may restart.
pub fn after_healing() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), Grant::existing('w')],
        vec![
            Call::cut_subject('u').at(0),
            Call::cut_subject('w').at(1).after(0),
            introspect(0).at(1).after(0).once_healed(),
            introspect(0).at(0).after(0).once_healed(),
        ],
    )
    .in_world(World { restarts: Some(1), ..FAILOVER })
}

/// Two nodes hold the lost entry, a third does not and appends on the new primary.
pub fn healed_by_two_of_three_nodes() -> Scenario {
    Scenario::new(
        vec![Grant::existing('w')],
        vec![Call::cut_subject('u').at(0), Call::cut_subject('w').at(2).after_failover(), introspect(0).at(1).after(1)],
    )
    .with_nodes(3)
    .in_world(FAILOVER)
}

/// The last entry is forgotten in its time, and a failover loses an older one that is not.
pub fn last_entry_forgotten() -> Scenario {
    let short = Call::Cut { target: Target::Subject(Subject('x')), forget_at: 1 };
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::cut_subject('u').at(0), short.at(0).after(0), introspect(0).at(1).after(1).once_healed()],
    )
    .in_world(World { ticks: 1, sweeps: true, ..FAILOVER })
}

/// Two nodes hold two lost entries; a third, which holds none, appends on the new primary.
pub fn two_lost_entries_and_a_low_number() -> Scenario {
    Scenario::new(
        vec![Grant::existing('w')],
        vec![
            Call::cut_subject('u').at(0),
            Call::cut_subject('x').at(0).after(0),
            Call::cut_subject('w').at(2).after(1).after_failover(),
            introspect(0).at(1).after(2),
        ],
    )
    .with_nodes(3)
    .in_world(FAILOVER)
}

/// Of two lost entries the first is forgotten; the second is put back after an entry which only a third node has seen.
pub fn lost_entry_put_back_at_its_number() -> Scenario {
    let short = Call::Cut { target: Target::Subject(Subject('x')), forget_at: 1 };
    Scenario::new(
        vec![Grant::existing('w')],
        vec![
            short.at(0),
            Call::cut_subject('u').at(0).after(0),
            Call::cut_subject('w').at(2).after(1).after_failover(),
            introspect(0).at(1).after(2),
        ],
    )
    .with_nodes(3)
    .in_world(World { ticks: 1, ..FAILOVER })
}

/// An entry is lost twice, and put back once on each new primary, by two nodes; each time after another entry.
pub fn lost_twice() -> Scenario {
    Scenario::new(
        vec![Grant::existing('w')],
        vec![
            Call::cut_subject('u').at(0),
            Call::cut_subject('v').at(2).after(0).after_failover(),
            Call::cut_subject('w').at(3).after(1).after_failover().after_failover(),
            introspect(0).at(0).after(2),
        ],
    )
    .with_nodes(4)
    .in_world(World { replication: false, failovers: 2, ..FAILOVER })
}

/// After a failover a token is asked for at the node that made a revocation, then at the other.
pub fn asked_at_both_nodes() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::cut_subject('u').at(0), introspect(0).at(0).after_failover(), introspect(0).at(1).after(1)],
    )
    .in_world(DURABLE)
}

/// The first of two lost entries is forgotten, the other put back; then its subject logs in.
pub fn login_after_healing() -> Scenario {
    let short = Call::Cut { target: Target::Subject(Subject('x')), forget_at: 1 };
    Scenario::new(
        vec![Grant::issued('u')],
        vec![
            short.at(0),
            Call::cut_subject('u').at(0).after(0),
            Call::Issue(0).at(1).after(1).once_healed(),
            introspect(0).at(0).after(2),
        ],
    )
    .in_world(World { ticks: 1, ..FAILOVER })
}

/// In memory: a login at a node that knows nothing of the lost cut before it, before that cut is put back.
pub fn login_before_healing() -> Scenario {
    Scenario::new(
        vec![Grant::issued('u')],
        vec![Call::cut_subject('u').at(0), Call::Issue(0).at(1).after(0), introspect(0).at(1).after(1)],
    )
    .in_world(FAILOVER)
}
