//! RFC 8707: for which resources a token is asked, and what of its scope means anything there (RFC 9068 section 3).

use std::sync::Arc;

use super::Authority;
use crate::domain::client::{Client, TokenFormat};
use crate::domain::error::Error;
use crate::domain::scope::Scope;

/// What a grant is to be good for.
pub(super) struct Aim {
    pub(super) audience: Vec<Arc<str>>,
    pub(super) scope: Scope,
}

impl Authority {
    /// The resources that are asked for, out of those that the client's tokens are for; without any, all of them.
    pub(super) fn aim(&self, client: &Client, resources: &[Arc<str>], scope: Scope) -> Result<Aim, Error> {
        if resources.is_empty() {
            return Ok(Aim { audience: client.audience.clone(), scope });
        }
        if resources.iter().any(|resource| !client.audience.contains(resource)) {
            return Err(Error::InvalidTarget);
        }
        let audience: Vec<_> = client.audience.iter().filter(|own| resources.contains(own)).cloned().collect();
        let known_at = |token: &str| audience.iter().filter(|resource| self.knows(resource, token)).count();
        // Whoever verifies a JWT by itself reads all of its scope as its own.
        if client.tokens.format == TokenFormat::Jwt && scope.tokens().any(|token| known_at(token) > 1) {
            return Err(Error::InvalidTarget);
        }
        let scope = scope.only(|token| known_at(token) > 0);
        if scope.is_empty() && !client.scope.is_empty() {
            return Err(Error::InvalidScope);
        }
        Ok(Aim { audience, scope })
    }

    /// A resource that nobody has registered may know any.
    fn knows(&self, resource: &str, token: &str) -> bool {
        let servers = self.clients.iter().filter_map(|client| client.resource_server.as_ref());
        let mut scopes = servers.filter(|server| &*server.audience == resource).map(|it| it.scope.as_ref()).peekable();
        scopes.peek().is_none() || scopes.any(|scope| scope.is_none_or(|scope| scope.contains(token)))
    }
}
