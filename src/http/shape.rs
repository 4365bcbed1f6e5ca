//! What every refusal has in common, and what is each surface's own: for tests that give the wire anything at all.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use serde_json::Value;

use crate::domain::client::Surface;

/// Panics unless this is a refusal as `surface` has it (`None`: as the standards have it).
pub(super) fn check(surface: Option<Surface>, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    assert!(status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
    let comes_again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
    let when = headers.get(header::RETRY_AFTER).map(|value| value.to_str().expect("ASCII").parse::<u64>());
    assert_eq!(when.is_some(), comes_again, "{status}");
    assert!(when.is_none_or(|seconds| seconds.expect("seconds") > 0));
    assert_eq!(headers.get(header::CACHE_CONTROL).expect("no-store"), "no-store");
    assert_eq!(headers.get(header::CONTENT_TYPE).expect("JSON"), "application/json");
    let body: Value = serde_json::from_slice(body).expect("JSON");
    match surface.unwrap_or(Surface::Standard) {
        Surface::Standard => standard(&body),
        Surface::Kajabi => kajabi(status, &body),
        Surface::Anghami => anghami(&body),
        Surface::Infisical => infisical(status, &body),
    }
}

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn are(value: &Value, expected: &[&str]) -> bool {
    members(value) == expected.iter().copied().collect()
}

fn is_told(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// RFC 6749 section 5.2.
fn standard(body: &Value) {
    assert!(are(body, &["error", "error_description"]), "{body}");
    let description = body["error_description"].as_str().expect("a text");
    assert!(description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{description}");
    assert!(is_told(&body["error"]));
}

fn kajabi(status: StatusCode, body: &Value) {
    assert!(are(body, &["error", "error_description", "errors"]), "{body}");
    let [error] = body["errors"].as_array().expect("a list").as_slice() else { panic!("{body}") };
    assert!(are(error, &["status", "title", "detail"]), "{body}");
    assert_eq!((&error["status"], &error["detail"]), (&status.as_str().into(), &body["error_description"]));
    assert!(is_told(&body["error"]) && is_told(&body["error_description"]));
}

fn anghami(body: &Value) {
    if let Some(violations) = body.get("violations") {
        assert!(are(body, &["violations"]), "{body}");
        let violations = violations.as_array().expect("a list");
        assert!(!violations.is_empty());
        assert!(violations.iter().all(|one| are(one, &["field", "description"]) && is_told(&one["description"])));
    } else {
        assert!(are(body, &["message"]) || are(body, &["code", "message"]), "{body}");
        assert!(is_told(&body["message"]));
    }
}

fn infisical(status: StatusCode, body: &Value) {
    let known = ["reqId", "statusCode", "message", "error"];
    assert!(members(body).iter().all(|name| known.contains(name) || *name == "details"), "{body}");
    assert!(known.iter().all(|name| body.get(name).is_some()), "{body}");
    assert_eq!(body["statusCode"], status.as_u16());
    assert!(is_told(&body["error"]) && (is_told(&body["message"]) || body["message"].is_array()), "{body}");
}
