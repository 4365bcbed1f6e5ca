//! What a scenario is made of: families, the requests made about them, and what the world does meanwhile.

use crate::denylist::Target;
use crate::names::{Client, FamilyId, NodeId, RequestId, Shard, Subject, Time, TokenId};

/// When an entry is forgotten unless the scenario says otherwise: later than any scenario lasts.
pub(crate) const LATE: Time = 9;

/// How long a request may take: where tokens expire, an introspection that has taken longer answers 503.
pub(crate) const REQUEST_TIME_OUT: Time = 1;

#[derive(Clone, Debug)]
pub struct Scenario {
    pub shards: usize,
    pub nodes: usize,
    /// By [`FamilyId`].
    pub families: Vec<Grant>,
    /// By [`RequestId`]: each is made once, at any moment its [`Start`] admits.
    pub requests: Vec<Request>,
    pub world: World,
}

/// What is true of a family whatever its record says.
#[derive(Clone, Debug)]
pub struct Grant {
    pub client: Client,
    pub subject: Subject,
    /// The shard of its subject.
    pub shard: Shard,
    pub origin: Origin,
    /// Born from what was given before the scenario: an authorization code, a login session, a pushed request.
    pub from_code: bool,
    /// The token it was exchanged from.
    pub parent: Option<TokenId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Its record is there from the start.
    Existing,
    /// It was there before the start, and its record has been lost.
    Lost,
    /// An [`Call::Issue`] makes it.
    Issued,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub node: NodeId,
    pub call: Call,
    pub start: Start,
}

#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// A grant or an exchange: makes the family.
    Issue(FamilyId),
    /// Asks whether an access token is active.
    Introspect(TokenId),
    /// A refresh token takes its family, an access token itself and what was exchanged from it.
    Revoke(TokenId),
    /// A wide revocation, in every shard.
    Cut {
        target: Target,
        forget_at: Time,
    },
    /// The same in one shard, but its command hangs in a socket: the caller has had its 503 when it lands.
    LateCut(Target),
    Refresh(TokenId),
    /// Registers that a client is no longer enabled.
    Disable(Client),
}

/// What must have happened before a request is made.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// These have been answered with success.
    pub succeeded: Vec<RequestId>,
    /// These have been answered, 503 included.
    pub answered: Vec<RequestId>,
    /// So many failovers have happened.
    pub failovers: u8,
    /// Node 0 has polled since the failover.
    pub healed: bool,
}

/// What happens by itself, at any moment.
#[derive(Clone, Debug)]
pub struct World {
    pub durability: Durability,
    pub clock: PrimaryClock,
    /// The replica catches up.
    pub replication: bool,
    /// How often the replica takes over.
    pub failovers: u8,
    /// A node that the old primary still serves after a failover.
    pub deposed_serves: Option<NodeId>,
    /// How many of the nodes, from node 0 on, follow the log.
    pub polls: usize,
    /// A node that restarts: it reads a snapshot, and what it was doing is lost.
    pub restarts: Option<NodeId>,
    /// The store forgets entries in their time.
    pub sweeps: bool,
    /// How many ticks pass.
    pub ticks: Time,
    /// When every access token of the scenario expires; never, if `None`.
    pub expiry: Option<Time>,
    /// How far the clock of every node is behind the store's.
    pub slow: Time,
    /// How far a sweeping node's clock is ahead of the store's.
    pub fast: Time,
    /// How many ticks after its spend a refresh token may be replayed.
    pub replay_window: Time,
    /// A node that has not yet heard of the key the tokens are made with.
    pub keyless: Option<NodeId>,
}

/// When 200 is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The primary has it.
    Memory,
    /// The replica has it.
    Replicas,
}

/// The clock of a server that becomes primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryClock {
    /// Past every number given before.
    Good,
    /// So far behind that numbers only count on.
    Behind,
}

impl World {
    /// Nothing happens by itself.
    pub(crate) const QUIET: Self = Self {
        durability: Durability::Memory,
        clock: PrimaryClock::Good,
        replication: false,
        failovers: 0,
        deposed_serves: None,
        polls: 0,
        restarts: None,
        sweeps: false,
        ticks: 0,
        expiry: None,
        slow: 0,
        fast: 0,
        replay_window: 0,
        keyless: None,
    };
}

impl Grant {
    /// A family of client `A`, which has its record.
    pub(crate) fn existing(subject: char) -> Self {
        let (client, subject) = (Client('A'), Subject(subject));
        Self { client, subject, shard: 0, origin: Origin::Existing, from_code: false, parent: None }
    }

    /// A family of client `A`, which a request makes.
    pub(crate) fn issued(subject: char) -> Self {
        Self { origin: Origin::Issued, ..Self::existing(subject) }
    }

    /// A family of `client`, which a request makes in exchange for `parent`.
    pub(crate) fn exchanged(client: char, subject: char, parent: TokenId) -> Self {
        Self { client: Client(client), parent: Some(parent), ..Self::issued(subject) }
    }

    pub(crate) fn in_shard(self, shard: Shard) -> Self {
        Self { shard, ..self }
    }
}

impl Call {
    pub(crate) const fn cut_subject(subject: char) -> Self {
        Self::Cut { target: Target::Subject(Subject(subject)), forget_at: LATE }
    }

    pub(crate) const fn cut_client(client: char) -> Self {
        Self::Cut { target: Target::Client(Client(client)), forget_at: LATE }
    }

    /// At a node, at any moment.
    pub(crate) fn at(self, node: NodeId) -> Request {
        Request { node, call: self, start: Start::default() }
    }

    /// What it revokes, if it is a revocation.
    pub(crate) fn target(self) -> Option<Target> {
        match self {
            Self::Cut { target, .. } | Self::LateCut(target) => Some(target),
            Self::Revoke(token) => Some(Target::of(token)),
            Self::Issue(_) | Self::Introspect(_) | Self::Refresh(_) | Self::Disable(_) => None,
        }
    }
}

impl Request {
    /// Once `request` has succeeded.
    pub(crate) fn after(mut self, request: RequestId) -> Self {
        self.start.succeeded.push(request);
        self
    }

    /// Once `request` has been answered, whatever the answer.
    pub(crate) fn after_answer(mut self, request: RequestId) -> Self {
        self.start.answered.push(request);
        self
    }

    /// Once there has been a failover; said twice, two of them.
    pub(crate) fn after_failover(mut self) -> Self {
        self.start.failovers += 1;
        self
    }

    pub(crate) fn once_healed(mut self) -> Self {
        self.start.healed = true;
        self
    }
}

impl Scenario {
    /// Two nodes, one shard, and a world in which nothing happens by itself.
    pub(crate) fn new(families: Vec<Grant>, requests: Vec<Request>) -> Self {
        Self { shards: 1, nodes: 2, families, requests, world: World::QUIET }
    }

    pub(crate) fn with_shards(self, shards: usize) -> Self {
        Self { shards, ..self }
    }

    pub(crate) fn with_nodes(self, nodes: usize) -> Self {
        Self { nodes, ..self }
    }

    pub(crate) fn in_world(self, world: World) -> Self {
        Self { world, ..self }
    }

    /// The request that makes the family.
    pub(crate) fn creator(&self, family: FamilyId) -> Option<RequestId> {
        self.requests.iter().position(|request| matches!(request.call, Call::Issue(made) if made == family))
    }
}
