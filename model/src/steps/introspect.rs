//! Introspection: one trip, exact (rule 4).

use super::{Next, Step as AnyStep};
use crate::denylist::Head;
use crate::family::Family;
use crate::names::{Shard, Time, TokenId};
use crate::node::{Followed, Turn};
use crate::scenario::REQUEST_TIME_OUT;
use crate::state::{Answer, Because};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The record and the shard's head, in one instant.
    Read,
    /// The copy decides; if it does not stand at that head, the missing range is fetched first.
    Judge { family: Family, head: Head, began: Time },
}

impl Turn<'_> {
    pub(super) fn introspect(&mut self, token: TokenId, step: Step) -> Next {
        let shard = self.protocol.shard(token.family);
        match step {
            Step::Read => match self.read(token, shard) {
                Ok((family, head)) => go(Step::Judge { family, head, began: self.state.now }),
                Err(because) => Next::Answer(Answer::Inactive(because)),
            },
            Step::Judge { began, .. } if self.state.now > began + REQUEST_TIME_OUT => Next::Answer(Answer::Unavailable),
            Step::Judge { family, head, began } => {
                if self.catch_up(shard, head, token, &family) == Followed::NotYet {
                    return go(Step::Judge { family, head, began });
                }
                Next::Answer(if self.is_covered(shard, token, &family) {
                    Answer::Inactive(Because::Covered)
                } else {
                    Answer::Active
                })
            }
        }
    }

    fn read(&mut self, token: TokenId, shard: Shard) -> Result<(Family, Head), Because> {
        if !self.knows_key() {
            return Err(Because::Garbage);
        }
        if self.has_expired() {
            return Err(Because::Expired);
        }
        let family = self.record(token.family).ok_or(Because::Lost)?;
        if family.lists(token) { Ok((family, self.readable().denylists[shard].head)) } else { Err(Because::Record) }
    }

    /// Rule 12: a key id it does not know makes a node reload the key ring.
    pub(super) fn knows_key(&mut self) -> bool {
        if self.protocol.rules.unknown_key_looked_up {
            self.node_mut().knows_key = true;
        }
        self.node().knows_key
    }

    /// Tokens are judged by the node's clock (rule 10).
    fn has_expired(&self) -> bool {
        let world = &self.protocol.scenario.world;
        world.expiry.is_some_and(|expiry| expiry + world.slow <= self.state.now)
    }
}

fn go(step: Step) -> Next {
    Next::Step(AnyStep::Introspect(step))
}
