use proptest::prelude::*;

use super::*;

fn header(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
    headers
}

fn basic(pair: &str) -> HeaderMap {
    header(&format!("Basic {}", STANDARD.encode(pair)))
}

fn halves(headers: &HeaderMap) -> Option<(String, String)> {
    Basic::from_headers(headers).ok().flatten().map(|basic| (basic.client_id, basic.secret))
}

fn fault(headers: &HeaderMap) -> Option<Error> {
    Basic::from_headers(headers).err()
}

/// What a request shows, as text that an assertion can compare.
fn shown(headers: &HeaderMap, body: &str) -> Result<String, Error> {
    let form = Form::parse(body.as_bytes())?;
    let basic = Basic::from_headers(headers)?;
    Ok(match presented(basic.as_ref(), &form)? {
        Presented::Nothing => "nothing".to_owned(),
        Presented::ClientId(id) => format!("client_id {id}"),
        Presented::Secret { method, client_id, secret } => format!("{} {client_id} {secret}", method.as_str()),
        Presented::Assertion { client_id, assertion } => format!("assertion {client_id:?} {assertion}"),
    })
}

fn is_invalid_request(answer: &Result<String, Error>) -> bool {
    matches!(answer, Err(Error::InvalidRequest(_)))
}

/// RFC6749-2.3.1-a
#[test]
fn the_scheme_is_case_insensitive() {
    for scheme in ["Basic", "basic", "BASIC", "bAsIc"] {
        let headers = header(&format!("{scheme}  {}", STANDARD.encode("a:b")));
        assert_eq!(halves(&headers), Some(("a".to_owned(), "b".to_owned())), "{scheme}");
    }
}

/// RFC6749-B-f
#[test]
fn each_half_is_form_decoded_by_itself() {
    let decoded = |pair: &str| halves(&basic(pair)).expect("credentials");
    assert_eq!(decoded("a%3Ab:c%3Ad"), ("a:b".to_owned(), "c:d".to_owned()));
    assert_eq!(decoded("a:c:d"), ("a".to_owned(), "c:d".to_owned()), "only the first colon separates");
    assert_eq!(decoded("a:x+y%2B%25%C3%A4"), ("a".to_owned(), "x y+%ä".to_owned()));
    assert_eq!(decoded("a:"), ("a".to_owned(), String::new()));
}

#[test]
fn credentials_that_cannot_be_read_are_no_authentication() {
    let malformed = Some(Error::InvalidClient(ClientFault::Malformed));
    for headers in [
        header("Basic !!!"),
        header("Basic YTpi\u{e4}"),
        header("Basic YTpiYg"), // no padding
        basic("without-a-colon"),
        basic(":secret"),
        basic("a:%zz"),
        basic("a:%C3"),
        basic("a:line\nbreak"),
        basic("a:%00"),
        header(&format!("Basic {}", STANDARD.encode(b"a:\xff"))),
        header("Basic "),
    ] {
        assert_eq!(fault(&headers), malformed, "{:?}", headers.get(AUTHORIZATION));
    }
}

/// RFC6749-5.2-c
#[test]
fn other_schemes_authenticate_nobody() {
    for value in ["Bearer YTpi", "Basic", "BasicYTpi", "Digest a=b", ""] {
        assert_eq!(fault(&header(value)), Some(Error::InvalidClient(ClientFault::WrongMethod)), "{value}");
    }
}

#[test]
fn two_authorization_headers_are_refused() {
    let mut headers = basic("a:b");
    headers.append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
    assert!(matches!(fault(&headers), Some(Error::InvalidRequest(_))));
}

/// RFC6749-2.3.1-a
#[test]
fn each_method_is_told_from_the_others() {
    let none = HeaderMap::new();
    assert_eq!(shown(&none, "token=x").as_deref(), Ok("nothing"));
    assert_eq!(shown(&none, "client_id=a").as_deref(), Ok("client_id a"));
    assert_eq!(shown(&none, "client_id=a&client_secret=").as_deref(), Ok("client_id a"));
    assert_eq!(shown(&none, "client_id=a&client_secret=b").as_deref(), Ok("client_secret_post a b"));
    assert_eq!(shown(&basic("a:b"), "").as_deref(), Ok("client_secret_basic a b"));
    let assertion = format!("client_assertion=x&client_assertion_type={JWT_BEARER}");
    assert_eq!(shown(&none, &assertion).as_deref(), Ok("assertion None x"));
    assert_eq!(shown(&none, &format!("{assertion}&client_id=a")).as_deref(), Ok("assertion Some(\"a\") x"));
}

/// RFC6749-2.3-b, RFC7009-2.1-t
#[test]
fn two_methods_at_once_are_refused() {
    let assertion = format!("client_assertion=x&client_assertion_type={JWT_BEARER}");
    assert!(is_invalid_request(&shown(&basic("a:b"), "client_id=a&client_secret=b")));
    assert!(is_invalid_request(&shown(&basic("a:b"), &assertion)));
    assert!(is_invalid_request(&shown(&HeaderMap::new(), &format!("{assertion}&client_id=a&client_secret=b"))));
}

/// RFC7009-2.1-w
#[test]
fn a_client_id_beside_basic_must_name_the_same_client() {
    assert_eq!(shown(&basic("a:b"), "client_id=a").as_deref(), Ok("client_secret_basic a b"));
    assert!(is_invalid_request(&shown(&basic("a:b"), "client_id=c")));
}

#[test]
fn half_of_a_method_is_refused() {
    let none = HeaderMap::new();
    assert!(is_invalid_request(&shown(&none, "client_secret=b")));
    assert!(is_invalid_request(&shown(&none, "client_assertion=x")));
    assert!(is_invalid_request(&shown(&none, &format!("client_assertion_type={JWT_BEARER}"))));
    let unknown = shown(&none, "client_assertion=x&client_assertion_type=saml");
    assert_eq!(unknown, Err(Error::InvalidClient(ClientFault::InvalidAssertion)));
}

proptest! {
    /// RFC6749-B-f
    #[test]
    fn what_a_client_encodes_is_what_is_read(id in "\\PC{1,20}", secret in "\\PC{0,40}") {
        let encode = |half: &str| url::form_urlencoded::byte_serialize(half.as_bytes()).collect::<String>();
        let headers = basic(&format!("{}:{}", encode(&id), encode(&secret)));
        prop_assert_eq!(halves(&headers), Some((id, secret)));
    }

    #[test]
    fn no_header_makes_it_panic(value in "([Bb]asic )?[ -~]{0,40}") {
        let _ = Basic::from_headers(&header(&value));
    }
}
