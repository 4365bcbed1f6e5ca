//! A primary, its replicas and the sentinels that watch them.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::{Certificates, Flavor, RedisServer, cluster::is_linked, until};

const NAME: &str = "atropos";
const REPLICAS: usize = 2;
const SENTINELS: usize = 3;

/// Sentinels talk to each other every two seconds and look at replicas every ten; a test does not wait for that. A
/// sentinel that was held up for two seconds distrusts its clock and does nothing for thirty: not here.
const HASTE: [(&str, &str); 4] =
    [("publish-period", "200"), ("info-period", "200"), ("ask-period", "200"), ("tilt-period", "500")];

/// One primary with two replicas, watched by three sentinels of which two have to agree. A primary that does not answer
/// for two seconds is failed over.
pub struct Sentinels {
    sentinels: Vec<RedisServer>,
    servers: Vec<RedisServer>,
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

    async fn launch(flavor: Flavor, certificates: Option<Arc<Certificates>>) -> Self {
        let mut servers = vec![RedisServer::start_among(flavor, certificates.clone(), &[]).await];
        let primary = format!("127.0.0.1 {}", servers[0].port());
        for _ in 0..REPLICAS {
            let settings = [("replicaof", primary.as_str())];
            servers.push(RedisServer::start_among(flavor, certificates.clone(), &settings).await);
        }
        for replica in &servers[1..] {
            until("a replica has its primary's data", async || is_linked(replica).await).await;
        }
        let mut sentinels = Vec::new();
        for _ in 0..SENTINELS {
            sentinels.push(start_sentinel(flavor, certificates.clone(), &primary).await);
        }
        let started = Self { sentinels, servers };
        until("the sentinels know everybody", async || started.know_everybody().await).await;
        started
    }

    /// Where the sentinels listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sentinels.iter().map(RedisServer::address).collect()
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
        let mut named = Vec::new();
        for sentinel in &self.sentinels {
            let question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
            if let Ok((host, port)) = sentinel.ask::<(String, u16)>(&question).await {
                named.push(SocketAddr::new(host.parse().expect("all servers here have addresses"), port));
            }
        }
        let majority = |address: &&SocketAddr| named.iter().filter(|other| other == address).count() > SENTINELS / 2;
        named.iter().find(majority).copied()
    }

    /// The primary and its replicas, in the order they were started: the first was the primary then.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }

    /// The sentinels themselves.
    pub fn sentinels(&mut self) -> &mut [RedisServer] {
        &mut self.sentinels
    }

    async fn know_everybody(&self) -> bool {
        for sentinel in &self.sentinels {
            let seen: Vec<String> = sentinel.ask(&["SENTINEL", "MASTER", NAME]).await.expect("a sentinel answers");
            let counted = |field: &str, count: usize| seen.windows(2).any(|pair| pair == [field, &count.to_string()]);
            if !counted("num-slaves", REPLICAS) || !counted("num-other-sentinels", SENTINELS - 1) {
                return false;
            }
        }
        true
    }
}

async fn start_sentinel(flavor: Flavor, certificates: Option<Arc<Certificates>>, primary: &str) -> RedisServer {
    let settings = [
        ("sentinel monitor", format!("{NAME} {primary} 2")),
        ("sentinel down-after-milliseconds", format!("{NAME} 2000")),
        ("sentinel failover-timeout", format!("{NAME} 5000")),
        ("sentinel parallel-syncs", format!("{NAME} {REPLICAS}")),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let sentinel = RedisServer::start_sentinel(flavor, certificates, &settings).await;
    for (period, milliseconds) in HASTE {
        // Redis 6.2 has no such command and takes its time.
        let _: Result<String, _> = sentinel.ask(&["SENTINEL", "DEBUG", period, milliseconds]).await;
    }
    sentinel
}
