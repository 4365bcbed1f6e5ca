//! RFC 7009: a client ends a token of its own. And what a dialect makes of it: whoever has one token of a session ends it.

use super::bearer::Bearer;
use super::request::Caller;
use super::{Authority, Bounded};
use crate::domain::audit::Event;
use crate::domain::client::{Client, Reach, Surface};
use crate::domain::error::{Error, GrantFault};
use crate::domain::family::{Family, State};
use crate::domain::store::{Receipt, Stored};
use crate::domain::token::{AccessClaims, OpaqueKind, Reading};
use crate::domain::{Cause, Head, Target, Timestamp, TokenId};

/// A token of ours, by what its text alone proves.
#[derive(Clone, Copy)]
struct Proven<'a> {
    id: TokenId,
    kind: OpaqueKind,
    /// What a JWT says of itself.
    claims: Option<&'a AccessClaims>,
}

/// Who asks, and how much goes with an access token.
#[derive(Clone, Copy)]
struct Asker<'a> {
    client: &'a Client,
    whose: Whose<'a>,
    reach: Reach,
}

/// Whose tokens, of those of the client.
#[derive(Clone, Copy)]
enum Whose<'a> {
    Anybodys,
    /// This person's, or those of no person.
    Of(Option<&'a str>),
}

impl Asker<'_> {
    fn owns(&self, client: &str, subject: Option<&str>) -> bool {
        let its = match self.whose {
            Whose::Anybodys => true,
            Whose::Of(own) => own == subject,
        };
        its && client == self.client.id.as_str()
    }

    /// A refresh token and a code end their family; an access token itself, or its family where it reaches that far.
    fn target(&self, token: Proven<'_>) -> Target {
        match (token.kind, self.reach) {
            (OpaqueKind::Access, Reach::Token) => Target::Token(token.id),
            (OpaqueKind::Access, Reach::Family) | (OpaqueKind::Refresh | OpaqueKind::Code | OpaqueKind::Session, _) => {
                Target::Family(token.id.family)
            }
        }
    }
}

impl Authority {
    /// What is unknown, expired or revoked already is answered like what is revoked now (section 2.2). What is taken does
    /// not depend on whether the presented token is still alive.
    pub async fn revoke(&self, caller: &Caller, surface: Surface, token: &str) -> Result<Receipt, Error> {
        let client = &*caller.client;
        Self::may_speak(client, surface)?;
        let asker = Asker { client, whose: Whose::Anybodys, reach: surface.reach(&client.tokens) };
        match Proven::of(&self.read(token).await?) {
            Some(token) => self.end(asker, token).within(self.deadline).await,
            None => self.limits.miss(&client.id, caller.source).map(|()| Receipt::default()),
        }
    }

    /// As [`Self::revoke`], by whoever showed a live access token: of the same client and the same person. What was judged
    /// and what is ended stand in one record if they are one family: of many who end it with itself, one does.
    pub async fn revoke_by_bearer(&self, bearer: Bearer, token: &str) -> Result<Receipt, Error> {
        let reading = self.read(token).await?;
        let Some(token) = Proven::of(&reading) else {
            return self.limits.miss(&bearer.client.id, bearer.source).map(|()| Receipt::default());
        };
        self.end_by_bearer(bearer, token).within(self.deadline).await
    }

    async fn end_by_bearer(&self, mut bearer: Bearer, token: Proven<'_>) -> Result<Receipt, Error> {
        loop {
            let client = &*bearer.client;
            let reach = bearer.family().surface.reach(&client.tokens);
            let asker = Asker { client, whose: Whose::Of(bearer.subject()), reach };
            if token.id.family != bearer.family().id {
                return self.end(asker, token).await;
            }
            if let Some(receipt) = self.end_loaded(asker, token, &bearer.stored).await? {
                return Ok(receipt);
            }
            bearer = self.again(&bearer).await?;
        }
    }

    async fn end(&self, asker: Asker<'_>, token: Proven<'_>) -> Result<Receipt, Error> {
        loop {
            let loaded = self.load(token.id.family).await?;
            let Some(stored) = loaded.stored else {
                return self.end_without_record(asker, token, loaded.head).await;
            };
            // The same whether it is alive or not: nobody else learns anything of it, or ends anything (section 2.1).
            if !asker.owns(stored.family.client.as_str(), stored.family.subject.as_deref()) {
                return Err(Error::InvalidGrant(GrantFault::OtherClient));
            }
            if let Some(receipt) = self.end_loaded(asker, token, &stored).await? {
                return Ok(receipt);
            }
        }
    }

    /// `None`: somebody else changed the record since.
    async fn end_loaded(&self, asker: Asker<'_>, token: Proven<'_>, stored: &Stored) -> Result<Option<Receipt>, Error> {
        let target = asker.target(token);
        if self.is_settled(&target).await? {
            return Ok(Some(Receipt::default()));
        }
        let end = match target {
            Target::Token(_) => self.access_end(&stored.family, token),
            _ => self.family_end(&stored.family),
        };
        let ended = self.end_record(stored, &target, Cause::Requested, end).await?;
        if let Some(receipt) = ended {
            self.audit.record(&Event::Revoked {
                target: super::kind_of(&target),
                family: Some(stored.family.id),
                client: Some(asker.client.id.clone()),
                cause: Cause::Requested,
                receipt,
            });
        }
        Ok(ended)
    }

    /// The record was lost, or has expired. A JWT says itself whose it is and until when somebody may accept it; an opaque
    /// token without a record is dead, and nobody knows whose it was.
    async fn end_without_record(&self, asker: Asker<'_>, token: Proven<'_>, head: Head) -> Result<Receipt, Error> {
        let claims = token.claims.filter(|claims| {
            let over = claims.expires_at.plus(self.margin) <= self.clock.now();
            !over && asker.owns(claims.client.as_str(), claims.subject.as_deref())
        });
        let Some(claims) = claims else {
            // Nothing has to be made sure of, but the time that it takes must not tell that no record was found.
            self.store.confirm(token.id.family.shard(), head).await?;
            return Ok(Receipt::default());
        };
        let target = asker.target(token);
        if self.is_settled(&target).await? {
            return Ok(Receipt::default());
        }
        let end = match target {
            Target::Token(_) => claims.expires_at,
            _ => self.longest_end(token.id.family).await?,
        };
        let (kind, family, cause) = (super::kind_of(&target), token.id.family, Cause::Requested);
        self.append(family.shard(), self.revocation(target, cause, end)).await?;
        let receipt = Receipt { access_tokens: 1, ..Receipt::default() };
        let client = Some(asker.client.id.clone());
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
        let claimed = token.claims.map(|claims| claims.expires_at);
        listed.max(claimed).unwrap_or_else(|| self.family_end(family))
    }
}

impl<'a> Proven<'a> {
    /// `None`: no token of ours.
    fn of(reading: &'a Reading) -> Option<Self> {
        match reading {
            Reading::Opaque { kind, id, .. } => Some(Self { id: *id, kind: *kind, claims: None }),
            Reading::Jwt(jwt) => Some(Self { id: jwt.claims.id, kind: OpaqueKind::Access, claims: Some(&jwt.claims) }),
            Reading::Garbage | Reading::UnknownKey(_) => None,
        }
    }
}
