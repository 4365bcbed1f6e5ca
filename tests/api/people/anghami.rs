//! ANG-13: the vendor's way by a browser to a code, and from that to tokens.

use serde_json::{Value, json};

use super::browser::{Back, Browser, CALLBACK, VERIFIER, app, asks, authorize, location, redeem};
use crate::answer::Answer;
use crate::spawn::App;

async fn code(app: &App) -> String {
    let browser = Browser::new(app);
    let path = authorize(&asks("player-web", &[("scope", "read stream")])).replace("/oauth/", "/v1/auth/");
    let path = location(&browser.get(&path).await);
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    Back::of(&browser.post(&path, &[("answer", "allow")]).await).code().to_owned()
}

async fn exchange(app: &App, code: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = json!({ "code": code, "redirectUri": CALLBACK, "clientId": "player-web", "codeVerifier": VERIFIER });
    change(&mut body);
    Answer::to(app.post_json("/v1/auth/token", &body)).await
}

#[tokio::test]
async fn a_code_of_this_surface_is_exchanged_here_once() {
    let app = app().await;
    let code = code(&app).await;
    for (field, value, status) in [
        ("codeVerifier", "a".repeat(43), 401),
        ("codeVerifier", "a".repeat(42), 400),
        ("redirectUri", "https://web.example/other".to_owned(), 401),
        ("clientId", "player".to_owned(), 401),
        ("code", String::new(), 400),
    ] {
        let answer = exchange(&app, &code, |body| body[field] = value.into()).await;
        assert_eq!(answer.status, status, "{field}: {answer:?}");
    }
    // No surface takes what was born on another, and nothing is spent by trying.
    redeem(&app, "player-web", &code).await.assert_error(400, "invalid_grant");
    let answer = exchange(&app, &code, |_| {}).await;
    answer.assert_ok();
    let token = answer.json()["token"].clone();
    assert_eq!(token["scopes"], json!(["AUTH_SCOPE_READ", "AUTH_SCOPE_STREAM"]));
    let access = token["accessToken"].as_str().expect("a token");
    assert_eq!(app.introspect("api", access).await.json()["sub"], "alice-1");
    let again = exchange(&app, &code, |body| body["codeVerifier"] = "a".repeat(43).into()).await;
    assert_eq!(again.status, 401);
    assert!(app.is_active("api", access).await, "it could have been anybody");
    assert_eq!(exchange(&app, &code, |_| {}).await.status, 401);
    app.introspect("api", access).await.assert_inactive();
}

/// A client that does not speak it is not sent on, and a code of the standard is none here.
#[tokio::test]
async fn a_code_of_the_standard_is_unknown_here() {
    let app = app().await;
    let path = authorize(&asks("web", &[])).replace("/oauth/", "/v1/auth/");
    assert_eq!(app.get(&path).await.status, 400);
    let back = Browser::new(&app).approve(&asks("player-web", &[])).await;
    assert_eq!(exchange(&app, back.code(), |_| {}).await.status, 401);
    redeem(&app, "player-web", back.code()).await.assert_ok();
}
