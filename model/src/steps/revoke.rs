//! Revoking a token (rule 5): a refresh token takes its family, an access token itself and its descendants.

use super::wait::{Barrier, Connection, Written};
use super::{Next, Step as AnyStep};
use crate::denylist::{Head, Tag, Target};
use crate::family::Family;
use crate::names::{Position, RequestId, Shard, TokenId};
use crate::node::{Draft, Followed, Turn};
use crate::scenario::LATE;
use crate::state::Answer;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The record and the shard's head, in one instant.
    Load,
    /// Is it already listed, as far as the store was read?
    Judge {
        family: Option<Family>,
        head: Head,
        on: Connection,
    },
    /// Compares and swaps the record, and appends the entry.
    Commit(Option<Family>),
    /// Its answer told of a fork (rule 7).
    Follow(Connection),
    Wait(Barrier),
}

impl Turn<'_> {
    pub(super) fn revoke(&mut self, id: RequestId, token: TokenId, step: Step) -> Next {
        let shard = self.protocol.shard(token.family);
        let written = Written::Entry(shard, Tag { request: Some(id), shard });
        match step {
            Step::Load if !self.knows_key() => Next::Answer(Answer::Done),
            Step::Load => {
                let (family, head) = (self.record(token.family), self.readable().denylists[shard].head);
                go(Step::Judge { family, head, on: self.found() })
            }
            Step::Judge { family, head, on } => self.judge_repetition(token, family, head, on),
            Step::Commit(loaded) => match self.commit_revocation(id, token, loaded.as_ref()) {
                Some(Followed::UpToDate) => self.pass(written, self.wrote()),
                Some(Followed::NotYet) => go(Step::Follow(self.wrote())),
                None => go(Step::Load),
            },
            Step::Follow(on) => match self.follow(shard) {
                Followed::NotYet => go(Step::Follow(on)),
                Followed::UpToDate => self.pass(written, on),
            },
            Step::Wait(barrier) if self.is_acknowledged(&barrier) => Next::Answer(Answer::Done),
            waiting @ Step::Wait(_) => go(waiting),
        }
    }

    fn judge_repetition(&mut self, token: TokenId, family: Option<Family>, head: Head, on: Connection) -> Next {
        let rules = &self.protocol.rules;
        let shard = self.protocol.shard(token.family);
        let mut known = head.position;
        if !self.is_current(shard, head) {
            if self.follow(shard) == Followed::NotYet {
                return go(Step::Judge { family, head, on });
            }
            known = self.copy(shard).head.position;
        }
        if !rules.repetition_found_in_store {
            known = Position::MAX;
        }
        if !rules.reach_ignores_liveness && !family.as_ref().is_some_and(|family| family.lists(token)) {
            return Next::Answer(Answer::Done);
        }
        match self.listed(shard, token, known) {
            Some(tag) if rules.repetition_waits => self.pass(Written::Entry(shard, tag), on),
            Some(_) => Next::Answer(Answer::Done),
            None => go(Step::Commit(family)),
        }
    }

    /// An entry of at least the reach of this revocation, up to a position.
    fn listed(&self, shard: Shard, token: TokenId, known: Position) -> Option<Tag> {
        let reach = Target::of(token);
        let mut known = self.copy(shard).entries.iter().filter(|entry| entry.position <= known);
        known.find(|entry| entry.target == reach || entry.target == Target::Family(token.family)).map(|entry| entry.tag)
    }

    /// `None`: somebody was before us.
    fn commit_revocation(&mut self, id: RequestId, token: TokenId, loaded: Option<&Family>) -> Option<Followed> {
        let next = loaded.map(|family| family.without(token));
        let replaced = self.replace(id, loaded, next, token.family);
        replaced.then(|| self.append_and_follow(id, self.protocol.shard(token.family), Target::of(token)))
    }

    /// Part of a commit: the entry, and what it answers with (rule 7).
    pub(super) fn append_and_follow(&mut self, id: RequestId, shard: Shard, target: Target) -> Followed {
        let (tag, floor) = (Tag { request: Some(id), shard }, self.copy(shard).head.position);
        let forget_at = self.protocol.forget_at(LATE);
        self.append(shard, Draft { tag, target, bound: None, forget_at, floor, expected: None, put_back: None });
        if self.protocol.rules.own_append_followed { self.follow(shard) } else { Followed::UpToDate }
    }

    fn pass(&self, what: Written, on: Connection) -> Next {
        self.barrier(what, on).map_or(Next::Answer(Answer::Done), |barrier| go(Step::Wait(barrier)))
    }
}

fn go(step: Step) -> Next {
    Next::Step(AnyStep::Revoke(step))
}
