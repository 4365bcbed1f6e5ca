//! Token exchange: what hangs from a revoked token.

use super::introspect;
use crate::names::TokenId;
use crate::scenario::{Call, Grant, Origin, Scenario};

const PARENT: TokenId = TokenId::access(0);

/// Family 1 is made for client `B` from a token of family 0, whose subject it shares.
fn child() -> Grant {
    Grant::exchanged('B', 'u', PARENT)
}

/// The parent's token is revoked while it is exchanged; the child's subject is hashed to another shard.
pub fn parent_revoked_during_exchange() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), child().in_shard(1)],
        vec![
            Call::Issue(1).at(0),
            Call::Revoke(PARENT).at(1),
            introspect(1).at(0).after(0),
            introspect(1).at(1).after(0),
        ],
    )
    .with_shards(2)
}

/// The parent's client is cut, in two shards.
pub fn parents_client_cut_over_two_shards() -> Scenario {
    let mut scenario = parents_client_cut();
    scenario.families[1].shard = 1;
    scenario.with_shards(2)
}

/// The parent's client is cut.
pub fn parents_client_cut() -> Scenario {
    exchange_races(Call::cut_client('A'))
}

/// The subject of both is cut.
pub fn subject_cut_during_exchange() -> Scenario {
    exchange_races(Call::cut_subject('u'))
}

/// The parent's client is cut while something else is appended.
pub fn parents_client_cut_while_others_revoke() -> Scenario {
    let mut scenario = parents_client_cut();
    scenario.requests.push(Call::cut_subject('x').at(0));
    scenario
}

fn exchange_races(cut: Call) -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), child()],
        vec![Call::Issue(1).at(0), cut.at(1), introspect(1).at(0).after(0), introspect(1).at(1).after(0)],
    )
}

/// The client that exchanges was cut before it does.
pub fn exchange_after_its_client_was_cut() -> Scenario {
    Scenario::new(
        vec![Grant::existing('u'), child()],
        vec![
            Call::cut_client('B').at(1),
            Call::Issue(1).at(0).after(0),
            introspect(1).at(0).after(1),
            introspect(1).at(1).after(1),
        ],
    )
}

/// A grandchild, and the client in the middle is cut.
pub fn middle_client_cut() -> Scenario {
    let grandchild = Grant::exchanged('C', 'u', TokenId::access(1));
    Scenario::new(
        vec![Grant::existing('u'), child(), grandchild],
        vec![
            Call::Issue(1).at(0),
            Call::Issue(2).at(1).after(0),
            Call::cut_client('B').at(0),
            introspect(2).at(0).after(1),
            introspect(2).at(1).after(1),
        ],
    )
}

/// The parent's record is lost, its child lives on; then the parent's token is revoked.
pub fn parent_without_record_revoked() -> Scenario {
    let lost = Grant { origin: Origin::Lost, ..Grant::existing('u') };
    let child = Grant { origin: Origin::Existing, ..child() };
    Scenario::new(vec![lost, child], vec![Call::Revoke(PARENT).at(1), introspect(1).at(0).after(0)])
}
