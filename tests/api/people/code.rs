//! The exchange of a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

use std::time::Duration;

use rstest::rstest;

use super::browser::{Browser, app, asks, exchange, people, redeem, redeemed, setup};
use crate::clients::{API, BILLING};
use crate::spawn::App;

async fn code(app: &App, client: &str) -> String {
    Browser::new(app).approve(&asks(client, &[])).await.code().to_owned()
}

/// RFC7636-4.6-a, RFC6749-5.1-a, RFC6749-5.1-b
#[rstest]
#[tokio::test]
async fn a_code_is_exchanged_for_tokens_of_the_person(#[values("web", "web-public", "web-jwt")] client: &str) {
    let app = app().await;
    let code = code(&app, client).await;
    let answer = redeem(&app, client, &code).await;
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
    assert_eq!(answer.json()["scope"], "read");
    assert_eq!(answer.json()["token_type"], "Bearer");
    let tokens = crate::spawn::tokens(&answer);
    let told = app.introspect("api", &tokens.access).await.json();
    assert_eq!((&told["active"], &told["sub"], &told["client_id"]), (&true.into(), &"alice-1".into(), &client.into()));
    let next = app.refreshed(client, tokens.refresh()).await;
    assert!(app.is_active("api", &next.access).await);
}

/// RFC6749-4.1.3-c, RFC7636-4.1-d, RFC9700-2.1.1-f: none of these burns the code.
#[rstest]
#[case("code_verifier", "", "invalid_request")]
#[case("code_verifier", "too-short", "invalid_request")]
#[case("code_verifier", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "invalid_grant")]
#[case("redirect_uri", "", "invalid_grant")]
#[case("redirect_uri", "https://web.example/callback/", "invalid_grant")]
#[case("redirect_uri", "https://WEB.example/callback", "invalid_grant")]
#[case("code", "", "invalid_request")]
#[case("code", "ac_nonsense", "invalid_grant")]
#[tokio::test]
async fn what_does_not_belong_to_the_code_is_refused(#[case] name: &str, #[case] value: &str, #[case] error: &str) {
    let app = app().await;
    let code = code(&app, "web").await;
    app.by("web", "/oauth/token", &exchange(&code, &[(name, value)])).await.assert_error(400, error);
    redeemed(&app, "web", &code).await;
}

/// RFC6749-4.1.3-c, S14: another client, whoever it is, or nobody.
#[tokio::test]
async fn a_code_is_its_clients() {
    let app = app().await;
    let code = code(&app, "web").await;
    for other in ["web-public", "web-jwt"] {
        redeem(&app, other, &code).await.assert_error(400, "invalid_grant");
    }
    redeem(&app, "session", &code).await.assert_error(400, "unauthorized_client");
    let nobody = app.post("/oauth/token", &exchange(&code, &[]));
    crate::answer::Answer::to(nobody).await.assert_error(401, "invalid_client");
    redeemed(&app, "web", &code).await;
}

/// RFC6749-3.1-d
#[tokio::test]
async fn a_parameter_that_is_repeated_is_refused() {
    let app = app().await;
    let code = code(&app, "web").await;
    for name in ["code", "redirect_uri", "code_verifier"] {
        let mut form = exchange(&code, &[]);
        form.push((name, "again"));
        app.by("web", "/oauth/token", &form).await.assert_error(400, "invalid_request");
    }
    redeemed(&app, "web", &code).await;
}

/// RFC6749-4.1.2-j
#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let app = app().await;
    let code = code(&app, "web").await;
    app.clock.advance(Duration::from_mins(1));
    redeem(&app, "web", &code).await.assert_error(400, "invalid_grant");
}

/// OA21-7.5.2-d: the owner's replay ends what the code begot; anybody else's changes nothing.
#[tokio::test]
async fn a_replay_by_its_owner_ends_what_the_code_begot() {
    let app = app().await;
    let code = code(&app, "web").await;
    let tokens = redeemed(&app, "web", &code).await;
    let wrong = "a".repeat(43);
    app.by("web", "/oauth/token", &exchange(&code, &[("code_verifier", &wrong)]))
        .await
        .assert_error(400, "invalid_grant");
    redeem(&app, "web-public", &code).await.assert_error(400, "invalid_grant");
    assert!(app.is_active("api", &tokens.access).await);
    redeem(&app, "web", &code).await.assert_error(400, "invalid_grant");
    app.introspect("api", &tokens.access).await.assert_inactive();
    app.refresh("web", tokens.refresh()).await.assert_error(400, "invalid_grant");
}

/// RFC7009-2.2.1-c: a code that is revoked is burned.
#[tokio::test]
async fn a_code_that_is_revoked_is_burned() {
    let app = app().await;
    let code = code(&app, "web").await;
    app.revoke("web", &code).await.assert_ok();
    redeem(&app, "web", &code).await.assert_error(400, "invalid_grant");
    app.introspect("web", &code).await.assert_inactive();
}

/// S16: what was true when the flow began has to be true when it ends.
#[tokio::test]
async fn a_client_that_was_disabled_meanwhile_gets_nothing() {
    let app = app().await;
    let code = code(&app, "web").await;
    let mut changed = setup();
    changed.clients.iter_mut().filter(|it| it.id.as_str() == "web").for_each(|client| client.enabled = false);
    let after = app.beside(changed).await;
    redeem(&after, "web", &code).await.assert_error(401, "invalid_client");
}

/// A session's cookie, whatever it is taken for, is a token of nobody's.
#[tokio::test]
async fn the_cookie_is_no_token() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.approve(&asks("web", &[])).await;
    let cookie = browser.cookie("__Host-atropos-session").expect("signed in");
    assert!(cookie.starts_with("ss_"));
    app.introspect("api", &cookie).await.assert_inactive();
    app.refresh("web", &cookie).await.assert_error(400, "invalid_grant");
    redeem(&app, "web", &cookie).await.assert_error(400, "invalid_grant");
    app.revoke("web", &cookie).await.assert_error(400, "invalid_grant");
    assert!(browser.get(&super::browser::authorize(&asks("web", &[]))).await.status == 303);
}

/// RFC8707-2-a: who exchanges a code may ask for less than was approved, and not for more.
#[tokio::test]
async fn a_code_is_exchanged_for_a_token_of_fewer_resources() {
    let mut both = setup();
    for client in both.clients.iter_mut().filter(|client| client.id.as_str() == "web") {
        client.audience = vec![API.into(), BILLING.into()];
    }
    let app = App::with(both).await;
    let parameters = asks("web", &[("scope", "read write")]);
    let code = Browser::new(&app).approve(&parameters).await.code().to_owned();
    let wrong = exchange(&code, &[("resource", "https://elsewhere.example")]);
    app.by("web", "/oauth/token", &wrong).await.assert_error(400, "invalid_target");
    let answer = app.by("web", "/oauth/token", &exchange(&code, &[("resource", BILLING)])).await;
    assert_eq!(answer.json()["scope"], "write");
    let narrow = crate::spawn::tokens(&answer);
    assert!(app.is_active("billing", &narrow.access).await && !app.is_active("api", &narrow.access).await);
    let wide = app.refreshed("web", narrow.refresh()).await;
    assert!(app.is_active("billing", &wide.access).await && app.is_active("api", &wide.access).await);
    // What a person approved for one resource is for that one.
    let parameters = asks("web", &[("scope", "write"), ("resource", BILLING)]);
    let code = Browser::new(&app).approve(&parameters).await.code().to_owned();
    let wrong = exchange(&code, &[("resource", API)]);
    app.by("web", "/oauth/token", &wrong).await.assert_error(400, "invalid_target");
    let tokens = redeemed(&app, "web", &code).await;
    assert!(app.is_active("billing", &tokens.access).await && !app.is_active("api", &tokens.access).await);
}

/// RFC9700-4.14-g, S15, S16: who may sign in no more has nothing that goes on, in its own browser or anywhere else.
#[tokio::test]
async fn what_a_person_granted_who_was_disabled_does_not_go_on() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let waiting = browser.approve(&asks("web", &[])).await;
    let mut changed = setup();
    changed.users = people(false);
    let after = app.beside(changed).await;
    after.introspect("api", &tokens.access).await.assert_inactive();
    after.refresh("web", tokens.refresh()).await.assert_error(400, "invalid_grant");
    redeem(&after, "web", waiting.code()).await.assert_error(400, "invalid_grant");
    let there = Browser::new(&after);
    there.set_cookie("__Host-atropos-session", &browser.cookie("__Host-atropos-session").unwrap());
    let path = there.begin(&asks("web", &[])).await;
    assert!(there.get(&path).await.body.contains("type=\"password\""));
    assert_eq!(there.sign_in(&path, "alice", "wonderland").await.status, 403);
    assert!(app.is_active("api", &tokens.access).await, "where she is not disabled");
}
