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
    /// That of the write, or of the read that found it.
    on: Connection,
}

/// Which connection to the store: none survives a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Connection(u8);

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

    pub(super) fn connection(&self) -> Connection {
        Connection(self.state.failovers)
    }

    /// Whether the replicas acknowledge; if they never do, the caller can only time out.
    pub(super) fn is_acknowledged(&self, barrier: &Barrier) -> bool {
        if barrier.on != self.connection() {
            // The new connection has written nothing: there is nothing to wait for.
            return !self.protocol.rules.wait_on_writing_connection;
        }
        let replica = &self.state.replica;
        self.node().upstream == Upstream::Primary
            && match barrier.what {
                Written::Entry(shard, tag) => replica.denylists[shard].holds(tag),
                Written::Rotation(successor) => replica.families[successor.family]
                    .as_ref()
                    .is_some_and(|family| family.rotations.contains(&successor)),
            }
    }
}
