//! This surface beside the others: what DIA-1 kills, DIA-6 does not weaken. And what the log says of a request.

use std::collections::HashSet;

use atropos::domain::client::{GrantType, Surface};
use reqwest::Method;
use serde_json::json;

use super::tokens_of;
use crate::answer::Answer;
use crate::logging::{line_of, listen, log};
use crate::spawn::{App, Setup, basic};

/// DIA-1: by its owner at the standard endpoint: there a string is a token, and only what is of one string ends with it.
#[tokio::test]
async fn what_the_standard_revokes_is_dead_here() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    for client in ["machine", "machine-jwt"] {
        let made = admin.made_on(client, &json!({})).await;
        let logged_in = app.machine(client).await.token;
        for token in [&made.token, &logged_in] {
            app.revoke(client, token).await.assert_revoked();
            app.introspect("api", token).await.assert_inactive();
            app.machine_renew(token).await.assert_revoked_token();
            app.holding(token).send(Method::GET, &tokens_of(client)).await.assert_revoked_token();
        }
        assert_eq!(admin.data(&made.id).await["isAccessTokenRevoked"], true);
        admin.revoke(&made.id).await.assert_unknown_token(&made.id);

        let other = admin.made(client).await;
        let renewed = app.machine_renew(&other.token).await.access_token();
        app.revoke(client, &other.token).await.assert_revoked();
        app.machine_renew(&other.token).await.assert_revoked_token();
        assert!(app.is_active("api", &renewed).await);
        assert_eq!(admin.data(&other.id).await["isAccessTokenRevoked"], false);
        app.revoke(client, &renewed).await.assert_revoked();
        assert_eq!(admin.data(&other.id).await["isAccessTokenRevoked"], true);
    }
}

/// DIA-1, DIA-6: a client that speaks Kajabi's as well, which asks a secret of its clients too. Anghami's asks for none,
/// so nobody speaks both.
#[tokio::test]
async fn a_client_of_two_dialects_ends_here_what_was_born_here_and_there_either() {
    let mut setup = Setup::default();
    for client in setup.clients.iter_mut().filter(|client| client.id.as_str() == "machine") {
        client.surfaces.insert(Surface::Kajabi);
        client.grant_types.insert(GrantType::RefreshToken);
    }
    let app = App::with(setup).await;
    let there = app.kajabi_session("machine").await;
    for answer in [app.machine_revoke(&there.access).await, app.machine_renew(&there.access).await] {
        answer.assert_malformed_token();
    }
    let id = app.id_of(&there.access).await;
    app.machine("machine-admin").await.revoke(&id).await.assert_unknown_token(&id);
    assert!(app.is_active("api", &there.access).await);
    let here = app.machine("machine").await.token;
    app.kajabi_revoke(&here, &there.access).await.assert_invalid_token();
    app.kajabi_revoke(&there.access, &here).await.assert_revoked();
    app.machine_renew(&here).await.assert_revoked_token();
    assert!(app.is_active("api", &there.access).await);
}

/// DIA-6: a bearer of another surface is no bearer, a token of this one nothing elsewhere.
#[tokio::test]
async fn what_was_born_elsewhere_proves_nothing_here_nor_the_other_way_round() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let path = super::revocation_of(&made.id);
    let unknown = app.holding("garbage").send(Method::POST, &path).await.without_id();
    let standard = app.issue("machine-admin").await.access;
    for token in [&standard, &app.kajabi_session("kajabi").await.access, &app.anghami_session("player").await.access] {
        let answer = app.holding(token).send(Method::POST, &path).await;
        answer.assert_malformed_token();
        assert_eq!(answer.without_id(), unknown);
    }
    app.kajabi_revoke(&made.token, "unknown").await.assert_invalid_token();
    app.anghami_revoke("player", &made.token).await.assert_message(403);
    app.revoke("session", &made.token).await.assert_error(400, "invalid_grant");
    assert!(app.is_active("api", &made.token).await);
    // The id of a token ends nothing of the standard's, by whatever name it is sent.
    app.revoke("machine", &made.id).await.assert_revoked();
    app.machine_revoke(&made.id).await.assert_malformed_token();
    assert!(app.is_active("api", &made.token).await);
}

/// INF-16: the id of an answer is in its body, its header and the log, and no two have the same.
#[tokio::test]
async fn whoever_reads_the_log_finds_the_request_by_the_id_in_the_answer() {
    listen();
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    admin.revoke(&made.id).await.assert_machine_revoked();
    let pattern = "/api/v1/auth/token-auth/tokens/{token}/revoke";
    let mut ids = HashSet::new();
    for (answer, status, outcome, cause, client) in [
        (admin.revoke(&made.id).await, 404, "not_managed", "unknown_token", "machine-admin"),
        (app.machine("machine").await.revoke(&made.id).await, 403, "not_managed", "not_permitted", "machine"),
        (app.holding(&made.token).revoke(&made.id).await, 401, "invalid_token", "ended", ""),
        (app.holding("garbage").revoke(&made.id).await, 403, "invalid_token", "unknown", ""),
    ] {
        answer.assert_envelope(status, answer.json()["error"].as_str().expect("a name"));
        let line = line_of(&answer);
        let told = ["id", "surface", "route", "outcome", "cause"].map(|name| line[name].as_str().expect("a text"));
        let id = answer.json()["reqId"].as_str().expect("an id").to_owned();
        assert_eq!(told, [&*id, "infisical", pattern, outcome, cause]);
        assert_eq!(line["client"].as_str().unwrap_or_default(), client);
        assert!(ids.insert(id), "no two are the same");
    }
    let invalid = admin.create("machine", &json!({ "name": 5 })).await;
    let line = line_of(&invalid);
    assert_eq!((&line["outcome"], &line["cause"]), (&json!("invalid_request"), &json!("validation")));
    assert_eq!(line["id"], invalid.json()["reqId"]);
}

/// RFC6750-5.3-i: nothing of what proves something stands in the log, nor what somebody calls a token.
#[tokio::test]
async fn no_token_secret_or_name_is_logged() {
    listen();
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let jwt = admin.made_on("machine-jwt", &json!({})).await.token;
    let renewed = app.machine_renew(&made.token).await.access_token();
    admin.create("machine", &json!({ "name": "a name 6b1f0d" })).await.assert_created();
    let wrong = app.machine_login("machine", "a secret 0c77e1").await;
    let unknown = app.machine_revoke("a token 9e02ab").await;
    let url = app.request(Method::GET, &format!("{}?accessToken={}", tokens_of("machine"), made.token));
    for answer in [wrong, unknown, Answer::to(url.header("authorization", basic("machine"))).await] {
        line_of(&answer);
    }
    app.machine_revoke(&jwt).await.assert_machine_revoked();
    let log = log();
    let parts = jwt.split('.').skip(1);
    let secrets = [&*admin.token, &made.token, &renewed, "machine-secret", "6b1f0d", "0c77e1", "9e02ab"];
    for secret in parts.chain(secrets) {
        assert!(!log.contains(secret), "{:?}", log.lines().find(|line| line.contains(secret)));
    }
}
