//! A wide revocation whose command hangs in a socket and lands after its caller was told 503 (rule 8).

use super::{Next, Step as AnyStep};
use crate::denylist::{Tag, Target};
use crate::names::RequestId;
use crate::node::{Draft, Turn};
use crate::scenario::LATE;
use crate::state::Answer;

/// In shard 0: the model has nothing to learn from the others.
const SHARD: usize = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The append is sent.
    Send,
    /// The caller waits.
    Sent(Draft),
    /// The caller has given up, the command is still on its way.
    InFlight(Draft),
}

impl Turn<'_> {
    pub(super) fn late_cut(&mut self, id: RequestId, target: Target, step: Step) -> Next {
        match step {
            Step::Send => {
                let known = self.takes_bounds_at_start().then(|| self.readable().denylists[SHARD].head.position);
                let draft = self.wide_draft(Tag { request: Some(id), shard: SHARD }, target, LATE, known);
                Next::Step(AnyStep::LateCut(Step::Sent(draft)))
            }
            Step::Sent(draft) => Next::AnswerAndGoOn(Answer::Unavailable, AnyStep::LateCut(Step::InFlight(draft))),
            Step::InFlight(draft) => {
                self.append(SHARD, draft);
                Next::Answer(Answer::Unavailable)
            }
        }
    }
}
