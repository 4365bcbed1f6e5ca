//! RFC 7662: is this still good?

use std::sync::Arc;

use super::answer::{ActiveToken, Introspection, TokenKind};
use super::request::Caller;
use super::{Authority, Bounded};
use crate::domain::error::{ClientFault, Error};
use crate::domain::family::Family;
use crate::domain::family::alive::Found;
use crate::domain::scope::Scope;
use crate::domain::store::Loaded;
use crate::domain::token::Reading;
use crate::domain::{KeyId, TokenId};

impl Authority {
    /// One trip for whatever its own text does not already condemn, and one more where uses are counted; the same answer
    /// for all that is not active or not the caller's to know of (section 2.2).
    pub async fn introspect(&self, caller: &Caller, token: &str) -> Result<Introspection, Error> {
        // A public client's name is no proof of who asks: anybody could scan tokens in it (section 2.1).
        if caller.client.authentication.is_public() {
            return Err(Error::InvalidClient(ClientFault::WrongMethod));
        }
        match self.read(token).await? {
            Reading::Garbage | Reading::UnknownKey(_) => {
                self.limits.miss(&caller.client.id, caller.source).map(|()| Introspection::Inactive)
            }
            Reading::Opaque { id, key, .. } => self.look(caller, id, key).within(self.deadline).await,
            Reading::Jwt(jwt) if jwt.is_expired(self.clock.now()) => Ok(Introspection::Inactive),
            Reading::Jwt(jwt) => self.look(caller, jwt.claims.id, jwt.key).within(self.deadline).await,
        }
    }

    async fn look(&self, caller: &Caller, id: TokenId, key: KeyId) -> Result<Introspection, Error> {
        loop {
            let Loaded { stored: Some(stored), head } = self.load(id.family).await? else {
                self.judge_stand_in(id, key, caller.client.id.as_str());
                return Ok(Introspection::Inactive);
            };
            let family = &stored.family;
            let found = self.find_alive(family, id, key, head).await?;
            let Some(token) = found.and_then(|found| self.show(caller, family, found)) else {
                return Ok(Introspection::Inactive);
            };
            // A resource server asks because somebody uses the token. Its owner only wonders.
            let used = if family.client == caller.client.id { None } else { family.used(self.clock.now()) };
            if let Some(used) = used
                && !self.commit(&stored, &used, None).await?
            {
                continue;
            }
            return Ok(Introspection::Active(token.into()));
        }
    }

    /// The client that a token was issued to sees all of it. A resource server sees access tokens meant for it, cut down
    /// to its own audience and scopes. Anybody else sees nothing.
    fn show(&self, caller: &Caller, family: &Family, found: Found<'_>) -> Option<ActiveToken> {
        let (id, kind, scope, audience, issued_at, expires_at) = match found {
            Found::Access(token) => {
                let scope = family.scope_of(token);
                let audience = token.audience.as_ref().unwrap_or(&family.audience);
                (family.id_of_access(token), TokenKind::Access, scope, audience, token.issued_at, token.expires_at)
            }
            Found::Refresh(token) => {
                let (id, kind, audience) = (family.id_of_refresh(token), TokenKind::Refresh, &family.audience);
                (id, kind, &family.scope, audience, token.issued_at, token.expires_at)
            }
        };
        let (audience, scope) = visible(caller, family, kind, (audience, scope))?;
        Some(ActiveToken {
            kind,
            id,
            issuer: Arc::clone(&self.issuer),
            client: family.client.clone(),
            subject: family.subject.clone().unwrap_or_else(|| family.client.as_str().into()),
            scope,
            audience,
            issued_at,
            expires_at,
        })
    }
}

fn visible(
    caller: &Caller,
    family: &Family,
    kind: TokenKind,
    (audience, scope): (&[Arc<str>], &Scope),
) -> Option<(Vec<Arc<str>>, Scope)> {
    if family.client == caller.client.id {
        return Some((audience.to_vec(), scope.clone()));
    }
    let resource = caller.client.resource_server.as_ref()?;
    if kind != TokenKind::Access || !audience.contains(&resource.audience) {
        return None;
    }
    let scope = resource.scope.as_ref().map_or_else(|| scope.clone(), |own| scope.intersection(own));
    Some((vec![Arc::clone(&resource.audience)], scope))
}
