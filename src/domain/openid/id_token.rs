//! The ID token (Core section 2): who signed in, when, for whom.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::client::ClientId;
use crate::domain::{FamilyId, Timestamp};

/// As most servers write it; Core asks for none.
pub const TYP: &str = "JWT";

/// It tells of a moment, and is looked at in that moment. As a hint it is good for longer.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// Times are told in whole seconds, rounded down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdClaims {
    pub iss: Arc<str>,
    pub sub: Box<str>,
    pub aud: ClientId,
    pub iat: u64,
    pub exp: u64,
    /// When the person proved who it is.
    pub auth_time: u64,
    /// As it came in the request (section 3.1.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Box<str>>,
    /// The session in the browser (Back-Channel Logout section 2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<FamilyId>,
}

/// What one is made of.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    pub client: &'a ClientId,
    pub subject: &'a str,
    pub at: Timestamp,
    pub session: Option<FamilyId>,
    pub nonce: Option<&'a str>,
}

impl IdClaims {
    pub fn new(issuer: &Arc<str>, signed_in: SignedIn<'_>, now: Timestamp) -> Self {
        Self {
            iss: Arc::clone(issuer),
            sub: signed_in.subject.into(),
            aud: signed_in.client.clone(),
            iat: now.as_secs(),
            exp: now.plus(LIFETIME).as_secs(),
            auth_time: signed_in.at.as_secs(),
            nonce: signed_in.nonce.map(Into::into),
            sid: signed_in.session,
        }
    }
}
