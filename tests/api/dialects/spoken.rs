//! The calls of each dialect, as the vendor's clients make them, and what its refusals look like.

use crate::answer::Answer;
use crate::spawn::{App, Tokens, secret_of, tokens};

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
}

impl Answer {
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
}
