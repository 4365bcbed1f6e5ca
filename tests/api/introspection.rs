//! Introspection (RFC 7662).

use std::time::Duration;

use atropos::domain::clock::Clock as _;
use atropos::domain::token::OpaqueKind;
use atropos::domain::{Cause, FamilyId, Shard, Target, TokenId};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::answer::Answer;
use crate::clients::{API, BILLING};
use crate::spawn::{App, ISSUER, Tokens, basic, basic_with, forged};

const PATH: &str = "/oauth/introspect";

/// RFC7662-2.1-a, RFC7662-2.2-a, RFC7662-2.2-g, RFC7662-2.2-h, RFC7662-2.2-i, RFC7662-4-l
#[rstest]
#[case("service", 3600)]
#[case("service-jwt", 300)]
#[tokio::test]
async fn a_live_token_is_described(#[case] client: &str, #[case] lifetime: u64) {
    let app = App::spawn().await;
    let token = app.issue(client).await.access;
    let answer = app.introspect("api", &token).await;
    answer.assert_ok();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut told = answer.json();
    let jti = told.as_object_mut().expect("an object").remove("jti").expect("a jti");
    assert!(jti.as_str().is_some_and(|jti| !jti.is_empty()));
    let expected = json!({
        "active": true, "scope": "read write", "client_id": client, "token_type": "Bearer", "sub": client,
        "aud": API, "iss": ISSUER, "iat": app.now(), "exp": app.now() + lifetime,
    });
    assert_eq!(told, expected);
}

/// RFC7662-2.1-a
#[tokio::test]
async fn tokens_do_not_go_into_urls() {
    let app = App::spawn().await;
    let token = app.issue("service").await.access;
    let path = format!("{PATH}?token={token}");
    let answer = Answer::to(app.request(Method::GET, &path).header("authorization", basic("api"))).await;
    assert_eq!(answer.status.as_u16(), 405);
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    Answer::to(app.post(&path, &[]).header("authorization", basic("api"))).await.assert_error(400, "invalid_request");
}

/// RFC7662-2.1-b, RFC7662-2.3-c, S30
#[rstest]
#[case(None)]
#[case(Some(basic_with("api", "wrong")))]
#[case(Some(basic_with("api", "")))]
#[case(Some(basic_with("nobody", "wrong")))]
#[case(Some(basic("disabled")))]
#[tokio::test]
async fn who_does_not_prove_himself_is_told_nothing(#[case] authorization: Option<String>) {
    let app = App::spawn().await;
    let token = app.issue("service").await.access;
    let mut request = app.post(PATH, &[("token", &token)]);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = Answer::to(request).await;
    answer.assert_error(401, "invalid_client");
    assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"atropos\""));
    assert!(!answer.body.contains("active"));
}

/// RFC7662-2.3-d, RFC7662-2.1-e, RFC7662-2.1-h: no access token lets its bearer ask, not even about itself, while it is
/// alive as little as afterwards.
#[tokio::test]
async fn a_bearer_of_a_token_may_not_ask_about_tokens() {
    let app = App::spawn().await;
    let (live, revoked) = (app.issue("session").await, app.issue("session").await);
    app.revoke("session", &revoked.access).await.assert_revoked();
    let mut answers = Vec::new();
    for bearer in [&*live.access, &revoked.access, live.refresh(), "garbage"] {
        for token in [&*live.access, &revoked.access, "garbage"] {
            let answer = Answer::to(app.post(PATH, &[("token", token)]).bearer_auth(bearer)).await;
            answer.assert_error(401, "invalid_client");
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            let expected = ["Basic realm=\"atropos\"", "Bearer realm=\"atropos\", error=\"invalid_token\""];
            assert_eq!(challenges, expected);
            assert!(!answer.body.contains("active"));
            answers.push(answer.lasting());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

/// RFC7662-2.1-e
#[tokio::test]
async fn a_public_client_may_not_ask() {
    let app = App::spawn().await;
    let tokens = app.log_in("spa", "alice").await;
    let answer = app.introspect("spa", &tokens.access).await;
    answer.assert_error(401, "invalid_client");
    assert!(!answer.body.contains("active"));
}

/// RFC7662-2.1-f
#[tokio::test]
async fn a_request_without_exactly_one_token_is_invalid() {
    let app = App::spawn().await;
    app.by("api", PATH, &[]).await.assert_error(400, "invalid_request");
    app.by("api", PATH, &[("token", "")]).await.assert_error(400, "invalid_request");
    app.by("api", PATH, &[("token", "a"), ("token", "a")]).await.assert_error(400, "invalid_request");
}

/// RFC7662-2.1-g
#[rstest]
#[tokio::test]
async fn a_hint_changes_nothing(#[values("access_token", "refresh_token", "urn:nonsense", "")] hint: &str) {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    for token in [&*tokens.access, tokens.refresh()] {
        let plain = app.introspect("session", token).await;
        let hinted = app.by("session", PATH, &[("token", token), ("token_type_hint", hint)]).await;
        assert_eq!(hinted.lasting(), plain.lasting());
    }
}

/// All that is not active, or not for the caller to know of: `api`, if nobody else is named.
struct Inactive {
    /// What verifies.
    ours: Vec<(&'static str, String)>,
    /// What its own text condemns.
    condemned: Vec<String>,
}

async fn inactive(app: &App) -> Inactive {
    let idle = app.issue("session").await.refresh().to_owned();
    let over = app.issue("service").await.access;
    app.clock.advance(Duration::from_hours(30 * 24));
    let [expired, expired_jwt] = [app.issue("session").await.access, app.issue("service-jwt").await.access];
    app.clock.advance(Duration::from_hours(1));
    let [revoked, revoked_jwt, alone] =
        [app.issue("session").await, app.issue("session-jwt").await, app.issue("session").await];
    app.revoke("session", revoked.refresh()).await.assert_revoked();
    app.revoke("session-jwt", revoked_jwt.refresh()).await.assert_revoked();
    app.revoke("session", &alone.access).await.assert_revoked();
    let (spent, live) = (app.issue("session").await, app.issue("session").await);
    app.refreshed("session", spent.refresh()).await;
    // Of the same issuer by the same keys, and no store here has its record.
    let elsewhere = App::spawn().await;
    let [lost, lost_jwt] = [elsewhere.issue("session").await, elsewhere.issue("session-jwt").await];
    elsewhere.clock.set(app.clock.now());
    let young = elsewhere.issue("session-jwt").await.access;
    let forged = forged(&live.access);
    let ours = [
        ("api", expired),
        ("api", over),
        ("session", idle),
        ("api", revoked.access.clone()),
        ("session", revoked.refresh().to_owned()),
        ("api", revoked_jwt.access.clone()),
        ("api", alone.access),
        ("session", spent.refresh().to_owned()),
        ("session", lost.refresh().to_owned()),
        ("api", lost.access),
        ("api", young),
        ("api", live.refresh().to_owned()),
        ("billing", live.access.clone()),
        ("other", live.access.clone()),
        ("other", live.refresh().to_owned()),
    ];
    Inactive { ours: ours.into(), condemned: vec![expired_jwt, lost_jwt.access, forged, "garbage".to_owned()] }
}

/// RFC7662-2.2-b, RFC7662-2.2-c, RFC7662-2.2-d, RFC7662-2.2-f, S30, INV-6
#[tokio::test]
async fn why_a_token_is_not_active_is_not_told() {
    let app = App::spawn().await;
    let Inactive { ours, condemned } = inactive(&app).await;
    let first = app.introspect("api", "x").await;
    first.assert_inactive();
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let first = first.lasting();
    for (caller, token) in ours.into_iter().chain(condemned.into_iter().map(|token| ("api", token))) {
        assert_eq!(app.introspect(caller, &token).await.lasting(), first, "{caller} {token}");
    }
}

/// INV-6: what verifies costs the same trip, whatever became of it; what does not verify costs none.
#[tokio::test]
async fn what_verifies_costs_one_trip_to_the_store_whatever_became_of_it() {
    let app = App::spawn().await;
    let Inactive { mut ours, condemned } = inactive(&app).await;
    ours.push(("api", app.issue("session").await.access));
    app.store.trips();
    for (caller, token) in ours {
        app.introspect(caller, &token).await.assert_ok();
        assert_eq!(app.store.trips(), 1, "{caller} {token}");
    }
    for token in condemned {
        app.introspect("api", &token).await.assert_inactive();
        assert_eq!(app.store.trips(), 0, "{token}");
    }
}

/// RFC7662-2.2-c, INV-6: of ours it is, and born on a store of more shards.
#[tokio::test]
async fn a_token_of_a_shard_that_there_is_not_is_not_active() {
    let app = App::spawn().await;
    let keys = &app.authority().keys;
    let shard = Shard::new(Shard::MOST - 1).expect("the last that can be");
    let id = TokenId { family: FamilyId::new(shard, app.clock.now(), 1), serial: 1, nonce: 1 };
    let key = keys.mac().expect("a key");
    for kind in [OpaqueKind::Access, OpaqueKind::Refresh] {
        let token = keys.mint(kind, id, key).expect("a token");
        app.introspect("api", token.expose()).await.assert_inactive();
    }
}

/// RFC7662-2.2-e
#[tokio::test]
async fn a_resource_sees_itself_and_its_own_scopes_only() {
    let app = App::spawn().await;
    let token = app.issue("two").await.access;
    let billing = app.introspect("billing", &token).await;
    assert_eq!((&billing.json()["aud"], &billing.json()["scope"]), (&json!(BILLING), &json!("write")));
    assert!(!billing.body.contains(API));
    let api = app.introspect("api", &token).await;
    assert_eq!((&api.json()["aud"], &api.json()["scope"]), (&json!(API), &json!("read write")));
    assert!(!api.body.contains(BILLING));
    let owner = app.introspect("two", &token).await;
    assert_eq!(owner.json()["aud"], json!([API, BILLING]));
}

/// RFC7662-2.2-f
#[tokio::test]
async fn the_client_that_got_them_may_ask_about_both_of_its_tokens() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    assert_eq!(app.introspect("session", &tokens.access).await.json()["token_type"], "Bearer");
    let refresh = app.introspect("session", tokens.refresh()).await.json();
    assert_eq!((&refresh["active"], refresh.get("token_type")), (&json!(true), None));
}

/// RFC7662-4-p
#[tokio::test]
async fn asking_changes_nothing() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let first = app.introspect("session", tokens.refresh()).await.lasting();
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(app.introspect("session", tokens.refresh()).await.lasting(), first);
    app.clock.advance(Duration::from_hours(29 * 24));
    app.introspect("session", tokens.refresh()).await.assert_inactive();
}

/// RFC7662-2.2-k, S30: of a person nothing is told but the subject, to anybody.
#[rstest]
#[tokio::test]
async fn nothing_personal_is_told(
    #[values("session", "session-jwt")] client: &str,
    #[values(true, false)] by_owner: bool,
) {
    let app = App::spawn().await;
    let token = app.log_in(client, "alice").await.access;
    let told = app.introspect(if by_owner { client } else { "api" }, &token).await.json();
    let mut members: Vec<_> = told.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    let all = ["active", "aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub", "token_type"];
    assert_eq!(members, all);
    assert_eq!(told["sub"], "alice");
}

/// INV-4: what introspection says of a refresh token is what happens to whoever presents it.
#[rstest]
#[tokio::test]
async fn introspection_and_refresh_agree(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let (spent, revoked, ended) = (app.issue(client).await, app.issue(client).await, app.issue(client).await);
    let (live, halved, idle) = (app.issue(client).await, app.issue(client).await, app.issue(client).await);
    let current = app.refreshed(client, spent.refresh()).await;
    app.revoke(client, revoked.refresh()).await.assert_revoked();
    app.revoke(client, &halved.access).await.assert_revoked();
    let family = app.authority().token_id(ended.refresh()).await.expect("the store answers").expect("ours").family;
    app.authority().revoke_target(Target::Family(family), Cause::Administrator).await.expect("the store answers");
    // Beyond the window in which a lost answer is given again.
    app.clock.advance(Duration::from_secs(11));
    let agree = async |tokens: &Tokens, alive: bool| {
        assert_eq!(app.is_active(client, tokens.refresh()).await, alive);
        assert_eq!(app.refresh(client, tokens.refresh()).await.status.is_success(), alive);
    };
    for (tokens, alive) in
        [(&live, true), (&halved, true), (&current, true), (&spent, false), (&revoked, false), (&ended, false)]
    {
        agree(tokens, alive).await;
    }
    app.clock.advance(Duration::from_hours(30 * 24));
    agree(&idle, false).await;
}
