//! A store that does not answer, answers late, half, or that it will not: 503 with `Retry-After` on every surface in its own
//! words, nothing believed that was not read, nothing acknowledged that may not be stored, no request without an end, and no
//! restart when the store is back.
//!
//! - `surfaces` every call there is, and what may be said to it without a store
//! - `schedule` faults on the wire to Redis, one after another, while clients ask
//! - `trouble` what Redis itself may answer instead
mod schedule;
mod surfaces;
mod trouble;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use atropos_testbed::{Flavor, RedisServer, Wire, until};
use futures_util::future::try_join_all;
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Instant;

pub use self::schedule::{Counted, faults};
use self::surfaces::{Call, Without, calls};
pub use self::trouble::{Trouble, trouble};
use crate::node::Node;
use crate::program::{Program, Start};

/// How a store can be out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Connections are closed, and every new one too.
    Cut,
    /// Nothing is delivered, in either direction.
    Frozen,
    /// What is asked is done; no answer comes.
    Mute,
}

/// What one call of the store may take (`store.timeout`), what a request may (`server.request_timeout`), and what a busy
/// machine may add to both.
const TIMEOUT: (&str, &str) = ("ATROPOS__STORE__TIMEOUT", "500ms");
const BOUND: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(5);

/// A server, and between it and its Redis a wire.
struct Scene {
    _redis: RedisServer,
    wire: Wire,
    node: Node,
    _data: TempDir,
}

impl Scene {
    async fn set(program: &Program, window: &str) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let redis = RedisServer::start(Flavor::Redis, &[]).await;
        let wire = Wire::to(redis.address()).await;
        let url = format!("redis://{}", wire.address());
        let more = [
            TIMEOUT,
            ("ATROPOS__TOKENS__REPLAY_WINDOW", window),
            ("ATROPOS__TOKENS__ACCESS_TOKENS_PER_FAMILY", "1000"),
            ("ATROPOS__LOGIN__APPLICATION", "http://127.0.0.1:9/login"),
            ("ATROPOS__LOGIN__APPLICATION_CLIENT", surfaces::LOGIN_APPLICATION),
        ];
        let start = Start { data: data.path(), store: Some(&url), durability: "memory", more: &more };
        let node = program.start(&start).await;
        Self { _redis: redis, wire, node, _data: data }
    }

    async fn begin(&self, outage: Outage) {
        match outage {
            Outage::Cut => self.wire.cut().await,
            Outage::Frozen => self.wire.freeze(),
            Outage::Mute => self.wire.hold_answers(),
        }
    }

    /// Ends whatever was begun, and waits until the server, which lives on, answers.
    async fn recover(&self) {
        self.wire.thaw();
        self.wire.mend();
        self.wire.delay(Duration::ZERO);
        until("the server has found its store again", async || self.node.issue().await.told().is_some()).await;
    }
}

/// Every call that the server describes, without its store, and with it again. Returns how many there were, and the longest
/// that one took.
pub async fn every_surface(program: &Program, outage: Outage) -> Result<(usize, Duration)> {
    let scene = Scene::set(program, "1h").await;
    let client = Client::builder().redirect(Policy::none()).build()?;
    let node = &scene.node;
    let calls = calls(&client, node).await?;
    are_all(&calls, &client, node).await?;
    let ask = async |call: Call| {
        let begun = Instant::now();
        let answer = call.send(&client, node).await?;
        anyhow::Ok((call, answer, begun.elapsed()))
    };
    let lasting = || calls.iter().filter(|call| call.without == Without::Same || call.is("post", "/oauth/introspect"));
    let before = try_join_all(lasting().cloned().map(ask)).await?;
    scene.begin(outage).await;
    let during = try_join_all(calls.iter().cloned().map(ask)).await?;
    let longest = during.iter().map(|(_, _, took)| *took).max().unwrap_or_default();
    ensure!(longest < BOUND + GRACE, "a request took {longest:?}");
    for (call, answer, _) in &during {
        match call.without {
            Without::Unavailable(words) => {
                ensure!(answer.is_unavailable(words), "{outage:?}: {call:?} was answered {answer:?}");
            }
            Without::Same => {
                let same = before.iter().any(|(other, before, _)| other.is_the_same(call) && before.is_like(answer));
                ensure!(same, "{outage:?}: {call:?} needs no store, and was answered {answer:?}");
            }
        }
    }
    scene.recover().await;
    // Only of a wire that was cut is it known that nothing reached the store.
    for (call, before, _) in before.iter().filter(|(call, ..)| call.without == Without::Same || outage == Outage::Cut) {
        let after = call.send(&client, node).await?;
        ensure!(after.is_like(before), "{outage:?}: {call:?} was answered {before:?}, and after the outage {after:?}");
    }
    Ok((calls.len(), longest))
}

/// Nothing that the server says can be asked is left out.
async fn are_all(calls: &[Call], client: &Client, node: &Node) -> Result<()> {
    let described: Value = client.get(node.url("/openapi.json")).send().await?.json().await?;
    let paths = described["paths"].as_object().context("a description has paths")?;
    for (path, methods) in paths {
        for method in methods.as_object().into_iter().flat_map(|methods| methods.keys()) {
            let known = calls.iter().any(|call| call.is(method, path));
            ensure!(known || method == "parameters", "{method} {path} is described, and nobody asks it here");
        }
    }
    Ok(())
}
