//! The token auth of an identity: attached, read, changed and removed.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Holder, configuration_of};
use crate::answer::Answer;
use crate::clients::identity;
use crate::spawn::{App, Setup};

const MONTH: u64 = 30 * 24 * 3600;

impl Answer {
    /// What is told of a configuration.
    #[track_caller]
    fn configuration(&self) -> Value {
        self.assert_configuration();
        self.json()["identityTokenAuth"].clone()
    }
}

async fn shown(holder: &Holder<'_>, client: &str) -> Answer {
    holder.send(Method::GET, &configuration_of(client)).await
}

fn networks(list: &[&str]) -> Value {
    list.iter().map(|text| json!({ "ipAddress": text })).collect()
}

#[tokio::test]
async fn what_is_not_said_is_what_the_vendor_says_it_is() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    // Without any body, with an empty object, and with all of it.
    let none = admin.send(Method::POST, &configuration_of("machine")).await.configuration();
    let everywhere = json!([
        { "ipAddress": "0.0.0.0", "prefix": 0, "type": "ipv4" },
        { "ipAddress": "::", "prefix": 0, "type": "ipv6" },
    ]);
    assert_eq!((&none["accessTokenTTL"], &none["accessTokenMaxTTL"]), (&json!(MONTH), &json!(MONTH)));
    assert_eq!((&none["accessTokenNumUsesLimit"], &none["accessTokenTrustedIps"]), (&json!(0), &everywhere));
    assert_eq!(none["identityId"], identity("machine").to_string());
    assert_eq!(none["createdAt"], none["updatedAt"]);
    assert_eq!(shown(&admin, "machine").await.configuration(), none);

    let terms = json!({ "accessTokenTTL": 60, "accessTokenMaxTTL": 120, "accessTokenNumUsesLimit": 7,
        "accessTokenTrustedIps": networks(&["192.0.2.0/24", " 2001:db8::1 "]), "unknown": "ignored" });
    let all = admin.attach("machine-jwt", &terms).await.configuration();
    for name in ["accessTokenTTL", "accessTokenMaxTTL", "accessTokenNumUsesLimit"] {
        assert_eq!(all[name], terms[name], "{name}");
    }
    let trusted = json!([
        { "ipAddress": "192.0.2.0", "prefix": 24, "type": "ipv4" },
        { "ipAddress": "2001:db8::1", "prefix": 128, "type": "ipv6" },
    ]);
    assert_eq!(all["accessTokenTrustedIps"], trusted);
    assert_ne!(all["id"], none["id"]);
}

#[tokio::test]
async fn nothing_is_attached_twice_or_used_before_it_is_attached() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let missing = "The identity does not have Token Auth";
    for answer in [
        shown(&admin, "machine").await,
        admin.change("machine", &json!({})).await,
        admin.remove("machine").await,
        admin.create("machine", &json!({})).await,
        admin.send(Method::GET, &super::tokens_of("machine")).await,
    ] {
        answer.assert_refused(400, "BadRequest", missing);
    }
    let first = admin.attach("machine", &json!({ "accessTokenTTL": 5 })).await.configuration();
    let second = admin.attach("machine", &json!({ "accessTokenTTL": 6 })).await;
    second.assert_refused(400, "BadRequest", "Failed to add Token Auth to already configured identity");
    assert_eq!(shown(&admin, "machine").await.configuration(), first);
}

/// What is not named stays as it is, and tokens that are there stay as they were made.
#[tokio::test]
async fn a_change_changes_what_it_names_for_tokens_to_come() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let before = admin.attach("machine", &json!({ "accessTokenTTL": 60, "accessTokenNumUsesLimit": 9 })).await;
    let before = before.configuration();
    let old = admin.made("machine").await;
    app.clock.advance(Duration::from_millis(1500));
    let after = admin.change("machine", &json!({ "accessTokenTTL": 90 })).await.configuration();
    let mut expected = before.clone();
    expected["accessTokenTTL"] = json!(90);
    expected["updatedAt"] = json!("2027-01-15T08:00:01.500Z");
    assert_eq!(after, expected);
    assert_eq!(shown(&admin, "machine").await.configuration(), expected);
    let nothing = admin.send(Method::PATCH, &configuration_of("machine")).await.configuration();
    assert_eq!(nothing, expected);
    assert_eq!(admin.data(&old.id).await["accessTokenTTL"], 60);
    let made = admin.create("machine", &json!({})).await;
    made.assert_created();
    assert_eq!((&made.json()["expiresIn"], &made.json()["accessTokenMaxTTL"]), (&json!(90), &json!(MONTH)));
}

/// A TTL beyond the longest is refused: in one request as what cannot be meant, in two as what does not fit.
#[tokio::test]
async fn no_token_is_to_live_longer_than_the_longest() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    for terms in [
        json!({ "accessTokenTTL": 61, "accessTokenMaxTTL": 60 }),
        json!({ "accessTokenMaxTTL": 60 }),
        json!({ "accessTokenTTL": MONTH + 1 }),
    ] {
        admin.attach("machine", &terms).await.assert_issues(&["accessTokenTTL"]);
    }
    shown(&admin, "machine").await.assert_envelope(400, "BadRequest");
    admin.attach("machine", &json!({ "accessTokenTTL": 60, "accessTokenMaxTTL": 60 })).await.assert_configuration();
    let both = admin.change("machine", &json!({ "accessTokenTTL": 6, "accessTokenMaxTTL": 5 })).await;
    both.assert_issues(&["accessTokenTTL"]);
    for terms in [json!({ "accessTokenTTL": 61 }), json!({ "accessTokenMaxTTL": 59 })] {
        let answer = admin.change("machine", &terms).await;
        answer.assert_refused(400, "BadRequest", "Access token TTL cannot be greater than max TTL");
    }
    let same = shown(&admin, "machine").await.configuration();
    assert_eq!((&same["accessTokenTTL"], &same["accessTokenMaxTTL"]), (&json!(60), &json!(60)));
    // Zero is no limit, but for what the client's own settings allow.
    admin.change("machine", &json!({ "accessTokenTTL": 0, "accessTokenMaxTTL": 0 })).await.assert_configuration();
    let made = admin.create("machine", &json!({})).await.json();
    assert_eq!((&made["expiresIn"], &made["accessTokenMaxTTL"]), (&json!(3 * MONTH), &json!(3 * MONTH)));
}

/// INF-10: every member that is wrong is named.
#[rstest]
#[case(json!({ "accessTokenTTL": -1 }), &["accessTokenTTL"])]
#[case(json!({ "accessTokenTTL": 1.5 }), &["accessTokenTTL"])]
#[case(json!({ "accessTokenTTL": "60" }), &["accessTokenTTL"])]
#[case(json!({ "accessTokenTTL": null }), &["accessTokenTTL"])]
#[case(json!({ "accessTokenTTL": 315_360_001, "accessTokenMaxTTL": 0 }), &["accessTokenTTL"])]
#[case(json!({ "accessTokenTTL": 1e300, "accessTokenMaxTTL": 1e300 }), &["accessTokenTTL", "accessTokenMaxTTL"])]
#[case(json!({ "accessTokenNumUsesLimit": -1 }), &["accessTokenNumUsesLimit"])]
#[case(json!({ "accessTokenNumUsesLimit": u64::MAX }), &["accessTokenNumUsesLimit"])]
#[case(json!({ "accessTokenTrustedIps": [] }), &["accessTokenTrustedIps"])]
#[case(json!({ "accessTokenTrustedIps": "0.0.0.0/0" }), &["accessTokenTrustedIps"])]
#[case(json!({ "accessTokenTrustedIps": ["0.0.0.0/0"] }), &["accessTokenTrustedIps"])]
#[case(json!({ "accessTokenTrustedIps": [{}], "accessTokenTTL": true }), &["accessTokenTTL", "accessTokenTrustedIps"])]
#[tokio::test]
async fn terms_that_cannot_be_are_refused_member_by_member(#[case] terms: Value, #[case] names: &[&str]) {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &terms).await.assert_issues(names);
    shown(&admin, "machine").await.assert_envelope(400, "BadRequest");
    let before = admin.attach("machine", &json!({})).await.configuration();
    admin.change("machine", &terms).await.assert_issues(names);
    assert_eq!(shown(&admin, "machine").await.configuration(), before);
}

/// The longest of the vendor's, and what is whole however it is written.
#[tokio::test]
async fn the_ends_of_what_may_be_are_within() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let terms = json!({ "accessTokenTTL": 315_360_000, "accessTokenMaxTTL": 315_360_000.0,
        "accessTokenNumUsesLimit": 9_007_199_254_740_991_u64 });
    let told = admin.attach("machine", &terms).await.configuration();
    assert_eq!(told["accessTokenMaxTTL"], 315_360_000);
    assert_eq!(told["accessTokenNumUsesLimit"], 9_007_199_254_740_991_u64);
    // Of the client's own settings, which no request goes beyond.
    assert_eq!(admin.create("machine", &json!({})).await.json()["accessTokenMaxTTL"], 3 * MONTH);
}

#[tokio::test]
async fn what_is_no_address_is_none() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    for text in ["", "here", "192.0.2.0/33", "192.0.2", "::1/129", "*"] {
        let answer = admin.attach("machine", &json!({ "accessTokenTrustedIps": networks(&["::/0", text]) })).await;
        answer.assert_refused(400, "BadRequest", "The IP is not a valid IPv4, IPv6, or CIDR block");
    }
    shown(&admin, "machine").await.assert_envelope(400, "BadRequest");
}

/// INF-15
#[tokio::test]
async fn without_its_configuration_an_identity_has_no_tokens() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let before = admin.attach("machine", &json!({})).await.configuration();
    let mut made = Vec::new();
    for _ in 0..70 {
        made.push(admin.made("machine").await);
    }
    let renewed = app.machine_renew(&made[0].token).await.access_token();
    let other = admin.made_on("machine-jwt", &json!({})).await;
    let logged_in = app.machine("machine").await.token;
    let removed = admin.remove("machine").await.configuration();
    assert_eq!(removed, before);

    for token in made.iter().map(|made| &made.token).chain([&renewed]) {
        app.introspect("api", token).await.assert_inactive();
    }
    app.machine_renew(&renewed).await.assert_revoked_token();
    assert_eq!(admin.data(&made[0].id).await["isAccessTokenRevoked"], true);
    admin.revoke(&made[0].id).await.assert_unknown_token(&made[0].id);
    for token in [&other.token, &logged_in] {
        assert!(app.is_active("api", token).await, "what was not made by it lives");
    }
    shown(&admin, "machine").await.assert_envelope(400, "BadRequest");
    admin.create("machine", &json!({})).await.assert_envelope(400, "BadRequest");
}

/// INF-15: whoever did not hear the answer asks again, and hears the same. What is attached anew begins anew.
#[tokio::test]
async fn what_was_removed_is_removed_again_and_brings_nothing_back() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let old = admin.made_on("machine", &json!({ "accessTokenTTL": 60 })).await;
    let removed = admin.remove("machine").await.configuration();
    assert_eq!(admin.remove("machine").await.configuration(), removed);
    let new = admin.attach("machine", &json!({})).await.configuration();
    assert_ne!(new["id"], removed["id"]);
    assert_eq!(new["accessTokenTTL"], MONTH);
    app.introspect("api", &old.token).await.assert_inactive();
    let made = admin.made("machine").await;
    assert!(app.is_active("api", &made.token).await);
}

/// Whoever is disabled is given nothing, which is not the fault of whoever asked; what he holds can be ended all the same.
#[tokio::test]
async fn a_client_that_is_disabled_is_managed_and_given_nothing() {
    let app = App::spawn().await;
    let made = app.machine("machine-admin").await.made_on("machine", &json!({})).await;
    let mut setup = Setup::default();
    for client in setup.clients.iter_mut().filter(|client| client.id.as_str() == "machine") {
        client.enabled = false;
    }
    let restarted = app.beside(setup).await;
    let admin = restarted.machine("machine-admin").await;
    admin.create("machine", &json!({})).await.assert_envelope(400, "BadRequest");
    restarted.introspect("api", &made.token).await.assert_inactive();
    admin.revoke(&made.id).await.assert_machine_revoked();
    app.introspect("api", &made.token).await.assert_inactive();
}
