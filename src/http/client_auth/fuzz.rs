//! Credentials of a client: a header, and a form below it.

use super::*;
use crate::fuzz::{split, target};

/// RFC 6749 section 2.3.1.
fn written(basic: &Basic) -> HeaderValue {
    let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", half(&basic.client_id), half(&basic.secret));
    HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).expect("it is ASCII")
}

fn halves(basic: &Basic) -> [&str; 2] {
    [&basic.client_id, &basic.secret]
}

fn doubt(value: &HeaderValue) -> Option<Basic> {
    let basic = match Basic::from_value(value) {
        Ok(basic) => basic,
        Err(error) => {
            assert!(matches!(error, Error::InvalidClient(ClientFault::WrongMethod | ClientFault::Malformed)));
            return None;
        }
    };
    assert!(!basic.client_id.is_empty());
    assert!(!halves(&basic).concat().contains(char::is_control));
    let again = Basic::from_value(&written(&basic)).expect("what was read can be written");
    assert_eq!(halves(&again), halves(&basic));
    let twice = HeaderMap::from_iter([(AUTHORIZATION, value.clone()), (AUTHORIZATION, value.clone())]);
    assert!(matches!(Basic::from_headers(&twice), Err(Error::InvalidRequest(_))));
    Some(basic)
}

/// RFC6749-2.3-b, RFC6749-2.3.1-a, RFC6749-B-f
#[test]
fn credentials_are_read_back_as_they_were_and_never_by_two_methods() {
    target("basic", |bytes| {
        let (head, body) = split(bytes, b'\n');
        // Written as it comes, or as a pair that the fuzzer need not know Base64 for.
        let encoded = head.strip_prefix(b"=").map(|pair| format!("Basic {}", STANDARD.encode(pair)).into_bytes());
        let Ok(value) = HeaderValue::from_bytes(encoded.as_deref().unwrap_or(head)) else { return };
        let basic = doubt(&value);
        let Ok(form) = Form::parse(body) else { return };
        let by_basic = usize::from(basic.is_some());
        let by_secret = usize::from(form.client_secret.value().is_some());
        let by_assertion = usize::from(form.client_assertion.value().is_some());
        let methods = by_basic + by_secret + by_assertion;
        let named = form.client_id.value();
        match presented(basic.as_ref(), &form) {
            Ok(Presented::Nothing) => assert!(methods == 0 && named.is_none()),
            Ok(Presented::ClientId(id)) => assert!(methods == 0 && named == Some(id)),
            Ok(Presented::Secret { method, client_id, secret }) => {
                let found = match &basic {
                    Some(basic) => {
                        (AuthenticationMethod::ClientSecretBasic, Some(&*basic.client_id), Some(&*basic.secret))
                    }
                    None => (AuthenticationMethod::ClientSecretPost, named, form.client_secret.value()),
                };
                assert_eq!(methods, 1);
                assert_eq!((method, Some(client_id), Some(secret)), found);
                assert!(named.is_none_or(|named| named == client_id));
            }
            Ok(Presented::Assertion { client_id, assertion }) => {
                assert_eq!((methods, client_id), (1, named));
                assert_eq!(form.client_assertion.value(), Some(assertion));
            }
            Err(error) => assert!(matches!(error, Error::InvalidRequest(_) | Error::InvalidClient(_))),
        }
    });
}
