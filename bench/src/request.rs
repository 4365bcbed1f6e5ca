//! Requests, rendered as bytes: what is the same for all of them once, the token each time.
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Where the token stands: in the path, the body, or both.
const TOKEN: &str = "{token}";

/// A request as it is written down.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) proof: Proof,
    /// JSON if it begins with a brace, else a form.
    pub(crate) body: &'static str,
}

/// What proves who asks.
#[derive(Clone, Copy)]
pub(crate) enum Proof {
    /// Nothing beside the body.
    Nothing,
    /// Basic, with the sample secret `<client>-secret`.
    Basic(&'static str),
    /// The same with a secret that is not the client's.
    Guess(&'static str),
    /// The token itself is the bearer token.
    Token,
    /// A bearer token that was obtained before.
    Bearer,
}

impl Ask {
    pub(crate) const fn by(client: &'static str, path: &'static str, body: &'static str) -> Self {
        Self { proof: Proof::Basic(client), ..Self::bare(path, body) }
    }

    pub(crate) const fn bare(path: &'static str, body: &'static str) -> Self {
        Self { method: "POST", path, proof: Proof::Nothing, body }
    }

    /// By whoever manages what the path names.
    pub(crate) const fn managed(method: &'static str, path: &'static str, body: &'static str) -> Self {
        Self { method, path, proof: Proof::Bearer, body }
    }
}

/// A new request costs a few copies.
#[derive(Clone)]
pub(crate) struct Request {
    /// What stands before, between and after the places of the token.
    head: Vec<String>,
    body: Vec<&'static str>,
}

impl Request {
    pub(crate) fn new(ask: Ask) -> Self {
        Self::with_bearer(ask, "")
    }

    pub(crate) fn with_bearer(ask: Ask, bearer: &str) -> Self {
        let authorization = match ask.proof {
            Proof::Nothing => String::new(),
            Proof::Basic(client) => basic(client, "secret"),
            Proof::Guess(client) => basic(client, "guess!"),
            Proof::Token => format!("Authorization: Bearer {TOKEN}\r\n"),
            Proof::Bearer => format!("Authorization: Bearer {bearer}\r\n"),
        };
        let is_json = ask.body.starts_with('{') && ask.body != TOKEN;
        let content = if is_json { "application/json" } else { "application/x-www-form-urlencoded" };
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: {content}\r\nContent-Length: ",
            ask.method, ask.path
        );
        Self { head: head.split(TOKEN).map(ToOwned::to_owned).collect(), body: ask.body.split(TOKEN).collect() }
    }

    /// Writes the whole request over what `out` held. `token` goes in as it is: every form of token is made of
    /// characters that a form, a path and JSON do not escape.
    pub(crate) fn render(&self, token: &str, out: &mut Vec<u8>) {
        out.clear();
        join(self.head.iter().map(String::as_str), token, out);
        let fixed: usize = self.body.iter().map(|part| part.len()).sum();
        write!(out, "{}\r\n\r\n", fixed + (self.body.len() - 1) * token.len())
            .expect("writing to memory does not fail");
        join(self.body.iter().copied(), token, out);
    }
}

fn basic(client: &str, word: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{client}:{client}-{word}")))
}

fn join<'a>(parts: impl Iterator<Item = &'a str>, token: &str, out: &mut Vec<u8>) {
    for (place, part) in parts.enumerate() {
        if place > 0 {
            out.extend_from_slice(token.as_bytes());
        }
        out.extend_from_slice(part.as_bytes());
    }
}

/// A GET without a body, closed after its answer.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(ask: Ask, token: &str) -> String {
        let mut out = b"what was there before".to_vec();
        Request::with_bearer(ask, "manager").render(token, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_length_counts_what_is_fixed_and_the_token_and_the_buffer_is_reused() {
        let text = rendered(Ask::by("demo-session", "/oauth/revoke", "token={token}"), "rt_abc");
        assert!(text.starts_with("POST /oauth/revoke HTTP/1.1\r\n"), "{text}");
        assert!(text.ends_with("urlencoded\r\nContent-Length: 12\r\n\r\ntoken=rt_abc"), "{text}");
        // base64("demo-session:demo-session-secret")
        assert!(text.contains("Basic ZGVtby1zZXNzaW9uOmRlbW8tc2Vzc2lvbi1zZWNyZXQ=\r\n"), "{text}");
    }

    #[test]
    fn a_token_can_prove_itself() {
        let text = rendered(Ask { proof: Proof::Token, ..Ask::bare("/", "token={token}") }, "at_1");
        assert!(text.contains("\r\nAuthorization: Bearer at_1\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 10\r\n\r\ntoken=at_1"), "{text}");
    }

    #[test]
    fn a_token_can_stand_in_the_path_and_json_is_called_json() {
        let text = rendered(Ask::managed("POST", "/a/{token}/b", "{}"), "id");
        assert!(text.starts_with("POST /a/id/b HTTP/1.1\r\n"), "{text}");
        assert!(
            text.contains("Bearer manager\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
            "{text}"
        );
    }

    #[test]
    fn a_body_without_a_token_is_sent_as_it_is() {
        let text = rendered(Ask::bare("/", "grant_type=x"), "unused");
        assert!(text.ends_with("Content-Length: 12\r\n\r\ngrant_type=x") && !text.contains("Authorization"), "{text}");
    }
}
