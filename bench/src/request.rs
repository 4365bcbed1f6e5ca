//! Requests, rendered as bytes: what is the same for all of them once, the token each time.
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A form POST by one client whose body ends in a token, so that a new request costs two copies.
#[derive(Clone)]
pub(crate) struct Request {
    head: String,
    body: &'static str,
}

impl Request {
    /// `client` authenticates by Basic with the sample secret `<client>-secret`; `body` is what stands before the token.
    pub(crate) fn post(path: &str, client: &str, body: &'static str) -> Self {
        let credentials = STANDARD.encode(format!("{client}:{client}-secret"));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        );
        Self { head, body }
    }

    /// Writes the whole request over what `out` held. `token` goes in as it is: every form of token is made of
    /// characters that a form does not escape.
    pub(crate) fn render(&self, token: &str, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(self.head.as_bytes());
        write!(out, "{}\r\n\r\n", self.body.len() + token.len()).expect("writing to memory does not fail");
        out.extend_from_slice(self.body.as_bytes());
        out.extend_from_slice(token.as_bytes());
    }
}

/// A GET without a body, closed after its answer.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_prefix_and_token_and_the_buffer_is_reused() {
        let request = Request::post("/oauth/revoke", "demo-session", "token=");
        let mut out = b"what was there before".to_vec();
        request.render("rt_abc", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("POST /oauth/revoke HTTP/1.1\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 12\r\n\r\ntoken=rt_abc"), "{text}");
        // base64("demo-session:demo-session-secret")
        assert!(text.contains("Basic ZGVtby1zZXNzaW9uOmRlbW8tc2Vzc2lvbi1zZWNyZXQ=\r\n"), "{text}");
    }
}
