//! What happens by itself: replication, failover, polls, forgetting, restarts, the clock.

use crate::names::{NodeId, Shard, Time};
use crate::node::{Followed, Turn};
use crate::protocol::Protocol;
use crate::rules::CopyAhead;
use crate::scenario::REQUEST_TIME_OUT;
use crate::state::{Answer, State, Upstream};
use crate::steps::Step;

/// Node 0 is the one whose poll counts as the healing of a failover.
const HEALER: NodeId = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Replicate,
    FailOver,
    Poll(NodeId, Shard),
    Sweep,
    Restart(NodeId),
    Tick,
}

impl Protocol {
    pub(crate) fn events(&self, state: &State) -> Vec<Event> {
        let world = &self.scenario.world;
        let mut events = Vec::new();
        if world.replication && state.replica != state.primary {
            events.push(Event::Replicate);
        }
        if state.failovers < world.failovers {
            events.push(Event::FailOver);
        }
        events.extend(self.polls(state));
        if world.sweeps {
            events.push(Event::Sweep);
        }
        events.extend(world.restarts.map(Event::Restart));
        if state.now < world.ticks {
            events.push(Event::Tick);
        }
        events
    }

    fn polls(&self, state: &State) -> impl Iterator<Item = Event> {
        let shards = self.scenario.shards;
        let followers = 0..self.scenario.world.polls;
        let connected = followers.filter(|&node| state.nodes[node].upstream == Upstream::Primary);
        connected.flat_map(move |node| (0..shards).map(move |shard| Event::Poll(node, shard)))
    }

    /// An event that changes nothing is no step.
    pub(crate) fn happen(&self, state: &mut State, event: Event) {
        match event {
            Event::Replicate => state.replica = state.primary.clone(),
            Event::FailOver => self.fail_over(state),
            Event::Poll(node, shard) => self.poll(state, node, shard),
            Event::Sweep => self.sweep(state),
            Event::Restart(node) => self.restart(state, node),
            Event::Tick => state.now += 1,
        }
    }

    /// What the replica had not heard of is lost.
    fn fail_over(&self, state: &mut State) {
        let old = std::mem::replace(&mut state.primary, state.replica.clone());
        state.deposed = self.scenario.world.deposed_serves.map(|node| {
            state.nodes[node].upstream = Upstream::Deposed;
            old
        });
        state.failovers += 1;
        state.healed = false;
    }

    /// A node compares its head with the store's in the background, whatever requests do.
    fn poll(&self, state: &mut State, node: NodeId, shard: Shard) {
        let head = state.primary.denylists[shard].head;
        let mut turn = Turn { protocol: self, state, node };
        let content = if self.rules.copy_ahead == CopyAhead::ServesPolls {
            turn.is_current(shard, head)
        } else {
            turn.copy(shard).head == head
        };
        let followed = if content { Followed::UpToDate } else { turn.follow(shard) };
        if node == HEALER && state.failovers > 0 && followed == Followed::UpToDate {
            state.healed = true;
        }
    }

    /// Rule 10.
    fn sweep(&self, state: &mut State) {
        let ahead = if self.rules.sweep_by_store_clock { 0 } else { self.scenario.world.fast };
        let now = state.now + ahead;
        for denylist in &mut state.primary.denylists {
            denylist.entries.retain(|entry| !entry.is_due(now));
        }
    }

    /// When an entry may be forgotten: nobody takes its tokens for alive any more (rule 10).
    pub(crate) fn forget_at(&self, asked: Time) -> Time {
        let world = &self.scenario.world;
        let skew = if self.rules.entry_outlives_skew { world.slow } else { 0 };
        let request = if self.rules.entry_outlives_request { REQUEST_TIME_OUT } else { 0 };
        world.expiry.map_or(asked, |expiry| expiry + skew + request)
    }

    /// Its callers see their connections break.
    fn restart(&self, state: &mut State, node: NodeId) {
        for (id, request) in self.scenario.requests.iter().enumerate() {
            let step = &state.requests[id].step;
            if request.node == node && !matches!(step, Step::Waiting | Step::LateCut(_) | Step::Over) {
                state.answer(id, Answer::Unavailable, Step::Over);
            }
        }
        if state.nodes[node].upstream == Upstream::Primary {
            state.nodes[node].copies.clone_from(&state.primary.denylists);
        }
        state.nodes[node].put_back = None;
        state.nodes[node].forks = 0;
    }
}
