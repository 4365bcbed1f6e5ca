//! Two server processes on one store.

use std::process::Command;

use atropos_testbed::{Binary, Flavor, RedisServer};
use tempfile::TempDir;

use crate::program::{PROGRAM, dev, is_active, post, session};

struct Nodes {
    one: Binary,
    other: Binary,
    redis: RedisServer,
    data: TempDir,
}

/// One data folder, one store, one issuer: a cluster.
async fn nodes(flavor: Flavor) -> Nodes {
    let (data, redis) = (tempfile::tempdir().unwrap(), RedisServer::start(flavor, &[]).await);
    let more = ["--store", &redis.url(), "--issuer", "http://127.0.0.1:1"];
    let (one, other) = (dev(data.path(), &more).await, dev(data.path(), &more).await);
    Nodes { one, other, redis, data }
}

/// RFC7009-2.1-ab, RFC7009-2.1-ac: revoke at one, ask the other as the very next request.
#[tokio::test]
async fn what_one_process_revoked_is_dead_at_the_other_at_the_next_request() {
    for flavor in Flavor::ALL {
        let nodes = nodes(flavor).await;
        for client in ["demo-session", "demo-session-jwt"] {
            for _ in 0..50 {
                let session = session(&nodes.one, client).await;
                assert!(is_active(&nodes.other, &session.access).await);
                let revoked = post(&nodes.one, "/oauth/revoke", client, &[("token", &session.refresh)]).await;
                assert_eq!(revoked.status(), 200);
                assert!(!is_active(&nodes.other, &session.access).await);
                let form = [("grant_type", "refresh_token"), ("refresh_token", &*session.refresh)];
                assert_eq!(post(&nodes.other, "/oauth/token", client, &form).await.status(), 400);
            }
        }
    }
}

/// S5, INV-3: kill -9 right after the 200, of both; what comes up again knows.
#[tokio::test]
async fn what_was_revoked_stays_dead_after_every_process_was_killed() {
    let mut nodes = nodes(Flavor::Redis).await;
    let (revoked, alive) = (session(&nodes.one, "demo-session").await, session(&nodes.one, "demo-session").await);
    let answer = post(&nodes.one, "/oauth/revoke", "demo-session", &[("token", &revoked.refresh)]).await;
    assert_eq!(answer.status(), 200);
    nodes.one.kill().await;
    nodes.other.kill().await;
    let more = ["--store", &nodes.redis.url(), "--issuer", "http://127.0.0.1:1"];
    let again = dev(nodes.data.path(), &more).await;
    assert!(!is_active(&again, &revoked.access).await);
    assert!(is_active(&again, &alive.access).await);
}

/// INV-3: the power fails for all of them, the store's machine as well, which syncs what it acknowledges.
#[tokio::test]
async fn what_was_revoked_stays_dead_after_the_store_was_killed_too() {
    for flavor in Flavor::ALL {
        let mut redis = RedisServer::start(flavor, &[("appendonly", "yes"), ("appendfsync", "always")]).await;
        let data = tempfile::tempdir().unwrap();
        let start = async |redis: &RedisServer| {
            let mut command = Command::new(PROGRAM);
            command.args(["dev", "--listen", "127.0.0.1:0", "--issuer", "http://127.0.0.1:1", "--store", &redis.url()]);
            command.arg("--data").arg(data.path());
            command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").env("ATROPOS__STORE__DURABILITY", "fsync");
            Binary::start_command(&mut command).await
        };
        let (mut alive, mut dead) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let mut server = start(&redis).await;
            let [kept, ended, spent] = [
                session(&server, "demo-session").await,
                session(&server, "demo-session-jwt").await,
                session(&server, "demo-session").await,
            ];
            let answer = post(&server, "/oauth/revoke", "demo-session-jwt", &[("token", &ended.refresh)]).await;
            assert_eq!(answer.status(), 200);
            let form = [("grant_type", "refresh_token"), ("refresh_token", &*spent.refresh)];
            assert_eq!(post(&server, "/oauth/token", "demo-session", &form).await.status(), 200);
            let answer = post(&server, "/oauth/revoke", "demo-session", &[("token", &spent.access)]).await;
            assert_eq!(answer.status(), 200);
            redis.kill().await;
            server.kill().await;
            redis.restart().await;
            alive.push(kept.access);
            dead.extend([ended.access, spent.access]);
            let server = start(&redis).await;
            for token in &dead {
                assert!(!is_active(&server, token).await);
            }
            for token in &alive {
                assert!(is_active(&server, token).await);
            }
        }
    }
}

/// S5, INV-3, on the embedded store.
#[tokio::test]
async fn the_embedded_store_keeps_what_it_acknowledged_when_the_server_is_killed() {
    let data = tempfile::tempdir().unwrap();
    let more = ["--issuer", "http://127.0.0.1:1"];
    let mut alive: Vec<String> = Vec::new();
    let mut dead: Vec<String> = Vec::new();
    for _ in 0..5 {
        let mut server = dev(data.path(), &more).await;
        for token in &dead {
            assert!(!is_active(&server, token).await);
        }
        for token in &alive {
            assert!(is_active(&server, token).await);
        }
        let (keep, end) = (session(&server, "demo-session").await, session(&server, "demo-session").await);
        let answer = post(&server, "/oauth/revoke", "demo-session", &[("token", &end.refresh)]).await;
        assert_eq!(answer.status(), 200);
        server.kill().await;
        alive.push(keep.access);
        dead.push(end.access);
    }
}
