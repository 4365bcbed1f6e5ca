//! What nobody should send, and somebody will.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use reqwest::header::HeaderValue;
use rstest::rstest;

use crate::answer::Answer;
use crate::raw;
use crate::spawn::{App, basic, basic_with};

const PATH: &str = "/oauth/revoke";
const TOKEN: &str = "/oauth/token";
const INTROSPECT: &str = "/oauth/introspect";

/// What is sent as a body, and everything else right.
async fn send(app: &App, path: &str, body: &[u8]) -> Answer {
    raw::answer(app.address, &raw::form(path, &basic("session"), body)).await
}

/// RFC7009-2.1-j
#[rstest]
#[tokio::test]
async fn a_body_over_the_limit_is_too_large_however_it_comes(#[values(TOKEN, PATH, INTROSPECT)] path: &str) {
    let app = App::spawn().await;
    let fits = format!("grant_type=client_credentials&token={}", "a".repeat(64 * 1024 - 36));
    assert_eq!(fits.len(), 64 * 1024);
    send(&app, path, fits.as_bytes()).await.assert_ok();
    let over = format!("{fits}a");
    send(&app, path, over.as_bytes()).await.assert_error(413, "invalid_request");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let chunked = format!(
        "POST {path} HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ntoken=\r\n{chunk}0\r\n\r\n"
    );
    raw::answer(app.address, chunked.as_bytes()).await.assert_error(413, "invalid_request");
}

/// RFC7009-2.1-h, RFC6749-3.2-g: what is not said to be a form in UTF-8 is not read, though it may be one.
#[rstest]
#[tokio::test]
async fn another_content_type_is_refused_everywhere(
    #[values(TOKEN, PATH, INTROSPECT)] path: &str,
    #[values(
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("*/*"),
        Some("application/x-www-form-urlencoded; charset=utf-16"),
        Some("x"),
        Some("")
    )]
    content_type: Option<&str>,
) {
    let app = App::spawn().await;
    let token = app.issue("session").await.access;
    let body = format!("grant_type=client_credentials&token={token}");
    let mut request = app.request(Method::POST, path).header("authorization", basic("session")).body(body);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    Answer::to(request).await.assert_error(400, "invalid_request");
    assert!(app.is_active("session", &token).await);
}

/// RFC7009-2.1-i: in a value, in a name, in a parameter that nobody reads; and what was compressed is no text.
#[rstest]
#[tokio::test]
async fn broken_encoding_is_refused_everywhere(#[values(TOKEN, PATH, INTROSPECT)] path: &str) {
    let app = App::spawn().await;
    let bodies: [&[u8]; 11] = [
        b"token=%zz",
        b"token=%F",
        b"token=%FF",
        b"token=%C0%80",
        b"token=%ED%A0%80",
        b"token=\xff\xfe",
        b"\xff=x",
        b"%=x",
        b"colour=%",
        b"colour=\x80",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    ];
    for body in bodies {
        let body = [b"grant_type=client_credentials&token=x&", body].concat();
        send(&app, path, &body).await.assert_error(400, "invalid_request");
    }
}

/// RFC7009-2.1-j: as they are, without an escape, and shaped like tokens.
#[tokio::test]
async fn strange_bytes_make_unknown_tokens() {
    let app = App::spawn().await;
    let nested = URL_SAFE_NO_PAD.encode("[".repeat(6000));
    let deep = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":{}}}"#, "[".repeat(2000)));
    let tokens: [Vec<u8>; 7] = [
        b"\0".to_vec(),
        b"at_\0\0".to_vec(),
        b"\x01\x7f\r\n\t".to_vec(),
        "\u{e9}\u{4e16}\u{1f600}".as_bytes().to_vec(),
        vec![0; 16 * 1024],
        format!("{nested}.{nested}.{nested}").into_bytes(),
        format!("{deep}.{deep}.{deep}").into_bytes(),
    ];
    for token in tokens {
        let parameter = |name: &str| [name.as_bytes(), b"=", &token].concat();
        send(&app, PATH, &parameter("token")).await.assert_revoked();
        send(&app, INTROSPECT, &parameter("token")).await.assert_inactive();
        let body = [b"grant_type=refresh_token&", &*parameter("refresh_token")].concat();
        send(&app, TOKEN, &body).await.assert_error(400, "invalid_grant");
    }
}

/// Of every parameter, and of the header that authenticates.
#[rstest]
#[tokio::test]
async fn nothing_that_is_long_makes_the_server_fail(#[values(TOKEN, PATH, INTROSPECT)] path: &str) {
    let app = App::spawn().await;
    let long = "\u{e9}".repeat(8 * 1024);
    let usual = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")];
    for name in ["grant_type", "scope", "client_id", "client_secret", "client_assertion", "token_type_hint", "colour"] {
        let mut form = usual.to_vec();
        form.retain(|(other, _)| *other != name);
        form.push((name, &*long));
        for request in [app.post(path, &form), app.post(path, &form).header("authorization", basic("session"))] {
            let answer = Answer::to(request).await;
            let status = answer.status.as_u16();
            assert!([200, 400, 401].contains(&status), "{name} {answer:?}");
            if status != 200 {
                answer.assert_error(status, answer.json()["error"].as_str().expect("text"));
            }
        }
    }
    for authorization in [basic_with(&long, "x"), basic_with("session", &long), format!("Basic {}", "A".repeat(16_000))]
    {
        let request = app.post(path, &usual).header("authorization", authorization);
        Answer::to(request).await.assert_error(401, "invalid_client");
    }
}

/// S10, RFC6749-5.2-c: whatever stands in it, nobody is authenticated by it.
#[tokio::test]
async fn no_authorization_header_makes_the_server_fail() {
    let app = App::spawn().await;
    let mut runner = TestRunner::deterministic();
    let pair = string_regex("(session|spa|nobody|%[0-9A-F]{2}|\u{e9}|[ -~]){0,3}:?[ -~]{0,6}").expect("a pattern");
    let headers = prop_oneof![
        pair.prop_map(|pair| format!("Basic {}", STANDARD.encode(pair)).into_bytes()),
        vec(any::<u8>(), 0..30).prop_map(|bytes| format!("basic {}", STANDARD.encode(bytes)).into_bytes()),
        vec(prop_oneof![0x20..0x7f_u8, 0x80..=0xff_u8], 0..30).prop_map(|bytes| [&b"Basic "[..], &bytes].concat()),
        vec(prop_oneof![0x20..0x7f_u8, 0x80..=0xff_u8], 0..30),
    ];
    for path in [TOKEN, PATH, INTROSPECT] {
        for _ in 0..200 {
            let header = headers.new_tree(&mut runner).expect("a header").current();
            let shown = header.escape_ascii().to_string();
            let request = app.post(path, &[("grant_type", "client_credentials"), ("token", "x")]);
            let request = request.header("authorization", HeaderValue::from_bytes(&header).expect("a header"));
            let answer = Answer::to(request).await;
            let code = if answer.status == 429 { "too_many_requests" } else { "invalid_client" };
            assert!([401, 429].contains(&answer.status.as_u16()), "{path} {shown} {answer:?}");
            answer.assert_error(answer.status.as_u16(), code);
        }
    }
}

/// S11, RFC7009-2.2.1-a: whatever the bytes, it is a form or it is not, and every token in it is unknown.
#[tokio::test]
async fn no_body_makes_the_server_fail() {
    let app = App::spawn().await;
    let mut runner = TestRunner::deterministic();
    let name = "grant_type|token|refresh_token|scope|client_id|client_secret|client_assertion|colour";
    let readable =
        format!("(({name})=(client_credentials|refresh_token|[ -~]{{0,8}}|(%[0-9A-F]{{2}}){{0,8}})&){{0,4}}");
    let bodies = prop_oneof![
        string_regex(&readable).expect("a pattern").prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40).prop_map(|bytes| [&b"token="[..], &bytes].concat()),
    ];
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        for _ in 0..300 {
            let body = bodies.new_tree(&mut runner).expect("a body").current();
            let request = app.post(path, &[]).header("authorization", basic("session")).body(body.clone());
            let answer = Answer::to(request).await;
            let status = answer.status.as_u16();
            assert!([200, 400, 401].contains(&status), "{path} {} {answer:?}", body.escape_ascii());
            if status != 200 {
                answer.assert_error(status, answer.json()["error"].as_str().expect("text"));
            }
        }
    }
}
