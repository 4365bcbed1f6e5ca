use proptest::prelude::*;

use super::*;

fn refused(body: &[u8]) -> bool {
    matches!(Form::parse(body), Err(Error::InvalidRequest(_)))
}

fn token(body: &[u8]) -> Option<String> {
    Form::parse(body).ok().and_then(|form| form.token.value().map(str::to_owned))
}

/// RFC6749-3.1-c, RFC7009-2.1-g
#[test]
fn unknown_parameters_are_ignored_even_repeated() {
    assert_eq!(token(b"colour=red&token=a&colour=blue&=&&").as_deref(), Some("a"));
}

/// RFC6749-3.1-d, RFC7009-2.1-e, RFC7009-2.1-f
#[test]
fn a_known_parameter_must_not_be_repeated() {
    assert!(refused(b"token=a&token=b"));
    assert!(refused(b"token=a&token=a"));
    assert!(refused(b"token=a&t%6Fken=b"), "spelled differently, the same name");
    assert!(refused(b"token_type_hint=a&token=a&token_type_hint="), "an empty one is still a second one");
    assert!(refused(b"scope=a&grant_type=b&scope=c"));
}

/// RFC6749-3.1-e, RFC7009-2.1-d, RFC7009-2.1-n
#[test]
fn a_parameter_without_a_value_is_omitted() {
    let form = Form::parse(b"token=&scope&client_secret=").expect("well formed");
    let values = [form.token.value(), form.scope.value(), form.client_secret.value()];
    assert_eq!(values, [None; 3]);
}

/// RFC7009-2.1-i
#[test]
fn plus_is_a_space_and_its_escape_a_plus() {
    assert_eq!(token(b"token=a+b%2Bc").as_deref(), Some("a b+c"));
}

/// RFC7009-2.1-i
#[test]
fn broken_escapes_and_broken_utf8_are_refused_wherever_they_stand() {
    for body in [
        &b"token=%"[..],
        b"token=%4",
        b"token=%zz",
        b"token=%4g&x=y",
        b"token=a&colour=%",
        b"%zz=a&token=a",
        b"token=%FF",
        b"token=%C3",
        b"token=%C3&x=%A4",
        b"token=\xff",
        b"token=%ED%A0%80",
        b"token=%C0%AF",
    ] {
        assert!(refused(body), "{}", body.escape_ascii());
    }
    assert_eq!(token("token=%C3%A4ä\u{0}".as_bytes()).as_deref(), Some("ää\u{0}"));
    assert_eq!(token(b"token=%00").as_deref(), Some("\u{0}"));
}

#[test]
fn what_needs_no_decoding_is_lent() {
    let form = Form::parse(b"token=at_abc").expect("well formed");
    assert!(matches!(form.token.0, Some(Cow::Borrowed("at_abc"))));
}

proptest! {
    /// RFC6749-B-f
    #[test]
    fn what_a_client_encodes_is_what_is_read(value in "\\PC{1,40}", other in "\\PC{0,10}") {
        let body = serde_urlencoded::to_string([("token", &value), ("x-other", &other)]).expect("text encodes");
        prop_assert_eq!(token(body.as_bytes()), Some(value));
    }

    /// The strict reader against the lossy one: what is accepted was decoded without a loss.
    #[test]
    fn what_is_accepted_was_not_mended(body in "(token=)?([a&=+%0-9A-F\u{e9}\u{fffd}]|%[0-9A-F]{2}){0,12}") {
        let lossy: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
        let mended = lossy.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}'));
        let sent = body.contains('\u{fffd}') || body.contains("%EF%BF%BD");
        prop_assert!(Form::parse(body.as_bytes()).is_err() || !mended || sent);
    }

    /// RFC6749-B-f
    #[test]
    fn a_half_of_basic_credentials_is_decoded_like_a_value(value in "\\PC{0,40}") {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        prop_assert_eq!(decode(&encoded), Some(Cow::Owned(value)));
    }

    #[test]
    fn decoding_never_panics(value in "[%+0-9a-fA-Fé]{0,12}") {
        let _ = decode(&value);
    }
}
