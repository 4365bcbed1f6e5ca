//! Spending refresh tokens.

use super::introspect;
use crate::names::TokenId;
use crate::scenario::{Call, Durability, Grant, Scenario, World};

const PRESENTED: TokenId = TokenId::refresh(0);

/// Two presentations of one refresh token, and its revocation.
pub fn refreshes_race_revocation() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u')],
        vec![
            Call::Refresh(PRESENTED).at(0),
            Call::Refresh(PRESENTED).at(1),
            Call::Revoke(PRESENTED).at(1),
            introspect(0).at(0),
            introspect(0).at(1).after(2),
        ],
    )
}

/// A logout presents a refresh token that a refresh has just spent.
pub fn logout_with_a_spent_token() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::Refresh(PRESENTED).at(0), Call::Revoke(PRESENTED).at(1), introspect(0).at(0).after(1)],
    )
}

/// Three presentations of one refresh token, while the replay window may close between them.
pub fn replay_window_closes() -> Scenario {
    let world = World { ticks: 1, ..World::QUIET };
    Scenario::new(
        vec![Grant::existing('u')],
        vec![
            Call::Refresh(PRESENTED).at(0),
            Call::Refresh(PRESENTED).at(1),
            Call::Refresh(PRESENTED).at(0),
            introspect(0).at(0),
            introspect(0).at(1).after(3),
        ],
    )
    .in_world(world)
}

/// Two presentations of one refresh token, with a failover between any two steps.
pub fn failover_between_refreshes() -> Scenario {
    let world = World { replication: true, failovers: 1, ..World::QUIET };
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::Refresh(PRESENTED).at(0), Call::Refresh(PRESENTED).at(1), introspect(0).at(1)],
    )
    .in_world(world)
}

/// A client that had no answer presents its token again, and once more after a failover; spends wait for the replica.
pub fn replay_across_failover() -> Scenario {
    let world = World { replication: true, failovers: 1, durability: Durability::Replicas, ..World::QUIET };
    Scenario::new(
        vec![Grant::existing('u')],
        vec![Call::Refresh(PRESENTED).at(0), Call::Refresh(PRESENTED).at(1), Call::Refresh(PRESENTED).at(0)],
    )
    .in_world(world)
}

/// A refresh is lost and made again on the new primary, and an access token is revoked by a node that has loaded the record
/// before the failover. Then the spent token is presented once more.
pub fn revocation_across_failover_and_refresh() -> Scenario {
    let world = World { replication: true, failovers: 1, durability: Durability::Replicas, ..World::QUIET };
    Scenario::new(
        vec![Grant::existing('u')],
        vec![
            Call::Refresh(PRESENTED).at(0),
            Call::Refresh(PRESENTED).at(1),
            Call::Revoke(TokenId::access(0)).at(0),
            Call::Refresh(PRESENTED).at(0).after(1),
        ],
    )
    .in_world(world)
}
