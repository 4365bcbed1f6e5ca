//! What nobody should send to a dialect, and somebody will: each answers in its own words.

use std::collections::BTreeSet;
use std::time::Duration;

use atropos::domain::client::Surface;
use atropos::http::Options;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;

use super::spoken::{CALLS, Call};
use crate::answer::Answer;
use crate::raw;
use crate::spawn::{App, Setup, options};

async fn with_options(change: impl FnOnce(&mut Options)) -> App {
    let mut options = options();
    change(&mut options);
    App::with(Setup { options, ..Setup::default() }).await
}

/// A request as bytes, by somebody who may make this call.
async fn head(app: &App, call: &Call, length: &str) -> String {
    let Call { path, media_type, .. } = call;
    let bearer = app.kajabi_session("kajabi").await.access;
    let authorization = if call.takes_bearer { format!("Authorization: Bearer {bearer}\r\n") } else { String::new() };
    format!(
        "POST {path} HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\n{authorization}Content-Type: {media_type}\r\n\
         {length}\r\n\r\n"
    )
}

/// DIA-2
#[rstest]
#[case(Surface::Kajabi, &["/v1/oauth/", "/v1/oauth/tokens", "/v1/oauth/token/", "/v1/oauth/revoke/x", "/v1/oauth/introspect"])]
#[case(Surface::Anghami, &["/v1/auth/", "/v1/auth/tokens", "/v1/auth/token/", "/v1/auth/token/revoke/x", "/v1/auth/authorize/"])]
#[case(Surface::Infisical, &["/api/v1/auth/", "/api/v1/auth/token", "/api/v1/auth/universal-auth/login/", "/api/v1/auth/token-auth/tokens/", "/api/v1/auth/token-auth/tokens//revoke", "/api/v1/auth/token-auth/tokens/x/revoke/y"])]
#[tokio::test]
async fn what_is_not_there_is_not_there_in_the_words_of_the_dialect(#[case] surface: Surface, #[case] paths: &[&str]) {
    let app = App::spawn().await;
    for path in paths {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            Answer::to(app.request(method, path)).await.assert_refusal(surface, 404);
        }
    }
}

/// DIA-2: nor does a dialect answer where it is not spoken.
#[tokio::test]
async fn beside_its_prefix_no_dialect_is_spoken() {
    let app = App::spawn().await;
    for path in [
        "/v1/oauth",
        "/v1/auth",
        "/v1/",
        "/v1/oauthx/token",
        "/oauth/nothing",
        "/x/v1/oauth/token",
        "/api/v1/auth",
        "/api/v1/secrets",
        "/api/v2/auth/token/renew",
    ] {
        let answer = app.get(path).await;
        answer.assert_error(404, "invalid_request");
        assert!(answer.json().get("errors").is_none() && answer.json().get("reqId").is_none());
    }
}

/// DIA-3
#[tokio::test]
async fn a_dialect_that_is_off_is_not_there() {
    let app = with_options(|options| options.surfaces = BTreeSet::from([Surface::Anghami])).await;
    app.kajabi_token("kajabi", "kajabi-secret").await.assert_error(404, "invalid_request");
    app.anghami_revoke("player", "x").await.assert_ok();
    let app = with_options(|options| options.surfaces = BTreeSet::new()).await;
    for call in CALLS {
        let answer = Answer::to(app.post(call.path, &[])).await;
        answer.assert_error(404, "invalid_request");
        assert!(answer.json().get("errors").is_none() && answer.json().get("reqId").is_none());
    }
}

/// DIA-3
#[tokio::test]
async fn metadata_tells_of_the_standard_endpoints_alone() {
    let app = App::spawn().await;
    let without = with_options(|options| options.surfaces = BTreeSet::new()).await;
    let path = "/.well-known/oauth-authorization-server";
    let told = app.get(path).await.body;
    assert!(!told.contains("/v1/"), "{told}");
    assert_eq!(told, without.get(path).await.body);
}

#[tokio::test]
async fn only_post_is_allowed() {
    let app = App::spawn().await;
    for call in CALLS {
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = Answer::to(app.request(method, call.path)).await;
            answer.assert_refusal(call.surface, 405);
            assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
        }
        let headed = Answer::to(app.request(Method::HEAD, call.path)).await;
        assert_eq!((headed.status.as_u16(), headed.body.as_str()), (405, ""));
        let options = Answer::to(app.request(Method::OPTIONS, call.path)).await;
        assert_eq!((options.status.as_u16(), options.header("allow")), (204, Some("POST, OPTIONS")));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_however_it_comes() {
    let app = App::spawn().await;
    for call in CALLS {
        let body = call.filler(64 * 1024 + 1);
        let whole = head(&app, call, &format!("Content-Length: {}", body.len())).await;
        let chunked = head(&app, call, "Transfer-Encoding: chunked").await;
        let (one, two) = body.split_at(10);
        let chunks = format!("{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", one.len(), two.len());
        for request in [whole + &body, chunked + &chunks] {
            let answer = raw::answer(app.address, request.as_bytes()).await;
            answer.assert_refusal(call.surface, 413);
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app = with_options(|options| options.request_timeout = Duration::from_millis(200)).await;
    for call in CALLS {
        let mut connection = raw::connect(app.address).await;
        let head = head(&app, call, "Content-Length: 100").await;
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(b"{").await.unwrap();
        raw::parse(&raw::rest(&mut connection).await).assert_refusal(call.surface, 408);
    }
}

/// Whoever hangs up amid a body has asked nothing.
#[tokio::test]
async fn half_a_body_revokes_nothing() {
    let app = App::spawn().await;
    let session = app.anghami_session("player").await;
    let call = &CALLS[4];
    let body = format!(r#"{{"token":"{}","clientId":"player"}}"#, session.refresh());
    let head = head(&app, call, &format!("Content-Length: {}", body.len() + 1)).await;
    let mut connection = raw::connect(app.address).await;
    connection.write_all((head + &body).as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let answer = raw::rest(&mut connection).await;
    if !answer.is_empty() {
        raw::parse(&answer).assert_violations(&["body"]);
    }
    assert!(app.is_active("api", &session.access).await);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_400() {
    let app = App::spawn().await;
    let access = app.kajabi_session("kajabi").await.access;
    for call in CALLS {
        let request = |media_type: &'static str, body: &[u8]| {
            let request = app.request(Method::POST, call.path).header("content-type", media_type).body(body.to_vec());
            if call.takes_bearer { request.bearer_auth(&access) } else { request }
        };
        for (media_type, body) in [
            ("application/json", &b"{"[..]),
            ("application/json", b"\xff"),
            ("application/json", br#"{"token":"x","token":"x"}"#),
            ("application/json", br#"{"token":5,"grant_type":5}"#),
            ("application/json", b"[]"),
            ("application/json; charset=utf-16", b"{}"),
            ("text/plain", b"token=x"),
            ("multipart/form-data; boundary=x", b"token=x"),
            ("application/x-www-form-urlencoded", b"token=%f"),
            ("application/x-www-form-urlencoded", b"token=%ff"),
            ("application/x-www-form-urlencoded", b"token=a&token=b"),
            ("", b""),
        ] {
            let answer = Answer::to(request(media_type, body)).await;
            // Infisical's have a status of their own for what is well written and wrong.
            let is_wrong = call.surface == Surface::Infisical && body.ends_with(b"5}");
            answer.assert_refusal(call.surface, if is_wrong { 422 } else { 400 });
        }
    }
    assert!(app.is_active("kajabi", &access).await);
}

/// RFC6750-5.3-i
#[tokio::test]
async fn credentials_in_the_url_are_refused() {
    let app = App::spawn().await;
    let access = app.kajabi_session("kajabi").await.access;
    for call in CALLS {
        for name in
            ["token", "access_token", "accessToken", "refreshToken", "client_secret", "codeVerifier", "password"]
        {
            let request = app.request(Method::POST, &format!("{}?{name}={access}", call.path));
            let request = request.header("content-type", call.media_type).body("{}");
            let request = if call.takes_bearer { request.bearer_auth(&access) } else { request };
            let answer = Answer::to(request).await;
            answer.assert_refusal(call.surface, 400);
            assert!(!answer.body.contains(&access), "{answer:?}");
        }
    }
}

/// ANG-12, INV-7: everything that has to be looked up is 503, and done when it is asked again.
#[tokio::test]
async fn without_a_store_nothing_is_believed() {
    let app = App::spawn().await;
    let (key, person) = (app.kajabi_session("kajabi").await, app.anghami_session("player").await);
    app.store.cut();
    let kajabi = [
        app.kajabi_token("kajabi", "kajabi-secret").await,
        app.kajabi_refresh(key.refresh()).await,
        app.kajabi_revoke(&key.access, key.refresh()).await,
        app.kajabi_revoke(&key.access, "unknown").await,
    ];
    let anghami =
        [app.anghami_refresh("player", person.refresh()).await, app.anghami_revoke("player", person.refresh()).await];
    for (surface, answers) in [(Surface::Kajabi, &kajabi[..]), (Surface::Anghami, &anghami[..])] {
        for answer in answers {
            answer.assert_refusal(surface, 503);
            assert_eq!(answer.header("retry-after"), Some("2"));
        }
    }
    app.store.mend();
    app.kajabi_revoke(&key.access, key.refresh()).await.assert_revoked();
    app.anghami_revoke("player", person.refresh()).await.assert_ok();
}

/// What the framework refuses before any handler is asked.
#[tokio::test]
async fn a_preflight_of_a_stranger_is_refused_in_the_words_of_the_dialect() {
    let app = with_options(|options| options.cors_origins = vec!["https://app.example".to_owned()]).await;
    let preflight = |origin: &'static str| {
        let request = app.request(Method::OPTIONS, "/v1/auth/token/revoke");
        request.header("origin", origin).header("access-control-request-method", "POST")
    };
    Answer::to(preflight("https://app.example")).await.assert_ok();
    Answer::to(preflight("https://evil.example")).await.assert_refusal(Surface::Anghami, 400);
}

#[tokio::test]
async fn in_development_only_loopback_names_are_answered() {
    let app = with_options(|options| options.loopback_only = true).await;
    for call in CALLS {
        let request = app.post(call.path, &[]).header("host", "attacker.example");
        Answer::to(request).await.assert_refusal(call.surface, 421);
    }
}

/// S11: whatever the bytes, it is a request or it is not.
#[tokio::test]
async fn no_body_makes_the_server_fail() {
    let app = App::spawn().await;
    let bearer = app.kajabi_session("kajabi").await.access;
    let mut runner = TestRunner::deterministic();
    let name = "grant_type|token|(refresh|access)_?[tT]oken|scope|client_?([iI]d|secret|Secret)|username|code|colour";
    let value = "client_credentials|refresh_token|player|kajabi|kajabi-secret|[ !#-Z^-~]{0,8}";
    let json = format!(r#"\{{("({name})":("({value})"|null|5|\[\]|\{{\}}),)?"({name})":"({value})"\}}"#);
    let form = format!("(({name})=({value}|(%[0-9A-F]{{2}}){{0,4}})&){{0,4}}");
    let bodies = prop_oneof![
        string_regex(&json).expect("a pattern").prop_map(|text| ("application/json", text.into_bytes())),
        string_regex(&form)
            .expect("a pattern")
            .prop_map(|text| ("application/x-www-form-urlencoded", text.into_bytes())),
        vec(any::<u8>(), 0..40).prop_map(|bytes| ("application/json", bytes)),
    ];
    for call in CALLS {
        for _ in 0..200 {
            let (media_type, body) = bodies.new_tree(&mut runner).expect("a body").current();
            let request = app.request(Method::POST, call.path).header("content-type", media_type).body(body.clone());
            let answer = Answer::to(if call.takes_bearer { request.bearer_auth(&bearer) } else { request }).await;
            let status = answer.status.as_u16();
            let ours: &[u16] = if call.surface == Surface::Infisical { &[403, 422] } else { &[] };
            let told = [200, 400, 401, 429].contains(&status) || ours.contains(&status);
            assert!(told, "{} {} {answer:?}", call.path, body.escape_ascii());
            if status != 200 {
                answer.assert_refusal(call.surface, status);
            }
        }
    }
}
