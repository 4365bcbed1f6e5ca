//! A client of the server: one of the samples, at one address.

use std::net::SocketAddr;

use reqwest::Response;
use serde_json::Value;

use crate::node::{Outcome, Session};

/// A sample client that knows where its server is. Its secret is its id and `-secret`.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    at: SocketAddr,
    id: &'static str,
}

impl Client {
    pub fn new(id: &'static str, at: SocketAddr) -> Self {
        Self { http: reqwest::Client::new(), at, id }
    }

    /// Another client at the same address.
    #[must_use]
    pub fn named(&self, id: &'static str) -> Self {
        Self { id, ..self.clone() }
    }

    /// A new session: one refresh and one access token.
    pub async fn issue(&self) -> Outcome<Session> {
        self.token(&[("grant_type", "client_credentials")]).await
    }

    /// Spends a refresh token for its successors.
    pub async fn refresh(&self, refresh: &str) -> Outcome<Session> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await
    }

    pub async fn revoke(&self, token: &str) -> Outcome<()> {
        let Ok(answer) = self.post("/oauth/revoke", &[("token", token)]).await else { return Outcome::Lost };
        read(answer, |_| Some(())).await
    }

    /// Whether the token is active, as far as this client may know.
    pub async fn introspect(&self, token: &str) -> Outcome<bool> {
        let Ok(answer) = self.post("/oauth/introspect", &[("token", token)]).await else { return Outcome::Lost };
        read(answer, |body| serde_json::from_slice::<Value>(body).ok()?["active"].as_bool()).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> Outcome<Session> {
        let Ok(answer) = self.post("/oauth/token", form).await else { return Outcome::Lost };
        read(answer, |body| {
            let body: Value = serde_json::from_slice(body).ok()?;
            let text = |member: &str| Some(body[member].as_str()?.to_owned());
            Some(Session { access: text("access_token")?, refresh: text("refresh_token")? })
        })
        .await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let request = self.http.post(format!("http://{}{path}", self.at));
        request.basic_auth(self.id, Some(format!("{}-secret", self.id))).form(form).send().await
    }
}

/// Panics at what no server may answer: a status that is none of ours, a 503 that does not say when to come again.
async fn read<T>(answer: Response, whole: impl FnOnce(&[u8]) -> Option<T>) -> Outcome<T> {
    let (status, retry) = (answer.status(), answer.headers().contains_key("retry-after"));
    let Ok(body) = answer.bytes().await else { return Outcome::Lost };
    match status.as_u16() {
        200 => Outcome::Told(whole(&body).expect("an answer of 200 is whole")),
        503 if retry => Outcome::Unavailable,
        400 => {
            let body: Value = serde_json::from_slice(&body).expect("an error is JSON");
            Outcome::Refused(body["error"].as_str().expect("an error has a code").to_owned())
        }
        _ => panic!("{status}, Retry-After {retry}: {}", String::from_utf8_lossy(&body)),
    }
}
