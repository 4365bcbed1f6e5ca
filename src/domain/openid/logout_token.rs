//! The logout token (Back-Channel Logout section 2.4): that a person's session at an application is over.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::domain::client::ClientId;
use crate::domain::{FamilyId, Timestamp};

/// Section 2.4: so that it is taken for nothing else.
pub const TYP: &str = "logout+jwt";

/// Each try makes one of its own.
const LIFETIME: Duration = Duration::from_mins(2);

/// What it has in place of a `nonce`, by which it would be taken for an ID token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Empty,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Empty {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoutClaims {
    iss: Arc<str>,
    sub: Box<str>,
    aud: ClientId,
    iat: u64,
    exp: u64,
    jti: String,
    sid: FamilyId,
    events: Events,
}

/// Which session has ended, and at whose side it is to end.
#[derive(Clone, Copy, Debug)]
pub struct SignedOut<'a> {
    pub client: &'a ClientId,
    pub subject: &'a str,
    pub session: FamilyId,
}

impl LogoutClaims {
    /// `jti`: drawn for it alone.
    pub fn new(issuer: &Arc<str>, signed_out: SignedOut<'_>, jti: String, now: Timestamp) -> Self {
        Self {
            iss: Arc::clone(issuer),
            sub: signed_out.subject.into(),
            aud: signed_out.client.clone(),
            iat: now.as_secs(),
            exp: now.plus(LIFETIME).as_secs(),
            jti,
            sid: signed_out.session,
            events: Events::default(),
        }
    }
}
