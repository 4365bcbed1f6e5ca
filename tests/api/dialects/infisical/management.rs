//! Tokens made, shown and renamed by whoever manages them.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{configuration_of, token_path, tokens_of};
use crate::answer::Answer;
use crate::clients::identity;
use crate::spawn::App;

#[tokio::test]
async fn all_is_told_of_a_token_that_was_made() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let terms = json!({ "accessTokenTTL": 60, "accessTokenMaxTTL": 90, "accessTokenNumUsesLimit": 5 });
    admin.attach("machine", &terms).await.assert_configuration();
    let answer = admin.create("machine", &json!({ "name": "ci", "organizationSlug": "x", "unknown": 1 })).await;
    answer.assert_created();
    let body = answer.json();
    assert_eq!((&body["expiresIn"], &body["accessTokenMaxTTL"]), (&json!(60), &json!(90)));
    let id = app.id_of(&answer.access_token()).await;
    let expected = json!({
        "id": id, "identityId": identity("machine"), "name": "ci", "authMethod": "token-auth",
        "accessTokenTTL": 60, "accessTokenMaxTTL": 90, "accessTokenPeriod": 0,
        "accessTokenNumUses": 0, "accessTokenNumUsesLimit": 5, "accessTokenLastUsedAt": null,
        "accessTokenLastRenewedAt": null, "isAccessTokenRevoked": false,
        "createdAt": "2027-01-15T08:00:00.000Z", "updatedAt": "2027-01-15T08:00:00.000Z",
        "identityUAClientSecretId": null, "subOrganizationId": null,
    });
    assert_eq!(body["tokenData"], expected);
    assert_eq!(admin.data(&id).await, expected);
    let seen = app.introspect("api", &answer.access_token()).await.json();
    assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!("machine")));
}

#[tokio::test]
async fn a_body_may_be_left_out_where_all_of_it_may() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.send(Method::POST, &configuration_of("machine")).await.assert_configuration();
    let answer = admin.send(Method::POST, &tokens_of("machine")).await;
    answer.assert_created();
    let id = answer.json()["tokenData"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.json()["tokenData"]["name"], Value::Null);
    admin.send(Method::PATCH, &token_path(&id)).await.assert_token();
    // What is said to be JSON has to be some.
    for body in ["", "{", "[]", r#"{"name":"x","name":"y"}"#] {
        for (method, path) in [(Method::POST, tokens_of("machine")), (Method::PATCH, token_path(&id))] {
            let request = app.request(method, &path).bearer_auth(&admin.token);
            let request = request.header("content-type", "application/json").body(body);
            Answer::to(request).await.assert_envelope(400, "BadRequest");
        }
    }
}

/// Also where the body is one of several ways to say it.
#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let long = json!({ "name": "x".repeat(64 * 1024) });
    for (method, path) in [
        (Method::POST, tokens_of("machine")),
        (Method::PATCH, token_path(&made.id)),
        (Method::PATCH, configuration_of("machine")),
    ] {
        admin.send_json(method, &path, &long).await.assert_envelope(413, "PayloadTooLarge");
    }
    assert_eq!(admin.data(&made.id).await["name"], Value::Null);
    assert_eq!(admin.listed("machine", "").await.len(), 1);
}

/// INF-10
#[rstest]
#[case(json!({ "name": 5 }), &["name"])]
#[case(json!({ "name": null }), &["name"])]
#[case(json!({ "name": "ä".repeat(128) }), &["name"])]
#[tokio::test]
async fn a_name_is_a_short_text(#[case] body: Value, #[case] names: &[&str]) {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    admin.create("machine", &body).await.assert_issues(names);
    admin.send_json(Method::PATCH, &token_path(&made.id), &body).await.assert_issues(names);
    assert_eq!(admin.listed("machine", "").await.len(), 1);
    assert_eq!(admin.data(&made.id).await["name"], Value::Null);
}

#[tokio::test]
async fn a_token_is_renamed_as_long_as_it_lives() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let path = token_path(&made.id);
    app.clock.advance(Duration::from_secs(1));
    for name in ["ci", "", "ä \u{1f511} \u{0} \"", &"x".repeat(255)] {
        let answer = admin.send_json(Method::PATCH, &path, &json!({ "name": name })).await;
        answer.assert_token();
        let told = &answer.json()["token"];
        assert_eq!((&told["name"], &told["updatedAt"]), (&json!(name), &json!("2027-01-15T08:00:01.000Z")));
        assert_eq!(admin.data(&made.id).await, *told);
        assert!(app.is_active("api", &made.token).await);
    }
    // What is not said stays as it is.
    app.clock.advance(Duration::from_secs(1));
    let before = admin.data(&made.id).await;
    admin.send_json(Method::PATCH, &path, &json!({ "colour": "red" })).await.assert_token();
    assert_eq!(admin.data(&made.id).await, before);

    admin.revoke(&made.id).await.assert_machine_revoked();
    let late = admin.send_json(Method::PATCH, &path, &json!({ "name": "late" })).await;
    late.assert_unknown_token(&made.id);
    let mut revoked = before;
    revoked["isAccessTokenRevoked"] = json!(true);
    assert_eq!(admin.data(&made.id).await, revoked);
}

/// The older spelling of the path names the identity too, and then it has to be that one's.
#[tokio::test]
async fn a_token_is_found_below_its_identity_and_below_no_other() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    admin.attach("machine-jwt", &json!({})).await.assert_ok();
    let older = |identity: &str| format!("/api/v1/auth/token-auth/identities/{identity}/tokens/{}", made.id);
    let own = identity("machine").to_string();
    for spelling in [own.clone(), own.to_uppercase()] {
        let answer = admin.send(Method::GET, &older(&spelling)).await;
        answer.assert_token();
        assert_eq!(answer.json()["token"], admin.data(&made.id).await);
    }
    for other in [&*identity("machine-jwt").to_string(), &uuid::Uuid::nil().to_string(), "machine", "x"] {
        admin.send(Method::GET, &older(other)).await.assert_unknown_token(&made.id);
    }
    for method in [Method::PATCH, Method::DELETE, Method::POST] {
        let answer = admin.send(method, &older(&own)).await;
        answer.assert_envelope(405, "MethodNotAllowed");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn an_identity_is_a_uuid_that_is_known() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let standard = identity("session").to_string();
    for id in
        ["x", "machine", &standard, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"]
    {
        for (method, suffix) in [
            (Method::POST, ""),
            (Method::GET, ""),
            (Method::PATCH, ""),
            (Method::DELETE, ""),
            (Method::POST, "/tokens"),
            (Method::GET, "/tokens"),
        ] {
            let path = format!("/api/v1/auth/token-auth/identities/{id}{suffix}");
            let message = format!("Failed to find identity with ID {id}");
            admin.send(method, &path).await.assert_refused(404, "NotFound", &message);
        }
    }
}

#[tokio::test]
async fn what_is_too_long_for_an_id_is_not_repeated() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let token = app.machine("machine").await.token;
    for path in [format!("identities/{token}"), format!("identities/{token}/tokens"), format!("tokens/{token}")] {
        let answer = admin.send(Method::GET, &format!("/api/v1/auth/token-auth/{path}")).await;
        answer.assert_envelope(404, "NotFound");
        assert!(!answer.body.contains(&token), "{path}");
    }
}

/// A HEAD is a GET without its body; what else a URL takes is told.
#[tokio::test]
async fn every_url_tells_its_methods() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    for (path, allow) in [
        (configuration_of("machine"), "GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
        (tokens_of("machine"), "GET, HEAD, POST, OPTIONS"),
        (token_path(&made.id), "GET, HEAD, PATCH, OPTIONS"),
        (super::revocation_of(&made.id), "POST, OPTIONS"),
    ] {
        let answer = admin.send(Method::PUT, &path).await;
        answer.assert_envelope(405, "MethodNotAllowed");
        assert_eq!(answer.header("allow"), Some(allow));
        let options = admin.send(Method::OPTIONS, &path).await;
        assert_eq!((options.status.as_u16(), options.header("allow")), (204, Some(allow)));
        let headed = admin.send(Method::HEAD, &path).await;
        let expected = if allow.contains("HEAD") { 200 } else { 405 };
        assert_eq!((headed.status.as_u16(), headed.body.as_str()), (expected, ""));
    }
    assert!(app.is_active("api", &made.token).await);
}
