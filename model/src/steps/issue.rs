//! Making a family: a grant, or an exchange (rules 1 to 3).

use super::{Next, Step as AnyStep};
use crate::denylist::Head;
use crate::family::Family;
use crate::names::{Epoch, FamilyId, RequestId, TokenId};
use crate::node::{Followed, Turn};
use crate::state::Answer;

/// How many ids are drawn before the request is answered 503.
pub(crate) const MOST_DRAWS: u8 = 6;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Draws an id, before any evidence is looked at. Again when the id before it was abandoned.
    NoteEpoch,
    /// Reads the client's record, and the parent's with the head of its shard.
    ReadEvidence(Noted),
    /// Judges the parent like an introspection.
    JudgeParent {
        noted: Noted,
        parent: Family,
        head: Head,
    },
    Write(Noted),
    ReadHead(Noted),
    /// Were entries appended since that cover it?
    JudgeAgain(Noted, Head),
}

/// What a node knew of the shard when it began to judge the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Noted {
    epoch: Epoch,
    /// Which history the epoch is a position of.
    forks: u8,
}

impl Turn<'_> {
    pub(super) fn issue(&mut self, id: RequestId, family: FamilyId, step: Step) -> Next {
        let shard = self.protocol.shard(family);
        match step {
            Step::NoteEpoch if self.state.requests[id].drawn == MOST_DRAWS => Next::Answer(Answer::Unavailable),
            Step::NoteEpoch => {
                self.state.requests[id].drawn += 1;
                let noted = Noted { epoch: self.copy(shard).head.position, forks: self.node().forks };
                go(Step::ReadEvidence(noted))
            }
            Step::ReadEvidence(noted) => self.read_evidence(family, noted),
            Step::JudgeParent { noted, parent, head } => self.judge_parent(family, noted, parent, head),
            Step::Write(noted) => self.write(id, family, noted),
            Step::ReadHead(noted) => {
                let head = self.readable().denylists[shard].head;
                go(Step::JudgeAgain(noted, head))
            }
            Step::JudgeAgain(noted, head) => self.judge_again(id, family, noted, head),
        }
    }

    fn read_evidence(&mut self, family: FamilyId, noted: Noted) -> Next {
        let grant = self.protocol.grant(family);
        if self.readable().disabled.contains(&grant.client) || self.code_is_covered(family) {
            return Next::Answer(Answer::Refused);
        }
        let Some(token) = grant.parent else {
            return go(Step::Write(noted));
        };
        let shard = self.protocol.shard(token.family);
        match self.record(token.family) {
            Some(parent) if parent.lists(token) => {
                let head = self.readable().denylists[shard].head;
                go(Step::JudgeParent { noted, parent, head })
            }
            _ => Next::Answer(Answer::Refused),
        }
    }

    fn judge_parent(&mut self, family: FamilyId, noted: Noted, parent: Family, head: Head) -> Next {
        let token = self.protocol.grant(family).parent.expect("only an exchange judges a parent");
        let shard = self.protocol.shard(token.family);
        if self.catch_up(shard, head, token, &parent) == Followed::NotYet {
            return go(Step::JudgeParent { noted, parent, head });
        }
        if self.is_covered(shard, token, &parent) {
            return Next::Answer(Answer::Refused);
        }
        go(Step::Write(noted))
    }

    fn write(&mut self, id: RequestId, family: FamilyId, mut noted: Noted) -> Next {
        let rules = &self.protocol.rules;
        if !rules.epoch_noted_before_evidence {
            let shard = self.protocol.shard(family);
            noted.epoch = self.upstream().denylists[shard].head.position;
        }
        self.upstream().families[family] = Some(self.newborn(id, family, noted.epoch));
        if rules.written_family_judged_again { go(Step::ReadHead(noted)) } else { Next::Answer(Answer::Done) }
    }

    fn newborn(&self, id: RequestId, family: FamilyId, epoch: Epoch) -> Family {
        let drawn = self.state.requests[id].drawn;
        Family::born(TokenId::refresh(family), drawn, epoch, self.protocol.ancestors(family))
    }

    fn judge_again(&mut self, id: RequestId, family: FamilyId, noted: Noted, head: Head) -> Next {
        let shard = self.protocol.shard(family);
        let rules = &self.protocol.rules;
        // A head older than the epoch is of another history, wherever the copy stands.
        let older = rules.epoch_above_head_abandoned && head.position < noted.epoch;
        if (older || !self.is_current(shard, head)) && self.follow(shard) == Followed::NotYet {
            return go(Step::JudgeAgain(noted, head));
        }
        if older || (rules.epoch_before_fork_abandoned && self.node().forks != noted.forks) {
            return go(Step::NoteEpoch);
        }
        let written = self.newborn(id, family, noted.epoch);
        if !self.is_covered(shard, TokenId::access(family), &written) && !self.code_is_covered(family) {
            return Next::Answer(Answer::Done);
        }
        if rules.covered_family_starts_over {
            return go(Step::NoteEpoch);
        }
        let epoch = self.copy(shard).head.position;
        self.upstream().families[family] = Some(Family { epoch, ..written });
        Next::Answer(Answer::Done)
    }
}

fn go(step: Step) -> Next {
    Next::Step(AnyStep::Issue(step))
}
