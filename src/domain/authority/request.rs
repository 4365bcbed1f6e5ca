//! What endpoints ask.

use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::client::{Client, Surface};
use crate::domain::scope::Scope;

/// How a client proved itself (RFC 6749 section 2.3, RFC 7523), by its name in metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationMethod {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}

impl AuthenticationMethod {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// What a request shows of its client, decoded, not yet believed.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    Nothing,
    /// `client_id` alone: a public client, if it is one.
    ClientId(&'a str),
    /// `method` is `ClientSecretBasic` or `ClientSecretPost`.
    Secret {
        method: AuthenticationMethod,
        client_id: &'a str,
        secret: &'a str,
    },
    /// RFC 7523 section 2.2; `client_id` is optional there and must agree with the assertion if sent.
    Assertion {
        client_id: Option<&'a str>,
        assertion: &'a str,
    },
}

/// A client that has proved who it is.
#[derive(Clone, Debug)]
pub struct Caller {
    pub client: Arc<Client>,
    pub method: AuthenticationMethod,
    /// Names the very credential: a replayed refresh must come with the same one.
    pub credential: [u8; 8],
    /// Where the request came from; what is guessed is counted by it.
    pub source: Option<IpAddr>,
}

/// RFC 6749 section 4.4.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub surface: Surface,
    pub scope: Option<Scope>,
    /// RFC 8707; empty: all that the client's tokens are for.
    pub resources: Vec<Arc<str>>,
}

/// RFC 6749 section 6.
pub struct Refresh<'a> {
    pub surface: Surface,
    pub refresh_token: &'a str,
    pub scope: Option<Scope>,
    /// RFC 8707; empty: all that was granted.
    pub resources: Vec<Arc<str>>,
}
