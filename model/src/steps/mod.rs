//! What requests do, one file per kind: each step is one atomic round trip to the store, or one decision inside a node.

mod cut;
mod disable;
mod introspect;
pub(crate) mod issue;
mod late_cut;
mod refresh;
mod revoke;
mod wait;

use crate::names::RequestId;
use crate::node::Turn;
use crate::protocol::Protocol;
use crate::scenario::{Call, Request, Start};
use crate::state::{Answer, State, Upstream};
use wait::Barrier;

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Not made yet.
    Waiting,
    Issue(issue::Step),
    Introspect(introspect::Step),
    Revoke(revoke::Step),
    Cut(cut::Step),
    LateCut(late_cut::Step),
    Refresh(refresh::Step),
    Disable,
    Over,
}

/// What a step leads to.
pub(crate) enum Next {
    Step(Step),
    Answer(Answer),
    /// The client has its answer, the work goes on.
    AnswerAndGoOn(Answer, Step),
}

impl Start {
    pub(crate) fn admits(&self, state: &State) -> bool {
        let (answered, succeeded) = (state.answered(), state.succeeded());
        self.succeeded.iter().all(|&request| succeeded.contains(request))
            && self.answered.iter().all(|&request| answered.contains(request))
            && state.failovers >= self.failovers
            && (!self.healed || state.healed)
    }
}

impl Step {
    fn first(call: Call) -> Self {
        match call {
            Call::Issue(_) => Self::Issue(issue::Step::NoteEpoch),
            Call::Introspect(_) => Self::Introspect(introspect::Step::Read),
            Call::Revoke(_) => Self::Revoke(revoke::Step::Load),
            Call::Cut { .. } => Self::Cut(cut::Step::first()),
            Call::LateCut(_) => Self::LateCut(late_cut::Step::Send),
            Call::Refresh(_) => Self::Refresh(refresh::Step::Load),
            Call::Disable(_) => Self::Disable,
        }
    }

    fn barrier(&self) -> Option<&Barrier> {
        match self {
            Self::Cut(cut::Step::Wait(_, barrier))
            | Self::Revoke(revoke::Step::Wait(barrier))
            | Self::Refresh(refresh::Step::Wait(barrier, _)) => Some(barrier),
            Self::Waiting
            | Self::Issue(_)
            | Self::Introspect(_)
            | Self::Revoke(_)
            | Self::Cut(_)
            | Self::LateCut(_)
            | Self::Refresh(_)
            | Self::Disable
            | Self::Over => None,
        }
    }

    pub(crate) fn may_time_out(&self) -> bool {
        self.barrier().is_some()
    }
}

impl Protocol {
    pub(crate) fn proceed(&self, state: &mut State, id: RequestId) {
        let &Request { node, call, .. } = &self.scenario.requests[id];
        // A request begins with its first round trip: an earlier beginning would only be judged more mildly.
        if state.requests[id].step == Step::Waiting {
            state.requests[id].answered_before = state.answered();
            state.requests[id].succeeded_before = state.succeeded();
            state.requests[id].step = Step::first(call);
        }
        let step = state.requests[id].step.clone();
        let mut turn = Turn { protocol: self, state, node };
        let next = if turn.is_cut_off() { Next::Answer(Answer::Unavailable) } else { turn.take(id, call, step) };
        match next {
            Next::Step(step) => state.requests[id].step = step,
            Next::Answer(answer) => state.answer(id, answer, Step::Over),
            Next::AnswerAndGoOn(answer, step) => state.answer(id, answer, step),
        }
    }
}

impl State {
    /// The first answer counts: nobody hears a second one.
    pub(crate) fn answer(&mut self, id: RequestId, answer: Answer, step: Step) {
        self.requests[id].answer.get_or_insert(answer);
        self.requests[id].step = step;
    }
}

impl Turn<'_> {
    fn take(&mut self, id: RequestId, call: Call, step: Step) -> Next {
        match (call, step) {
            (Call::Issue(family), Step::Issue(step)) => self.issue(id, family, step),
            (Call::Introspect(token), Step::Introspect(step)) => self.introspect(token, step),
            (Call::Revoke(token), Step::Revoke(step)) => self.revoke(id, token, step),
            (Call::Cut { target, forget_at }, Step::Cut(step)) => self.cut(id, target, forget_at, step),
            (Call::LateCut(target), Step::LateCut(step)) => self.late_cut(id, target, step),
            (Call::Refresh(token), Step::Refresh(step)) => self.refresh(id, token, step),
            (Call::Disable(client), Step::Disable) => self.disable(client),
            (call, step) => unreachable!("{call:?} is never in {step:?}"),
        }
    }

    /// Rule 9: by the time another primary is in office, the heartbeat of the deposed one has gone unacknowledged.
    fn is_cut_off(&self) -> bool {
        self.protocol.rules.reads_need_lease && self.node().upstream == Upstream::Deposed
    }
}
