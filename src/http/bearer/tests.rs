use actix_web::test::TestRequest;
use rstest::rstest;

use super::*;

fn read(values: &[&str]) -> Result<String, Error> {
    let request = values.iter().fold(TestRequest::default(), |request, value| {
        request.append_header((AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).expect("a value")))
    });
    token(request.to_http_request().headers()).map(str::to_owned)
}

/// RFC6750-2.1-a
#[rstest]
#[case("Bearer at_x")]
#[case("bEaReR at_x")]
#[case("BEARER   at_x ")]
fn the_scheme_is_read_in_any_case(#[case] value: &str) {
    assert_eq!(read(&[value]).as_deref(), Ok("at_x"));
}

/// RFC6750-3-e
#[rstest]
#[case(&[])]
#[case(&["Basic YTpi"])]
#[case(&["Bearerat_x"])]
#[case(&["Bear"])]
#[case(&[""])]
fn who_shows_no_token_is_told_nothing_but_what_is_wanted(#[case] values: &[&str]) {
    assert_eq!(read(values), Err(Error::InvalidToken(BearerFault::Missing)));
    assert_eq!(challenge(BearerFault::Missing), "Bearer realm=\"atropos\"");
}

/// RFC6750-3.1-f
#[rstest]
#[case("Bearer")]
#[case("Bearer ")]
#[case("Bearer a b")]
#[case("Bearer =")]
#[case("Bearer a=b")]
#[case("Bearer \"a\"")]
#[case("Bearer ä")]
fn a_token_that_cannot_be_one_is_invalid(#[case] value: &str) {
    assert_eq!(read(&[value]), Err(Error::InvalidToken(BearerFault::Malformed)));
}

/// RFC6750-3.1-d
#[test]
fn two_headers_are_refused() {
    assert!(matches!(read(&["Bearer a", "Bearer a"]), Err(Error::InvalidRequest(_))));
}

/// RFC6750-3-h, RFC6750-3.1-f
#[test]
fn every_invalid_token_is_challenged_alike_and_each_attribute_once() {
    use BearerFault::{Ended, Expired, Malformed, NoAccessToken, OtherSurface, Unknown};
    for fault in [Malformed, Unknown, NoAccessToken, OtherSurface, Expired, Ended] {
        assert_eq!(challenge(fault), "Bearer realm=\"atropos\", error=\"invalid_token\"");
    }
}
