//! A scenario under rules, as the checker sees it: states, what can happen in each, and what must hold in all.

use stateright::{Model, Property};

use crate::denylist::Denylist;
use crate::environment::Event;
use crate::family::{Family, Link};
use crate::names::{FamilyId, RequestId, Shard, TokenId};
use crate::properties;
use crate::rules::Rules;
use crate::scenario::{Grant, LATE, Origin, Scenario};
use crate::state::{Answer, Node, Progress, RequestSet, State, Store, Upstream};
use crate::steps::Step;

#[derive(Clone, Debug)]
pub struct Protocol {
    pub scenario: Scenario,
    pub rules: Rules,
}

/// One atomic step: what happens at one store, or inside one node, between two round trips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Proceed(RequestId),
    /// Waiting for the replicas takes too long.
    TimeOut(RequestId),
    Happen(Event),
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let scenario = &self.scenario;
        let denylists: Vec<_> = (0..scenario.shards).map(|shard| Denylist::with_past(shard, LATE)).collect();
        let families = (0..scenario.families.len()).map(|family| self.initial_record(family)).collect();
        let store = Store { denylists, families, disabled: Vec::new() };
        let node = |id| Node {
            upstream: Upstream::Primary,
            copies: store.denylists.clone(),
            forks: 0,
            put_back: None,
            knows_key: scenario.world.keyless != Some(id),
        };
        let request = Progress {
            step: Step::Waiting,
            answer: None,
            answered_before: RequestSet::default(),
            succeeded_before: RequestSet::default(),
            minted: None,
            drawn: 0,
        };
        vec![State {
            replica: store.clone(),
            deposed: None,
            failovers: 0,
            healed: false,
            clock: 0,
            now: 0,
            nodes: (0..scenario.nodes).map(node).collect(),
            requests: vec![request; scenario.requests.len()],
            primary: store,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (id, request) in self.scenario.requests.iter().enumerate() {
            match &state.requests[id].step {
                Step::Waiting if !request.start.admits(state) => {}
                Step::Over => {}
                step => {
                    actions.push(Action::Proceed(id));
                    if step.may_time_out() {
                        actions.push(Action::TimeOut(id));
                    }
                }
            }
        }
        actions.extend(self.events(state).into_iter().map(Action::Happen));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Proceed(request) => self.proceed(&mut state, request),
            Action::TimeOut(request) => state.answer(request, Answer::Unavailable, Step::Over),
            Action::Happen(event) => self.happen(&mut state, event),
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    pub(crate) fn grant(&self, family: FamilyId) -> &Grant {
        &self.scenario.families[family]
    }

    /// Where a family lives, and with it everything that can end it.
    pub(crate) fn shard(&self, family: FamilyId) -> Shard {
        match self.grant(family).parent {
            Some(parent) if self.rules.child_in_parents_shard => self.shard(parent.family),
            _ => self.grant(family).shard,
        }
    }

    pub(crate) fn link(&self, token: TokenId) -> Link {
        let grant = self.grant(token.family);
        Link { token, client: grant.client, subject: grant.subject }
    }

    /// All that a family hangs from, nearest first.
    pub(crate) fn ancestors(&self, family: FamilyId) -> Vec<Link> {
        let mut ancestors = Vec::new();
        let mut above = self.grant(family).parent;
        while let Some(token) = above {
            ancestors.push(self.link(token));
            above = self.grant(token.family).parent;
        }
        ancestors
    }

    fn initial_record(&self, family: FamilyId) -> Option<Family> {
        (self.grant(family).origin == Origin::Existing)
            .then(|| Family::born(TokenId::refresh(family), 0, 1, self.ancestors(family)))
    }
}
