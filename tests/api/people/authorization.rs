//! The authorization endpoint (RFC 6749 section 4.1.1), by what it is asked and what it answers.

use std::time::Duration;

use atropos::domain::redirect::RedirectUri;
use rstest::rstest;

use super::browser::{Back, Browser, CALLBACK, app, asks, authorize, location, redeemed, setup};
use crate::answer::Answer;
use crate::spawn::App;

/// RFC6749-4.1.2.1-h, RFC9207-2-i, RFC6749-3.1-c
#[tokio::test]
async fn who_approves_is_sent_back_with_a_code() {
    let app = app().await;
    let state = "a b&c=d#é\"'<";
    let back = Browser::new(&app).approve(&asks("web", &[("state", state), ("unheard_of", "x")])).await;
    assert_eq!(back.uri, CALLBACK);
    assert!(back.code().starts_with("ac_"));
    assert_eq!(back.told.get("state").map(String::as_str), Some(state));
    let back = Browser::new(&app).approve(&asks("web", &[("state", "")])).await;
    assert!(!back.told.contains_key("state"));
}

/// RFC6749-4.1.1-a, RFC9700-2.1-b, OA21-2.3.2-f: nothing is sent to where nobody registered.
#[rstest]
#[case(&[("client_id", "")])]
#[case(&[("client_id", "nobody")])]
#[case(&[("client_id", "disabled")])]
#[case(&[("client_id", "session")])]
#[case(&[("redirect_uri", "")])]
#[case(&[("redirect_uri", "https://web.example/callback/")])]
#[case(&[("redirect_uri", "https://web.example/Callback")])]
#[case(&[("redirect_uri", "https://web.example:443/callback")])]
#[case(&[("redirect_uri", "https://web.example/callback?x=1")])]
#[case(&[("redirect_uri", "https://web.example/callback#x")])]
#[case(&[("redirect_uri", "https://web.example%2Fcallback")])]
#[case(&[("redirect_uri", "https://x@web.example/callback")])]
#[case(&[("redirect_uri", "https://sub.web.example/callback")])]
#[case(&[("redirect_uri", "http://web.example/callback")])]
#[case(&[("redirect_uri", "javascript:alert(1)")])]
#[tokio::test]
async fn without_a_place_to_answer_to_there_is_a_page(#[case] wrong: &[(&str, &str)]) {
    let app = app().await;
    let browser = Browser::new(&app);
    let answer = browser.get(&authorize(&asks("web", wrong))).await;
    assert_page(&answer, 400);
    let answer = browser.post("/oauth/authorize", &asks("web", wrong)).await;
    assert_page(&answer, 400);
}

/// RFC6749-3.1-d
#[tokio::test]
async fn what_says_where_to_answer_is_said_once() {
    let app = app().await;
    for (name, value) in [("client_id", "web"), ("redirect_uri", CALLBACK)] {
        let mut parameters = asks("web", &[]);
        parameters.push((name, value));
        assert_page(&app.get(&authorize(&parameters)).await, 400);
    }
    for name in ["state", "scope", "response_type", "code_challenge", "code_challenge_method", "prompt"] {
        let mut parameters = asks("web", &[("prompt", "login")]);
        parameters.push((name, "again"));
        Back::of(&app.get(&authorize(&parameters)).await).assert_error("invalid_request");
    }
    for broken in ["%", "%zz", "%ff"] {
        let answer = app.get(&format!("{}&login_hint={broken}", authorize(&asks("web", &[])))).await;
        assert_page(&answer, 400);
    }
}

/// RFC6749-4.1.1-g, RFC7636-4.3-b, RFC7636-4.4.1-c, RFC7636-4.1-d, RFC6749-3.3-i, RFC8707-2-a: the application is told.
#[rstest]
#[case(&[("response_type", "")], "invalid_request")]
#[case(&[("response_type", "token")], "unsupported_response_type")]
#[case(&[("response_type", "id_token token")], "unsupported_response_type")]
#[case(&[("code_challenge", "")], "invalid_request")]
#[case(&[("code_challenge", "short")], "invalid_request")]
#[case(&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN")], "invalid_request")]
#[case(&[("code_challenge_method", "")], "invalid_request")]
#[case(&[("code_challenge_method", "plain")], "invalid_request")]
#[case(&[("code_challenge_method", "s256")], "invalid_request")]
#[case(&[("scope", "admin")], "invalid_scope")]
#[case(&[("scope", "read \"")], "invalid_scope")]
#[case(&[("scope", " ")], "invalid_scope")]
#[case(&[("response_mode", "fragment")], "invalid_request")]
#[case(&[("prompt", "none login")], "invalid_request")]
#[case(&[("prompt", "create")], "invalid_request")]
#[case(&[("max_age", "soon")], "invalid_request")]
#[case(&[("max_age", "-1")], "invalid_request")]
#[case(&[("resource", "https://elsewhere.example")], "invalid_target")]
#[case(&[("request", "eyJ")], "invalid_request_object")]
#[case(&[("request_uri", "https://web.example/r")], "request_uri_not_supported")]
#[case(&[("registration", "{}")], "registration_not_supported")]
#[tokio::test]
async fn what_is_wrong_is_told_to_the_application(#[case] wrong: &[(&str, &str)], #[case] error: &str) {
    let app = app().await;
    let browser = Browser::new(&app);
    for answer in [
        browser.get(&authorize(&asks("web", wrong))).await,
        browser.post("/oauth/authorize", &asks("web", wrong)).await,
    ] {
        let back = Back::of(&answer);
        back.assert_error(error);
        assert_eq!(back.uri, CALLBACK);
        assert_eq!(back.told.get("state").map(String::as_str), Some("af0ifjsldkj"));
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let app = app().await;
    let (state, hint) = ("s".repeat(4097), "h".repeat(256));
    let back = Back::of(&app.get(&authorize(&asks("web", &[("state", &state)]))).await);
    back.assert_error("invalid_request");
    assert!(!back.told.contains_key("state"), "not all of it would come back");
    Back::of(&app.get(&authorize(&asks("web", &[("login_hint", &hint)]))).await).assert_error("invalid_request");
    let state = "s".repeat(4096);
    let back = Browser::new(&app).approve(&asks("web", &[("state", &state)])).await;
    assert_eq!(back.told.get("state"), Some(&state));
}

/// RFC6749-3.1-b
#[tokio::test]
async fn a_form_asks_as_a_link_does() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = location(&browser.post("/oauth/authorize", &asks("web", &[])).await);
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    let back = Back::of(&browser.post(&path, &[("answer", "allow")]).await);
    redeemed(&app, "web", back.code()).await;
}

/// OA21-2.3.2-f: one that is registered alone need not be named, and then not at the token endpoint either.
#[tokio::test]
async fn one_redirect_uri_goes_without_saying() {
    let app = app().await;
    let asked = asks("web-public", &[("redirect_uri", "")]);
    let back = Browser::new(&app).approve(&asked).await;
    assert_eq!(back.uri, CALLBACK);
    let form = super::browser::exchange(back.code(), &[("redirect_uri", "")]);
    crate::spawn::tokens(&app.by("web-public", "/oauth/token", &form).await);
}

/// RFC9700-4.1.3-c, RFC8252: a native application listens where it can.
#[tokio::test]
async fn a_native_application_is_answered_on_its_own_port() {
    let app = app().await;
    for uri in ["http://127.0.0.1:51004/cb", "http://[::1]:7/cb", "com.example.native:/cb"] {
        let back = Browser::new(&app).approve(&asks("native", &[("redirect_uri", uri)])).await;
        assert!(back.uri.starts_with(uri.split(":/").next().unwrap()), "{back:?}");
        let form = super::browser::exchange(back.code(), &[("redirect_uri", uri)]);
        crate::spawn::tokens(&app.by("native", "/oauth/token", &form).await);
    }
    for uri in ["http://127.0.0.1:51004/cb2", "http://localhost:51004/cb", "https://127.0.0.1/cb"] {
        assert_page(&app.get(&authorize(&asks("native", &[("redirect_uri", uri)]))).await, 400);
    }
}

/// What was approved is not asked again, unless somebody wants it; and never for less than is asked now.
#[tokio::test]
async fn what_was_approved_is_not_asked_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let asked_again = async |parameters: &[(&str, &str)]| {
        let answer = browser.get(&authorize(parameters)).await;
        location(&answer).starts_with("/login/")
    };
    browser.approve(&asks("web", &[])).await.code();
    assert!(!asked_again(&asks("web", &[])).await);
    assert!(asked_again(&asks("web", &[("scope", "read write")])).await);
    assert!(asked_again(&asks("web", &[("prompt", "consent")])).await);
    assert!(asked_again(&asks("web", &[("prompt", "select_account")])).await);
    assert!(asked_again(&asks("web-jwt", &[])).await, "another client");
    browser.approve(&asks("web", &[("scope", "write")])).await.code();
    assert!(!asked_again(&asks("web", &[("scope", "read write")])).await);
    // RFC 8252 section 8.6: anybody on this machine could be this application.
    let native = asks("native", &[("redirect_uri", "http://127.0.0.1:1/cb")]);
    browser.approve(&native).await.code();
    assert!(asked_again(&native).await);
    // Another browser, another session of the same person: asked once for all.
    let other = Browser::new(&app);
    let path = other.begin(&asks("web", &[])).await;
    location(&other.sign_in(&path, "alice", "wonderland").await);
    Back::of(&other.get(&path).await).code();
    app.clock.advance(Duration::from_hours(91 * 24));
    assert!(asked_again(&asks("web", &[])).await);
}

/// RFC9700-4.11-m: silently, or not at all.
#[tokio::test]
async fn a_silent_request_is_answered_at_once() {
    let app = app().await;
    let browser = Browser::new(&app);
    let silent = asks("web", &[("prompt", "none")]);
    Back::of(&browser.get(&authorize(&silent)).await).assert_error("login_required");
    let path = browser.begin(&asks("web-jwt", &[])).await;
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    Back::of(&browser.get(&authorize(&silent)).await).assert_error("consent_required");
    browser.approve(&asks("web", &[])).await.code();
    Back::of(&browser.get(&authorize(&silent)).await).code();
    app.clock.advance(Duration::from_secs(61));
    let old = asks("web", &[("prompt", "none"), ("max_age", "60")]);
    Back::of(&browser.get(&authorize(&old)).await).assert_error("login_required");
}

/// Who has to sign in again does so, once, and stays in the session: what was granted in it lives on.
#[rstest]
#[case(&[("prompt", "login")])]
#[case(&[("max_age", "60")])]
#[case(&[("max_age", "0")])]
#[tokio::test]
async fn who_has_to_sign_in_again_stays_in_the_session(#[case] more: &[(&str, &str)]) {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let cookie = browser.cookie("__Host-atropos-session");
    app.clock.advance(Duration::from_secs(61));
    let path = browser.begin(&asks("web", more)).await;
    let page = browser.get(&path).await;
    assert!(page.body.contains("type=\"password\"") && page.body.contains("value=\"alice\""), "{page:?}");
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    Back::of(&browser.get(&path).await).code();
    assert_ne!(browser.cookie("__Host-atropos-session"), cookie, "whoever had the old cookie has nothing");
    assert!(app.is_active("api", &tokens.access).await);
}

/// S15, S16, RFC9126-P-c: what an operator revokes while a person thinks, or after, is gone.
#[tokio::test]
async fn who_was_revoked_meanwhile_signs_in_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    revoke(&app, atropos::domain::Target::Subject("alice-1".into())).await;
    app.introspect("api", &tokens.access).await.assert_inactive();
    let path = browser.begin(&asks("web", &[])).await;
    assert!(browser.get(&path).await.body.contains("type=\"password\""), "the session is gone");
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    assert!(browser.get(&path).await.body.contains("value=\"allow\""), "so is what was approved");
    revoke(&app, atropos::domain::Target::Everything).await;
    let answer = browser.post(&path, &[("answer", "allow")]).await;
    assert!(answer.body.contains("type=\"password\""), "{answer:?}");
}

async fn revoke(app: &App, target: atropos::domain::Target) {
    app.authority().revoke_target(target, atropos::domain::Cause::Administrator).await.expect("the store answers");
}

/// S16: nothing is sent to where the client is not any more, and no code for what it may not have any more.
#[tokio::test]
async fn what_a_client_lost_meanwhile_it_is_not_given() {
    let app = app().await;
    let browser = Browser::new(&app);
    let elsewhere = |scope: &'static str, uris: &'static [&'static str], enabled| {
        let mut changed = setup();
        for client in changed.clients.iter_mut().filter(|client| client.id.as_str() == "web") {
            client.scope = crate::clients::scope(scope);
            client.redirect_uris = uris.iter().map(|uri| RedirectUri::register(uri).unwrap()).collect();
            client.enabled = enabled;
        }
        changed
    };
    for (setup, status) in [
        (elsewhere("write", &[CALLBACK], true), 303),
        (elsewhere("read write", &["https://web.example/moved"], true), 400),
        (elsewhere("read write", &[CALLBACK], false), 400),
    ] {
        let path = browser.begin(&asks("web", &[("prompt", "consent")])).await;
        location(&browser.sign_in(&path, "alice", "wonderland").await);
        let node = app.beside(setup).await;
        let there = Browser::new(&node);
        for name in ["__Host-atropos-session", "__Host-atropos-browser"] {
            there.set_cookie(name, &browser.cookie(name).unwrap());
        }
        if status == 303 {
            Back::of(&there.post(&path, &[("answer", "allow")]).await).assert_error("invalid_scope");
            continue;
        }
        for what in ["allow", "deny"] {
            assert_page(&there.post(&path, &[("answer", what)]).await, status);
        }
        assert_page(&there.get(&path).await, status);
    }
}

/// OA21-3.1-i
#[tokio::test]
async fn pages_of_other_origins_cannot_read_it() {
    let app = app().await;
    let request = app.request(reqwest::Method::GET, &authorize(&asks("web", &[])));
    let answer = Answer::to(request.header("origin", "https://app.example")).await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}

/// INV-7
#[tokio::test]
async fn without_a_store_nothing_is_promised() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.approve(&asks("web", &[])).await.code();
    let path = browser.begin(&asks("web", &[("prompt", "consent")])).await;
    app.store.cut();
    for answer in [
        browser.get(&authorize(&asks("web", &[]))).await,
        browser.get(&path).await,
        browser.post(&path, &[("answer", "allow")]).await,
        browser.sign_in(&path, "alice", "wonderland").await,
    ] {
        assert_page(&answer, 503);
        assert!(answer.header("retry-after").is_some());
    }
    // What needs no store is answered all the same.
    Back::of(&browser.get(&authorize(&asks("web", &[("scope", "admin")]))).await).assert_error("invalid_scope");
    app.store.mend();
    Back::of(&browser.post(&path, &[("answer", "allow")]).await).code();
}

/// RFC9700-4.16-l: a page, and nothing that a page should not do.
#[track_caller]
pub(super) fn assert_page(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let policy = answer.header("content-security-policy").expect("a policy");
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}
