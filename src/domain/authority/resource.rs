//! RFC 8707: for which resources a token is asked, and what of its scope means anything there (RFC 9068 section 3).

use std::sync::Arc;

use super::Authority;
use crate::domain::client::{Client, TokenFormat};
use crate::domain::error::Error;
use crate::domain::openid;
use crate::domain::scope::Scope;

/// What a grant is to be good for.
pub(super) struct Aim {
    pub(super) audience: Vec<Arc<str>>,
    pub(super) scope: Scope,
}

impl Authority {
    /// The resources that are asked for, out of those that the client's tokens are for; without any, all of them.
    pub(super) fn aim(&self, client: &Client, resources: &[Arc<str>], scope: Scope) -> Result<Aim, Error> {
        self.aim_within(&client.audience, client.tokens.format, resources, scope)
    }

    /// As [`Self::aim`], out of what was granted.
    pub(super) fn aim_within(
        &self,
        granted: &[Arc<str>],
        format: TokenFormat,
        resources: &[Arc<str>],
        scope: Scope,
    ) -> Result<Aim, Error> {
        if resources.is_empty() {
            return Ok(Aim { audience: granted.to_vec(), scope });
        }
        if resources.iter().any(|resource| !granted.contains(resource)) {
            return Err(Error::InvalidTarget);
        }
        let audience: Vec<_> = granted.iter().filter(|own| resources.contains(own)).cloned().collect();
        let known_at = |token: &str| audience.iter().filter(|resource| self.knows(resource, token)).count();
        // Whoever verifies a JWT by itself reads all of its scope as its own.
        if format == TokenFormat::Jwt && scope.tokens().any(|token| known_at(token) > 1 && !openid::is_ours(token)) {
            return Err(Error::InvalidTarget);
        }
        let meant = scope.only(|token| openid::is_ours(token) || known_at(token) > 0);
        if openid::without(&meant).is_empty() && !openid::without(&scope).is_empty() {
            return Err(Error::InvalidScope);
        }
        Ok(Aim { audience, scope: meant })
    }

    /// A resource that nobody has registered may know any.
    fn knows(&self, resource: &str, token: &str) -> bool {
        let servers = self.clients.iter().filter_map(|client| client.resource_server.as_ref());
        let mut scopes = servers.filter(|server| &*server.audience == resource).map(|it| it.scope.as_ref()).peekable();
        scopes.peek().is_none() || scopes.any(|scope| scope.is_none_or(|scope| scope.contains(token)))
    }
}
