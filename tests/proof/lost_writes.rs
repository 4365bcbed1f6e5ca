//! What is lost with a Redis that comes back as it was a moment ago: after a restart, a power cut, a restored file. Replicas do
//! not help against it, for they take over what it came back with.

use atropos_proof::{Node, Outcome, Session, Start};
use atropos_testbed::{Flavor, RedisServer, until};
use tempfile::TempDir;

use crate::program;

struct Nodes {
    redis: RedisServer,
    durability: &'static str,
    data: TempDir,
    both: [Node; 2],
}

async fn node(redis: &RedisServer, durability: &str, data: &TempDir) -> Node {
    let url = redis.url();
    program().start(&Start { data: data.path(), store: Some(&url), durability, more: &[] }).await
}

impl Nodes {
    async fn start(redis: RedisServer, durability: &'static str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let both = [node(&redis, durability, &data).await, node(&redis, durability, &data).await];
        Self { redis, durability, data, both }
    }

    async fn issue(&self) -> Session {
        self.both[0].issue().await.told().unwrap()
    }

    /// What Redis holds now is on its disk; what comes later is not.
    async fn save(&self) {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("SAVE").exec_async(&mut connection).await.unwrap();
    }

    async fn restart_redis(&mut self) {
        self.redis.kill().await;
        self.redis.restart().await;
        for node in &self.both {
            until("the node has found it", async || node.issue().await.told().is_some()).await;
        }
    }

    async fn is_active(&self, session: &Session) -> [Outcome<bool>; 2] {
        let [one, other] = &self.both;
        [one.introspect(&session.access).await, other.introspect(&session.access).await]
    }
}

const DEAD: [Outcome<bool>; 2] = [Outcome::Told(false), Outcome::Told(false)];
const ALIVE: [Outcome<bool>; 2] = [Outcome::Told(true), Outcome::Told(true)];

/// INV-5: births and spends of after that moment are lost; revocations are put back, also for a node that never knew them.
async fn only_revocations_come_back(mut nodes: Nodes) {
    let (kept, spent, ended) = (nodes.issue().await, nodes.issue().await, nodes.issue().await);
    nodes.save().await;
    let born = nodes.issue().await;
    let next = nodes.both[0].refresh(&spent.refresh).await.told().unwrap();
    nodes.both[0].revoke(&ended.refresh).await.told().unwrap();

    nodes.restart_redis().await;
    assert_eq!(nodes.is_active(&kept).await, ALIVE);
    assert_eq!(nodes.is_active(&born).await, DEAD, "a birth is lost");
    assert_eq!(nodes.is_active(&next).await, DEAD, "what a lost refresh gave is dead");
    let again = nodes.both[1].refresh(&spent.refresh).await.told().unwrap();
    assert_ne!(again, next, "what it spent can be spent again, for other tokens");

    let third = node(&nodes.redis, nodes.durability, &nodes.data).await;
    until("the revocation is put back", async || {
        third.introspect(&ended.access).await == Outcome::Told(false) && nodes.is_active(&ended).await == DEAD
    })
    .await;
    assert_eq!(third.refresh(&ended.refresh).await, Outcome::Refused("invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_redis_that_comes_back_as_it_was_a_moment_ago_is_told_the_revocations_again() {
    for flavor in Flavor::ALL {
        let redis = RedisServer::start(flavor, &[]).await;
        only_revocations_come_back(Nodes::start(redis, "memory").await).await;
    }
}

#[tokio::test]
async fn a_primary_that_is_back_before_it_is_replaced_takes_from_its_replicas_what_it_lacks() {
    let redis = RedisServer::start(Flavor::Redis, &[]).await;
    let primary = format!("127.0.0.1 {}", redis.port());
    let _replica = RedisServer::start(Flavor::Redis, &[("replicaof", &primary)]).await;
    only_revocations_come_back(Nodes::start(redis, "replicas:1").await).await;
}
