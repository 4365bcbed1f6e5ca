use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use rstest::rstest;
use serde_json::Value;

use super::*;
use crate::domain::error::GrantFault;
use crate::domain::store::Unavailable;

const SECRET: &str = "the store's own words";

#[rstest]
#[case(Error::InvalidRequest("a parameter is missing"), 400, "invalid_request")]
#[case(Error::InvalidClient(ClientFault::WrongSecret), 401, "invalid_client")]
#[case(Error::UnauthorizedClient, 400, "unauthorized_client")]
#[case(Error::UnsupportedGrantType, 400, "unsupported_grant_type")]
#[case(Error::InvalidScope, 400, "invalid_scope")]
#[case(Error::InvalidTarget, 400, "invalid_target")]
#[case(Error::InvalidGrant(GrantFault::Reused), 400, "invalid_grant")]
#[case(Error::TooMany { limit: 5, retry_after: Duration::from_millis(1500) }, 429, "too_many_requests")]
#[case(Error::Unavailable(Unavailable(SECRET.to_owned())), 503, "temporarily_unavailable")]
fn every_fault_of_the_domain_has_its_answer(#[case] error: Error, #[case] status: u16, #[case] code: &str) {
    check(&Failure::Domain(error), status, code);
}

#[rstest]
#[case(Failure::BodyTooLarge, 413, "invalid_request")]
#[case(Failure::BodyTooSlow, 408, "invalid_request")]
#[case(Failure::NotFound, 404, "invalid_request")]
#[case(Failure::MethodNotAllowed { allow: "POST, OPTIONS" }, 405, "invalid_request")]
#[case(Failure::Misdirected, 421, "invalid_request")]
#[case(Failure::Draining, 503, "temporarily_unavailable")]
#[case(Failure::Rejected(StatusCode::BAD_REQUEST), 400, "invalid_request")]
fn every_other_failure_has_the_same_shape(#[case] failure: Failure, #[case] status: u16, #[case] code: &str) {
    check(&failure, status, code);
}

fn answer(failure: &Failure, request: TestRequest) -> HttpResponse {
    failure.answer_in(None, &request.to_http_request())
}

/// RFC6749-5.2-h, RFC7009-2.2.1-a
fn check(failure: &Failure, status: u16, code: &str) {
    let answer = answer(failure, TestRequest::default());
    assert_eq!(answer.status().as_u16(), status);
    assert_eq!(answer.headers().get(header::CACHE_CONTROL), Some(&HeaderValue::from_static("no-store")));
    assert_eq!(answer.headers().get(header::CONTENT_TYPE), Some(&HeaderValue::from_static("application/json")));
    let body = to_bytes(answer.into_body());
    let body = futures_util::FutureExt::now_or_never(body).expect("it is all there").expect("bytes");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["error", "error_description"]);
    assert_eq!(body["error"], code);
    let description = body["error_description"].as_str().expect("text");
    assert!(description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{description}");
    assert!(!description.contains(SECRET));
}

fn header_of(failure: &Failure, name: HeaderName, request: TestRequest) -> Option<String> {
    let answer = answer(failure, request);
    answer.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned())
}

/// RFC6749-5.2-c
#[test]
fn basic_is_asked_for_where_it_was_tried_or_nothing_was_sent() {
    let failed = Failure::Domain(Error::InvalidClient(ClientFault::WrongSecret));
    let missing = Failure::Domain(Error::InvalidClient(ClientFault::Missing));
    let challenge = Some("Basic realm=\"atropos\"".to_owned());
    let tried = || TestRequest::default().insert_header((header::AUTHORIZATION, "Basic eDp5"));
    assert_eq!(header_of(&failed, header::WWW_AUTHENTICATE, tried()), challenge);
    assert_eq!(header_of(&missing, header::WWW_AUTHENTICATE, TestRequest::default()), challenge);
    assert_eq!(header_of(&failed, header::WWW_AUTHENTICATE, TestRequest::default()), None);
}

/// RFC7009-2.2.1-d, RFC7009-2.2.1-e
#[rstest]
#[case(Error::Unavailable(Unavailable(String::new())), "2")]
#[case(Error::TooMany { limit: 5, retry_after: Duration::from_millis(1500) }, "2")]
#[case(Error::TooMany { limit: 5, retry_after: Duration::ZERO }, "1")]
#[case(Error::TooMany { limit: 5, retry_after: Duration::MAX }, "18446744073709551615")]
fn who_may_come_again_is_told_when(#[case] error: Error, #[case] seconds: &str) {
    let told = header_of(&Failure::Domain(error), header::RETRY_AFTER, TestRequest::default());
    assert_eq!(told.as_deref(), Some(seconds));
}

/// RFC7009-2-d
#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let failure = Failure::MethodNotAllowed { allow: "POST, OPTIONS" };
    assert_eq!(header_of(&failure, header::ALLOW, TestRequest::default()).as_deref(), Some("POST, OPTIONS"));
}

#[test]
fn the_log_is_told_more_than_the_wire() {
    let ending = |error: Error| Failure::Domain(error).ending();
    assert_eq!(ending(Error::InvalidGrant(GrantFault::Reused)).cause.as_deref(), Some("reused"));
    assert_eq!(ending(Error::Unavailable(Unavailable(SECRET.to_owned()))).cause.as_deref(), Some(SECRET));
}
