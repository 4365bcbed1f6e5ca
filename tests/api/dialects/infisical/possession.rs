//! What holding a token is enough for: to have it prolonged, and to end it.

use std::time::Duration;

use atropos::domain::client::Surface;
use reqwest::Method;
use serde_json::json;

use super::{forged, tokens_of};
use crate::answer::Answer;
use crate::spawn::{App, Setup};

const DAY: u64 = 24 * 3600;

/// INF-12: a second time as well.
#[tokio::test]
async fn whoever_holds_a_token_may_end_it() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = [admin.made_on("machine", &json!({})).await.token, admin.made_on("machine-jwt", &json!({})).await.token];
    let logged_in = [app.machine("machine").await.token, app.machine("machine-jwt").await.token];
    for token in made.iter().chain(&logged_in) {
        assert!(app.is_active("api", token).await);
        for _ in 0..2 {
            app.machine_revoke(token).await.assert_machine_revoked();
            app.introspect("api", token).await.assert_inactive();
        }
    }
}

/// INF-12: nobody could have been told whether it was ended.
#[tokio::test]
async fn what_is_no_token_of_this_surface_or_has_expired_is_not_ended() {
    let app = App::spawn().await;
    let machine = app.machine("machine").await.token;
    let forged = forged(&machine);
    let refresh = app.log_in("spa", "alice").await;
    let standard = app.issue("machine").await.access;
    let kajabi = app.kajabi_session("kajabi").await.access;
    for token in ["", "garbage", &forged, refresh.refresh(), &standard, &kajabi] {
        app.machine_revoke(token).await.assert_malformed_token();
        app.machine_renew(token).await.assert_malformed_token();
    }
    for token in [&machine, &standard, &kajabi, &refresh.access] {
        assert!(app.is_active("api", token).await);
    }
    app.clock.advance(Duration::from_hours(1));
    app.machine_revoke(&machine).await.assert_expired_token();
    app.machine_renew(&machine).await.assert_expired_token();
}

/// INF-13
#[tokio::test]
async fn a_renewal_is_another_string_of_the_same_token() {
    let app = App::spawn().await;
    for client in ["machine", "machine-jwt"] {
        let admin = app.machine("machine-admin").await;
        let made = admin.made_on(client, &json!({ "accessTokenTTL": 3600, "accessTokenMaxTTL": 7200 })).await;
        app.clock.advance(Duration::from_mins(30));
        let answer = app.machine_renew(&made.token).await;
        answer.assert_issued(3600, 7200);
        let renewed = answer.access_token();
        assert_ne!(renewed, made.token);
        assert_eq!(app.id_of(&renewed).await, made.id);
        let data = admin.data(&made.id).await;
        assert_eq!(data["accessTokenLastRenewedAt"], data["updatedAt"]);
        assert_ne!(data["updatedAt"], data["createdAt"]);
        // Others may hold the first: it is good until it would have expired anyway.
        assert!(app.is_active("api", &made.token).await && app.is_active("api", &renewed).await);
        app.clock.advance(Duration::from_mins(30));
        app.introspect("api", &made.token).await.assert_inactive();
        assert!(app.is_active("api", &renewed).await);
        let admin = app.machine("machine-admin").await;
        admin.revoke(&made.id).await.assert_machine_revoked();
        app.introspect("api", &renewed).await.assert_inactive();
        app.machine_renew(&renewed).await.assert_revoked_token();
    }
}

/// INF-13: by its id all strings of a token are ended at once, and by any of them.
#[tokio::test]
async fn every_string_dies_with_the_token() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let logged_in = app.machine("machine").await.token;
    let [first, second] =
        [app.machine_renew(&made.token).await.access_token(), app.machine_renew(&logged_in).await.access_token()];
    admin.revoke(&made.id).await.assert_machine_revoked();
    app.machine_revoke(&logged_in).await.assert_machine_revoked();
    for token in [&made.token, &first, &logged_in, &second] {
        app.introspect("api", token).await.assert_inactive();
        app.machine_renew(token).await.assert_revoked_token();
        app.machine_revoke(token).await.assert_machine_revoked();
    }
}

/// INF-4, INF-13: also when later renewals have swept it out of the record.
#[tokio::test]
async fn a_string_that_expired_before_the_last_renewal_has_expired_still() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({ "accessTokenTTL": 3600, "accessTokenMaxTTL": 36_000 })).await;
    let mut latest = made.token.clone();
    for _ in 0..3 {
        app.clock.advance(Duration::from_mins(40));
        latest = app.machine_renew(&latest).await.access_token();
    }
    app.machine_renew(&made.token).await.assert_expired_token();
    app.machine_revoke(&made.token).await.assert_expired_token();
    app.holding(&made.token).show(&made.id).await.assert_expired_token();
    assert!(app.is_active("api", &latest).await);
    app.machine_revoke(&latest).await.assert_machine_revoked();
    app.machine_renew(&made.token).await.assert_revoked_token();
}

#[tokio::test]
async fn no_renewal_outlives_the_longest_time() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({ "accessTokenTTL": 3600, "accessTokenMaxTTL": 5400 })).await;
    app.clock.advance(Duration::from_mins(45));
    let answer = app.machine_renew(&made.token).await;
    answer.assert_issued(2700, 5400);
    app.clock.advance(Duration::from_mins(45));
    app.machine_renew(&answer.access_token()).await.assert_expired_token();
    app.introspect("api", &answer.access_token()).await.assert_inactive();
}

/// The record of a token has room for so many strings at a time.
#[tokio::test]
async fn who_renews_too_often_has_to_wait() {
    let mut setup = Setup::default();
    for client in setup.clients.iter_mut().filter(|client| client.id.as_str() == "machine") {
        client.tokens.access_tokens_per_family = 3;
    }
    let app = App::with(setup).await;
    let token = app.machine("machine").await.token;
    for _ in 0..2 {
        app.machine_renew(&token).await.assert_issued(3600, 90 * DAY);
    }
    let answer = app.machine_renew(&token).await;
    answer.assert_envelope(429, "RateLimitExceeded");
    assert_eq!(answer.header("retry-after"), Some("3600"));
    assert!(app.is_active("api", &token).await);
    app.machine_revoke(&token).await.assert_machine_revoked();
}

/// S26: guesses are limited, and nobody who holds a token meets the limit.
#[tokio::test]
async fn guessing_tokens_is_limited_and_a_live_one_never() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let mut statuses = Vec::new();
    for _ in 0..50 {
        statuses.push(app.machine_revoke("garbage").await.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&429));
    for answer in [
        app.machine_revoke("garbage").await,
        app.machine_renew("garbage").await,
        app.holding("garbage").revoke(&made.id).await,
    ] {
        answer.assert_envelope(429, "RateLimitExceeded");
        assert!(answer.header("retry-after").is_some());
    }
    app.machine_renew(&made.token).await.assert_ok();
    admin.revoke(&made.id).await.assert_machine_revoked();
    app.machine_revoke(&made.token).await.assert_machine_revoked();
}

/// INF-13, DIA-6: only what was born on this surface is prolonged on it.
#[tokio::test]
async fn a_token_of_another_surface_is_not_renewed() {
    let app = App::spawn().await;
    let token = app.issue("machine").await.access;
    let unknown = app.machine_renew("garbage").await;
    let answer = app.machine_renew(&token).await;
    assert_eq!(answer.without_id(), unknown.without_id());
    assert!(app.is_active("api", &token).await);
}

/// Whether somebody stands behind a token is asked anew each time.
#[tokio::test]
async fn a_token_of_a_client_that_left_is_none() {
    let app = App::spawn().await;
    let token = app.machine("machine-admin").await.token;
    let changed = |change: fn(&mut atropos::domain::client::Client)| {
        let mut setup = Setup::default();
        setup.clients.iter_mut().filter(|client| client.id.as_str() == "machine-admin").for_each(change);
        setup
    };
    let disabled = app.beside(changed(|client| client.enabled = false)).await;
    disabled.machine_renew(&token).await.assert_revoked_token();
    let gone = app.beside(changed(|client| client.surfaces.retain(|surface| *surface != Surface::Infisical))).await;
    gone.machine_renew(&token).await.assert_malformed_token();
    let path = tokens_of("machine");
    Answer::to(gone.request(Method::GET, &path).bearer_auth(&token)).await.assert_malformed_token();
    app.machine_renew(&token).await.assert_issued(3600, 90 * DAY);
}
