//! Pushed authorization requests (RFC 9126).

use std::time::Duration;

use atropos::domain::{Cause, Target};
use rstest::rstest;

use super::authorization::assert_page;
use super::browser::{Back, Browser, CALLBACK, app, asks, authorize, location, redeemed, setup};
use crate::answer::Answer;
use crate::spawn::App;

const PAR: &str = "/oauth/par";

async fn push(app: &App, client: &str, more: &[(&str, &str)]) -> String {
    // Whoever has no secret names itself already.
    let form: Vec<_> = asks(client, more).into_iter().filter(|(name, _)| *name != "client_id").collect();
    let answer = app.by(client, PAR, &form).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json()["expires_in"], 90);
    answer.json()["request_uri"].as_str().expect("a text").to_owned()
}

fn named(client: &str, uri: &str) -> String {
    authorize(&[("client_id", client), ("request_uri", uri)])
}

/// RFC9126-2-a, RFC9101-6-a: what the URL says besides is not looked at.
#[rstest]
#[tokio::test]
async fn a_request_that_was_pushed_is_asked(#[values("web", "web-public")] client: &str) {
    let app = app().await;
    let uri = push(&app, client, &[]).await;
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    let browser = Browser::new(&app);
    let path = format!("{}&scope=write&state=other&redirect_uri=https%3A%2F%2Fevil.example", named(client, &uri));
    let path = location(&browser.get(&path).await);
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    let back = Back::of(&browser.post(&path, &[("answer", "allow")]).await);
    assert_eq!((back.uri.as_str(), back.told["state"].as_str()), (CALLBACK, "af0ifjsldkj"));
    let tokens = redeemed(&app, client, back.code()).await;
    assert_eq!(app.introspect("api", &tokens.access).await.json()["scope"], "read");
}

/// RFC9126-4-b: once, by its client, in time.
#[tokio::test]
async fn a_name_is_good_for_its_client_once_and_for_a_while() {
    let app = app().await;
    let browser = Browser::new(&app);
    let uri = push(&app, "web", &[]).await;
    assert_page(&browser.get(&named("web-public", &uri)).await, 400);
    assert_page(&browser.get(&named("nobody", &uri)).await, 400);
    location(&browser.get(&named("web", &uri)).await);
    assert_page(&browser.get(&named("web", &uri)).await, 400);
    let uri = push(&app, "web", &[]).await;
    let twice = authorize(&[("client_id", "web"), ("request_uri", &uri), ("request_uri", &uri)]);
    assert_page(&browser.get(&twice).await, 400);
    app.clock.advance(Duration::from_secs(90));
    assert_page(&browser.get(&named("web", &uri)).await, 400);
    for nonsense in ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:x"] {
        assert_page(&browser.get(&named("web", nonsense)).await, 400);
    }
}

/// RFC9126-2-a: what is wrong is told to the client, at once.
#[rstest]
#[case(&[("redirect_uri", "https://web.example/")], "invalid_request")]
#[case(&[("redirect_uri", "")], "invalid_request")]
#[case(&[("code_challenge", "")], "invalid_request")]
#[case(&[("code_challenge_method", "plain")], "invalid_request")]
#[case(&[("response_type", "token")], "unsupported_response_type")]
#[case(&[("scope", "admin")], "invalid_scope")]
#[case(&[("resource", "https://elsewhere.example")], "invalid_target")]
#[case(&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request")]
#[case(&[("client_id", "web-public")], "invalid_request")]
#[tokio::test]
async fn what_is_wrong_is_not_kept(#[case] wrong: &[(&str, &str)], #[case] error: &str) {
    let app = app().await;
    app.by("web", PAR, &asks("web", wrong)).await.assert_error(400, error);
}

#[tokio::test]
async fn who_pushes_proves_who_it_is() {
    let app = app().await;
    let form = asks("web", &[]);
    Answer::to(app.post(PAR, &form)).await.assert_error(401, "invalid_client");
    let wrong = [&form[..], &[("client_secret", "wrong")]].concat();
    Answer::to(app.post(PAR, &wrong)).await.assert_error(401, "invalid_client");
    app.by("session", PAR, &asks("session", &[])).await.assert_error(400, "unauthorized_client");
    let twice = [&form[..], &[("state", "again")]].concat();
    app.by("web", PAR, &twice).await.assert_error(400, "invalid_request");
    let get = app.get(PAR).await;
    assert_eq!((get.status.as_u16(), get.header("allow")), (405, Some("POST, OPTIONS")));
}

/// RFC9126-4-b: a client that is set so asks no other way.
#[tokio::test]
async fn a_client_that_has_to_push_asks_no_other_way() {
    let mut setup = setup();
    setup.clients.iter_mut().filter(|it| it.id.as_str() == "web").for_each(|client| client.must_push = true);
    let app = App::with(setup).await;
    Back::of(&app.get(&authorize(&asks("web", &[]))).await).assert_error("invalid_request");
    let uri = push(&app, "web", &[]).await;
    location(&Browser::new(&app).get(&named("web", &uri)).await);
}

/// RFC9126-P-c, rule 3: what takes the client's tokens takes what it pushed, and what waits for a person.
#[rstest]
#[case(Target::Client("web".into()))]
#[case(Target::Everything)]
#[tokio::test]
async fn what_was_revoked_meanwhile_is_not_asked(#[case] target: Target) {
    let app = app().await;
    let browser = Browser::new(&app);
    let waits = location(&browser.get(&named("web", &push(&app, "web", &[]).await)).await);
    let uri = push(&app, "web", &[]).await;
    app.authority().revoke_target(target, Cause::Administrator).await.expect("the store answers");
    assert_page(&browser.get(&named("web", &uri)).await, 400);
    assert_page(&browser.sign_in(&waits, "alice", "wonderland").await, 410);
    location(&browser.get(&named("web", &push(&app, "web", &[]).await)).await);
}

/// INV-7
#[tokio::test]
async fn without_a_store_nothing_is_kept_and_nothing_is_used_up() {
    let app = app().await;
    let browser = Browser::new(&app);
    let uri = push(&app, "web", &[]).await;
    app.store.cut();
    let answer = app.by("web", PAR, &asks("web", &[])).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after").is_some()), (503, true));
    assert_page(&browser.get(&named("web", &uri)).await, 503);
    app.store.mend();
    location(&browser.get(&named("web", &uri)).await);
}
