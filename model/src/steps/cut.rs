//! A wide revocation: an entry in every shard where it could cover something (rule 1).

use super::wait::{Barrier, Connection, Written};
use super::{Next, Step as AnyStep};
use crate::denylist::{Tag, Target};
use crate::names::{Position, RequestId, Shard, Time};
use crate::node::{Draft, Followed, Turn};
use crate::rules::WideBound;
use crate::state::Answer;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Append(Shards),
    /// The append was refused or has landed, and its answer told of a fork (rule 7).
    Follow(Shards, Appended),
    Wait(Shards, Barrier),
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shards {
    /// The shard whose turn it is.
    shard: Shard,
    /// The head of every shard when the request began; read only where the bounds come from them.
    heads: Vec<Position>,
}

/// Whether the head was the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Appended {
    Landed(Connection),
    Conflict,
}

impl Step {
    pub(super) fn first() -> Self {
        Self::Append(Shards::default())
    }
}

impl Turn<'_> {
    pub(super) fn cut(&mut self, id: RequestId, target: Target, forget_at: Time, step: Step) -> Next {
        match step {
            Step::Append(shards) if shards.heads.is_empty() && self.takes_bounds_at_start() => {
                let heads = self.readable().denylists.iter().map(|denylist| denylist.head.position).collect();
                go(Step::Append(Shards { heads, ..shards }))
            }
            Step::Append(shards) => {
                let (tag, known) = (Tag { request: Some(id), shard: shards.shard }, shards.heads.get(shards.shard));
                let draft = self.wide_draft(tag, target, forget_at, known.copied());
                let landed = self.append(shards.shard, draft);
                let appended = if landed { Appended::Landed(self.wrote()) } else { Appended::Conflict };
                let follows = !landed || self.protocol.rules.own_append_followed;
                if follows && self.follow(shards.shard) == Followed::NotYet {
                    return go(Step::Follow(shards, appended));
                }
                self.after_append(id, shards, appended)
            }
            Step::Follow(shards, appended) => match self.follow(shards.shard) {
                Followed::NotYet => go(Step::Follow(shards, appended)),
                Followed::UpToDate => self.after_append(id, shards, appended),
            },
            Step::Wait(shards, barrier) if self.is_acknowledged(&barrier) => self.next_shard(shards),
            waiting @ Step::Wait(..) => go(waiting),
        }
    }

    pub(super) fn takes_bounds_at_start(&self) -> bool {
        self.protocol.rules.wide_bound == WideBound::RequestStart
    }

    /// An entry and its bound, seen from this node. `known` is the head of the shard when the request began.
    pub(super) fn wide_draft(&self, tag: Tag, target: Target, forget_at: Time, known: Option<Position>) -> Draft {
        let head = self.copy(tag.shard).head;
        let (bound, expected) = match self.protocol.rules.wide_bound {
            WideBound::HeadSwapped => (None, Some(head)),
            WideBound::RequestStart => (known.map(|position| position + 1), None),
            WideBound::Landing => (None, None),
        };
        let floor = known.map_or(head.position, |position| head.position.max(position));
        let forget_at = self.protocol.forget_at(forget_at);
        Draft { tag, target, bound, forget_at, floor, expected, put_back: None }
    }

    fn after_append(&mut self, id: RequestId, shards: Shards, appended: Appended) -> Next {
        let Appended::Landed(on) = appended else {
            return go(Step::Append(shards));
        };
        let (shard, tag) = (shards.shard, Tag { request: Some(id), shard: shards.shard });
        match self.barrier(Written::Entry(shard, tag), on) {
            Some(barrier) => go(Step::Wait(shards, barrier)),
            None => self.next_shard(shards),
        }
    }

    fn next_shard(&mut self, shards: Shards) -> Next {
        let rules = &self.protocol.rules;
        let shards = Shards { shard: shards.shard + 1, ..shards };
        if shards.shard == self.protocol.scenario.shards || !rules.wide_target_in_every_shard {
            Next::Answer(Answer::Done)
        } else if rules.answer_when_every_shard_has_it {
            go(Step::Append(shards))
        } else {
            Next::AnswerAndGoOn(Answer::Done, AnyStep::Cut(Step::Append(shards)))
        }
    }
}

fn go(step: Step) -> Next {
    Next::Step(AnyStep::Cut(step))
}
