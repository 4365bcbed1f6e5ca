//! What nobody should send, and somebody will.

use std::time::Duration;

use atropos::http::Options;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::answer::Answer;
use crate::raw;
use crate::spawn::{App, Setup, basic, options};

const PATH: &str = "/oauth/revoke";

async fn with_options(change: impl FnOnce(&mut Options)) -> App {
    let mut options = options();
    change(&mut options);
    App::with(Setup { options, ..Setup::default() }).await
}

/// RFC7009-2.1-j
#[tokio::test]
async fn a_body_over_the_limit_is_too_large_however_it_comes() {
    let app = App::spawn().await;
    let fits = format!("token={}", "a".repeat(64 * 1024 - 6));
    let answer = raw::exchange(app.address, &raw::form(PATH, &basic("session"), fits.as_bytes())).await;
    assert_eq!(raw::status(&answer), 200, "{answer}");
    let over = format!("{fits}a");
    let answer = raw::exchange(app.address, &raw::form(PATH, &basic("session"), over.as_bytes())).await;
    assert_eq!(raw::status(&answer), 413, "{answer}");
    assert!(answer.contains(r#""error":"invalid_request""#), "{answer}");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let chunked = format!(
        "POST {PATH} HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ntoken=\r\n{chunk}0\r\n\r\n"
    );
    let answer = raw::exchange(app.address, chunked.as_bytes()).await;
    assert_eq!(raw::status(&answer), 413, "{answer}");
}

/// A body that comes in pieces is the same body.
#[tokio::test]
async fn pieces_are_put_together() {
    let app = App::spawn().await;
    let token = app.issue("session").await.access;
    let mut connection = raw::connect(app.address).await;
    let body = format!("token={token}&token_type_hint=access_token");
    connection.write_all(raw::head(PATH, &basic("session"), body.len()).as_bytes()).await.unwrap();
    for byte in body.as_bytes() {
        connection.write_all(&[*byte]).await.unwrap();
        connection.flush().await.unwrap();
    }
    let answer = raw::rest(&mut connection).await;
    assert_eq!(raw::status(&answer), 200, "{answer}");
    app.introspect("session", &token).await.assert_inactive();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app = with_options(|options| options.request_timeout = Duration::from_millis(200)).await;
    let mut connection = raw::connect(app.address).await;
    connection.write_all(raw::head(PATH, &basic("session"), 100).as_bytes()).await.unwrap();
    connection.write_all(b"token=").await.unwrap();
    let answer = raw::rest(&mut connection).await;
    assert_eq!(raw::status(&answer), 408, "{answer}");
    assert!(answer.contains(r#""error":"invalid_request""#), "{answer}");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let app = with_options(|options| options.head_timeout = Duration::from_millis(200)).await;
    let mut connection = raw::connect(app.address).await;
    connection.write_all(b"POST /oauth/revoke HTTP/1.1\r\nHost:").await.unwrap();
    let answer = raw::rest(&mut connection).await;
    assert_eq!(raw::status(&answer), 408, "{answer}");
}

/// Whoever hangs up amid a body has asked nothing.
#[tokio::test]
async fn half_a_body_revokes_nothing() {
    let app = App::spawn().await;
    let token = app.issue("session").await.access;
    let body = format!("token={token}");
    let mut connection = raw::connect(app.address).await;
    connection.write_all(raw::head(PATH, &basic("session"), body.len() + 1).as_bytes()).await.unwrap();
    connection.write_all(body.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let answer = raw::rest(&mut connection).await;
    assert!(answer.is_empty() || raw::status(&answer) == 400, "{answer}");
    assert!(app.is_active("session", &token).await);
}

#[tokio::test]
async fn thousands_of_idle_connections_keep_nobody_out() {
    let app = with_options(|options| options.head_timeout = Duration::from_mins(5)).await;
    let mut idle = Vec::new();
    for _ in 0..2000 {
        idle.push(raw::connect(app.address).await);
    }
    let token = app.issue("session").await.access;
    app.revoke("session", &token).await.assert_revoked();
    app.introspect("session", &token).await.assert_inactive();
    let mut late = idle.pop().expect("a connection");
    late.write_all(b"GET /health/live HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(raw::status(&raw::rest(&mut late).await), 200);
}

#[rstest]
#[case(b"GET / HTTP/9.9\r\n\r\n")]
#[case(b"\x00\x01\x02\x03\r\n\r\n")]
#[case(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n")]
#[case(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
#[case(b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
#[case(b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
#[tokio::test]
async fn what_is_no_http_is_refused_and_the_server_lives(#[case] bytes: &[u8]) {
    let app = App::spawn().await;
    let answer = raw::exchange(app.address, bytes).await;
    let status = raw::status(&answer);
    assert!((400..500).contains(&status), "{answer}");
    app.get("/health/live").await.assert_ok();
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let app = App::spawn().await;
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(1 << 20));
    let mut connection = raw::connect(app.address).await;
    // The server may answer and close while this is still being written.
    let _ = connection.write_all(head.as_bytes()).await;
    let mut answer = vec![0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 431");
}

/// S11, RFC7009-2.2.1-a: whatever the bytes, it is a form or it is not, and every token in it is unknown.
#[tokio::test]
async fn no_body_makes_the_server_fail() {
    let app = App::spawn().await;
    let mut runner = TestRunner::deterministic();
    let name = "grant_type|token|refresh_token|scope|client_id|client_secret|client_assertion|colour";
    let readable =
        format!("(({name})=(client_credentials|refresh_token|[ -~]{{0,8}}|(%[0-9A-F]{{2}}){{0,8}})&){{0,4}}");
    let bodies = prop_oneof![
        string_regex(&readable).expect("a pattern").prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40).prop_map(|bytes| [&b"token="[..], &bytes].concat()),
    ];
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        for _ in 0..300 {
            let body = bodies.new_tree(&mut runner).expect("a body").current();
            let request = app.post(path, &[]).header("authorization", basic("session")).body(body.clone());
            let answer = Answer::to(request).await;
            let status = answer.status.as_u16();
            assert!([200, 400, 401].contains(&status), "{path} {} {answer:?}", body.escape_ascii());
            if status != 200 {
                answer.assert_error(status, answer.json()["error"].as_str().expect("text"));
            }
        }
    }
}

/// Several requests on one connection, one after another without waiting.
#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let app = App::spawn().await;
    let body = b"token=x";
    let kept = String::from_utf8(raw::form(PATH, &basic("session"), body)).unwrap();
    let kept = kept.replace("Connection: close\r\n", "");
    let last = String::from_utf8(raw::form("/oauth/introspect", &basic("session"), body)).unwrap();
    let answer = raw::exchange(app.address, format!("{kept}{kept}{last}").as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    assert!(answer.ends_with(r#"{"active":false}"#), "{answer}");
}
