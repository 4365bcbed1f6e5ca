//! A token ended by its id.

use std::time::Duration;

use atropos::domain::client::{ClientId, Surface};
use atropos::domain::{Cause, Target};
use reqwest::Method;
use serde_json::json;

use super::{forged, managing, revocation_of, token_path, unknown};
use crate::answer::Answer;
use crate::spawn::{App, Setup, basic};

/// INF-1
#[tokio::test]
async fn whoever_manages_an_identity_revokes_its_tokens_by_their_ids() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    for client in ["machine", "machine-jwt"] {
        let made = admin.made_on(client, &json!({})).await;
        let other = admin.made(client).await;
        assert!(app.is_active("api", &made.token).await);
        admin.revoke(&made.id).await.assert_machine_revoked();
        app.introspect("api", &made.token).await.assert_inactive();
        app.holding(&made.token).show(&made.id).await.assert_revoked_token();
        app.machine_renew(&made.token).await.assert_revoked_token();
        assert!(app.is_active("api", &other.token).await, "nothing else was ended");
    }
}

/// INF-2: where RFC 7009 would have 200.
#[tokio::test]
async fn what_is_revoked_already_or_unknown_or_expired_is_not_found() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({ "accessTokenTTL": 60 })).await;
    admin.revoke(&made.id).await.assert_machine_revoked();
    for _ in 0..2 {
        admin.revoke(&made.id).await.assert_unknown_token(&made.id);
    }
    let expired = admin.made("machine").await;
    app.clock.advance(Duration::from_mins(1));
    admin.revoke(&expired.id).await.assert_unknown_token(&expired.id);
    let unknown = unknown(&made.id);
    admin.revoke(&unknown).await.assert_unknown_token(&unknown);
}

/// INF-3, at every call that takes a bearer.
#[tokio::test]
async fn who_shows_no_bearer_is_told_that_it_is_missing() {
    let app = App::spawn().await;
    let made = app.machine("machine-admin").await.made_on("machine", &json!({})).await;
    for (method, path) in managing("machine", &made.id) {
        let request = || app.request(method.clone(), &path);
        for request in [request(), request().header("authorization", basic("machine-admin"))] {
            let answer = Answer::to(request).await;
            answer.assert_refused(401, "UnauthorizedError", "Token missing");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"atropos\""));
        }
    }
    assert!(app.is_active("api", &made.token).await);
}

/// INF-4, at every call that takes a bearer.
#[tokio::test]
async fn a_bearer_that_is_no_token_or_has_expired_is_forbidden_and_one_that_was_revoked_unauthorized() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let jwt = admin.made_on("machine-jwt", &json!({ "accessTokenTTL": 60 })).await;
    let opaque = app.machine("machine-deputy").await.token;
    let revoked = app.machine("machine-admin").await.token;
    app.machine_revoke(&revoked).await.assert_machine_revoked();
    app.clock.advance(Duration::from_mins(1));
    for (method, path) in managing("machine", &made.id) {
        let send = async |token: &str| app.holding(token).send(method.clone(), &path).await;
        send("garbage").await.assert_malformed_token();
        send("a b").await.assert_malformed_token();
        send(&forged(&opaque)).await.assert_malformed_token();
        send(&jwt.token).await.assert_expired_token();
        send(&revoked).await.assert_revoked_token();
        // Guesses are forgiven with time.
        app.clock.advance(Duration::from_mins(1));
    }
    app.clock.advance(Duration::from_hours(1));
    app.holding(&opaque).show(&made.id).await.assert_expired_token();
    assert!(app.is_active("api", &made.token).await);
}

/// INF-5, at every call about an identity or a token of it.
#[tokio::test]
async fn who_may_not_manage_an_identity_is_told_what_he_may_not_and_nothing_is_done() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine-jwt", &json!({})).await;
    let before = admin.data(&made.id).await;
    let actions = ["create", "read", "edit", "edit", "read", "read", "edit", "edit", "revoke-auth"];
    for client in ["machine-deputy", "machine-jwt", "machine"] {
        let holder = app.machine(client).await;
        for ((method, path), action) in managing("machine-jwt", &made.id).into_iter().zip(actions) {
            let body = json!({ "name": "x", "accessTokenTTL": 5 });
            let answer = holder.send_json(method, &path, &body).await;
            let message = format!("You are not allowed to {action} on identity");
            answer.assert_refused(403, "PermissionDenied", &message);
            assert_eq!(
                answer.json()["details"],
                json!([{ "action": action, "subject": "identity", "inverted": true }])
            );
        }
    }
    assert_eq!(admin.data(&made.id).await, before);
    assert!(app.is_active("api", &made.token).await);
}

/// INF-5: the other way round.
#[tokio::test]
async fn who_manages_one_identity_revokes_its_tokens_and_no_others() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let (mine, other) = (admin.made_on("machine", &json!({})).await, admin.made_on("machine-admin", &json!({})).await);
    let deputy = app.machine("machine-deputy").await;
    deputy.revoke(&other.id).await.assert_envelope(403, "PermissionDenied");
    deputy.revoke(&mine.id).await.assert_machine_revoked();
    assert!(app.is_active("api", &other.token).await);
    app.introspect("api", &mine.token).await.assert_inactive();
}

/// INF-6: who is not on this surface any more is of another organisation, as far as anybody may know.
#[tokio::test]
async fn a_token_of_a_stranger_is_as_unknown_as_one_that_never_was() {
    let app = App::spawn().await;
    let made = app.machine("machine-admin").await.made_on("machine", &json!({})).await;
    let mut setup = Setup::default();
    for client in setup.clients.iter_mut().filter(|client| client.id.as_str() == "machine") {
        client.surfaces.remove(&Surface::Infisical);
    }
    let restarted = app.beside(setup).await;
    let admin = restarted.machine("machine-admin").await;
    let unknown = unknown(&made.id);
    for (method, path) in [
        (Method::POST, revocation_of(&made.id)),
        (Method::GET, token_path(&made.id)),
        (Method::PATCH, token_path(&made.id)),
    ] {
        let answer = admin.send(method.clone(), &path).await;
        answer.assert_unknown_token(&made.id);
        let never = admin.send(method, &path.replace(&made.id, &unknown)).await;
        let (status, body) = never.without_id();
        assert_eq!(answer.without_id(), (status, body.replace(&unknown, &made.id)));
    }
    let message = format!("Failed to find identity with ID {}", crate::clients::identity("machine"));
    admin.create("machine", &json!({})).await.assert_refused(404, "NotFound", &message);
    assert!(app.is_active("api", &made.token).await);
    app.holding(&made.token).send(Method::GET, &token_path(&made.id)).await.assert_envelope(403, "PermissionDenied");
}

/// INF-7: nor a session of the standard's.
#[tokio::test]
async fn what_is_not_managed_by_ids_is_not_found_by_one() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let logged_in = app.machine("machine").await.token;
    let standard = app.issue("machine").await.access;
    let person = app.log_in("spa", "alice").await.access;
    for token in [logged_in, standard, person] {
        let id = app.id_of(&token).await;
        admin.revoke(&id).await.assert_unknown_token(&id);
        admin.show(&id).await.assert_unknown_token(&id);
        assert!(app.is_active("api", &token).await);
    }
}

/// INF-8
#[tokio::test]
async fn what_is_no_id_is_no_token() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let (upper, bare) = (made.id.to_uppercase(), made.id.replace('-', ""));
    let long = "5".repeat(2000);
    for id in ["x", "5", "00000000-0000-0000-0000-000000000000", &upper, &bare, &long, "..%2f", "%00", "a%20b"] {
        let answer = admin.revoke(id).await;
        answer.assert_envelope(404, "NotFound");
        admin.show(id).await.assert_envelope(404, "NotFound");
    }
    assert!(app.is_active("api", &made.token).await);
}

/// INF-9: no schema says what a body would mean.
#[tokio::test]
async fn a_body_means_nothing() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    for (media_type, body) in [
        ("application/json", &b""[..]),
        ("application/json", b"{}"),
        ("application/json", b"{"),
        ("application/json", br#"{"tokenId":5}"#),
        ("application/x-www-form-urlencoded", b"tokenId=5"),
        ("text/plain", b"\xff"),
    ] {
        let made = admin.made("machine").await;
        let request = app.request(Method::POST, &revocation_of(&made.id)).bearer_auth(&admin.token);
        let request = request.header("content-type", media_type).body(body.to_vec());
        Answer::to(request).await.assert_machine_revoked();
        app.introspect("api", &made.token).await.assert_inactive();
    }
}

/// INF-11
#[tokio::test]
async fn a_bearer_may_revoke_itself() {
    let app = App::spawn().await;
    let own = app.machine("machine-admin").await.made_on("machine-admin", &json!({})).await;
    let holder = app.holding(&own.token);
    holder.revoke(&own.id).await.assert_machine_revoked();
    holder.revoke(&own.id).await.assert_revoked_token();
    app.machine_renew(&own.token).await.assert_revoked_token();
}

/// INF-2: a revocation of everything of a client is one of each of its tokens. What is asked for a second time is written
/// down all the same, so that it does not end with what it was a part of.
#[tokio::test]
async fn what_a_wider_revocation_has_taken_is_revoked_already() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let target = Target::Client(ClientId::new("machine").as_str().into());
    app.authority().revoke_target(target, Cause::Administrator).await.expect("revoked");
    assert_eq!(admin.data(&made.id).await["isAccessTokenRevoked"], true);
    app.holding(&made.token).show(&made.id).await.assert_revoked_token();
    let rename = json!({ "name": "x" });
    admin.send_json(Method::PATCH, &token_path(&made.id), &rename).await.assert_unknown_token(&made.id);
    for _ in 0..2 {
        admin.revoke(&made.id).await.assert_unknown_token(&made.id);
    }
    let later = admin.made("machine").await;
    assert_eq!(admin.data(&later.id).await["isAccessTokenRevoked"], false);
    admin.revoke(&later.id).await.assert_machine_revoked();
}
