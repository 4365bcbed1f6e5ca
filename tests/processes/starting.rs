//! Starting, refusing to start, and ending.

use std::fs;
use std::process::Command;

use atropos_testbed::{Binary, Flavor, RedisServer};

use crate::program::{PROGRAM, dev, done, is_active, post, refused, session};

const SERVE: &str = r#"
[server]
issuer = "https://login.example.com"
listen = "127.0.0.1:0"
[metrics]
listen = "127.0.0.1:0"
[store]
durability = "fsync"
[keys]
master_secret = "a master secret of a test, which is long enough"
"#;

#[tokio::test]
async fn serve_starts_on_a_small_file_and_check_agrees() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("atropos.toml");
    fs::write(&config, SERVE).unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(done(&["check", "--config", config], ""), "the settings are fine\n");
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--config", config]).env("ATROPOS__STORE__DATA", data.path().join("data"));
    let server = Binary::start_command(&mut command).await;
    let answer = reqwest::get(server.url("/.well-known/oauth-authorization-server")).await.unwrap();
    assert!(answer.text().await.unwrap().contains(r#""issuer":"https://login.example.com""#));
}

#[test]
fn serve_tells_everything_that_is_wrong_at_once() {
    let said = refused(&["serve"], "");
    for key in ["server.issuer: is missing", "store.durability: is missing", "keys.master_secret_file: is missing"] {
        assert!(said.contains(key), "{said}");
    }
}

#[test]
fn dev_stays_on_this_machine() {
    let said = refused(&["dev", "--listen", "0.0.0.0:0"], "");
    assert!(said.contains("server.listen") && said.contains("loopback"), "{said}");
}

#[tokio::test]
async fn a_second_process_on_one_embedded_store_is_refused_in_plain_words() {
    let data = tempfile::tempdir().unwrap();
    let _first = dev(data.path(), &[]).await;
    let folder = data.path().to_str().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["dev", "--listen", "127.0.0.1:0", "--data", folder]);
    let output = command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another process") || said.contains("in use"), "{said}");
}

/// Design section 9: a store belongs to one mode.
#[tokio::test]
async fn dev_and_serve_do_not_share_a_store() {
    let (data, redis) = (
        tempfile::tempdir().unwrap(),
        RedisServer::start(Flavor::Redis, &[("appendonly", "yes"), ("appendfsync", "always")]).await,
    );
    let mut server = dev(data.path(), &["--store", &redis.url()]).await;
    server.terminate();
    server.ended().await;
    let config = data.path().join("atropos.toml");
    fs::write(&config, SERVE).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--config", config.to_str().unwrap()]);
    let output = command.env("ATROPOS__STORE__URL", redis.url()).env("ATROPOS__STORE__DATA", data.path()).output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("made by `dev`"), "{said}");
}

/// What another version wrote is not read as if it were ours, nor found broken request by request.
#[tokio::test]
async fn a_store_of_another_format_is_refused_in_plain_words() {
    let redis = RedisServer::start(Flavor::Redis, &[]).await;
    let data = tempfile::tempdir().unwrap();
    let mut server = dev(data.path(), &["--store", &redis.url()]).await;
    server.terminate();
    server.ended().await;
    let mut redis_connection =
        redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let stamp = [&1_u64.to_be_bytes()[..], br#"{"mode":"dev"}"#].concat();
    let () = redis::cmd("SET").arg("atropos:d:stamp").arg(stamp).query_async(&mut redis_connection).await.unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["dev", "--listen", "127.0.0.1:0", "--store", &redis.url(), "--data"]).arg(data.path());
    let output = command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("records of format 1"), "{said}");
}

/// S21: a server that may evict is refused.
#[tokio::test]
async fn a_redis_that_may_evict_is_refused() {
    let redis = RedisServer::start(Flavor::Redis, &[("maxmemory-policy", "allkeys-lru")]).await;
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["dev", "--listen", "127.0.0.1:0", "--store", &redis.url(), "--data"]).arg(data.path());
    let output = command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("maxmemory-policy"), "{said}");
}

/// S21: what there is no room for was not done. What was there before is still known.
#[tokio::test]
async fn a_redis_that_is_full_takes_no_revocation_and_none_is_acknowledged() {
    let redis = RedisServer::start(Flavor::Redis, &[]).await;
    let data = tempfile::tempdir().unwrap();
    let server = dev(data.path(), &["--store", &redis.url()]).await;
    let [one, other] = [session(&server, "demo-session").await, session(&server, "demo-session-jwt").await];
    let mut connection = redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut room = async |bytes: &str| {
        let () =
            redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).query_async(&mut connection).await.unwrap();
    };
    room("1").await;
    let all = [("demo-session", &one.access), ("demo-session", &one.refresh), ("demo-session-jwt", &other.refresh)];
    for (client, token) in all {
        let answer = post(&server, "/oauth/revoke", client, &[("token", token)]).await;
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
    }
    assert!(is_active(&server, &one.access).await && is_active(&server, &other.access).await);
    room("0").await;
    for (client, token) in all {
        assert_eq!(post(&server, "/oauth/revoke", client, &[("token", token)]).await.status(), 200);
    }
    assert!(!is_active(&server, &one.access).await && !is_active(&server, &other.access).await);
}

/// Whoever reads where it listens may end it the next moment: it drains, and is not merely killed by the signal.
#[tokio::test]
async fn sigterm_is_heard_as_soon_as_the_program_says_where_it_listens() {
    let data = tempfile::tempdir().unwrap();
    for _ in 0..20 {
        let mut server = dev(data.path(), &["--issuer", "http://127.0.0.1:1"]).await;
        server.terminate();
        let ended = server.ended().await;
        assert!(ended.success(), "{ended}");
    }
}

/// SIGTERM: the program ends by itself, with success, and what it acknowledged is there the next time.
#[tokio::test]
async fn sigterm_ends_the_program_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let more = ["--issuer", "http://127.0.0.1:1"];
    let mut server = dev(data.path(), &more).await;
    let session = session(&server, "demo-session").await;
    server.terminate();
    assert!(server.ended().await.success());
    assert!(!data.path().join("atropos.sock").exists(), "the socket goes with its server");
    let told = server.stderr();
    for line in [r#""event":"issued""#, r#""route":"/oauth/token""#] {
        assert!(told.contains(line), "lines that waited are written at the end: {told}");
    }
    let again = dev(data.path(), &more).await;
    assert!(is_active(&again, &session.access).await);
}

/// The disk that the log lies on may be full.
#[tokio::test]
async fn a_log_that_cannot_be_written_ends_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec "$0" "$@" 2>/dev/full"#, PROGRAM, "dev", "--listen", "127.0.0.1:0", "--data"]);
    let mut server =
        Binary::start_command(command.arg(data.path()).env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0")).await;
    for _ in 0..3 {
        let session = session(&server, "demo-session").await;
        assert!(is_active(&server, &session.access).await);
    }
    server.terminate();
    assert!(server.ended().await.success());
}
