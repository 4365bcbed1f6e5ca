//! The token endpoint (RFC 6749 sections 3.2, 4.4 and 5).

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::answer::Answer;
use crate::spawn::{App, basic, secret_of};

const PATH: &str = "/oauth/token";

/// RFC6749-5.1-a, RFC6749-5.1-b, RFC6749-4.4-e
#[rstest]
#[case("service", 3600)]
#[case("service-jwt", 300)]
#[tokio::test]
async fn client_credentials_are_answered_with_an_access_token_alone(#[case] client: &str, #[case] lifetime: u64) {
    let app = App::spawn().await;
    let answer = app.by(client, PATH, &[("grant_type", "client_credentials")]).await;
    answer.assert_ok();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    let mut told = answer.json();
    let token = told.as_object_mut().expect("an object").remove("access_token").expect("a token");
    assert_eq!(told, json!({"token_type": "Bearer", "expires_in": lifetime, "scope": "read write"}));
    assert!(app.is_active("api", token.as_str().expect("text")).await);
}

/// RFC6749-4.4-e
#[tokio::test]
async fn a_public_client_has_no_credentials_to_be_granted_anything_for() {
    let app = App::spawn().await;
    app.by("spa", PATH, &[("grant_type", "client_credentials")]).await.assert_error(400, "unauthorized_client");
}

/// RFC6749-3.2-a
#[rstest]
#[tokio::test]
async fn other_methods_get_nothing(#[values(Method::GET, Method::PUT, Method::DELETE, Method::PATCH)] method: Method) {
    let app = App::spawn().await;
    let path = format!("{PATH}?grant_type=client_credentials");
    let answer = Answer::to(app.request(method, &path).header("authorization", basic("service"))).await;
    answer.assert_error(405, "invalid_request");
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
}

/// RFC6749-3.2-g
#[tokio::test]
async fn parameters_in_the_url_are_not_read_and_secrets_there_are_refused() {
    let app = App::spawn().await;
    let in_url = app.post(&format!("{PATH}?grant_type=client_credentials"), &[]);
    Answer::to(in_url.header("authorization", basic("service"))).await.assert_error(400, "invalid_request");
    let form = [("grant_type", "client_credentials"), ("client_id", "service")];
    let secret = app.post(&format!("{PATH}?client_secret={}", secret_of("service")), &form);
    let answer = Answer::to(secret).await;
    answer.assert_error(400, "invalid_request");
    assert!(!answer.body.contains(&secret_of("service")));
    let unread = app.post(&format!("{PATH}?grant_type=nonsense&colour=red"), &[("grant_type", "client_credentials")]);
    Answer::to(unread.header("authorization", basic("service"))).await.assert_ok();
}

/// RFC6749-3.2-g
#[tokio::test]
async fn only_forms_are_read() {
    let app = App::spawn().await;
    let request = app.request(Method::POST, PATH).header("authorization", basic("service"));
    Answer::to(request.json(&json!({"grant_type": "client_credentials"}))).await.assert_error(400, "invalid_request");
}

/// RFC6749-3.1-c, RFC6749-3.1-d, RFC6749-3.1-e
#[tokio::test]
async fn unknown_parameters_are_ignored_repeated_ones_refused_and_empty_ones_absent() {
    let app = App::spawn().await;
    let credentials = ("grant_type", "client_credentials");
    app.by("service", PATH, &[credentials, ("colour", "red"), ("colour", "blue")]).await.assert_ok();
    app.by("service", PATH, &[credentials, credentials]).await.assert_error(400, "invalid_request");
    app.by("service", PATH, &[credentials, ("scope", "read"), ("scope", "")])
        .await
        .assert_error(400, "invalid_request");
    let answer = app.by("service", PATH, &[credentials, ("scope", "")]).await;
    assert_eq!(answer.json()["scope"], "read write");
    app.by("service", PATH, &[("grant_type", "")]).await.assert_error(400, "invalid_request");
}

/// RFC6749-3.1-d: also those that this request does not need, and that another reader might.
#[rstest]
#[tokio::test]
async fn no_known_parameter_may_be_repeated(
    #[values("/oauth/token", "/oauth/revoke", "/oauth/introspect")] path: &str,
    #[values(
        "grant_type",
        "scope",
        "refresh_token",
        "token",
        "token_type_hint",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "access_token",
        "username",
        "password"
    )]
    name: &str,
    #[values("a", "")] again: &str,
) {
    let app = App::spawn().await;
    let form = [("grant_type", "client_credentials"), ("token", "x"), (name, "a"), (name, again)];
    let answer = app.by("service", path, &form).await;
    answer.assert_error(400, "invalid_request");
    assert_eq!(answer.json()["error_description"], "a parameter is included more than once");
}

/// RFC6749-5.2-g, RFC9700-2.4-f
#[rstest]
#[case("password", "unsupported_grant_type")]
#[case("implicit", "unsupported_grant_type")]
#[case("CLIENT_CREDENTIALS", "unsupported_grant_type")]
#[case("urn:nonsense", "unsupported_grant_type")]
#[tokio::test]
async fn an_unknown_grant_type_is_told_so(#[case] grant_type: &str, #[case] code: &str) {
    let app = App::spawn().await;
    let form = [("grant_type", grant_type), ("username", "a"), ("code", "b")];
    app.by("service", PATH, &form).await.assert_error(400, code);
}

/// RFC6749-5.2-g
#[tokio::test]
async fn each_fault_has_its_code() {
    let app = App::spawn().await;
    app.by("service", PATH, &[]).await.assert_error(400, "invalid_request");
    app.by("session", PATH, &[("grant_type", "refresh_token")]).await.assert_error(400, "invalid_request");
    app.by("api", PATH, &[("grant_type", "client_credentials")]).await.assert_error(400, "unauthorized_client");
    app.by("abroad", PATH, &[("grant_type", "client_credentials")]).await.assert_error(400, "unauthorized_client");
}

/// RFC6749-3.3-i, RFC6749-5.1-b, RFC6749-5.2-g
#[rstest]
#[case("read", Some("read"))]
#[case("write read", Some("read write"))]
#[case("read read", Some("read"))]
#[case("READ", None)]
#[case("read admin", None)]
#[case("read \"write\"", None)]
#[case("r\u{e9}ad", None)]
#[case(" ", None)]
#[tokio::test]
async fn a_scope_is_a_set_of_known_words(#[case] asked: &str, #[case] granted: Option<&str>) {
    let app = App::spawn().await;
    let answer = app.by("service", PATH, &[("grant_type", "client_credentials"), ("scope", asked)]).await;
    match granted {
        Some(granted) => assert_eq!(answer.json()["scope"], granted),
        None => answer.assert_error(400, "invalid_scope"),
    }
}

/// RFC6749-5.2-h
#[tokio::test]
async fn what_was_sent_is_never_repeated() {
    let app = App::spawn().await;
    let hostile = "\"}<script>\u{0}\r\nSet-Cookie: a=b";
    for form in [
        [("grant_type", hostile), ("scope", "read")],
        [("grant_type", "client_credentials"), ("scope", hostile)],
        [("grant_type", "refresh_token"), ("refresh_token", hostile)],
        [("grant_type", "client_credentials"), ("client_id", hostile)],
    ] {
        let answer = app.by("session", PATH, &form).await;
        assert_eq!(answer.status.as_u16(), 400, "{answer:?}");
        answer.assert_error(400, answer.json()["error"].as_str().expect("text"));
        assert!(!answer.body.contains("<script") && answer.header("set-cookie").is_none());
    }
}

/// Issuing costs one trip to the store, refreshing and revoking two.
#[tokio::test]
async fn a_request_costs_as_many_trips_as_it_must() {
    let app = App::spawn().await;
    app.store.trips();
    let tokens = app.issue("session").await;
    assert_eq!(app.store.trips(), 1);
    let next = app.refreshed("session", tokens.refresh()).await;
    assert_eq!(app.store.trips(), 2);
    app.revoke("session", next.refresh()).await.assert_revoked();
    assert_eq!(app.store.trips(), 2);
    app.refresh("session", "rt_garbage").await.assert_error(400, "invalid_grant");
    app.revoke("session", "rt_garbage").await.assert_revoked();
    assert_eq!(app.store.trips(), 0);
}
