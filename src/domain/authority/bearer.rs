//! RFC 6750: an access token as the proof of who asks.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Authority, Bounded};
use crate::domain::client::{Client, Surface};
use crate::domain::error::{BearerFault, Error};
use crate::domain::family::alive::Found;
use crate::domain::family::{AccessToken, Family, State};
use crate::domain::store::{Loaded, Stored};
use crate::domain::token::{OpaqueKind, Reading};
use crate::domain::{KeyId, TokenId};

/// Whoever showed an access token that was alive when its record was read.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The client that the token was issued to.
    pub client: Arc<Client>,
    pub token: TokenId,
    /// Where the request came from; what is guessed is counted by it.
    pub source: Option<IpAddr>,
    pub(super) key: KeyId,
    /// The record by which it was judged.
    pub(super) stored: Stored,
}

impl Bearer {
    pub fn family(&self) -> &Family {
        &self.stored.family
    }

    /// The person it stands for; `None`: the client itself.
    pub fn subject(&self) -> Option<&str> {
        self.family().subject.as_deref()
    }

    /// The token's own entry in the record.
    pub fn access_token(&self) -> Option<&AccessToken> {
        let family = self.family();
        let State::Live(tokens) = &family.state else { return None };
        tokens.access.iter().find(|access| family.id_of_access(access) == self.token)
    }
}

impl Authority {
    /// Who shows this access token, judged exactly, in one trip, as introspection would. Tokens born on another surface
    /// are unknown on this one.
    pub async fn bearer(&self, token: &str, surface: Surface, source: Option<IpAddr>) -> Result<Bearer, Error> {
        let (id, key) = self.read_access_token(token, source).await?;
        self.recognize(id, key, surface, source).within(self.deadline).await
    }

    /// All that the text alone tells of an access token.
    pub(super) async fn read_access_token(
        &self,
        token: &str,
        source: Option<IpAddr>,
    ) -> Result<(TokenId, KeyId), Error> {
        match self.read(token).await? {
            Reading::Opaque { kind: OpaqueKind::Access, id, key } => Ok((id, key)),
            Reading::Opaque { .. } => Err(Error::InvalidToken(BearerFault::NoAccessToken)),
            Reading::Jwt(jwt) if jwt.is_expired(self.clock.now()) => Err(Error::InvalidToken(BearerFault::Expired)),
            Reading::Jwt(jwt) => Ok((jwt.claims.id, jwt.key)),
            Reading::Garbage | Reading::UnknownKey(_) => {
                self.authenticator.count_stranger(source)?;
                Err(Error::InvalidToken(BearerFault::Unknown))
            }
        }
    }

    /// Judges the bearer anew, when the record turned out to have changed.
    pub(super) async fn again(&self, bearer: &Bearer) -> Result<Bearer, Error> {
        let surface = bearer.family().surface;
        self.recognize(bearer.token, bearer.key, surface, bearer.source).await
    }

    pub(super) async fn recognize(
        &self,
        token: TokenId,
        key: KeyId,
        surface: Surface,
        source: Option<IpAddr>,
    ) -> Result<Bearer, Error> {
        let refused = |fault| Err(Error::InvalidToken(fault));
        let Loaded { stored: Some(stored), head } = self.load(token.family).await? else {
            return refused(BearerFault::Unknown);
        };
        let family = &stored.family;
        if family.surface != surface {
            return refused(BearerFault::OtherSurface);
        }
        match self.find_alive(family, token, key, head).await? {
            Some(Found::Access(_)) => {}
            Some(Found::Refresh(_)) => return refused(BearerFault::NoAccessToken),
            None => {
                let denylist = self.follower.denylist(token.family.shard());
                let is_covered = denylist.covering(&family.credential(token, key)).is_some();
                let has_expired = !is_covered && family.has_expired(token, self.clock.now());
                return refused(if has_expired { BearerFault::Expired } else { BearerFault::Ended });
            }
        }
        let Ok(client) = self.voucher(family) else { return refused(BearerFault::Ended) };
        if !client.surfaces.contains(&surface) {
            return refused(BearerFault::OtherSurface);
        }
        Ok(Bearer { client: Arc::clone(client), token, source, key, stored })
    }
}
