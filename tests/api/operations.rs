//! What operators rely on: health, metrics, draining, the request's name, and who is believed about where it came from.

use std::time::Duration;

use atropos::http::Options;
use reqwest::Method;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::raw;
use crate::spawn::{App, Setup, basic, basic_with, options};

async fn with_options(change: impl FnOnce(&mut Options)) -> App {
    let mut options = options();
    change(&mut options);
    App::with(Setup { options, ..Setup::default() }).await
}

#[tokio::test]
async fn it_lives_without_its_store_and_is_not_ready() {
    let app = App::spawn().await;
    for path in ["/health/live", "/health/ready"] {
        let answer = app.get(path).await;
        answer.assert_ok();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    app.store.cut();
    app.get("/health/live").await.assert_ok();
    app.get("/health/ready").await.assert_error(503, "temporarily_unavailable");
    app.store.mend();
    app.get("/health/ready").await.assert_ok();
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let app = App::spawn().await;
    app.issue("session").await;
    let answer = app.metrics("/metrics").await;
    answer.assert_ok();
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    let line = r#"atropos_requests_total{surface="standard",route="/oauth/token",outcome="done"} 1"#;
    assert!(answer.body.lines().any(|found| found == line), "{}", answer.body);
    assert_eq!(app.metrics("/oauth/token").await.status.as_u16(), 404);
}

/// What is refused is counted as what it was, and by its pattern.
#[tokio::test]
async fn requests_are_counted_by_route_and_outcome() {
    let app = App::spawn().await;
    app.revoke("session", "x").await.assert_revoked();
    app.refresh("session", "x").await.assert_error(400, "invalid_grant");
    Answer::to(app.post("/oauth/introspect", &[])).await.assert_error(401, "invalid_client");
    app.get("/somewhere/else?token=secret").await.assert_error(404, "invalid_request");
    app.get("/oauth/revoke?token=secret").await.assert_error(405, "invalid_request");
    let metrics = app.metrics("/metrics").await.body;
    for (surface, route, outcome) in [
        ("standard", "/oauth/revoke", "done"),
        ("standard", "/oauth/token", "invalid_grant"),
        ("standard", "/oauth/introspect", "invalid_client"),
        ("standard", "/oauth/revoke", "method_not_allowed"),
        ("none", "(none)", "not_found"),
    ] {
        let line = format!(r#"atropos_requests_total{{surface="{surface}",route="{route}",outcome="{outcome}"}} 1"#);
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("secret") && !metrics.contains("somewhere"));
}

#[tokio::test]
async fn every_answer_has_a_name_of_its_own() {
    let app = App::spawn().await;
    let names = [app.get("/health/live").await, app.get("/nowhere").await, app.revoke("session", "x").await]
        .map(|answer| answer.header("x-request-id").expect("a name").to_owned());
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    assert!(names.iter().all(|name| name.len() == 36));
}

#[rstest]
#[case("/health/live")]
#[case("/oauth/jwks")]
#[case("/.well-known/oauth-authorization-server")]
#[tokio::test]
async fn what_can_be_got_can_be_headed_and_nothing_else(#[case] path: &str) {
    let app = App::spawn().await;
    let got = app.get(path).await;
    let headed = Answer::to(app.request(Method::HEAD, path)).await;
    assert_eq!((headed.status, headed.body.as_str()), (got.status, ""));
    assert_eq!(headed.header("content-type"), got.header("content-type"));
    let posted = Answer::to(app.post(path, &[])).await;
    posted.assert_error(405, "invalid_request");
    assert_eq!(posted.header("allow"), Some("GET, HEAD, OPTIONS"));
    let options = Answer::to(app.request(Method::OPTIONS, path)).await;
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
}

/// DNS rebinding: a page can make its own name resolve to 127.0.0.1, but not have the browser send another.
#[tokio::test]
async fn in_development_only_loopback_names_are_answered() {
    let app = with_options(|options| options.loopback_only = true).await;
    app.get("/health/live").await.assert_ok();
    let named = |host: &'static str| Answer::to(app.request(Method::GET, "/health/live").header("host", host));
    named("localhost:8080").await.assert_ok();
    named("attacker.example").await.assert_error(421, "invalid_request");
    let token = app.issue("session").await.access;
    let request = app.post("/oauth/revoke", &[("token", &token)]).header("authorization", basic("session"));
    Answer::to(request.header("host", "attacker.example")).await.assert_error(421, "invalid_request");
    assert!(app.is_active("session", &token).await);
}

async fn guess_until_limited(app: &App, from: &'static str) {
    for _ in 0..100 {
        let request = app.post("/oauth/token", &[]).header("authorization", basic_with("session", "wrong"));
        if Answer::to(request.header("x-forwarded-for", from)).await.status.as_u16() == 429 {
            return;
        }
    }
    panic!("guessing is limited");
}

async fn guess(app: &App, from: &'static str) -> u16 {
    let request = app.post("/oauth/token", &[]).header("authorization", basic_with("session", "wrong"));
    Answer::to(request.header("x-forwarded-for", from)).await.status.as_u16()
}

/// S26
#[tokio::test]
async fn addresses_are_told_apart_behind_a_trusted_proxy() {
    let app = with_options(|options| options.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    guess_until_limited(&app, "192.0.2.1").await;
    assert_eq!(guess(&app, "198.51.100.7, 192.0.2.1").await, 429, "what stands further left is not believed");
    assert_eq!(guess(&app, "198.51.100.7").await, 401);
}

#[tokio::test]
async fn nobody_else_can_say_where_he_is() {
    let app = App::spawn().await;
    guess_until_limited(&app, "192.0.2.1").await;
    assert_eq!(guess(&app, "198.51.100.7").await, 429);
}

/// A request whose body is still on its way when the server is told to end is answered in full.
#[tokio::test]
async fn draining_denies_readiness_first_and_cuts_nobody() {
    let app = with_options(|options| options.drain_notice = Duration::from_secs(3)).await;
    let token = app.issue("session").await.access;
    let body = format!("token={token}");
    let (first, last) = body.split_at(8);
    let mut in_flight = raw::connect(app.address).await;
    in_flight.write_all(raw::head("/oauth/revoke", &basic("session"), body.len()).as_bytes()).await.unwrap();
    in_flight.write_all(first.as_bytes()).await.unwrap();
    let terminated = app.terminate();
    let ready = format!("http://{}/health/ready", terminated.address);
    loop {
        let answer = Answer::to(terminated.http.get(&ready)).await;
        if answer.status.as_u16() == 503 {
            answer.assert_error(503, "temporarily_unavailable");
            break;
        }
    }
    while TcpStream::connect(terminated.address).await.is_ok() {}
    let ended = tokio::spawn(terminated.ended());
    in_flight.write_all(last.as_bytes()).await.unwrap();
    let answer = raw::rest(&mut in_flight).await;
    assert_eq!(raw::status(&answer), 200, "{answer}");
    ended.await.unwrap();
}
