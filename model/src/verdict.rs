//! Running a scenario, and reading what came out.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::properties::EVERY_REQUEST_CAN_BE_ANSWERED;
use crate::protocol::{Action, Protocol};
use crate::rules::Rules;
use crate::scenario::Scenario;
use crate::state::State;

/// The shortest way to a state that breaks a promise.
#[derive(Debug)]
pub struct Counterexample {
    pub property: &'static str,
    /// A line for each step.
    pub steps: Vec<String>,
}

impl Scenario {
    /// Visits every state. Answers with their number, or with the first broken promise.
    pub fn check(&self, rules: Rules) -> Result<usize, Counterexample> {
        let checker = Protocol { scenario: self.clone(), rules }.checker().finish_when(HasDiscoveries::AnyFailures);
        let checker = checker.spawn_bfs().join();
        let broken = checker.discoveries().into_iter().find(|(name, _)| *name != EVERY_REQUEST_CAN_BE_ANSWERED);
        if let Some((property, path)) = broken {
            return Err(Counterexample { property, steps: explain(checker.model(), &path.into_vec()) });
        }
        if checker.discovery(EVERY_REQUEST_CAN_BE_ANSWERED).is_none() {
            return Err(Counterexample { property: EVERY_REQUEST_CAN_BE_ANSWERED, steps: Vec::new() });
        }
        Ok(checker.unique_state_count())
    }

    /// Looks for the shortest way to break one promise; `None` if every state keeps it.
    pub fn refute(&self, rules: Rules, property: &'static str) -> Option<Counterexample> {
        let found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
        let checker = Protocol { scenario: self.clone(), rules }.checker().finish_when(found).spawn_bfs().join();
        let promise = checker.model().property(property).expectation;
        assert_eq!(promise, Expectation::Always, "only a promise can be broken");
        let path = checker.discovery(property)?;
        Some(Counterexample { property, steps: explain(checker.model(), &path.into_vec()) })
    }
}

impl Display for Counterexample {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "broken: {}", self.property)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

fn explain(protocol: &Protocol, path: &[(State, Option<Action>)]) -> Vec<String> {
    let states: Vec<_> = path.iter().map(|(state, _)| state).collect();
    let taken = path.iter().filter_map(|(_, action)| action.as_ref());
    taken.zip(states.windows(2)).map(|(action, pair)| describe(protocol, action, pair[1])).collect()
}

fn describe(protocol: &Protocol, action: &Action, after: &State) -> String {
    match action {
        Action::Proceed(id) | Action::TimeOut(id) => {
            let (request, progress) = (&protocol.scenario.requests[*id], &after.requests[*id]);
            let answer = progress.answer.map(|answer| format!(" -> {answer:?}")).unwrap_or_default();
            format!("{id} at node {}: {:?}: {:?}{answer}", request.node, request.call, progress.step)
        }
        Action::Happen(event) => {
            let heads = after.primary.denylists.iter().map(|denylist| denylist.head.position);
            format!("{event:?}: primary at {:?}", heads.collect::<Vec<_>>())
        }
    }
}
