//! Connections as nobody should keep them, and somebody will.

use std::time::Duration;

use atropos::http::Options;
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::raw;
use crate::spawn::{App, Setup, basic, options};

const PATH: &str = "/oauth/revoke";

async fn with_options(change: impl FnOnce(&mut Options)) -> App {
    let mut options = options();
    change(&mut options);
    App::with(Setup { options, ..Setup::default() }).await
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

#[rstest]
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for(#[values("/oauth/token", PATH, "/oauth/introspect")] path: &str) {
    let app = with_options(|options| options.request_timeout = Duration::from_millis(200)).await;
    let mut connection = raw::connect(app.address).await;
    connection.write_all(raw::head(path, &basic("session"), 100).as_bytes()).await.unwrap();
    connection.write_all(b"token=").await.unwrap();
    raw::parse(&raw::rest(&mut connection).await).assert_error(408, "invalid_request");
}

/// A byte now and then does not buy more time.
#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for_either() {
    let app = with_options(|options| options.request_timeout = Duration::from_millis(300)).await;
    let mut connection = raw::connect(app.address).await;
    connection.write_all(raw::head(PATH, &basic("session"), 60_000).as_bytes()).await.unwrap();
    let mut first = [0; 12];
    for _ in 0..500 {
        connection.write_all(b"a").await.unwrap();
        if let Ok(read) = timeout(Duration::from_millis(20), connection.read_exact(&mut first)).await {
            read.unwrap();
            assert_eq!(&first, b"HTTP/1.1 408");
            return;
        }
    }
    panic!("ten seconds have been waited for it");
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
    // Some have begun, with a head or a body, and do not go on.
    for (turn, connection) in idle.iter_mut().take(500).enumerate() {
        let head = raw::head(PATH, &basic("session"), 100);
        let sent = if turn % 2 == 0 { head.as_bytes() } else { &head.as_bytes()[..40] };
        connection.write_all(sent).await.unwrap();
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
