//! The checker is young and few use it: here it is held to another, which is slower and has no cache.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::time::Duration;

use atropos_proof::histories::check::is_linearizable;
use atropos_proof::histories::model::{Answer, Call, Families, Owner, Pair, Promise, Token};
use atropos_proof::histories::record::{Moment, Operation};
use fastrand::Rng;
use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester, SequentialSpec};
use todc_utils::Specification as _;

#[test]
fn two_checkers_agree_on_histories_with_an_order_and_on_such_without_one() {
    let mut rng = Rng::with_seed(1);
    let mut without_order = 0;
    for number in 0..3000 {
        let mut history = invent(&mut rng);
        if rng.bool() {
            let lied = rng.usize(..history.len());
            history[lied].answer = any_answer(&mut rng);
        }
        let says = is_linearizable(&history);
        assert_eq!(says, other_says(&history), "history {number}: {history:#?}");
        without_order += usize::from(!says);
    }
    assert!((500..2500).contains(&without_order), "{without_order} of 3000: one kind is hardly seen");
}

/// Eight operations that an authority answers one after the other, each begun some time before and ended some time after.
fn invent(rng: &mut Rng) -> Vec<Operation> {
    let mut families = Families::default();
    let mut history = Vec::new();
    for step in 0..8 {
        let call = if step == 0 { Call::Issue(any_owner(rng)) } else { any_call(rng) };
        let next = step + 1;
        let new = Answer::Given(Pair { access: Token::Access(next), refresh: Token::Refresh(next) });
        let known = (1..next).map(|number| Answer::Given(pair(number)));
        let others = [Answer::Refused, Answer::Done, Answer::Active(true), Answer::Active(false)];
        let right = known.chain([new]).chain(others).find(|answer| Promise::apply(&(call, *answer), &families).0);
        let answer = if rng.u8(..8) == 0 { Answer::Unknown } else { right.unwrap() };
        families = Promise::apply(&(call, answer), &families).1;
        let at = usize::from(next) * 100 + 200;
        // No two moments are the same.
        let moment = |order| Moment { order, time: Duration::ZERO };
        let (invoked, answered) = (
            moment(at - rng.usize(..3) * 100 + usize::from(next)),
            moment(at + rng.usize(..3) * 100 + 50 + usize::from(next)),
        );
        history.push(Operation { process: step.into(), node: 0, call, answer, invoked, answered });
    }
    history
}

fn pair(number: u16) -> Pair {
    Pair { access: Token::Access(number), refresh: Token::Refresh(number) }
}

fn any_owner(rng: &mut Rng) -> Owner {
    [Owner::Opaque, Owner::Jwt, Owner::Strict][rng.usize(..3)]
}

fn any_call(rng: &mut Rng) -> Call {
    let number = rng.u16(1..4);
    match rng.u8(..12) {
        0 => Call::Issue(any_owner(rng)),
        1..6 => Call::Refresh(Token::Refresh(number)),
        6..8 => Call::Introspect(Token::Access(number)),
        8..10 => Call::Introspect(Token::Refresh(number)),
        10 => Call::Revoke(if rng.bool() { Token::Access(number) } else { Token::Refresh(number) }),
        _ => Call::End(rng.bool().then(|| any_owner(rng))),
    }
}

fn any_answer(rng: &mut Rng) -> Answer {
    let number = rng.u16(1..5);
    [Answer::Given(pair(number)), Answer::Refused, Answer::Done, Answer::Active(true), Answer::Active(false)]
        [rng.usize(..5)]
}

fn other_says(history: &[Operation]) -> bool {
    let mut tester = LinearizabilityTester::new(Other::default());
    let mut events: Vec<_> = history.iter().enumerate().map(|(id, operation)| (operation.invoked, id, false)).collect();
    let known = history.iter().enumerate().filter(|(_, operation)| operation.answer != Answer::Unknown);
    events.extend(known.map(|(id, operation)| (operation.answered, id, true)));
    events.sort_unstable();
    for (_, id, ends) in events {
        let Operation { call, answer, .. } = history[id];
        if ends { tester.on_return(id, answer) } else { tester.on_invoke(id, call) }.unwrap();
    }
    tester.is_consistent()
}

/// The same model, as the other checker wants it.
#[derive(Clone, Default)]
struct Other(Families);

impl SequentialSpec for Other {
    type Op = Call;
    type Ret = Answer;

    /// Of what was never answered.
    fn invoke(&mut self, call: &Call) -> Answer {
        self.0 = Promise::apply(&(*call, Answer::Unknown), &self.0).1;
        Answer::Unknown
    }

    fn is_valid_step(&mut self, call: &Call, answer: &Answer) -> bool {
        let (may_be, after) = Promise::apply(&(*call, *answer), &self.0);
        self.0 = after;
        may_be
    }
}
