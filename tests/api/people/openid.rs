//! `OpenID` Connect: who has signed in.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use rstest::rstest;
use serde_json::{Value, json};

use super::browser::{Back, Browser, app, asks, location, redeem, setup};
use crate::answer::Answer;
use crate::spawn::{App, ISSUER, Tokens, tokens};

pub(super) const NONCE: &str = "n-0S6_WzA2Mj";

/// Signs in, with these scopes, and exchanges the code.
pub(super) async fn signed_in(browser: &Browser<'_>, scope: &str) -> (Tokens, Value) {
    let code = browser.approve(&asks("portal", &[("scope", scope), ("nonce", NONCE)])).await.code().to_owned();
    let answer = redeem(browser.app, "portal", &code).await;
    (tokens(&answer), answer.json())
}

/// As a client reads it, by the published keys.
pub(super) async fn read(app: &App, token: &str, typ: &str) -> Value {
    let header = decode_header(token).expect("a header");
    assert_eq!(header.typ.as_deref(), Some(typ));
    let keys: JwkSet = serde_json::from_value(app.get("/oauth/jwks").await.json()).expect("keys");
    let key = keys.find(header.kid.as_deref().expect("a kid")).expect("a published key");
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&["portal"]);
    validation.set_issuer(&[ISSUER]);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    decode(token, &DecodingKey::from_jwk(key).expect("a key"), &validation).expect("ours").claims
}

async fn user_info(app: &App, access: &str) -> Answer {
    Answer::to(app.request(reqwest::Method::GET, "/oauth/userinfo").bearer_auth(access)).await
}

#[tokio::test]
async fn an_id_token_tells_who_has_signed_in_and_when() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (_, answer) = signed_in(&browser, "openid read").await;
    let token = answer["id_token"].as_str().expect("an ID token");
    // What clients expect that say nothing.
    assert_eq!(decode_header(token).unwrap().alg, jsonwebtoken::Algorithm::RS256);
    let claims = read(&app, token, "JWT").await;
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["nonce"]),
        (&json!("alice-1"), &json!("portal"), &json!(NONCE))
    );
    let (issued, expires) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert_eq!((claims["auth_time"].as_u64().unwrap(), expires - issued), (issued, 300));
    assert!(claims["sid"].is_string(), "BCL-2.1-b");
    // A later request of the same session tells when the person signed in, and not when it was asked.
    app.clock.advance(Duration::from_mins(3));
    let (_, later) = signed_in(&browser, "openid read").await;
    let later = read(&app, later["id_token"].as_str().unwrap(), "JWT").await;
    assert_eq!((&later["auth_time"], &later["sid"]), (&claims["auth_time"], &claims["sid"]));
    assert_eq!(later["iat"].as_u64().unwrap(), issued + 180);
}

/// BCL-2.1-b: a client that does not ask for the session's name is not told it; and each signs as it is registered.
#[tokio::test]
async fn an_id_token_is_as_its_client_is_registered() {
    let mut setup = setup();
    let portal = setup.clients.iter_mut().find(|client| client.id.as_str() == "portal").unwrap();
    portal.openid.back_channel.as_mut().unwrap().needs_session = false;
    portal.openid.algorithm.0 = atropos::domain::keys::SigningAlgorithm::Es256;
    let app = App::with(setup).await;
    let (_, answer) = signed_in(&Browser::new(&app), "openid read").await;
    let token = answer["id_token"].as_str().unwrap();
    assert_eq!(decode_header(token).unwrap().alg, jsonwebtoken::Algorithm::ES256);
    assert_eq!(read(&app, token, "JWT").await.get("sid"), None);
}

/// RFC6750-3.1-g
#[tokio::test]
async fn who_did_not_ask_who_it_was_is_not_told() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (tokens, answer) = signed_in(&browser, "read").await;
    assert_eq!(answer.get("id_token"), None);
    user_info(&app, &tokens.access).await.assert_error(403, "insufficient_scope");
    // Nor by asking for nothing in particular.
    let code = browser.approve(&asks("portal", &[("scope", "")])).await.code().to_owned();
    assert_eq!(redeem(&app, "portal", &code).await.json()["scope"], "read write");
    // And machines have nobody to tell of.
    let form = [("grant_type", "client_credentials"), ("scope", "openid")];
    let mut setup = setup();
    let portal = setup.clients.iter_mut().find(|client| client.id.as_str() == "portal").unwrap();
    portal.grant_types.insert(atropos::domain::client::GrantType::ClientCredentials);
    let app = App::with(setup).await;
    app.by("portal", "/oauth/token", &form).await.assert_error(400, "invalid_scope");
    let all = app.by("portal", "/oauth/token", &form[..1]).await;
    assert_eq!(all.json()["scope"], "read write");
    user_info(&app, &tokens_of(&all)).await.assert_error(403, "insufficient_scope");
}

fn tokens_of(answer: &Answer) -> String {
    tokens(answer).access
}

#[rstest]
#[case("openid", json!({"sub": "alice-1"}))]
#[case("openid email", json!({"sub": "alice-1", "email": "alice@example.com"}))]
#[case("openid profile", json!({"sub": "alice-1", "preferred_username": "alice", "name": "alice of the tests"}))]
#[tokio::test]
async fn of_a_person_is_told_what_it_let_be_told(#[case] scope: &str, #[case] told: Value) {
    let app = app().await;
    let (tokens, _) = signed_in(&Browser::new(&app), scope).await;
    let answer = user_info(&app, &tokens.access).await;
    answer.assert_ok();
    assert_eq!((answer.header("cache-control"), answer.json()), (Some("no-store"), told));
    let posted = Answer::to(app.request(reqwest::Method::POST, "/oauth/userinfo").bearer_auth(&tokens.access)).await;
    assert_eq!(posted.json(), answer.json());
    // What was narrowed tells no more, what was revoked nothing.
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("scope", "openid")];
    let narrow = app.by("portal", "/oauth/token", &form).await;
    assert_eq!(narrow.json().get("id_token"), None);
    assert_eq!(user_info(&app, &tokens_of(&narrow)).await.json(), json!({"sub": "alice-1"}));
    app.revoke("portal", tokens.refresh()).await.assert_ok();
    user_info(&app, &tokens.access).await.assert_error(401, "invalid_token");
}

/// RFC6750-3-e, RFC6750-3.1-f
#[tokio::test]
async fn nobody_is_told_without_a_live_access_token() {
    let app = app().await;
    let (tokens, answer) = signed_in(&Browser::new(&app), "openid").await;
    let nothing = app.get("/oauth/userinfo").await;
    assert_eq!((nothing.status.as_u16(), nothing.header("www-authenticate")), (401, Some("Bearer realm=\"atropos\"")));
    for wrong in [tokens.refresh(), answer["id_token"].as_str().unwrap(), "nonsense"] {
        user_info(&app, wrong).await.assert_error(401, "invalid_token");
    }
    app.clock.advance(Duration::from_hours(1));
    user_info(&app, &tokens.access).await.assert_error(401, "invalid_token");
}

/// Whoever knows whom it wants is not answered by somebody else.
#[tokio::test]
async fn a_hint_says_whose_answer_counts() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (_, answer) = signed_in(&browser, "openid").await;
    let hint = answer["id_token"].as_str().unwrap();
    let silent = [("scope", "openid"), ("prompt", "none"), ("id_token_hint", hint)];
    browser.approve(&asks("portal", &silent)).await.code();
    // Expired as it may be.
    app.clock.advance(Duration::from_hours(1));
    browser.approve(&asks("portal", &silent)).await.code();
    let other = Browser::new(&app);
    let path = other.begin(&asks("portal", &[])).await;
    assert_eq!(other.sign_in(&path, "bob", "builder").await.status, 303);
    other.approve(&asks("portal", &silent)).await.assert_error("login_required");
    // Whoever signs in for it, and is somebody else, is not asked for ever.
    let stranger = Browser::new(&app);
    let path = stranger.begin(&asks("portal", &[("id_token_hint", hint)])).await;
    assert_eq!(location(&stranger.sign_in(&path, "bob", "builder").await), path);
    Back::of(&stranger.get(&path).await).assert_error("login_required");
    let (claims, signature) = hint.rsplit_once('.').unwrap();
    let forged = format!("{claims}.A{}", &signature[1..]);
    let forged = if forged == hint { format!("{claims}.B{}", &signature[1..]) } else { forged };
    for wrong in [forged.as_str(), "nonsense"] {
        let back = browser.approve(&asks("portal", &[("prompt", "none"), ("id_token_hint", wrong)])).await;
        back.assert_error("invalid_request");
    }
    // Another client's.
    browser.approve(&asks("web", &[("prompt", "none"), ("id_token_hint", hint)])).await.assert_error("invalid_request");
}

/// RFC8707-2-b: who has signed in is told whatever else the token is for.
#[tokio::test]
async fn a_token_for_one_resource_tells_who_has_signed_in_as_well() {
    let mut setup = setup();
    let portal = setup.clients.iter_mut().find(|client| client.id.as_str() == "portal").unwrap();
    portal.audience = vec![crate::clients::API.into(), crate::clients::BILLING.into()];
    let app = App::with(setup).await;
    let browser = Browser::new(&app);
    // Of the scope, billing knows `write` alone.
    let asked = asks("portal", &[("scope", "openid profile read write"), ("resource", crate::clients::BILLING)]);
    let answer = redeem(&app, "portal", browser.approve(&asked).await.code()).await;
    assert_eq!(
        (&answer.json()["scope"], answer.json()["id_token"].is_string()),
        (&json!("openid profile write"), true)
    );
    assert_eq!(user_info(&app, &tokens_of(&answer)).await.json()["name"], "alice of the tests");
    let nothing = asks("portal", &[("scope", "openid read"), ("resource", crate::clients::BILLING)]);
    browser.approve(&nothing).await.assert_error("invalid_scope");
}

/// An ID token is for its client alone, and opens nothing.
#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let app = app().await;
    let (_, answer) = signed_in(&Browser::new(&app), "openid").await;
    let token = answer["id_token"].as_str().unwrap();
    app.introspect("api", token).await.assert_inactive();
    app.revoke("portal", token).await.assert_ok();
}

#[tokio::test]
async fn a_nonce_that_is_too_long_is_refused() {
    let app = app().await;
    let long = "n".repeat(513);
    let back = Browser::new(&app).approve(&asks("portal", &[("scope", "openid"), ("nonce", &long)])).await;
    back.assert_error("invalid_request");
}
