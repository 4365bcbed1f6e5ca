//! A TCP proxy that a test can cut, freeze and slow down.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
};

mod connection;

/// A wire to an upstream server, whole at first. It runs on the runtime it was made on; dropping it closes everything.
pub struct Wire {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
    connections: watch::Sender<usize>,
    accepting: AbortHandle,
}

/// What the wire does to those who use it.
#[derive(Debug, Clone)]
struct Condition {
    upstream: SocketAddr,
    cut: bool,
    /// How often it has been cut: a connection of before a cut that was mended at once is closed all the same.
    cuts: u64,
    frozen: bool,
    holding: bool,
    /// Frozen for those who come from there, and for nobody else.
    parted_from: HashSet<IpAddr>,
    delay: Duration,
    fault: Option<Fault>,
}

impl Condition {
    fn whole(upstream: SocketAddr) -> Self {
        let parted_from = HashSet::new();
        Self {
            upstream,
            cut: false,
            cuts: 0,
            frozen: false,
            holding: false,
            parted_from,
            delay: Duration::ZERO,
            fault: None,
        }
    }

    fn is_frozen_for(&self, from: IpAddr) -> bool {
        self.frozen || self.parted_from.contains(&from)
    }
}

/// Something that happens once, to one connection.
#[derive(Debug, Clone)]
enum Fault {
    TruncateAfter(usize),
    LoseAnswerTo(Vec<u8>),
    /// The request has been delivered: one connection waits for the answer to lose.
    LoseAnswer,
}

impl Wire {
    /// Lays a wire from a free loopback port to `upstream`.
    pub async fn to(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a loopback port can be had");
        let address = listener.local_addr().expect("it is bound");
        let condition = watch::Sender::new(Condition::whole(upstream));
        let connections = watch::Sender::new(0);
        let accepting = tokio::spawn(accept(listener, condition.clone(), connections.clone())).abort_handle();
        Self { address, condition, connections, accepting }
    }

    /// Where it listens: what a test names instead of the upstream's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections, and from now on every new one as soon as it is made. Returns when all are closed.
    pub async fn cut(&self) {
        self.condition.send_modify(|condition| {
            condition.cut = true;
            condition.cuts += 1;
        });
        let mut connections = self.connections.subscribe();
        connections.wait_for(|count| *count == 0).await.expect("the sender is ours");
    }

    /// Makes whole what was [cut](Self::cut): new connections reach the upstream again.
    pub fn mend(&self) {
        self.condition.send_modify(|condition| condition.cut = false);
    }

    /// From now on new connections reach another upstream, as when a name is given to another machine. Old ones stay.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.condition.send_modify(|condition| condition.upstream = upstream);
    }

    /// From now on takes bytes and delivers none, in both directions, on old and new connections: a network that lost
    /// its way, or a machine that hangs.
    pub fn freeze(&self) {
        self.condition.send_modify(|condition| condition.frozen = true);
    }

    /// As [`Self::freeze`], for whoever comes from one of these addresses: the others notice nothing.
    pub fn part_from(&self, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        self.condition.send_modify(|condition| condition.parted_from.extend(addresses.into_iter().map(IpAddr::V4)));
    }

    /// From now on delivers requests, but no answers: what is asked is done, and nobody hears of it.
    pub fn hold_answers(&self) {
        self.condition.send_modify(|condition| condition.holding = true);
    }

    /// Delivers what was held since [`Self::freeze`], [`Self::part_from`] or [`Self::hold_answers`], and what comes from now on.
    pub fn thaw(&self) {
        self.condition.send_modify(|condition| {
            condition.frozen = false;
            condition.parted_from.clear();
            condition.holding = false;
        });
    }

    /// Lets each answer arrive this much later than it was given, until told otherwise. The order stays, and answers
    /// given together arrive together.
    pub fn delay(&self, delay: Duration) {
        self.condition.send_modify(|condition| condition.delay = delay);
    }

    /// Lets the next `bytes` bytes of answers through, on whatever connections they come; the connection on which the
    /// first byte beyond them would come is closed instead. Once: after that the wire is whole.
    pub fn truncate_after(&self, bytes: usize) {
        self.condition.send_modify(|condition| condition.fault = Some(Fault::TruncateAfter(bytes)));
    }

    /// Waits for a request in which the bytes `part` occur (a command's name, a key), delivers it, and closes its
    /// connection instead of delivering what the upstream answers next on it. Once: after that the wire is whole.
    ///
    /// The upstream has then done what it was asked, and the one who asked cannot know: on a connection that has no other
    /// request under way, for the answer to an earlier one would be taken for this one's.
    pub fn lose_answer_to(&self, part: impl AsRef<[u8]>) {
        let part = part.as_ref().to_vec();
        self.condition.send_modify(|condition| condition.fault = Some(Fault::LoseAnswerTo(part)));
    }

    /// Takes back what [`Self::truncate_after`] or [`Self::lose_answer_to`] announced, if it has not happened yet.
    pub fn spare(&self) {
        self.condition.send_modify(|condition| condition.fault = None);
    }

    /// Waits until what [`Self::truncate_after`] or [`Self::lose_answer_to`] announced has happened, however long that
    /// takes.
    pub async fn struck(&self) {
        let mut condition = self.condition.subscribe();
        condition.wait_for(|condition| condition.fault.is_none()).await.expect("the sender is ours");
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, condition: watch::Sender<Condition>, connections: watch::Sender<usize>) {
    // Aborted with this task, and so are the connections in it.
    let mut serving = JoinSet::new();
    loop {
        let (client, from) = listener.accept().await.expect("a test does not run out of file descriptors");
        while serving.try_join_next().is_some() {}
        let (cuts, upstream) = {
            let now = condition.borrow();
            if now.cut {
                continue;
            }
            (now.cuts, now.upstream)
        };
        let counted = Counted::new(connections.clone());
        let condition = condition.clone();
        serving.spawn(async move {
            connection::serve((client, from.ip()), upstream, &condition, cuts).await;
            drop(counted);
        });
    }
}

/// One of the open connections, for as long as it lives.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(connections: watch::Sender<usize>) -> Self {
        connections.send_modify(|count| *count += 1);
        Self(connections)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
