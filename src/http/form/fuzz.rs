//! A body is read as the standard says, or refused; and read once it is the same however it is written.

use std::collections::HashSet;

use super::*;
use crate::fuzz::target;

const KNOWN: [&str; 17] = [
    "grant_type",
    "scope",
    "refresh_token",
    "token",
    "access_token",
    "token_type_hint",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "username",
    "password",
    "login_challenge",
    "subject",
];

fn values<'a>(form: &'a Form<'_>) -> [Option<&'a str>; 17] {
    // Without `..`: a new parameter does not compile before it is doubted, too.
    let Form {
        grant_type,
        scope,
        refresh_token,
        token,
        access_token,
        token_type_hint,
        code,
        redirect_uri,
        code_verifier,
        client_id,
        client_secret,
        client_assertion,
        client_assertion_type,
        username,
        password,
        login_challenge,
        subject,
    } = form;
    let first = [grant_type, scope, refresh_token, token, access_token, token_type_hint];
    let second = [client_id, client_secret, client_assertion, client_assertion_type, username, password];
    let third = [code, redirect_uri, code_verifier];
    let last = [login_challenge, subject];
    let mut all = first.into_iter().chain(third).chain(second).chain(last).map(Parameter::value);
    std::array::from_fn(|_| all.next().expect("there are seventeen"))
}

/// RFC 6749 appendix B, once more and as slowly as it is written there. `None` if it is not UTF-8 in whole escapes.
fn decoded(part: &[u8]) -> Option<String> {
    let mut bytes = part.iter().copied();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(|digit| char::from(digit).to_digit(16));
                u8::try_from(digits[0]? * 16 + digits[1]?).expect("two digits are a byte")
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok()
}

/// All pairs in order. `None` if one of them cannot be decoded.
fn pairs(body: &[u8]) -> Option<Vec<(String, String)>> {
    let parts = body.split(|byte| *byte == b'&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let at = part.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((part, &b""[..]), |at| (&part[..at], &part[at + 1..]));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// RFC6749-3.1-c, RFC6749-3.1-d, RFC6749-3.1-e, RFC6749-B-f
#[test]
fn a_form_is_what_it_says_or_is_refused() {
    target("form", |body| {
        let pairs = pairs(body);
        let mut names = HashSet::new();
        let known = |name: &str| KNOWN.contains(&name);
        let is_repeated =
            pairs.as_ref().is_some_and(|pairs| !pairs.iter().all(|(name, _)| !known(name) || names.insert(name)));
        let Ok(form) = Form::parse(body) else {
            assert!(pairs.is_none() || is_repeated, "refused for nothing");
            return;
        };
        let pairs = pairs.expect("what cannot be decoded is refused");
        assert!(!is_repeated, "a repeated parameter was accepted");
        let value =
            |name| pairs.iter().find(|pair| pair.0 == name).map(|pair| &*pair.1).filter(|value| !value.is_empty());
        assert_eq!(values(&form), KNOWN.map(value));
        let asked: Vec<_> = pairs.iter().filter(|(name, value)| name == "resource" && !value.is_empty()).collect();
        assert!(resources(body).iter().map(|value| &**value).eq(asked.iter().map(|pair| &*pair.1)));

        let again = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let form_again = Form::parse(again.as_bytes()).expect("what was accepted is accepted however it is written");
        assert_eq!(values(&form_again), values(&form));
        assert_eq!(resources(again.as_bytes()), resources(body));
    });
}
