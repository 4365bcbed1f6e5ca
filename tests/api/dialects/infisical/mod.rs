//! Infisical's machine identities (docs/conformance/dialects.md, section 18.1).

mod configuration;
mod list;
mod log_in;
mod management;
mod outage;
mod possession;
mod races;
mod restrictions;
mod revocation;
mod schema;
mod surfaces;

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clients::identity;
use crate::spawn::{App, forged, secret_of};

pub(super) const LOGIN: &str = "/api/v1/auth/universal-auth/login";
pub(super) const RENEW: &str = "/api/v1/auth/token/renew";
pub(super) const REVOKE: &str = "/api/v1/auth/token/revoke";
const TOKEN_AUTH: &str = "/api/v1/auth/token-auth";

/// What every revocation is answered, byte for byte.
const REVOKED: &str = r#"{"message":"Successfully revoked access token"}"#;

/// Where an identity is configured.
fn configuration_of(client: &str) -> String {
    format!("{TOKEN_AUTH}/identities/{}", identity(client))
}

/// Where its tokens are made and listed.
fn tokens_of(client: &str) -> String {
    format!("{}/tokens", configuration_of(client))
}

fn token_path(id: &str) -> String {
    format!("{TOKEN_AUTH}/tokens/{id}")
}

fn revocation_of(id: &str) -> String {
    format!("{}/revoke", token_path(id))
}

/// An id that reads as this one does, of a token that there is not.
fn unknown(id: &str) -> String {
    format!("{}000000000000", &id[..24])
}

/// Every call that takes a bearer, about this identity and this token of it.
fn managing(client: &str, id: &str) -> [(Method, String); 9] {
    [
        (Method::POST, configuration_of(client)),
        (Method::GET, configuration_of(client)),
        (Method::PATCH, configuration_of(client)),
        (Method::POST, tokens_of(client)),
        (Method::GET, tokens_of(client)),
        (Method::GET, token_path(id)),
        (Method::PATCH, token_path(id)),
        (Method::POST, revocation_of(id)),
        (Method::DELETE, configuration_of(client)),
    ]
}

/// Somebody with an access token.
struct Holder<'a> {
    app: &'a App,
    token: String,
}

/// A token that was made by somebody else, and its id.
struct Made {
    id: String,
    token: String,
}

impl App {
    pub(super) async fn machine_login(&self, client: &str, secret: &str) -> Answer {
        Answer::to(self.post_json(LOGIN, &json!({ "clientId": client, "clientSecret": secret }))).await
    }

    /// Logs in by universal auth.
    async fn machine(&self, client: &str) -> Holder<'_> {
        let answer = self.machine_login(client, &secret_of(client)).await;
        self.holding(&answer.access_token())
    }

    fn holding(&self, token: &str) -> Holder<'_> {
        Holder { app: self, token: token.to_owned() }
    }

    pub(super) async fn machine_renew(&self, token: &str) -> Answer {
        Answer::to(self.post_json(RENEW, &json!({ "accessToken": token }))).await
    }

    pub(super) async fn machine_revoke(&self, token: &str) -> Answer {
        Answer::to(self.post_json(REVOKE, &json!({ "accessToken": token }))).await
    }

    /// The id of a token's family, as whoever guesses well would write it.
    async fn id_of(&self, token: &str) -> String {
        self.authority().token_id(token).await.expect("a store").expect("a token of ours").family.to_string()
    }
}

impl Holder<'_> {
    async fn send(&self, method: Method, path: &str) -> Answer {
        Answer::to(self.app.request(method, path).bearer_auth(&self.token)).await
    }

    async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        Answer::to(self.app.request(method, path).bearer_auth(&self.token).json(body)).await
    }

    async fn attach(&self, client: &str, terms: &Value) -> Answer {
        self.send_json(Method::POST, &configuration_of(client), terms).await
    }

    async fn change(&self, client: &str, terms: &Value) -> Answer {
        self.send_json(Method::PATCH, &configuration_of(client), terms).await
    }

    async fn remove(&self, client: &str) -> Answer {
        self.send(Method::DELETE, &configuration_of(client)).await
    }

    async fn create(&self, client: &str, body: &Value) -> Answer {
        self.send_json(Method::POST, &tokens_of(client), body).await
    }

    /// A token of an identity that has been configured.
    async fn made(&self, client: &str) -> Made {
        let answer = self.create(client, &json!({})).await;
        let id = answer.json()["tokenData"]["id"].as_str().expect("an id").to_owned();
        Made { id, token: answer.access_token() }
    }

    /// Configures an identity, and makes a token of it.
    async fn made_on(&self, client: &str, terms: &Value) -> Made {
        self.attach(client, terms).await.assert_ok();
        self.made(client).await
    }

    async fn show(&self, id: &str) -> Answer {
        self.send(Method::GET, &token_path(id)).await
    }

    /// What is told of a token.
    async fn data(&self, id: &str) -> Value {
        let answer = self.show(id).await;
        answer.assert_token();
        answer.json()["token"].clone()
    }

    async fn revoke(&self, id: &str) -> Answer {
        self.send(Method::POST, &revocation_of(id)).await
    }

    /// What is told of all tokens of an identity, as far as `query` asks for them.
    async fn listed(&self, client: &str, query: &str) -> Vec<Value> {
        let answer = self.send(Method::GET, &format!("{}{query}", tokens_of(client))).await;
        answer.assert_list();
        answer.json()["tokens"].as_array().expect("a list").clone()
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn access_token(&self) -> String {
        self.assert_ok();
        self.json()["accessToken"].as_str().expect("a token").to_owned()
    }

    /// An answer without what differs for each request: the id, in the header and in the body.
    fn without_id(self) -> (u16, String) {
        let mut body = self.json();
        body["reqId"] = Value::Null;
        (self.status.as_u16(), body.to_string())
    }
}
