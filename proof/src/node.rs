//! A running server, as its clients see it.

use std::ops::{Deref, DerefMut};

use atropos_testbed::Binary;

use crate::client::Client;

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
        let client = Client::new(CLIENT, binary.address());
        Self { binary, client }
    }

    /// A new session: one refresh and one access token.
    pub async fn issue(&self) -> Outcome<Session> {
        self.client.issue().await
    }

    /// Spends a refresh token for its successors.
    pub async fn refresh(&self, refresh: &str) -> Outcome<Session> {
        self.client.refresh(refresh).await
    }

    pub async fn revoke(&self, token: &str) -> Outcome<()> {
        self.client.revoke(token).await
    }

    /// Whether the token is active.
    pub async fn introspect(&self, token: &str) -> Outcome<bool> {
        self.client.named(API).introspect(token).await
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
