//! The durability barrier (rules 5 and 6).

use crate::denylist::Tag;
use crate::names::{Shard, TokenId};
use crate::node::Turn;
use crate::scenario::Durability;
use crate::state::Upstream;

/// `WAIT`, after a write or after the read that found it done. (`WAIT` knows the writes of its own connection alone: what
/// found it done has to write something for it to wait for.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Barrier {
    what: Written,
    on: Connection,
}

/// A connection to the store, by the failovers before it: it survives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connection {
    /// It has written what is to be durable.
    Wrote(u8),
    /// It has read it.
    Found(u8),
}

/// What the replica is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Written {
    Entry(Shard, Tag),
    Rotation(TokenId),
}

impl Turn<'_> {
    /// The barrier to pass before success is answered, if durability asks for one.
    pub(super) fn barrier(&self, what: Written, on: Connection) -> Option<Barrier> {
        (self.protocol.scenario.world.durability == Durability::Replicas).then_some(Barrier { what, on })
    }

    pub(super) fn wrote(&self) -> Connection {
        Connection::Wrote(self.state.failovers)
    }

    pub(super) fn found(&self) -> Connection {
        Connection::Found(self.state.failovers)
    }

    /// Whether the replicas acknowledge; if they never do, the caller can only time out.
    pub(super) fn is_acknowledged(&self, barrier: &Barrier) -> bool {
        let rules = &self.protocol.rules;
        // A new connection waits for nothing of what was lost: it has never written it.
        match barrier.on {
            Connection::Wrote(failovers) if failovers != self.state.failovers => !rules.wait_on_writing_connection,
            Connection::Found(failovers) if failovers != self.state.failovers => !rules.wait_on_finding_connection,
            Connection::Wrote(_) | Connection::Found(_) => {
                self.node().upstream == Upstream::Primary && self.replica_has(barrier.what)
            }
        }
    }

    fn replica_has(&self, what: Written) -> bool {
        let replica = &self.state.replica;
        match what {
            Written::Entry(shard, tag) => replica.denylists[shard].holds(tag),
            Written::Rotation(successor) => {
                replica.families[successor.family].as_ref().is_some_and(|family| family.rotations.contains(&successor))
            }
        }
    }
}
