//! RFC 6749 section 4.3: a session for whoever types a name and a password into somebody else's application.
//!
//! OAuth 2.1 has dropped it, for the application learns the password. Only a dialect offers it, where somebody turned it on.

use std::net::IpAddr;

use super::answer::Issued;
use super::{Authority, Bounded};
use crate::domain::client::{GrantType, Surface};
use crate::domain::error::Error;
use crate::domain::scope::Scope;

/// What somebody typed, and where it was sent.
pub struct SignIn<'a> {
    pub surface: Surface,
    pub username: &'a str,
    pub password: &'a str,
    pub scope: Option<Scope>,
}

impl Authority {
    /// It becomes a session of the one client that is registered for it. Nothing proves that this client asks: whoever has
    /// the password may.
    pub async fn sign_in(&self, request: SignIn<'_>, source: Option<IpAddr>) -> Result<Issued, Error> {
        let client = self.clients.for_passwords().filter(|client| client.enabled);
        let client = client.ok_or(Error::UnsupportedGrantType)?;
        Self::may_use(client, request.surface, GrantType::Password)?;
        let scope = request.scope.unwrap_or_else(|| client.scope.clone());
        if !scope.is_within(&client.scope) {
            return Err(Error::InvalidScope);
        }
        async {
            let user = self.authenticator.sign_in(request.username, request.password, source, None).await?;
            self.limits.issue(&client.id)?;
            self.begin_session(client, request.surface, &user.subject, scope).await
        }
        .within(self.deadline)
        .await
    }
}
