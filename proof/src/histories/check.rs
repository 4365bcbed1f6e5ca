//! Whether a history can be put in an order that the model could have followed, and if not, the least of it that cannot.

use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};

use super::model::{Answer, Call, Promise, Token};
use super::record::{Moment, Operation};

/// Whether there is an order, true to what had ended before something else began, in which the model gives these answers.
pub fn is_linearizable(operations: &[Operation]) -> bool {
    let mut actions = Vec::new();
    // Each operation is a process of its own for the checker: who goes on after a lost answer has two under way.
    for (id, operation) in operations.iter().enumerate().filter(|(_, operation)| operation.tells_something()) {
        let what = (operation.call, operation.answer);
        // What may happen at any time, or never, ends after all else: happening last, it is as if it never had.
        let ends = if operation.answer == Answer::Unknown { usize::MAX } else { operation.answered.order };
        actions.push((operation.invoked.order, (id, Action::Call(what))));
        actions.push((ends, (id, Action::Response(what))));
    }
    actions.sort_by_key(|(order, _)| *order);
    let actions: Vec<_> = actions.into_iter().map(|(_, action)| action).collect();
    actions.is_empty() || WGLChecker::<Promise>::is_linearizable(History::from_actions(actions))
}

/// The part of a history without an order that has none by itself, whatever the rest was answered.
pub fn smallest(operations: &[Operation]) -> Vec<Operation> {
    let mut least = until_it_breaks(operations);
    for index in (0..least.len()).rev() {
        if let Some(shorter) = without(&least, index) {
            least = shorter;
        }
    }
    least
}

/// All up to the first answer with which there is no order any more: what was under way then may have had any.
fn until_it_breaks(operations: &[Operation]) -> Vec<Operation> {
    let mut ends: Vec<_> = operations.iter().map(|operation| operation.answered).collect();
    ends.sort_unstable();
    let until = |end: Moment| -> Vec<Operation> {
        let begun = operations.iter().filter(|operation| operation.invoked < end).cloned();
        begun.map(|operation| if operation.answered > end { operation.unanswered() } else { operation }).collect()
    };
    let breaks = |end: &Moment| !is_linearizable(&until(*end));
    ends.iter().copied().find(breaks).map_or_else(|| operations.to_vec(), until)
}

/// All the others, if they have no order without it either, and none of them depends on what this one was told. What is
/// known to have happened cannot just be left out; but if there is no order even if it may have happened at any time or
/// never, then there is none if it never did.
fn without(operations: &[Operation], index: usize) -> Option<Vec<Operation>> {
    let mut rest = operations.to_vec();
    let left_out = rest.remove(index);
    if let Answer::Given(pair) = left_out.answer
        && rest.iter().any(|other| other.names(pair.access) || other.names(pair.refresh))
    {
        return None;
    }
    let mut asked = rest.clone();
    asked.push(left_out.unanswered());
    (!is_linearizable(&asked)).then_some(rest)
}

impl Operation {
    /// An unanswered question has changed nothing, and an unanswered issue has given nobody anything.
    fn tells_something(&self) -> bool {
        !(self.answer == Answer::Unknown && matches!(self.call, Call::Issue(_) | Call::Introspect(_)))
    }

    fn unanswered(self) -> Self {
        Self { answer: Answer::Unknown, ..self }
    }

    /// Whether a token occurs in it.
    fn names(&self, token: Token) -> bool {
        let asked = match self.call {
            Call::Refresh(of) | Call::Revoke(of) | Call::Introspect(of) => of == token,
            Call::Issue(_) | Call::End(_) => false,
        };
        let told = match self.answer {
            Answer::Given(pair) => pair.access == token || pair.refresh == token,
            _ => false,
        };
        asked || told
    }
}
