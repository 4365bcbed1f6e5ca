//! ANG-1 to ANG-14, but for the way by a browser to a code, which stands in `people`.

use std::num::NonZeroU32;
use std::time::Duration;

use atropos::domain::authority::PerMinute;
use atropos::domain::client::Surface;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::spawn::{App, Setup, Tokens, basic};

const REVOKE: &str = "/v1/auth/token/revoke";
const REFRESH: &str = "/v1/auth/token/refresh";
const EXCHANGE: &str = "/v1/auth/token";

impl App {
    async fn post_value(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.post_json(path, body)).await
    }

    async fn anghami_refreshed(&self, client: &str, token: &str) -> Tokens {
        let answer = self.anghami_refresh(client, token).await;
        answer.assert_ok();
        let token = &answer.json()["token"];
        let text = |name: &str| token[name].as_str().expect("a text").to_owned();
        Tokens { access: text("accessToken"), refresh: Some(text("refreshToken")) }
    }
}

impl Answer {
    #[track_caller]
    fn assert_done(&self) {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.body, "{}");
    }
}

/// ANG-1
#[tokio::test]
async fn a_refresh_token_ends_its_session() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    let next = app.anghami_refreshed("player", session.refresh()).await;
    app.anghami_revoke("player", next.refresh()).await.assert_done();
    for token in [&session.access, &next.access] {
        app.introspect("api", token).await.assert_inactive();
    }
    app.anghami_refresh("player", next.refresh()).await.assert_message(401);
}

/// ANG-2
#[tokio::test]
async fn an_access_token_ends_alone() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    app.anghami_revoke("player", &session.access).await.assert_done();
    app.introspect("api", &session.access).await.assert_inactive();
    let next = app.anghami_refreshed("player", session.refresh()).await;
    assert!(app.is_active("api", &next.access).await);
}

/// ANG-3
#[tokio::test]
async fn what_is_unknown_expired_or_revoked_is_revoked_already() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    let old = app.anghami_session("player").await;
    app.clock.advance(Duration::from_hours(2));
    for token in ["unknown", &old.access, &session.access, session.refresh(), session.refresh(), &session.access] {
        app.anghami_revoke("player", token).await.assert_done();
    }
}

/// ANG-4
#[tokio::test]
async fn every_missing_field_is_named_in_the_order_of_the_schema() {
    let app = App::spawn().await;
    for (path, fields) in [
        (REVOKE, &["token", "clientId"][..]),
        (REFRESH, &["refreshToken", "clientId"]),
        (EXCHANGE, &["code", "redirectUri", "clientId", "codeVerifier"]),
    ] {
        app.post_value(path, &json!({})).await.assert_violations(fields);
        let nulls: Value = fields.iter().map(|field| ((*field).to_owned(), Value::Null)).collect();
        app.post_value(path, &nulls).await.assert_violations(fields);
    }
    app.post_value(REVOKE, &json!({ "token": "", "clientId": "player" })).await.assert_violations(&["token"]);
    app.post_value(REVOKE, &json!({ "clientId": "", "token": "x" })).await.assert_violations(&["clientId"]);
}

/// ANG-5
#[rstest]
#[case(r#"{"token":5,"clientId":"player"}"#, &["token"])]
#[case(r#"{"token":["x"],"clientId":{}}"#, &["token", "clientId"])]
#[case(r#"{"token":true}"#, &["token", "clientId"])]
#[case("", &["body"])]
#[case("token=x&clientId=player", &["body"])]
#[case("[]", &["body"])]
#[case(r#""token""#, &["body"])]
#[case(r#"{"token":"x","clientId":"player""#, &["body"])]
#[case(r#"{"token":"x","token":"x","clientId":"player"}"#, &["body"])]
#[case(r#"{"token":"x","clientId":"player","unknown":1,"unknown":2}"#, &["body"])]
#[tokio::test]
async fn what_cannot_be_read_violates_something(#[case] body: &str, #[case] fields: &[&str]) {
    let app = App::spawn().await;
    app.json_text(REVOKE, body).await.assert_violations(fields);
}

/// ANG-6: dead or alive, the same.
#[tokio::test]
async fn a_token_of_another_client_is_not_touched() {
    let app = App::spawn().await;
    let session = app.anghami_session("player-other").await;
    for token in [&*session.access, session.refresh()] {
        app.anghami_revoke("player", token).await.assert_message(403);
    }
    assert!(app.is_active("api", &session.access).await);
    app.anghami_revoke("player-other", session.refresh()).await.assert_done();
    app.anghami_revoke("player", session.refresh()).await.assert_message(403);
}

/// ANG-7, ANG-8: nobody who is not a public client of this surface learns anything of a token.
#[rstest]
#[case("nobody")]
#[case("studio")]
#[case("session")]
#[case("spa")]
#[case("disabled")]
#[tokio::test]
async fn who_is_no_public_client_here_is_401_whatever_the_token(#[case] client: &str) {
    let app = App::spawn().await;
    let (alive, dead) = (app.anghami_session("player").await, app.anghami_session("player").await);
    app.anghami_revoke("player", dead.refresh()).await.assert_done();
    let mut answers = Vec::new();
    for token in [alive.refresh(), &alive.access, dead.refresh(), "unknown"] {
        answers.push(app.anghami_revoke(client, token).await);
        answers.push(app.anghami_refresh(client, token).await);
    }
    let body = json!({ "code": "x", "redirectUri": "https://app.example/", "clientId": client,
        "codeVerifier": "a".repeat(43) });
    answers.push(app.post_value(EXCHANGE, &body).await);
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| {
            answer.assert_message(401);
            answer.lasting()
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert!(app.is_active("api", &alive.access).await);
}

/// ANG-9
#[tokio::test]
async fn either_spelling_is_read_and_two_values_are_refused() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    let body = json!({ "refresh_token": session.refresh(), "client_id": "player", "grant_type": "refresh_token" });
    let answer = app.post_value(REFRESH, &body).await;
    answer.assert_ok();
    let access = answer.json()["token"]["accessToken"].as_str().expect("a token").to_owned();
    let two = json!({ "token": access, "clientId": "player", "client_id": "player-other" });
    app.post_value(REVOKE, &two).await.assert_violations(&["clientId"]);
    assert!(app.is_active("api", &access).await);
    let twice = json!({ "token": access, "clientId": "player", "client_id": "player", "token_type_hint": "x" });
    app.post_value(REVOKE, &twice).await.assert_done();
    app.introspect("api", &access).await.assert_inactive();
}

/// ANG-10
#[tokio::test]
async fn a_form_is_a_violation_and_get_is_not_allowed() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    for path in [REVOKE, REFRESH, EXCHANGE] {
        let form = app.post(path, &[("token", session.refresh()), ("clientId", "player")]);
        Answer::to(form).await.assert_violations(&["Content-Type"]);
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = Answer::to(app.request(method, path)).await;
            answer.assert_message(405);
            assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
        }
    }
    assert!(app.is_active("api", &session.access).await);
}

/// ANG-11
#[tokio::test]
async fn other_credentials_are_ignored_and_two_of_them_refused() {
    let app = App::spawn().await;
    let body = json!({ "token": "x", "clientId": "player" });
    for (name, value) in
        [("authorization", basic("session")), ("authorization", "Bearer x".into()), ("x-api-key", "x".into())]
    {
        Answer::to(app.post_json(REVOKE, &body).header(name, value)).await.assert_done();
    }
    let both = app.post_json(REVOKE, &body).header("authorization", "Bearer x").header("x-api-key", "x");
    Answer::to(both).await.assert_violations(&["X-API-Key"]);
}

/// ANG-12
#[tokio::test]
async fn without_a_store_nothing_is_done() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    app.store.cut();
    for answer in [
        app.anghami_revoke("player", session.refresh()).await,
        app.anghami_revoke("player", &session.access).await,
        app.anghami_refresh("player", session.refresh()).await,
    ] {
        answer.assert_message(503);
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    app.store.mend();
    assert!(app.is_active("api", &session.access).await);
    app.anghami_revoke("player", session.refresh()).await.assert_done();
}

/// ANG-12
#[tokio::test]
async fn who_asks_too_often_is_told_how_often_he_may() {
    let per_minute = PerMinute { misses: NonZeroU32::new(3), ..PerMinute::default() };
    let app = App::with(Setup { per_minute, ..Setup::default() }).await;
    let session = app.anghami_session("player").await;
    for _ in 0..3 {
        app.anghami_revoke("player", "unknown").await.assert_done();
    }
    let answer = app.anghami_revoke("player", "unknown").await;
    answer.assert_message(429);
    assert_eq!(answer.json()["code"], "ERROR_CODE_RATE_LIMITED");
    for (name, value) in [("x-ratelimit-limit", "3"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "20")] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("retry-after"), Some("20"));
    app.anghami_revoke("player", session.refresh()).await.assert_done();
}

/// ANG-13: what is wrong with a request is told, field by field; what is wrong with a code is 401.
#[tokio::test]
async fn a_code_that_is_none_is_unknown() {
    let app = App::spawn().await;
    let with = |verifier: &str| json!({ "code": "x", "redirectUri": "https://app.example/", "clientId": "player", "codeVerifier": verifier });
    for length in [42, 129] {
        app.post_value(EXCHANGE, &with(&"a".repeat(length))).await.assert_violations(&["codeVerifier"]);
    }
    app.post_value(EXCHANGE, &with(&"ä".repeat(43))).await.assert_violations(&["codeVerifier"]);
    for length in [43, 128] {
        app.post_value(EXCHANGE, &with(&"a".repeat(length))).await.assert_message(401);
    }
}

/// ANG-14
#[tokio::test]
async fn a_refresh_token_works_once() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    let answer = app.anghami_refresh("player", session.refresh()).await;
    answer.assert_ok();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    let token = body["token"].as_object().expect("an object");
    let members: Vec<_> = token.keys().collect();
    assert_eq!(members, ["accessToken", "expiresIn", "refreshToken", "scopes", "tokenType"]);
    assert_eq!((&token["tokenType"], &token["expiresIn"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(token["scopes"], json!(["AUTH_SCOPE_READ", "AUTH_SCOPE_STREAM"]));
    let access = token["accessToken"].as_str().expect("a token");
    assert!(app.is_active("api", access).await);
    // In the same instant: there is no window in which a lost answer would be given again.
    app.anghami_refresh("player", session.refresh()).await.assert_message(401);
    app.introspect("api", access).await.assert_inactive();
    app.anghami_refresh("player", token["refreshToken"].as_str().expect("a token")).await.assert_message(401);
}

/// ANG-14: of another client, of another surface, or garbage: the same answer, and nothing is spent.
#[tokio::test]
async fn a_refresh_token_that_is_not_ones_own_is_unknown() {
    let app = App::spawn().await;
    let other = app.anghami_session("player-other").await;
    let standard = app.log_in_at(Surface::Standard, "player", "alice").await;
    let mut answers = Vec::new();
    for token in [other.refresh(), standard.refresh(), &standard.access, "rt_unknown"] {
        let answer = app.anghami_refresh("player", token).await;
        answer.assert_message(401);
        answers.push(answer.lasting());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    app.anghami_refreshed("player-other", other.refresh()).await;
    app.refreshed("player", standard.refresh()).await;
}
