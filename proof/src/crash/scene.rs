//! Who is killed, and how everything is started again.

use std::fmt;

use atropos_testbed::{Flavor, RedisServer, until};
use tempfile::TempDir;

use crate::node::Node;
use crate::program::{Program, Start};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The server, with the embedded store in it.
    Embedded,
    /// The server, on a Redis that lives on.
    Server,
    /// Redis, which syncs every write. The server lives on, and has to find it again.
    Redis,
    /// A Redis that keeps nothing: no promise holds, and whoever looks must see it.
    ForgetfulRedis,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "the server, on the embedded store",
            Self::Server => "the server, on Redis",
            Self::Redis => "Redis, appendfsync always",
            Self::ForgetfulRedis => "Redis, nothing on disk",
        })
    }
}

/// A disk may be busy with what others do. A store that is gone is called so at once, however long it might have taken.
const PATIENCE: [(&str, &str); 2] = [("ATROPOS__STORE__TIMEOUT", "30s"), ("ATROPOS__SERVER__REQUEST_TIMEOUT", "40s")];
/// Longer than a proof runs, or none.
const WINDOW: [(&str, &str); 2] = [("ATROPOS__TOKENS__REPLAY_WINDOW", "0s"), ("ATROPOS__TOKENS__REPLAY_WINDOW", "1h")];
const MANY: (&str, &str) = ("ATROPOS__TOKENS__ACCESS_TOKENS_PER_FAMILY", "1000");

/// What was spent is given again for as long as a proof runs.
pub(super) const LASTING: [(&str, &str); 4] = [WINDOW[1], MANY, PATIENCE[0], PATIENCE[1]];

pub(super) struct Scene<'a> {
    program: &'a Program,
    data: TempDir,
    redis: Option<RedisServer>,
    node: Node,
    victim: Victim,
    pub(super) window: bool,
}

impl<'a> Scene<'a> {
    pub(super) async fn set(program: &'a Program, victim: Victim, window: bool) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let always: &[(&str, &str)] = &[("appendonly", "yes"), ("appendfsync", "always")];
        let redis = match victim {
            Victim::Embedded => None,
            Victim::Server | Victim::Redis => Some(RedisServer::start(Flavor::Redis, always).await),
            Victim::ForgetfulRedis => Some(RedisServer::start(Flavor::Redis, &[]).await),
        };
        let node = start(program, &data, redis.as_ref(), (victim, window)).await;
        Self { program, data, redis, node, victim, window }
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    /// The number of the process that is killed.
    pub(super) fn victim(&self) -> u32 {
        match (self.victim, &self.redis) {
            (Victim::Redis | Victim::ForgetfulRedis, Some(redis)) => redis.id(),
            _ => self.node.id(),
        }
    }

    /// Starts again what was killed, and waits until the server answers.
    pub(super) async fn restart(&mut self) {
        match (self.victim, &mut self.redis) {
            (Victim::Redis | Victim::ForgetfulRedis, Some(redis)) => {
                redis.kill().await;
                redis.restart().await;
                until("the server has found Redis again", async || self.node.issue().await.told().is_some()).await;
            }
            (_, redis) => {
                self.node.kill().await;
                self.node = start(self.program, &self.data, redis.as_ref(), (self.victim, self.window)).await;
            }
        }
    }
}

async fn start(
    program: &Program,
    data: &TempDir,
    redis: Option<&RedisServer>,
    (victim, window): (Victim, bool),
) -> Node {
    let url = redis.map(RedisServer::url);
    let durability = if victim == Victim::ForgetfulRedis { "memory" } else { "fsync" };
    let more = [WINDOW[usize::from(window)], MANY, PATIENCE[0], PATIENCE[1]];
    program.start(&Start { data: data.path(), store: url.as_deref(), durability, more: &more }).await
}
