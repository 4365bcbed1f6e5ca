//! The calls of each dialect, as the vendor's clients make them, and what its refusals look like.

use atropos::domain::client::Surface;
use reqwest::Method;
use serde_json::{Value, json};

use super::infisical::{LOGIN, RENEW, REVOKE};
use crate::answer::Answer;
use crate::spawn::{App, Tokens, secret_of, tokens};

/// One call of a dialect.
pub(crate) struct Call {
    pub surface: Surface,
    pub path: &'static str,
    pub media_type: &'static str,
    pub takes_bearer: bool,
}

const fn form(path: &'static str, takes_bearer: bool) -> Call {
    Call { surface: Surface::Kajabi, path, media_type: "application/x-www-form-urlencoded", takes_bearer }
}

const fn json(surface: Surface, path: &'static str) -> Call {
    Call { surface, path, media_type: "application/json", takes_bearer: false }
}

/// Every call of every dialect but those by which Infisical's identities are managed.
pub(crate) const CALLS: &[Call] = &[
    form("/v1/oauth/token", false),
    form("/v1/oauth/revoke", true),
    json(Surface::Anghami, "/v1/auth/token"),
    json(Surface::Anghami, "/v1/auth/token/refresh"),
    json(Surface::Anghami, "/v1/auth/token/revoke"),
    json(Surface::Infisical, LOGIN),
    json(Surface::Infisical, RENEW),
    json(Surface::Infisical, REVOKE),
];

impl Call {
    /// A body of this length that would be read, if it were not for its length.
    pub(crate) fn filler(&self, length: usize) -> String {
        let (begin, end) = if self.media_type.ends_with("json") { (r#"{"token":""#, r#""}"#) } else { ("token=", "") };
        format!("{begin}{}{end}", "a".repeat(length - begin.len() - end.len()))
    }
}

impl App {
    /// A session of an API key.
    pub(crate) async fn kajabi_session(&self, client: &str) -> Tokens {
        tokens(&self.kajabi_token(client, &secret_of(client)).await)
    }

    pub(crate) async fn kajabi_token(&self, client: &str, secret: &str) -> Answer {
        let form = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret)];
        Answer::to(self.post("/v1/oauth/token", &form)).await
    }

    pub(crate) async fn kajabi_refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        Answer::to(self.post("/v1/oauth/token", &form)).await
    }

    pub(crate) async fn kajabi_revoke(&self, bearer: &str, token: &str) -> Answer {
        Answer::to(self.post("/v1/oauth/revoke", &[("token", token)]).bearer_auth(bearer)).await
    }

    /// A person's session, as if logged in at an application built with the SDK.
    pub(crate) async fn anghami_session(&self, client: &str) -> Tokens {
        self.log_in_at(Surface::Anghami, client, "alice").await
    }

    pub(crate) async fn anghami_revoke(&self, client: &str, token: &str) -> Answer {
        Answer::to(self.post_json("/v1/auth/token/revoke", &json!({ "token": token, "clientId": client }))).await
    }

    pub(crate) async fn anghami_refresh(&self, client: &str, token: &str) -> Answer {
        let body = json!({ "refreshToken": token, "clientId": client });
        Answer::to(self.post_json("/v1/auth/token/refresh", &body)).await
    }

    /// What a machine logs in to. There are no refresh tokens: the token is renewed by itself.
    pub(crate) async fn infisical_session(&self, client: &str) -> Tokens {
        let answer = self.machine_login(client, &secret_of(client)).await;
        Tokens { access: answer.access_token(), refresh: None }
    }

    pub(crate) async fn json_text(&self, path: &str, body: &str) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        Answer::to(request.body(body.to_owned())).await
    }
}

impl Answer {
    /// A refusal in the words of this dialect.
    #[track_caller]
    pub(crate) fn assert_refusal(&self, surface: Surface, status: u16) {
        match surface {
            Surface::Kajabi => {
                let body = self.json();
                self.assert_kajabi(status, body["error"].as_str().expect("a code"));
            }
            Surface::Anghami if status == 400 => {
                let body = self.json();
                let violations = body["violations"].as_array().expect("a list");
                assert!(!violations.is_empty(), "{self:?}");
                let fields: Vec<_> = violations.iter().map(|it| it["field"].as_str().expect("a name")).collect();
                self.assert_violations(&fields);
            }
            Surface::Anghami => self.assert_message(status),
            Surface::Infisical => {
                let body = self.json();
                self.assert_envelope(status, body["error"].as_str().expect("a name"));
            }
            Surface::Standard => panic!("{surface:?} has tests of its own"),
        }
    }

    /// The body of a Kajabi error reads as one of OAuth and as one of JSON:API.
    #[track_caller]
    pub(crate) fn assert_kajabi(&self, status: u16, code: &str) {
        self.assert_error(status, code);
        let body = self.json();
        let members: Vec<_> = body.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["error", "error_description", "errors"]);
        let [error] = &body["errors"].as_array().expect("a list")[..] else { panic!("{self:?}") };
        assert_eq!(error["status"], status.to_string());
        assert_eq!(error["title"], self.status.canonical_reason().expect("a reason"));
        assert_eq!(error["detail"], body["error_description"]);
        if status == 401 {
            let challenge = self.header("www-authenticate").expect("a challenge");
            assert!(challenge.starts_with("Bearer realm=\"atropos\""), "{challenge}");
        }
    }

    /// The access token that was shown is none, or none any more.
    #[track_caller]
    pub(crate) fn assert_invalid_token(&self) {
        self.assert_kajabi(401, "invalid_token");
        assert_eq!(self.header("www-authenticate"), Some("Bearer realm=\"atropos\", error=\"invalid_token\""));
    }

    /// One sentence, for whatever is wrong but the fields of a request.
    #[track_caller]
    pub(crate) fn assert_message(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.assert_json_headers();
        let body = self.json();
        assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        let members = body.as_object().expect("an object").len();
        assert_eq!(members, 1 + usize::from(body.get("code").is_some()), "{self:?}");
    }

    /// The fields that are wrong, in order.
    #[track_caller]
    pub(crate) fn assert_violations(&self, fields: &[&str]) {
        assert_eq!(self.status.as_u16(), 400, "{self:?}");
        self.assert_json_headers();
        let body = self.json();
        assert_eq!(body.as_object().expect("an object").len(), 1, "{self:?}");
        let violations = body["violations"].as_array().expect("a list");
        let named: Vec<_> = violations.iter().map(|violation| violation["field"].as_str().expect("a name")).collect();
        assert_eq!(named, fields, "{self:?}");
        let told = |violation: &Value| violation["description"].as_str().is_some_and(|text| !text.is_empty());
        assert!(violations.iter().all(told), "{self:?}");
    }

    #[track_caller]
    pub(super) fn assert_json_headers(&self) {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
    }
}
