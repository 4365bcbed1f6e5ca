//! Refreshing: of any number of presentations one wins; the others are given the same successors, or end the family.

use super::wait::{Barrier, Connection, Written};
use super::{Next, Step as AnyStep};
use crate::denylist::{Head, Target};
use crate::family::{Family, Presented};
use crate::names::{RequestId, TokenId};
use crate::node::{Followed, Turn};
use crate::state::Answer;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The record and the shard's head, in one instant.
    Load,
    Judge {
        family: Family,
        head: Head,
        on: Connection,
    },
    /// Compares and swaps the record: spends the token, or ends the family.
    Commit {
        loaded: Family,
        reuse: bool,
    },
    /// Its answer told of a fork (rule 7).
    Follow,
    /// Then hands out this successor.
    Wait(Barrier, TokenId),
}

impl Turn<'_> {
    pub(super) fn refresh(&mut self, id: RequestId, token: TokenId, step: Step) -> Next {
        let shard = self.protocol.shard(token.family);
        match step {
            Step::Load => {
                let head = self.readable().denylists[shard].head;
                match self.record(token.family) {
                    Some(family) if !family.ended => go(Step::Judge { family, head, on: self.found() }),
                    _ => Next::Answer(Answer::Refused),
                }
            }
            Step::Judge { family, head, on } => self.judge_presented(token, family, head, on),
            Step::Commit { loaded, reuse: false } => self.spend(id, token, &loaded),
            Step::Commit { loaded, reuse: true } => self.end_reused(id, token, &loaded),
            Step::Follow => match self.follow(shard) {
                Followed::NotYet => go(Step::Follow),
                Followed::UpToDate => Next::Answer(Answer::Refused),
            },
            Step::Wait(barrier, successor) if self.is_acknowledged(&barrier) => Next::Answer(Answer::Tokens(successor)),
            waiting @ Step::Wait(..) => go(waiting),
        }
    }

    fn judge_presented(&mut self, token: TokenId, family: Family, head: Head, on: Connection) -> Next {
        let shard = self.protocol.shard(token.family);
        if self.catch_up(shard, head, token, &family) == Followed::NotYet {
            return go(Step::Judge { family, head, on });
        }
        if self.is_covered(shard, token, &family) {
            return Next::Answer(Answer::Refused);
        }
        let window_open = self.state.now <= family.spent_at + self.protocol.scenario.world.replay_window;
        match family.presented(token, window_open) {
            Presented::Current => go(Step::Commit { loaded: family, reuse: false }),
            Presented::Reused => go(Step::Commit { loaded: family, reuse: true }),
            Presented::Replayed(successor) if self.protocol.rules.replay_waits => self.hand_out(successor, on),
            Presented::Replayed(successor) => Next::Answer(Answer::Tokens(successor)),
        }
    }

    fn spend(&mut self, id: RequestId, token: TokenId, loaded: &Family) -> Next {
        let drawn_by = self.protocol.rules.token_ids_random.then_some(id);
        let successor = TokenId { serial: token.serial + 1, drawn_by, ..token };
        let next = loaded.rotated(successor, self.state.now);
        if !self.replace(id, Some(loaded), Some(next), token.family) {
            return go(Step::Load);
        }
        self.state.requests[id].minted = Some(successor);
        self.hand_out(successor, self.wrote())
    }

    fn end_reused(&mut self, id: RequestId, token: TokenId, loaded: &Family) -> Next {
        if !self.replace(id, Some(loaded), Some(loaded.without(token)), token.family) {
            return go(Step::Load);
        }
        let shard = self.protocol.shard(token.family);
        match self.append_and_follow(id, shard, Target::Family(token.family)) {
            Followed::NotYet => go(Step::Follow),
            Followed::UpToDate => Next::Answer(Answer::Refused),
        }
    }

    fn hand_out(&self, successor: TokenId, on: Connection) -> Next {
        match self.barrier(Written::Rotation(successor), on) {
            Some(barrier) => go(Step::Wait(barrier, successor)),
            None => Next::Answer(Answer::Tokens(successor)),
        }
    }
}

fn go(step: Step) -> Next {
    Next::Step(AnyStep::Refresh(step))
}
