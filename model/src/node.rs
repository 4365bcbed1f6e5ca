//! What a node does with the log: reads it, appends to it, follows it, and heals it where a failover has torn it.

use crate::denylist::{Denylist, Entry, Head, PutBackBy, Tag, Target};
use crate::family::Family;
use crate::names::{Bound, FamilyId, NodeId, Position, RequestId, Shard, Time};
use crate::protocol::Protocol;
use crate::scenario::PrimaryClock;
use crate::state::{Node, PutBack, State, Store, Upstream};

/// One step, taken at one node.
pub(crate) struct Turn<'a> {
    pub(crate) protocol: &'a Protocol,
    pub(crate) state: &'a mut State,
    pub(crate) node: NodeId,
}

/// An entry before it has a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draft {
    pub tag: Tag,
    pub target: Target,
    /// `None`: the position it gets.
    pub bound: Option<Bound>,
    pub forget_at: Time,
    /// The highest position its author knows of.
    pub floor: Position,
    /// The head it is compared and swapped with, if it is.
    pub expected: Option<Head>,
    pub put_back: Option<PutBackBy>,
}

/// What reading on from the anchor came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Followed {
    /// The copy stands where the store stood.
    UpToDate,
    /// History has forked: something is to be put back, or had to be read again. Another trip is needed.
    NotYet,
}

impl Turn<'_> {
    pub(crate) fn node(&self) -> &Node {
        &self.state.nodes[self.node]
    }

    pub(crate) fn node_mut(&mut self) -> &mut Node {
        &mut self.state.nodes[self.node]
    }

    pub(crate) fn copy(&self, shard: Shard) -> &Denylist {
        &self.node().copies[shard]
    }

    /// The store this node is connected to.
    pub(crate) fn upstream(&mut self) -> &mut Store {
        match self.state.nodes[self.node].upstream {
            Upstream::Primary => &mut self.state.primary,
            Upstream::Deposed => self.state.deposed.as_mut().expect("a node is left behind only with its store"),
        }
    }

    /// The store this node reads from.
    pub(crate) fn readable(&mut self) -> &Store {
        if self.protocol.rules.reads_from_primary { self.upstream() } else { &self.state.replica }
    }

    /// The record of a family as this node reads it, if it is of the id that was handed out.
    pub(crate) fn record(&mut self, family: FamilyId) -> Option<Family> {
        let drawn = self.drawn(family);
        self.readable().families[family].clone().filter(|record| record.draw == drawn)
    }

    /// Writes the record of a family, if it still has the version that was loaded.
    pub(crate) fn replace(
        &mut self,
        id: RequestId,
        loaded: Option<&Family>,
        next: Option<Family>,
        family: FamilyId,
    ) -> bool {
        let drawn = self.drawn(family);
        let drawn_by = self.protocol.rules.versions_random.then_some(id);
        let record = &mut self.upstream().families[family];
        let current = record.as_ref().filter(|record| record.draw == drawn);
        if current.map(|record| record.version) != loaded.map(|loaded| loaded.version) {
            return false;
        }
        *record = next.map(|family| Family { version: family.version.next(drawn_by), ..family });
        true
    }

    /// Which of the ids drawn for a family counts: the last.
    fn drawn(&self, family: FamilyId) -> u8 {
        self.protocol.scenario.creator(family).map_or(0, |creator| self.state.requests[creator].drawn)
    }

    /// Reads the range since the anchor; where the anchor is gone, reads the shard anew and puts back what it has lost.
    pub(crate) fn follow(&mut self, shard: Shard) -> Followed {
        match self.node_mut().put_back.take() {
            Some(put_back) if put_back.shard == shard => return self.put_back(put_back),
            other => self.node_mut().put_back = other,
        }
        let now = self.state.now;
        let store = self.readable().denylists[shard].clone();
        let copy = self.copy(shard);
        if !self.has_forked(copy, &store) {
            let from = copy.newest_not_due(now).map_or(0, |anchor| anchor.position);
            self.node_mut().copies[shard].follow(&store, from);
            return Followed::UpToDate;
        }
        let missing: Vec<_> =
            copy.entries.iter().filter(|entry| !entry.is_due(now) && !store.holds(entry.tag)).copied().collect();
        if missing.is_empty() || !self.protocol.rules.lost_entries_put_back {
            self.take_over(shard, store, missing);
            return Followed::UpToDate;
        }
        self.node_mut().put_back = Some(PutBack { shard, read: store.head, missing });
        Followed::NotYet
    }

    fn has_forked(&self, copy: &Denylist, store: &Denylist) -> bool {
        let rules = &self.protocol.rules;
        let now = self.state.now;
        let anchor = if rules.anchor_unexpired {
            copy.newest_not_due(now)
        } else {
            // A last entry that is due says nothing by its absence.
            copy.entries.iter().find(|entry| entry.tag == copy.head.tag && !entry.is_due(now))
        };
        rules.anchor_compared
            && anchor.is_some_and(|anchor| {
                !if rules.anchor_has_position { store.holds_at(anchor.as_head()) } else { store.holds(anchor.tag) }
            })
    }

    /// Compares and swaps: what is missing is appended if the shard still has the head it was read with.
    fn put_back(&mut self, PutBack { shard, read, missing }: PutBack) -> Followed {
        let rules = &self.protocol.rules;
        if rules.put_back_once && self.upstream().denylists[shard].head != read {
            return Followed::NotYet;
        }
        let floor = self.copy(shard).head.position;
        let drawn = rules.head_tag_fresh.then_some(PutBackBy(self.node, self.state.failovers));
        for lost in missing {
            if rules.put_back_at_new_position {
                let Entry { tag, target, forget_at, .. } = lost;
                let bound = rules.put_back_keeps_bound.then_some(lost.bound);
                self.append(shard, Draft { tag, target, bound, forget_at, floor, expected: None, put_back: drawn });
            } else if !self.upstream().denylists[shard].holds(lost.tag) {
                self.upstream().denylists[shard].insert(lost);
            }
        }
        let store = self.upstream().denylists[shard].clone();
        self.take_over(shard, store, Vec::new());
        Followed::UpToDate
    }

    fn take_over(&mut self, shard: Shard, store: Denylist, kept: Vec<Entry>) {
        let node = self.node_mut();
        node.forks += 1;
        node.copies[shard] = store;
        node.copies[shard].entries.extend(kept);
    }

    /// What the store does with an append: numbers it and adds it at the end. `false`: the head is not the expected one.
    pub(crate) fn append(&mut self, shard: Shard, draft: Draft) -> bool {
        let good_clock = self.protocol.scenario.world.clock == PrimaryClock::Good;
        let head = self.upstream().denylists[shard].head;
        if draft.expected.is_some_and(|expected| expected != head) {
            return false;
        }
        let mut position = head.position + 1;
        if self.protocol.rules.numbers_above_floor {
            position = position.max(draft.floor + 1);
        }
        if good_clock {
            position = position.max(self.state.clock + 1);
            self.state.clock = position;
        }
        let Draft { tag, target, bound, forget_at, put_back, .. } = draft;
        let bound = bound.unwrap_or(position);
        self.upstream().denylists[shard].append(Entry { tag, position, bound, target, forget_at, put_back });
        true
    }
}
