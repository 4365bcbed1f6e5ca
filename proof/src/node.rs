//! A running server, as its clients see it.

use std::ops::{Deref, DerefMut};

use atropos_testbed::Binary;
use reqwest::{Client, Response};
use serde_json::Value;

/// A running server. It is a [`Binary`] too, and can be killed as one.
pub struct Node {
    binary: Binary,
    client: Client,
}

/// What a client has of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub access: String,
    pub refresh: String,
}

/// How a request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    Told(T),
    /// An OAuth error, by its code: nothing was done.
    Refused(String),
    /// 503 with `Retry-After`: whether anything was done is not known.
    Unavailable,
    /// No answer, or not a whole one: whether anything was done is not known.
    Lost,
}

impl<T> Outcome<T> {
    pub fn told(self) -> Option<T> {
        match self {
            Self::Told(value) => Some(value),
            _ => None,
        }
    }
}

/// The sample client with refresh tokens, and the one that may introspect.
const CLIENT: &str = "demo-session";
const API: &str = "demo-api";

impl Node {
    pub(crate) fn of(binary: Binary) -> Self {
        Self { binary, client: Client::new() }
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
        let Ok(answer) = self.post("/oauth/revoke", CLIENT, &[("token", token)]).await else { return Outcome::Lost };
        read(answer, |_| Some(())).await
    }

    /// Whether the token is active.
    pub async fn introspect(&self, token: &str) -> Outcome<bool> {
        let Ok(answer) = self.post("/oauth/introspect", API, &[("token", token)]).await else { return Outcome::Lost };
        read(answer, |body| serde_json::from_slice::<Value>(body).ok()?["active"].as_bool()).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> Outcome<Session> {
        let Ok(answer) = self.post("/oauth/token", CLIENT, form).await else { return Outcome::Lost };
        read(answer, |body| {
            let body: Value = serde_json::from_slice(body).ok()?;
            let text = |member: &str| Some(body[member].as_str()?.to_owned());
            Some(Session { access: text("access_token")?, refresh: text("refresh_token")? })
        })
        .await
    }

    async fn post(&self, path: &str, client: &str, form: &[(&str, &str)]) -> reqwest::Result<Response> {
        let request = self.client.post(self.binary.url(path));
        request.basic_auth(client, Some(format!("{client}-secret"))).form(form).send().await
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

impl Deref for Node {
    type Target = Binary;

    fn deref(&self) -> &Binary {
        &self.binary
    }
}

impl DerefMut for Node {
    fn deref_mut(&mut self) -> &mut Binary {
        &mut self.binary
    }
}
