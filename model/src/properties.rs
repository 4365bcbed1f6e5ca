//! What must hold in every state, whatever the interleaving.

use stateright::Property;

use crate::denylist::Target;
use crate::family::Link;
use crate::names::{FamilyId, RequestId, TokenId};
use crate::protocol::Protocol;
use crate::scenario::{Call, Durability};
use crate::state::{Answer, Because, State};
use crate::steps::Step;

pub const REVOKED_IS_INACTIVE: &str = "no token is active after a revocation of it has answered";
pub const ONLY_REVOKED_IS_INACTIVE: &str =
    "what is born after a revocation has answered is not killed by it, nor kept from it";
pub const ONE_BRANCH: &str = "a refresh token never has two successors";
pub const NOTHING_COMES_BACK: &str = "what has been inactive is never active again";
pub const TOKEN_IDS_ARE_UNIQUE: &str = "no token id is minted twice";
pub const ENTRIES_ARE_LISTED_ONCE: &str = "no entry stands in the log twice";
/// Guards the others against a scenario in which nothing can happen.
pub const EVERY_REQUEST_CAN_BE_ANSWERED: &str = "every request can be answered";

pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(REVOKED_IS_INACTIVE, revoked_is_inactive),
        Property::always(ONLY_REVOKED_IS_INACTIVE, only_revoked_is_inactive),
        Property::always(ONE_BRANCH, one_branch),
        Property::always(NOTHING_COMES_BACK, nothing_comes_back),
        Property::always(TOKEN_IDS_ARE_UNIQUE, token_ids_are_unique),
        Property::always(ENTRIES_ARE_LISTED_ONCE, entries_are_listed_once),
        Property::sometimes(EVERY_REQUEST_CAN_BE_ANSWERED, |_, state: &State| {
            state.requests.iter().all(|request| request.answer.is_some())
        }),
    ]
}

fn revoked_is_inactive(protocol: &Protocol, state: &State) -> bool {
    protocol.checks(state).filter(|(.., answer)| *answer == Answer::Active).all(|(check, token, _)| {
        let revoked_before = |id| state.requests[check].succeeded_before.contains(id);
        !protocol.revocations().any(|(id, target)| {
            revoked_before(id) && protocol.chain(token).any(|link| protocol.takes(state, id, target, &link))
        })
    })
}

fn only_revoked_is_inactive(protocol: &Protocol, state: &State) -> bool {
    let could_not_be_born = |id: RequestId| match protocol.scenario.requests[id].call {
        Call::Issue(family) if state.requests[id].has_drawn_in_vain() => {
            !protocol.may_have_been_ended(state, TokenId::access(family))
        }
        _ => false,
    };
    let all_born = !(0..state.requests.len()).any(could_not_be_born);
    all_born
        && protocol.checks(state).all(|(_, token, answer)| match answer {
            Answer::Inactive(Because::Covered) => protocol.may_have_been_ended(state, token),
            // A failover may lose a record: absent means dead.
            Answer::Inactive(Because::Record | Because::Lost) => {
                state.failovers > 0 || protocol.may_have_been_ended(state, token)
            }
            _ => true,
        })
}

fn one_branch(protocol: &Protocol, state: &State) -> bool {
    if state.failovers > 0 && protocol.scenario.world.durability == Durability::Memory {
        return true;
    }
    let handed_out: Vec<_> = protocol
        .scenario
        .requests
        .iter()
        .zip(&state.requests)
        .filter_map(|(request, progress)| match (request.call, progress.answer) {
            (Call::Refresh(presented), Some(Answer::Tokens(successor))) => Some((presented, successor)),
            _ => None,
        })
        .collect();
    handed_out.iter().all(|a| handed_out.iter().all(|b| a.0 != b.0 || a.1 == b.1))
}

fn nothing_comes_back(protocol: &Protocol, state: &State) -> bool {
    protocol.checks(state).filter(|(.., answer)| *answer == Answer::Active).all(|(later, token, _)| {
        !protocol.checks(state).any(|(earlier, same, answer)| {
            same == token
                && state.requests[later].answered_before.contains(earlier)
                && matches!(answer, Answer::Inactive(_))
        })
    })
}

fn token_ids_are_unique(_: &Protocol, state: &State) -> bool {
    let minted: Vec<_> = state.requests.iter().filter_map(|request| request.minted).collect();
    minted.iter().enumerate().all(|(n, id)| !minted[..n].contains(id))
}

fn entries_are_listed_once(_: &Protocol, state: &State) -> bool {
    state.primary.denylists.iter().all(|denylist| {
        let entries = &denylist.entries;
        entries.iter().enumerate().all(|(n, entry)| entries[..n].iter().all(|other| other.tag != entry.tag))
    })
}

impl Protocol {
    /// The introspections that have been answered.
    fn checks<'a>(&'a self, state: &'a State) -> impl Iterator<Item = (RequestId, TokenId, Answer)> {
        self.scenario.requests.iter().enumerate().filter_map(|(id, request)| {
            match (request.call, state.requests[id].answer) {
                (Call::Introspect(token), Some(answer)) => Some((id, token, answer)),
                _ => None,
            }
        })
    }

    fn revocations(&self) -> impl Iterator<Item = (RequestId, Target)> {
        self.scenario.requests.iter().enumerate().filter_map(|(id, request)| Some((id, request.call.target()?)))
    }

    /// A token and all it hangs from, whatever its record says.
    fn chain(&self, token: TokenId) -> impl Iterator<Item = Link> {
        std::iter::once(self.link(token)).chain(self.ancestors(token.family))
    }

    /// Whether a link was there before the revocation began, or for another reason is certainly to be taken by it.
    fn takes(&self, state: &State, revocation: RequestId, target: Target, link: &Link) -> bool {
        let known_before = state.requests[revocation].succeeded_before;
        let older = match self.scenario.creator(link.token.family) {
            Some(creator) => known_before.contains(creator) || self.grant(link.token.family).from_code,
            None => true,
        };
        let disabled = self.scenario.requests.iter().enumerate().any(|(id, request)| {
            matches!(request.call, Call::Disable(client) if client == link.client) && known_before.contains(id)
        });
        target.names(link) && (older || disabled || !target.is_wide())
    }

    /// Whether a revocation was over when the family's creation began: answered with success, or answered 503 and made again
    /// with success. (Until then, 503 means that it may still take effect.)
    fn spares(&self, state: &State, revocation: RequestId, target: Target, family: FamilyId) -> bool {
        let Some(creator) = self.scenario.creator(family).filter(|_| !self.grant(family).from_code) else {
            return false;
        };
        let succeeded = |id| state.requests[creator].succeeded_before.contains(id);
        succeeded(revocation)
            || self.revocations().any(|(id, same)| {
                same == target && succeeded(id) && state.requests[id].answered_before.contains(revocation)
            })
    }

    /// Whether something has begun to end a link of the chain that does not have to spare it.
    fn may_have_been_ended(&self, state: &State, token: TokenId) -> bool {
        self.chain(token).any(|link| {
            let family: FamilyId = link.token.family;
            let begun = |id: RequestId| state.requests[id].step != Step::Waiting;
            self.revocations()
                .any(|(id, target)| begun(id) && target.names(&link) && !self.spares(state, id, target, family))
                || self.scenario.requests.iter().enumerate().any(|(id, request)| {
                    let reused = !matches!(state.requests[id].answer, Some(Answer::Tokens(_)));
                    matches!(request.call, Call::Refresh(presented) if presented.family == family)
                        && begun(id)
                        && reused
                })
        })
    }
}
