//! What clients asked and were told, and when: by the recorder's clock, which is the only one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::model::{Answer, Call, Pair, Token};
use crate::node::{Outcome, Session};

/// A place in the order of all that was recorded, and the time for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub order: usize,
    pub time: Duration,
}

/// One thing that a process asked of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub process: usize,
    pub node: usize,
    pub call: Call,
    pub answer: Answer,
    pub invoked: Moment,
    pub answered: Moment,
}

/// A history as it grows. All processes of it share it.
pub(super) struct Recorder {
    start: Instant,
    so_far: RefCell<SoFar>,
}

#[derive(Default)]
struct SoFar {
    order: usize,
    operations: Vec<Operation>,
    names: HashMap<String, Token>,
    access_tokens: u16,
    refresh_tokens: u16,
}

/// An operation that was invoked and not answered yet.
pub(super) struct Pending {
    process: usize,
    node: usize,
    call: Call,
    invoked: Moment,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), so_far: RefCell::default() }
    }

    /// To be called before the request is sent.
    pub(super) fn invoke(&self, process: usize, node: usize, call: Call) -> Pending {
        Pending { process, node, call, invoked: self.moment(&mut self.so_far.borrow_mut()) }
    }

    /// To be called when the answer is there.
    pub(super) fn answer(&self, Pending { process, node, call, invoked }: Pending, answer: Answer) {
        let mut so_far = self.so_far.borrow_mut();
        let answered = self.moment(&mut so_far);
        so_far.operations.push(Operation { process, node, call, answer, invoked, answered });
    }

    /// What tokens are called in this history.
    pub(super) fn names(&self, session: &Session) -> Pair {
        let mut so_far = self.so_far.borrow_mut();
        let SoFar { names, access_tokens, refresh_tokens, .. } = &mut *so_far;
        let refresh = names.entry(session.refresh.clone()).or_insert_with(|| Token::Refresh(next(refresh_tokens)));
        let refresh = *refresh;
        // A JWT that is given again is signed again: all but its signature is the same.
        let text = session.access.rsplit_once('.').map_or(&*session.access, |(signed, _)| signed);
        let access = *names.entry(text.to_owned()).or_insert_with(|| Token::Access(next(access_tokens)));
        Pair { access, refresh }
    }

    pub(super) fn operations(self) -> Vec<Operation> {
        let mut operations = self.so_far.into_inner().operations;
        operations.sort_by_key(|operation| operation.invoked);
        operations
    }

    fn moment(&self, so_far: &mut SoFar) -> Moment {
        so_far.order += 1;
        Moment { order: so_far.order, time: self.start.elapsed() }
    }
}

fn next(count: &mut u16) -> u16 {
    *count += 1;
    *count
}

/// What the model calls an outcome; panics at an OAuth error that none of these requests may have.
pub(super) fn answer_of<T>(outcome: Outcome<T>, told: impl FnOnce(T) -> Answer) -> Answer {
    match outcome {
        Outcome::Told(value) => told(value),
        Outcome::Refused(code) => {
            assert_eq!(code, "invalid_grant", "this is nothing that these clients did");
            Answer::Refused
        }
        Outcome::Unavailable | Outcome::Lost => Answer::Unknown,
    }
}
