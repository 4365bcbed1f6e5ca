//! The commands of operators: through a running server's socket, and on a store with nobody running.

use atropos_testbed::{Binary, Flavor, RedisServer};

use crate::program::{dev, done, is_active, post, refused, session};

/// INV-1: what a command has ended is dead at the next request.
#[tokio::test]
async fn operators_reach_a_running_server_through_its_socket() {
    let data = tempfile::tempdir().unwrap();
    let server = dev(data.path(), &[]).await;
    operate(&server, &["--data", data.path().to_str().unwrap()]).await;
}

#[tokio::test]
async fn operators_work_on_redis_itself_where_the_server_has_another_data_folder() {
    let redis = RedisServer::start(Flavor::Redis, &[]).await;
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let more = ["--store", &redis.url(), "--issuer", "http://127.0.0.1:8080"];
    let server = dev(data.path(), &more).await;
    std::fs::copy(data.path().join("master-secret"), elsewhere.path().join("master-secret")).unwrap();
    operate(&server, &["--data", elsewhere.path().to_str().unwrap(), "--store", &redis.url()]).await;
}

async fn operate(server: &Binary, place: &[&str]) {
    let with = |arguments: &[&'static str]| -> Vec<String> {
        arguments.iter().chain(place).map(|argument| (*argument).to_owned()).collect()
    };
    let run = |arguments: &[&'static str], input: &str| {
        let all = with(arguments);
        done(&all.iter().map(String::as_str).collect::<Vec<_>>(), input)
    };
    let ended = session(server, "demo-session").await;
    let tree = run(&["family", "show"], &ended.refresh);
    for line in ["client    demo-session", "├─ grant", "#1 refresh token, live until", "#2 access token, opaque, live"]
    {
        assert!(tree.contains(line), "{tree}");
    }
    assert!(!tree.contains("at_") && !tree.contains("rt_"), "{tree}");

    assert_eq!(run(&["revoke"], &ended.access), "revoked: 0 families with 0 refresh tokens and 1 access token\n");
    assert!(!is_active(server, &ended.access).await);
    let next = session(server, "demo-session").await;
    run(&["revoke", "--client", "demo-session", "--yes"], "");
    assert!(!is_active(server, &next.access).await);

    let signed = session(server, "demo-service-jwt").await;
    let keys = run(&["keys", "list"], "");
    let key = keys.lines().find(|line| line.contains("ES256")).unwrap().split(' ').next().unwrap().to_owned();
    assert!(run(&["keys", "rotate"], "").matches("ES256").count() == 2, "published, and not signing yet");
    assert!(is_active(server, &signed.access).await);
    let mut retire = with(&["keys", "retire", "--now"]);
    retire.insert(2, key);
    done(&retire.iter().map(String::as_str).collect::<Vec<_>>(), "");
    assert!(!is_active(server, &signed.access).await);
    let signed = session(server, "demo-service-jwt").await;
    assert!(is_active(server, &signed.access).await, "another key has taken its place");

    let last = session(server, "demo-session").await;
    run(&["restored", "--yes"], "");
    assert!(!is_active(server, &last.access).await);
    assert!(!is_active(server, &signed.access).await);
}

/// S25: nothing is done without being asked for, and nothing without a selector.
#[tokio::test]
async fn a_wide_revocation_counts_first_and_does_nothing_unless_told_to() {
    let data = tempfile::tempdir().unwrap();
    let server = dev(data.path(), &[]).await;
    let session = session(&server, "demo-session").await;
    let folder = data.path().to_str().unwrap();
    let said = refused(&["revoke", "--everything", "--data", folder], "");
    assert!(said.contains("nothing was done"), "{said}");
    let said = refused(&["revoke", "--data", folder], "");
    assert!(said.contains("no token"), "{said}");
    assert!(is_active(&server, &session.access).await);
}

/// INV-5
#[tokio::test]
async fn a_backup_that_is_restored_brings_nothing_back_to_life() {
    let (data, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let more = ["--issuer", "http://127.0.0.1:8080"];
    let mut server = dev(data.path(), &more).await;
    let session = session(&server, "demo-session").await;
    server.terminate();
    server.ended().await;
    let file = data.path().join("atropos.redb");
    std::fs::copy(&file, backup.path().join("copy")).unwrap();

    let mut server = dev(data.path(), &more).await;
    let answer = post(&server, "/oauth/revoke", "demo-session", &[("token", &session.refresh)]).await;
    assert_eq!(answer.status(), 200);
    server.terminate();
    server.ended().await;
    std::fs::copy(backup.path().join("copy"), &file).unwrap();
    done(&["restored", "--yes", "--data", data.path().to_str().unwrap()], "");
    let server = dev(data.path(), &more).await;
    assert!(!is_active(&server, &session.access).await, "it was revoked");
}

#[test]
fn a_secret_is_hashed_or_made() {
    let hash = done(&["client", "hash-secret"], "correct horse battery staple\n");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let made = done(&["client", "hash-secret", "--generate"], "");
    assert!(made.contains("register  sha256:"), "{made}");
    assert!(refused(&["client", "hash-secret"], "").contains("no secret"));
}

#[tokio::test]
async fn health_tells_whether_the_server_is_ready() {
    let data = tempfile::tempdir().unwrap();
    let mut server = dev(data.path(), &[]).await;
    let url = server.url("/health/ready");
    assert_eq!(done(&["health", "--url", &url], ""), "ready\n");
    server.kill().await;
    assert!(refused(&["health", "--url", &url], "").contains("not ready"));
}
