//! What a machine does with its own credentials: log in with a secret, and with a token whatever its possession is enough
//! for.

use std::net::IpAddr;
use std::time::Duration;

use super::super::issue::Grant;
use super::super::{Authority, Bearer, Bounded, Caller, Issued};
use super::{SURFACE, machine};
use crate::domain::audit::Event;
use crate::domain::client::GrantType;
use crate::domain::error::{BearerFault, Error};
use crate::domain::family::Family;
use crate::domain::family::managed::Renewal;
use crate::domain::family::refresh::Refusal;
use crate::domain::store::Receipt;
use crate::domain::{Cause, KeyId, Target, TokenId};

/// A token that can be renewed.
#[derive(Clone, Debug)]
pub struct Renewable {
    pub issued: Issued,
    /// How long it lives at most, however often it is renewed, counted from its birth.
    pub longest: Duration,
}

impl Renewable {
    pub(super) fn of(issued: Issued, family: &Family) -> Self {
        Self { issued, longest: family.expires_at.since(family.id.born_at()) }
    }
}

impl Authority {
    /// For a client that proved itself by its secret: the token dies with that.
    pub async fn log_in_machine(&self, caller: &Caller) -> Result<Renewable, Error> {
        let client = &*caller.client;
        if client.authentication.is_public() {
            return Err(Error::UnauthorizedClient);
        }
        Self::may_use(client, SURFACE, GrantType::ClientCredentials)?;
        self.limits.issue(&client.id)?;
        let begotten_by = SURFACE.binds_to_credential().then_some(caller.credential);
        let grant = Grant { begotten_by, ..machine(client) };
        let family = self.beget(&grant).within(self.deadline).await?;
        Ok(Renewable::of(self.hand_out_born(&family)?, &family))
    }

    /// Who asks, by a token of this surface from an address that it may be used from. Where uses are counted, this is one.
    pub async fn machine_bearer(&self, token: &str, source: Option<IpAddr>) -> Result<Bearer, Error> {
        let (id, key) = self.read_access_token(token, source).await?;
        async {
            loop {
                let bearer = self.trusted(id, key, source).await?;
                let Some(used) = bearer.family().used(self.clock.now()) else { return Ok(bearer) };
                if self.commit(&bearer.stored, &used, None).await? {
                    return Ok(bearer);
                }
            }
        }
        .within(self.deadline)
        .await
    }

    /// One more string of the same token, for whoever holds one that is alive.
    pub async fn renew(&self, token: &str, source: Option<IpAddr>) -> Result<Renewable, Error> {
        let (id, key) = self.read_access_token(token, source).await?;
        async {
            loop {
                let bearer = self.trusted(id, key, source).await?;
                let policy = &bearer.client.tokens;
                let mint = self.mint(id.family.shard(), policy.format).await?;
                let renewal = Renewal { token: id, now: self.clock.now(), policy, mint: &mint };
                let (next, access) = bearer.family().renewed(&renewal).map_err(|refusal| match refusal {
                    Refusal::TooMany(retry_after) => Error::TooMany {
                        limit: u32::try_from(policy.access_tokens_per_family).unwrap_or(u32::MAX),
                        retry_after,
                    },
                    _ => Error::InvalidToken(BearerFault::Ended),
                })?;
                if self.commit(&bearer.stored, &next, None).await? {
                    let (family, client, serial) = (next.id, next.client.clone(), access.serial);
                    self.audit.record(&Event::Refreshed { family, client, serial });
                    return Ok(Renewable::of(self.hand_out(&next, &access, None)?, &next));
                }
            }
        }
        .within(self.deadline)
        .await
    }

    /// Ends a token, and all its renewals, for whoever holds one of its strings, from wherever: the only power is to end it.
    /// One that has ended already is ended, and that is durable when this answers.
    pub async fn revoke_by_possession(&self, token: &str, source: Option<IpAddr>) -> Result<Receipt, Error> {
        let (id, key) = self.read_access_token(token, source).await?;
        async {
            loop {
                let stored = match self.recognize(id, key, SURFACE, source).await {
                    Ok(bearer) => Some(bearer.stored),
                    Err(Error::InvalidToken(BearerFault::Ended)) => self.load(id.family).await?.stored,
                    Err(error) => return Err(error),
                };
                let target = Target::Family(id.family);
                let Some(stored) = stored else { return Ok(Receipt::default()) };
                if self.is_settled(&target).await? {
                    return Ok(Receipt::default());
                }
                let (family, cause) = (&stored.family, Cause::Requested);
                if let Some(receipt) = self.end_record(&stored, &target, cause, self.family_end(family)).await? {
                    let (family, client) = (Some(family.id), Some(family.client.clone()));
                    self.audit.record(&Event::Revoked { target: "family", family, client, cause, receipt });
                    return Ok(receipt);
                }
            }
        }
        .within(self.deadline)
        .await
    }

    async fn trusted(&self, id: TokenId, key: KeyId, source: Option<IpAddr>) -> Result<Bearer, Error> {
        let bearer = self.recognize(id, key, SURFACE, source).await?;
        if bearer.family().trusts(source) {
            Ok(bearer)
        } else {
            Err(Error::InvalidToken(BearerFault::UntrustedAddress))
        }
    }
}
