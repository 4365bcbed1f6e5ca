use super::*;
use crate::fuzz::target;

/// RFC 6750 section 2.1.
#[test]
fn a_bearer_token_is_one_word_of_the_header() {
    target("bearer", |bytes| {
        let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value.clone())]);
        let twice = HeaderMap::from_iter([(AUTHORIZATION, value.clone()), (AUTHORIZATION, value)]);
        assert!(matches!(token(&twice), Err(Error::InvalidRequest(_))));
        match token(&headers) {
            Ok(token) => {
                let (scheme, rest) = bytes.split_at(6);
                assert!(scheme.eq_ignore_ascii_case(b"bearer") && rest.starts_with(b" "));
                assert_eq!(rest.trim_ascii(), token.as_bytes());
                assert!(
                    !token.is_empty() && !token.starts_with('=') && token.bytes().all(|byte| byte.is_ascii_graphic())
                );
                assert!(is_shown(&headers));
            }
            Err(error) => assert!(matches!(error, Error::InvalidToken(BearerFault::Missing | BearerFault::Malformed))),
        }
    });
}
