//! What came back.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::documented;

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The answer to a request, which is held to the server's document.
    pub(crate) async fn to(request: reqwest::RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let (method, url) = (request.method().clone(), request.url().clone());
        let response = client.execute(request).await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Self { status, headers, body: response.text().await.expect("a body") };
        if let Some(address) = documented::address(&url) {
            documented::check(address, &method, url.path(), &answer);
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("JSON: {self:?}"))
    }

    /// Status, headers and body, but for what is of the moment.
    pub(crate) fn lasting(mut self) -> (StatusCode, Vec<(String, String)>, String) {
        for name in ["date", "x-request-id"] {
            self.headers.remove(name);
        }
        let headers = self.headers.iter();
        let mut headers: Vec<_> =
            headers.map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned())).collect();
        headers.sort();
        (self.status, headers, self.body)
    }

    /// An error of RFC 6749 section 5.2.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert_eq!(self.json()["error"], code, "{self:?}");
        assert!(self.json()["error_description"].as_str().is_some_and(is_description), "{self:?}");
    }

    #[track_caller]
    pub(crate) fn assert_ok(&self) {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
    }

    /// RFC 7009 section 2.2.
    #[track_caller]
    pub(crate) fn assert_revoked(&self) {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        assert_eq!(self.header("content-length"), Some("0"), "{self:?}");
        assert_eq!(self.body, "");
    }

    /// RFC 7662 section 2.2.
    #[track_caller]
    pub(crate) fn assert_inactive(&self) {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        assert_eq!(self.body, r#"{"active":false}"#);
    }
}

/// The characters of RFC 6749 section 5.2.
fn is_description(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
