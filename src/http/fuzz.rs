//! Whole requests, from the head on, to a server in this process. Nothing that a client sends makes it panic or answer
//! 500; what it refuses, it refuses in the words of the surface; and it repeats no credential.

use std::collections::BTreeMap;

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Bytes, Data};
use serde_json::Value;

use super::{configure, dialect, edge, shape};
use crate::domain::client::Surface;
use crate::fuzz::{server, split, target};

/// What no fuzzer can guess: a credential that is alive when the request arrives, and is written as one byte.
struct Birth {
    byte: u8,
    path: &'static str,
    body: &'static str,
    member: &'static str,
}

const BIRTHS: [Birth; 7] = [
    Birth { byte: 1, path: "/oauth/token", body: SESSION, member: "access_token" },
    Birth { byte: 2, path: "/oauth/token", body: SESSION, member: "refresh_token" },
    Birth { byte: 3, path: "/oauth/token", body: SESSION_JWT, member: "access_token" },
    Birth { byte: 4, path: "/v1/oauth/token", body: KAJABI, member: "access_token" },
    Birth { byte: 5, path: "/v1/oauth/token", body: KAJABI, member: "refresh_token" },
    Birth { byte: 6, path: LOG_IN, body: IDENTITY, member: "accessToken" },
    Birth { byte: 7, path: LOG_IN, body: IDENTITY_ADMIN, member: "accessToken" },
];

const LOG_IN: &str = "/api/v1/auth/universal-auth/login";
const SESSION: &str = "grant_type=client_credentials&client_id=demo-session&client_secret=demo-session-secret";
const SESSION_JWT: &str =
    "grant_type=client_credentials&client_id=demo-session-jwt&client_secret=demo-session-jwt-secret";
const KAJABI: &str = "grant_type=client_credentials&client_id=demo-kajabi&client_secret=demo-kajabi-secret";
const IDENTITY: &str = r#"{"clientId":"demo-identity","clientSecret":"demo-identity-secret"}"#;
const IDENTITY_ADMIN: &str = r#"{"clientId":"demo-identity-admin","clientSecret":"demo-identity-admin-secret"}"#;

/// What would open something for whoever reads it.
const SECRETS: [&str; 3] = ["-secret", "wonderland", "builder"];

struct Answer {
    surface: Option<Surface>,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// The head as HTTP/1 has it, but that lines end in a line feed: `POST /oauth/token`, headers, an empty line, the body.
fn read(bytes: &[u8]) -> Option<TestRequest> {
    let (line, mut rest) = split(bytes, b'\n');
    let (method, path) = split(line, b' ');
    let uri = Uri::try_from(path).ok().filter(|uri| uri.path().starts_with('/'))?;
    let mut request = TestRequest::default().method(Method::from_bytes(method).ok()?).uri(&uri.to_string());
    loop {
        let (line, below) = split(rest, b'\n');
        rest = below;
        if line.is_empty() {
            return Some(request.set_payload(rest.to_vec()));
        }
        let (name, value) = split(line, b':');
        let name = HeaderName::from_bytes(name).ok()?;
        request = request.append_header((name, HeaderValue::from_bytes(value.trim_ascii()).ok()?));
    }
}

fn born(ask: &impl Fn(TestRequest) -> Answer, birth: &Birth) -> String {
    let content_type = if birth.path == LOG_IN { "application/json" } else { "application/x-www-form-urlencoded" };
    let request = TestRequest::post().uri(birth.path).insert_header(("Content-Type", content_type));
    let answer = ask(request.insert_header((HOST, "localhost")).set_payload(birth.body));
    // Of a machine that is busy enough the store may be late.
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        return String::new();
    }
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    body[birth.member].as_str().expect("a credential").to_owned()
}

/// `bytes`, with the credentials that they ask for, and these.
fn filled(ask: &impl Fn(TestRequest) -> Answer, bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
    let mut born_of = BTreeMap::new();
    let mut filled = Vec::new();
    for byte in bytes {
        match BIRTHS.iter().find(|birth| birth.byte == *byte) {
            Some(birth) => {
                let credential = born_of.entry(*byte).or_insert_with(|| born(ask, birth));
                filled.extend_from_slice(credential.as_bytes());
            }
            None => filled.push(*byte),
        }
    }
    (filled, born_of.into_values().collect())
}

/// Renewing gives back the token that it was asked with: there it is the answer.
fn is_renewal(path: &[u8], status: StatusCode) -> bool {
    status == StatusCode::OK && path.windows(11).any(|part| part == b"token/renew")
}

fn doubt(ask: &impl Fn(TestRequest) -> Answer, bytes: &[u8]) {
    let (bytes, credentials) = filled(ask, bytes);
    let (line, _) = split(&bytes, b'\n');
    let Some(request) = read(&bytes) else { return };
    let Answer { surface, status, headers, body } = ask(request);
    if status.is_success() {
        let is_json = headers.get("content-type").is_some_and(|value| value == "application/json");
        let told = serde_json::from_slice::<Value>(&body).ok();
        assert!(!is_json || told.is_some(), "half an answer");
        assert!(told.is_none_or(|told| told.get("error").is_none()), "an error is told as a success");
    } else {
        shape::check(surface, status, &headers, &body);
    }
    let told = String::from_utf8_lossy(&body);
    let told =
        headers.iter().fold(told.into_owned(), |told, (_, value)| told + &String::from_utf8_lossy(value.as_bytes()));
    if !line.contains(&b'?') && !status.is_success() {
        assert!(SECRETS.iter().all(|secret| !told.contains(secret)), "a secret is repeated");
    }
    let is_repeated = credentials.iter().any(|credential| !credential.is_empty() && told.contains(credential));
    assert!(!is_repeated || is_renewal(line, status), "a credential is repeated");
}

fn requests(name: &str, wanted: fn(&str) -> bool) {
    let system = System::new();
    let (server, _data) = system.block_on(async {
        let (app, data) = server::start().await;
        let state = Data::new(app.state());
        let app = App::new().app_data(state.clone()).wrap(from_fn(edge::around));
        (init_service(app.configure(|services| configure(services, &state))).await, data)
    });
    let ask = |request: TestRequest| {
        system.block_on(async {
            let answer = call_service(&server, request.to_request()).await;
            let surface = dialect::at(answer.request()).map(|dialect| dialect.surface);
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = to_bytes(answer.into_body()).await.expect("a body that is whole");
            Answer { surface, status, headers, body }
        })
    };
    target(name, |bytes| {
        let (line, _) = split(bytes, b'\n');
        if str::from_utf8(split(line, b' ').1).is_ok_and(wanted) {
            doubt(&ask, bytes);
        }
    });
}

fn is_of_a_dialect(path: &str) -> bool {
    ["/v1/", "/api/"].iter().any(|prefix| path.starts_with(prefix))
}

#[test]
fn whatever_is_asked_in_the_words_of_the_standard_is_answered_in_them() {
    requests("standard", |path| !is_of_a_dialect(path));
}

#[test]
fn whatever_is_asked_in_the_words_of_others_is_answered_in_theirs() {
    requests("dialects", is_of_a_dialect);
}
