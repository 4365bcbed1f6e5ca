//! Universal auth: a client's secret for a token.

use atropos::domain::client::{Authentication, SecretHash};
use atropos::http::Options;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{LOGIN, RENEW, REVOKE, tokens_of};
use crate::answer::Answer;
use crate::spawn::{App, Setup, options};

const DAY: u64 = 24 * 3600;

async fn log_in(app: &App, body: &Value) -> Answer {
    Answer::to(app.post_json(LOGIN, body)).await
}

#[tokio::test]
async fn the_right_secret_gives_a_token_of_both_forms() {
    let app = App::spawn().await;
    for client in ["machine", "machine-jwt"] {
        let answer = app.machine_login(client, &format!("{client}-secret")).await;
        answer.assert_issued(if client == "machine" { 3600 } else { 300 }, 90 * DAY);
        let seen = app.introspect("api", &answer.access_token()).await.json();
        assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!(client)));
    }
}

/// Whether there is such a client, on this surface, with this secret: one answer.
#[tokio::test]
async fn whoever_cannot_be_let_in_is_told_one_thing() {
    let app = App::spawn().await;
    let mut answers = Vec::new();
    for (client, secret) in [
        ("machine", "wrong"),
        ("machine", ""),
        ("machine", "machine-jwt-secret"),
        ("nobody", "nobody-secret"),
        ("", ""),
        ("session", "session-secret"),
        ("disabled", "disabled-secret"),
        ("spa", ""),
        ("player", "x"),
        ("key", "key-secret"),
    ] {
        let answer = app.machine_login(client, secret).await;
        answer.assert_refused(401, "UnauthorizedError", "Invalid credentials");
        answers.push(answer.without_id());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

/// INF-10
#[rstest]
#[case(LOGIN, json!({}), &["clientId", "clientSecret"])]
#[case(LOGIN, json!({ "clientId": "machine" }), &["clientSecret"])]
#[case(LOGIN, json!({ "clientId": 5, "clientSecret": null }), &["clientId", "clientSecret"])]
#[case(LOGIN, json!({ "clientId": "machine", "clientSecret": "machine-secret", "organizationSlug": "" }), &["organizationSlug"])]
#[case(LOGIN, json!({ "clientId": "machine", "clientSecret": "machine-secret", "organizationSlug": "x".repeat(65) }), &["organizationSlug"])]
#[case(LOGIN, json!({ "clientId": "machine", "clientSecret": "machine-secret", "subOrganizationName": [] }), &["subOrganizationName"])]
#[case(RENEW, json!({}), &["accessToken"])]
#[case(RENEW, json!({ "accessToken": 5 }), &["accessToken"])]
#[case(REVOKE, json!({}), &["accessToken"])]
#[case(REVOKE, json!({ "token": "x", "accessToken": null }), &["accessToken"])]
#[tokio::test]
async fn what_is_missing_or_of_another_kind_is_told_member_by_member(
    #[case] path: &str,
    #[case] body: Value,
    #[case] names: &[&str],
) {
    let app = App::spawn().await;
    Answer::to(app.post_json(path, &body)).await.assert_issues(names);
}

/// The organisation may be named by its later and by its earlier name; there is one.
#[tokio::test]
async fn nobody_logs_in_to_another_organisation() {
    let setup = |name: Option<&str>| {
        let options = Options { infisical_organization: name.map(str::to_owned), ..options() };
        Setup { options, ..Setup::default() }
    };
    let app = App::with(setup(Some("ours"))).await;
    let with = |name: &str, slug: &str| json!({ "clientId": "machine", "clientSecret": "machine-secret", name: slug });
    for name in ["organizationSlug", "subOrganizationName"] {
        log_in(&app, &with(name, "ours")).await.assert_issued(3600, 90 * DAY);
        let other = log_in(&app, &with(name, "theirs")).await;
        other.assert_refused(401, "UnauthorizedError", "Invalid credentials");
        let longest = log_in(&app, &with(name, &"x".repeat(64))).await;
        longest.assert_refused(401, "UnauthorizedError", "Invalid credentials");
    }
    let both = json!({ "clientId": "machine", "clientSecret": "machine-secret",
        "organizationSlug": "ours", "subOrganizationName": "theirs" });
    log_in(&app, &both).await.assert_envelope(401, "UnauthorizedError");
    let unnamed = app.beside(setup(None)).await;
    log_in(&unnamed, &with("organizationSlug", "any")).await.assert_issued(3600, 90 * DAY);
}

/// Whoever guesses a secret is slowed down, and keeps nobody out who has a token.
#[tokio::test]
async fn guessing_secrets_is_limited() {
    let app = App::spawn().await;
    let held = app.machine("machine").await;
    let mut limited = None;
    for _ in 0..50 {
        let answer = app.machine_login("machine", "guess").await;
        if answer.status.as_u16() == 429 {
            limited = Some(answer);
        }
    }
    let limited = limited.expect("a limit");
    limited.assert_envelope(429, "RateLimitExceeded");
    assert!(limited.header("retry-after").is_some());
    app.machine_renew(&held.token).await.assert_issued(3600, 90 * DAY);
    app.machine_revoke(&held.token).await.assert_machine_revoked();
}

/// INF-15: a token dies with the secret that it was got by, and so do its renewals. Others live on, and so do tokens that
/// somebody else made.
#[tokio::test]
async fn a_token_dies_with_the_secret_that_begot_it() {
    let with_secrets = |secrets: &[&str]| {
        let mut setup = Setup::default();
        for client in setup.clients.iter_mut().filter(|client| client.id.as_str() == "machine") {
            let hashes = secrets.iter().map(|secret| SecretHash::of_generated(secret)).collect();
            client.authentication = Authentication::Secret(hashes);
        }
        setup
    };
    let app = App::with(with_secrets(&["old", "new"])).await;
    let old = app.machine_login("machine", "old").await.access_token();
    let renewed = app.machine_renew(&old).await.access_token();
    let new = app.machine_login("machine", "new").await.access_token();
    let made = app.machine("machine-admin").await.made_on("machine", &json!({})).await;

    let rotated = app.beside(with_secrets(&["new", "newest"])).await;
    for token in [&old, &renewed] {
        rotated.introspect("api", token).await.assert_inactive();
        rotated.machine_renew(token).await.assert_revoked_token();
        rotated.holding(token).send(Method::GET, &tokens_of("machine")).await.assert_revoked_token();
    }
    for token in [&new, &made.token] {
        assert!(rotated.is_active("api", token).await);
        rotated.machine_renew(token).await.assert_ok();
    }
    rotated.machine_login("machine", "old").await.assert_envelope(401, "UnauthorizedError");
    rotated.machine_login("machine", "newest").await.assert_issued(3600, 90 * DAY);
}
