//! A primary, its replicas and the sentinels that watch them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::{Certificates, Flavor, RedisServer, Wire, cluster::is_linked, until};

const NAME: &str = "atropos";
const REPLICAS: usize = 2;
const SENTINELS: usize = 3;

/// Sentinels talk to each other every two seconds and look at replicas every ten; a test does not wait for that. A
/// sentinel that was held up for two seconds distrusts its clock and does nothing for thirty: not here.
const HASTE: [(&str, &str); 4] =
    [("publish-period", "200"), ("info-period", "200"), ("ask-period", "200"), ("tilt-period", "500")];

/// Where servers and sentinels that are on wires come from, so that wires can tell them from clients and from each other.
const SERVERS_FROM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const SENTINELS_FROM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// One primary with two replicas, watched by three sentinels of which two have to agree. A primary that does not answer
/// for two seconds is failed over.
pub struct Sentinels {
    watching: Vec<RedisServer>,
    servers: Vec<RedisServer>,
    /// One to each server, over which everybody reaches it; none if everybody reaches it directly.
    wires: Vec<Wire>,
}

impl Sentinels {
    /// Starts all six, and waits until the replicas have the primary's data and every sentinel knows all the others.
    pub async fn start(flavor: Flavor) -> Self {
        Self::launch(flavor, None).await
    }

    /// As [`Self::start`]; all six speak TLS alone, to each other as well.
    pub async fn start_tls(flavor: Flavor) -> Self {
        Self::launch(flavor, Some(Arc::new(Certificates::make()))).await
    }

    /// As [`Self::start`]; everybody knows the servers by a wire to each, over which one can be [parted](Self::part) from
    /// the others. `settings` are those of [`RedisServer::start`], for each server. Needs Redis 7, whose connections come
    /// from where they are told to.
    pub async fn start_on_wires(flavor: Flavor, settings: &[(&str, &str)]) -> Self {
        let from = SERVERS_FROM.to_string();
        let own = [("bind-source-addr", from.as_str()), ("replica-announce-ip", "127.0.0.1")];
        let settings = [settings, &own].concat();
        let (mut servers, mut wires) = (Vec::new(), Vec::new());
        for _ in 0..=REPLICAS {
            let server = RedisServer::start(flavor, &settings).await;
            let wire = Wire::to(server.address()).await;
            server.tell(&["CONFIG", "SET", "replica-announce-port", &wire.address().port().to_string()]).await;
            wires.push(wire);
            servers.push(server);
        }
        let primary = wires[0].address().port().to_string();
        for replica in &servers[1..] {
            replica.tell(&["REPLICAOF", "127.0.0.1", &primary]).await;
        }
        for server in &servers {
            // What was set is to outlive a restart.
            server.tell(&["CONFIG", "REWRITE"]).await;
        }
        Self::watch(flavor, None, servers, wires).await
    }

    async fn launch(flavor: Flavor, certificates: Option<Arc<Certificates>>) -> Self {
        let mut servers = vec![RedisServer::start_among(flavor, certificates.clone(), &[]).await];
        let primary = format!("127.0.0.1 {}", servers[0].port());
        for _ in 0..REPLICAS {
            let settings = [("replicaof", primary.as_str())];
            servers.push(RedisServer::start_among(flavor, certificates.clone(), &settings).await);
        }
        Self::watch(flavor, certificates, servers, Vec::new()).await
    }

    async fn watch(
        flavor: Flavor,
        certificates: Option<Arc<Certificates>>,
        servers: Vec<RedisServer>,
        wires: Vec<Wire>,
    ) -> Self {
        for replica in &servers[1..] {
            until("a replica has its primary's data", async || is_linked(replica).await).await;
        }
        let primary = wires.first().map_or_else(|| servers[0].address(), Wire::address);
        let mut watching = Vec::new();
        for _ in 0..SENTINELS {
            watching.push(start_sentinel(flavor, certificates.clone(), primary, !wires.is_empty()).await);
        }
        let started = Self { watching, servers, wires };
        until("the sentinels know everybody", async || started.know_everybody().await).await;
        started
    }

    /// Where the sentinels listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.watching.iter().map(RedisServer::address).collect()
    }

    /// What all six have in common if they speak TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.servers[0].certificates()
    }

    /// What the sentinels call the primary and its replicas.
    pub fn master_name(&self) -> &'static str {
        NAME
    }

    /// The address of the primary, as most sentinels see it; none while they do not agree.
    pub async fn primary(&self) -> Option<SocketAddr> {
        let named = self.named().await;
        let majority = |address: &&SocketAddr| named.iter().filter(|other| other == address).count() > SENTINELS / 2;
        named.iter().find(majority).copied()
    }

    /// What each sentinel that answers calls the primary.
    async fn named(&self) -> Vec<SocketAddr> {
        let mut named = Vec::new();
        for sentinel in &self.watching {
            let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
            if let Ok((host, port)) = sentinel.ask::<(String, u16)>(&question).await {
                named.push(SocketAddr::new(host.parse().expect("all servers here have addresses"), port));
            }
        }
        named
    }

    /// Which of the [`servers`](Self::servers) is the primary, as most sentinels see it.
    pub async fn primary_index(&self) -> Option<usize> {
        self.index_of(self.primary().await?)
    }

    /// Whether no sentinel calls this server the primary any more: whoever asks one, any one, is not sent there.
    pub async fn have_all_left(&self, server: usize) -> bool {
        self.named().await.into_iter().all(|address| self.index_of(address).is_some_and(|named| named != server))
    }

    fn index_of(&self, primary: SocketAddr) -> Option<usize> {
        let known = |index: usize| self.wires.get(index).map_or_else(|| self.servers[index].address(), Wire::address);
        (0..self.servers.len()).find(|index| known(*index) == primary)
    }

    /// From now on neither the other servers nor the sentinels reach this one; clients notice nothing. For servers on
    /// wires.
    pub fn part(&self, server: usize) {
        self.wires[server].part_from([SERVERS_FROM, SENTINELS_FROM]);
    }

    /// From now on no replica of this server gets anything from it; sentinels and clients notice nothing. For servers on
    /// wires.
    pub fn hold_back(&self, server: usize) {
        self.wires[server].part_from([SERVERS_FROM]);
    }

    /// Undoes [`Self::part`] and [`Self::hold_back`].
    pub fn join(&self, server: usize) {
        self.wires[server].thaw();
    }

    /// Whether so many servers are replicas that have their primary's data.
    pub async fn has_replicas(&self, count: usize) -> bool {
        let mut linked = 0;
        for server in &self.servers {
            linked += usize::from(is_linked(server).await);
        }
        linked == count
    }

    /// The primary and its replicas, in the order they were started: the first was the primary then.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }

    /// The sentinels themselves.
    pub fn sentinels(&mut self) -> &mut [RedisServer] {
        &mut self.watching
    }

    async fn know_everybody(&self) -> bool {
        for sentinel in &self.watching {
            let seen: Vec<String> = sentinel.ask(&["SENTINEL", "MASTER", NAME]).await.expect("a sentinel answers");
            let counted = |field: &str, count: usize| seen.windows(2).any(|pair| pair == [field, &count.to_string()]);
            if !counted("num-slaves", REPLICAS) || !counted("num-other-sentinels", SENTINELS - 1) {
                return false;
            }
        }
        true
    }
}

async fn start_sentinel(
    flavor: Flavor,
    certificates: Option<Arc<Certificates>>,
    primary: SocketAddr,
    on_wires: bool,
) -> RedisServer {
    let from = SENTINELS_FROM.to_string();
    let mut settings = vec![
        ("sentinel monitor", format!("{NAME} {} {} 2", primary.ip(), primary.port())),
        ("sentinel down-after-milliseconds", format!("{NAME} 2000")),
        ("sentinel failover-timeout", format!("{NAME} 5000")),
        ("sentinel parallel-syncs", format!("{NAME} {REPLICAS}")),
    ];
    if on_wires {
        // Where it comes from is not where it listens.
        settings.extend([("bind-source-addr", from), ("sentinel announce-ip", "127.0.0.1".to_owned())]);
    }
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sentinel = RedisServer::start_sentinel(flavor, certificates, &settings).await;
    for (period, milliseconds) in HASTE {
        // Redis 6.2 has no such command and takes its time.
        let _: Result<String, _> = sentinel.ask(&["SENTINEL", "DEBUG", period, milliseconds]).await;
    }
    sentinel
}
