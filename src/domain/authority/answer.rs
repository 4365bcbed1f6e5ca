//! What endpoints are answered.

use std::fmt;
use std::sync::Arc;

use zeroize::ZeroizeOnDrop;

use crate::domain::client::ClientId;
use crate::domain::scope::Scope;
use crate::domain::{Timestamp, TokenId};

/// A token as its bearer holds it. Silent in `Debug`; wiped when dropped.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct TokenText(String);

impl TokenText {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Only for the one answer that hands the token out.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// RFC 6749 section 5.1.
#[derive(Clone, Debug)]
pub struct Issued {
    pub access_token: TokenText,
    pub refresh_token: Option<TokenText>,
    /// Who has signed in, where that was asked for.
    pub id_token: Option<TokenText>,
    /// Seconds until the access token expires, counted from now, to the nearest.
    pub expires_in: u64,
    pub scope: Scope,
}

/// RFC 7662 section 2.2. Why something is not active is not told.
#[derive(Clone, Debug)]
pub enum Introspection {
    Inactive,
    Active(Box<ActiveToken>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Access,
    Refresh,
}

/// What an entitled caller is told: audience and scope are cut down to what concerns it.
#[derive(Clone, Debug)]
pub struct ActiveToken {
    pub kind: TokenKind,
    pub id: TokenId,
    pub issuer: Arc<str>,
    pub client: ClientId,
    /// The person, or the client itself for a machine's token.
    pub subject: Box<str>,
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}
