use super::*;
use crate::fuzz::target;
use crate::http::json;

#[test]
fn a_field_is_a_text_by_either_spelling_or_a_violation() {
    target("anghami", |bytes| {
        let Ok(object) = json::object(bytes) else { return };
        let mut fields = Fields::of(&object);
        let texts = [("refreshToken", "refresh_token"), ("clientId", "client_id"), ("redirectUri", "redirect_uri")];
        let read = texts.map(|(camel, snake)| fields.text(camel, snake));
        let verifier = ("codeVerifier", "code_verifier");
        fields.verifier(verifier.0, verifier.1);
        let by = |name: &str| object.get(name).filter(|value| !value.is_null());
        let are = |(camel, snake): (&str, &str), text: &str| {
            [by(camel), by(snake)].into_iter().flatten().all(|it| it == text)
        };
        let is_there = |(camel, snake)| by(camel).or_else(|| by(snake)).and_then(Value::as_str);
        let wrong = |pair: (&'static str, _)| fields.violations.iter().any(|violation| violation.field == pair.0);
        for (pair, text) in texts.into_iter().zip(read) {
            assert_ne!(wrong(pair), !text.is_empty());
            assert!(text.is_empty() || is_there(pair) == Some(text) && are(pair, text));
        }
        // RFC 7636 section 4.1.
        let unreserved = |text: &str| text.chars().all(|it| it.is_ascii_alphanumeric() || "-._~".contains(it));
        let fits = |text: &&str| (43..=128).contains(&text.len()) && unreserved(text) && are(verifier, text);
        assert_ne!(wrong(verifier), is_there(verifier).as_ref().is_some_and(fits));
        assert!(fields.violations.len() <= 4);
        let is_fine = fields.violations.is_empty();
        assert_eq!(fields.checked().is_ok(), is_fine);
    });
}
