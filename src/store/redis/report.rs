//! What a server says about itself.

use std::collections::HashMap;

use redis::{Pipeline, Value};

use super::failure::settle;
use crate::domain::store::Unavailable;

const CONFIG: [&str; 4] = ["maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite"];

/// What a server says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) version: (u32, u32),
    pub(super) role: String,
    /// Drawn by the server when it started.
    pub(super) run: String,
    /// The id of its data's history, which a promotion begins anew (`master_replid`).
    pub(super) history: String,
    pub(super) cluster: bool,
    pub(super) replicas: u64,
    /// `None`: it would not tell.
    pub(super) maxmemory_policy: Option<String>,
    pub(super) appendonly: bool,
    pub(super) appendfsync: Option<String>,
    /// Whether it leaves out fsync while it rewrites its file.
    pub(super) rewrite_skips_fsync: bool,
}

/// The commands whose answers [`Report::read`] reads.
pub(super) fn questions() -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.cmd("INFO");
    for name in CONFIG {
        pipeline.cmd("CONFIG").arg("GET").arg(name);
    }
    pipeline
}

impl Report {
    /// A server that forbids `CONFIG` still tells the most in `INFO`.
    pub(super) fn read(answers: Vec<Value>) -> Result<Self, Unavailable> {
        let mut answers = answers.into_iter();
        let text: String = redis::from_redis_value(settle(answers.next().unwrap_or(Value::Nil))?)
            .map_err(|_| Unavailable("the answer to INFO cannot be read".to_owned()))?;
        let info: HashMap<&str, &str> = text.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
        let mut config = HashMap::new();
        for pair in answers {
            config.extend(redis::from_redis_value::<HashMap<String, String>>(pair).unwrap_or_default());
        }
        let one = |field: &str| info.get(field) == Some(&"1");
        let said = |name: &str| config.get(name).cloned();
        Ok(Self {
            version: version(info.get("redis_version").copied().unwrap_or_default()),
            role: info.get("role").copied().unwrap_or_default().to_owned(),
            run: info.get("run_id").copied().unwrap_or_default().to_owned(),
            history: info.get("master_replid").copied().unwrap_or_default().to_owned(),
            cluster: one("cluster_enabled"),
            replicas: info.get("connected_slaves").and_then(|count| count.parse().ok()).unwrap_or(0),
            maxmemory_policy: said(CONFIG[0]).or_else(|| info.get("maxmemory_policy").map(|&policy| policy.to_owned())),
            appendonly: said(CONFIG[1]).map_or_else(|| one("aof_enabled"), |said| said == "yes"),
            appendfsync: said(CONFIG[2]),
            rewrite_skips_fsync: said(CONFIG[3]).is_some_and(|said| said == "yes"),
        })
    }

    pub(super) fn is_primary(&self) -> bool {
        self.role == "master"
    }
}

fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
