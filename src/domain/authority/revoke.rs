//! RFC 7009: a client ends a token of its own.

use super::request::Caller;
use super::{Authority, Bounded};
use crate::domain::audit::Event;
use crate::domain::client::{Client, Reach, Surface};
use crate::domain::error::{Error, GrantFault};
use crate::domain::family::{Family, State};
use crate::domain::store::Receipt;
use crate::domain::token::{OpaqueKind, Reading};
use crate::domain::{Cause, Target, Timestamp, TokenId};

/// A token of ours, by what its text alone proves.
#[derive(Clone, Copy)]
struct Proven<'a> {
    id: TokenId,
    kind: OpaqueKind,
    /// What a JWT says of itself: its client, and when it expires.
    claims: Option<(&'a str, Timestamp)>,
}

impl Authority {
    /// What is unknown, expired or revoked already is answered like what is revoked now (section 2.2). What is taken does
    /// not depend on whether the presented token is still alive.
    pub async fn revoke(&self, caller: &Caller, surface: Surface, token: &str) -> Result<Receipt, Error> {
        if !caller.client.surfaces.contains(&surface) {
            return Err(Error::UnauthorizedClient);
        }
        match self.read(token).await? {
            Reading::Garbage | Reading::UnknownKey(_) => self.limits.miss(caller).map(|()| Receipt::default()),
            Reading::Opaque { kind, id, .. } => {
                self.end(caller, Proven { id, kind, claims: None }).within(self.deadline).await
            }
            Reading::Jwt(jwt) => {
                let claims = Some((jwt.claims.client.as_str(), jwt.claims.expires_at));
                self.end(caller, Proven { id: jwt.claims.id, kind: OpaqueKind::Access, claims })
                    .within(self.deadline)
                    .await
            }
        }
    }

    async fn end(&self, caller: &Caller, token: Proven<'_>) -> Result<Receipt, Error> {
        loop {
            let Some(stored) = self.load(token.id.family).await?.stored else {
                return self.end_without_record(caller, token).await;
            };
            // The same whether it is alive or not: another client learns nothing of it, and ends nothing (section 2.1).
            if stored.family.client != caller.client.id {
                return Err(Error::InvalidGrant(GrantFault::OtherClient));
            }
            let target = target(&caller.client, token);
            if self.is_settled(&target).await? {
                return Ok(Receipt::default());
            }
            let end = match target {
                Target::Token(_) => self.access_end(&stored.family, token),
                _ => self.family_end(&stored.family),
            };
            if let Some(receipt) = self.end_record(&stored, &target, Cause::Requested, end).await? {
                self.audit.record(&Event::Revoked {
                    target: super::kind_of(&target),
                    family: Some(stored.family.id),
                    client: Some(caller.client.id.clone()),
                    cause: Cause::Requested,
                    receipt,
                });
                return Ok(receipt);
            }
        }
    }

    /// The record was lost, or has expired. A JWT says itself whose it is and until when somebody may accept it; an opaque
    /// token without a record is dead, and nobody knows whose it was.
    async fn end_without_record(&self, caller: &Caller, token: Proven<'_>) -> Result<Receipt, Error> {
        let Some((client, expires_at)) = token.claims else { return Ok(Receipt::default()) };
        let over = expires_at.plus(self.margin) <= self.clock.now();
        if over || *client != *caller.client.id.as_str() {
            return Ok(Receipt::default());
        }
        let target = target(&caller.client, token);
        if self.is_settled(&target).await? {
            return Ok(Receipt::default());
        }
        let end = match target {
            Target::Token(_) => expires_at,
            _ => self.longest_end(token.id.family),
        };
        let (kind, family, cause) = (super::kind_of(&target), token.id.family, Cause::Requested);
        self.append(family.shard(), self.revocation(target, cause, end)).await?;
        let receipt = Receipt { access_tokens: 1, ..Receipt::default() };
        let client = Some(caller.client.id.clone());
        self.audit.record(&Event::Revoked { target: kind, family: Some(family), client, cause, receipt });
        Ok(receipt)
    }

    /// When the last thing that hangs from an access token is dead: what was exchanged from it never outlives it.
    fn access_end(&self, family: &Family, token: Proven<'_>) -> Timestamp {
        let listed = match &family.state {
            State::Live(tokens) => tokens
                .access
                .iter()
                .find(|access| family.id_of_access(access) == token.id)
                .map(|access| access.expires_at),
            State::Ended { .. } => None,
        };
        let claimed = token.claims.map(|(_, expires_at)| expires_at);
        listed.max(claimed).unwrap_or_else(|| self.family_end(family))
    }
}

/// A refresh token and a code end their family; an access token itself, or its family where its client is set so.
fn target(client: &Client, token: Proven<'_>) -> Target {
    match (token.kind, client.tokens.revoke_access_token) {
        (OpaqueKind::Access, Reach::Token) => Target::Token(token.id),
        (OpaqueKind::Access, Reach::Family) | (OpaqueKind::Refresh | OpaqueKind::Code, _) => {
            Target::Family(token.id.family)
        }
    }
}
