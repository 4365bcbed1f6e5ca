//! An identity's tokens, by their ids.

use std::time::Duration;

use uuid::Uuid;

use super::super::issue::Grant;
use super::super::{Authority, Bounded};
use super::possession::Renewable;
use super::{ManagedIdentity, SURFACE, entrust, machine};
use crate::domain::audit::Event;
use crate::domain::client::Client;
use crate::domain::error::{Error, ManagementFault};
use crate::domain::family::managed::Managed;
use crate::domain::family::{Family, State};
use crate::domain::store::{Loaded, Receipt, Stored, Unavailable};
use crate::domain::{Cause, FamilyId, Head, Target, Timestamp};

/// The least that are looked at in a trip after the first.
const PAGE: usize = 100;

/// A token as whoever manages it sees it: everything but the string.
#[derive(Clone, Debug)]
pub struct MachineToken {
    pub id: FamilyId,
    pub identity: Uuid,
    pub managed: Managed,
    /// How long it lives at most, however often it is renewed.
    pub longest: Duration,
    pub created: Timestamp,
    pub is_revoked: bool,
}

impl Authority {
    /// Makes a token. The configuration is read again after the token has been listed: if it has gone, whoever took it away
    /// may have looked at the list before.
    pub async fn create_token(
        &self,
        identity: &ManagedIdentity,
        name: Option<&str>,
    ) -> Result<(Renewable, MachineToken), Error> {
        let client = &*identity.identity;
        async {
            loop {
                let (token_auth, version) = self.attached(identity).await?;
                // It is not whoever asks that is refused.
                if !client.enabled {
                    return Err(Error::Management(ManagementFault::Disabled));
                }
                self.limits.issue(&client.id)?;
                let policy = token_auth.terms.policy(&client.tokens);
                let managed = Some(token_auth.terms.managed(name, &policy, self.clock.now()));
                let grant = Grant { policy: &policy, managed, name: "token_auth", ..machine(client) };
                let family = self.beget(&grant).await?;
                match self.attached(identity).await {
                    Ok((_, now)) if now == version => {
                        let token = view(identity, &family, false).ok_or_else(unknown)?;
                        return Ok((Renewable::of(self.hand_out_born(&family)?, &family), token));
                    }
                    // Nobody was told of the token: it expires by itself.
                    Err(Error::Unavailable(why)) => return Err(Error::Unavailable(why)),
                    Ok(_) | Err(_) => self.end_listed(identity, family.id).await?,
                }
            }
        }
        .within(self.deadline)
        .await
    }

    /// Those that have not expired, revoked or not, the one first that was updated last.
    pub async fn tokens_of(
        &self,
        identity: &ManagedIdentity,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<MachineToken>, Error> {
        async {
            self.attached(identity).await?;
            let (listing, wanted) = (identity.listing(), offset + limit);
            let (mut tokens, mut after, mut size) = (Vec::new(), None, wanted);
            while tokens.len() < wanted {
                // The rest is not read, however long it is. More than one page only where some have expired.
                let page = self.store.families_of(listing, after, size).await?;
                after = page.last().copied();
                let families = page.iter().map(|listed| listed.family).collect();
                for loaded in self.load_each(families).await? {
                    tokens.extend(self.view_unexpired(identity, loaded).await?);
                }
                if page.len() < size {
                    break;
                }
                size = wanted.max(PAGE);
            }
            Ok(tokens.into_iter().skip(offset).take(limit).collect())
        }
        .within(self.deadline)
        .await
    }

    pub async fn find_token(&self, manager: &Client, id: FamilyId) -> Result<MachineToken, Error> {
        async {
            let (identity, stored, head) = self.managed(manager, id).await?;
            let is_revoked = self.is_revoked(&stored.family, head).await?;
            view(&identity, &stored.family, is_revoked).ok_or_else(unknown)
        }
        .within(self.deadline)
        .await
    }

    /// What is revoked has no use for a name.
    pub async fn rename_token(
        &self,
        manager: &Client,
        id: FamilyId,
        name: Option<&str>,
    ) -> Result<MachineToken, Error> {
        async {
            loop {
                let (identity, stored, head) = self.managed(manager, id).await?;
                let is_revoked = self.is_revoked(&stored.family, head).await?;
                let renamed = stored.family.renamed(name, self.clock.now());
                let renamed = renamed.filter(|_| !is_revoked).ok_or_else(unknown)?;
                if self.commit(&stored, &renamed, None).await? {
                    return view(&identity, &renamed, false).ok_or_else(unknown);
                }
            }
        }
        .within(self.deadline)
        .await
    }

    /// Ends a token, and all its renewals. What has been revoked already is unknown, but not before that is durable: whoever
    /// asks again, because the first answer was lost, may rely on either.
    pub async fn revoke_token(&self, manager: &Client, id: FamilyId) -> Result<Receipt, Error> {
        async {
            loop {
                let (identity, stored, head) = self.managed(manager, id).await?;
                if self.is_settled(&Target::Family(id)).await? {
                    return Err(unknown());
                }
                let was_revoked = self.is_revoked(&stored.family, head).await?;
                if let Some(receipt) = self.end_managed(&identity, &stored).await? {
                    return if was_revoked { Err(unknown()) } else { Ok(receipt) };
                }
            }
        }
        .within(self.deadline)
        .await
    }

    /// Ends one of an identity's tokens, if it has not ended yet; returns when that is durable.
    pub(super) async fn end_listed(&self, identity: &ManagedIdentity, id: FamilyId) -> Result<(), Error> {
        loop {
            let Some(stored) = self.load(id).await?.stored else { return Ok(()) };
            if self.is_settled(&Target::Family(id)).await? || self.end_managed(identity, &stored).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// `None`: somebody else changed the record; judge again.
    async fn end_managed(&self, identity: &ManagedIdentity, stored: &Stored) -> Result<Option<Receipt>, Error> {
        let (family, cause) = (&stored.family, Cause::Requested);
        let ended = self.end_record(stored, &Target::Family(family.id), cause, self.family_end(family)).await?;
        if let Some(receipt) = ended {
            let client = Some(identity.manager.clone());
            self.audit.record(&Event::Revoked { target: "family", family: Some(family.id), client, cause, receipt });
        }
        Ok(ended)
    }

    /// The record of a token that `manager` may manage. An id is no secret and proves nothing: whatever is not a managed
    /// token of this surface, or has expired, is unknown.
    async fn managed(&self, manager: &Client, id: FamilyId) -> Result<(ManagedIdentity, Stored, Head), Error> {
        let now = self.clock.now();
        let loaded = self.load(id).await?;
        let found = loaded.stored.filter(|stored| {
            let Family { managed, surface, .. } = &stored.family;
            managed.is_some() && *surface == SURFACE && stored.family.newest_expiry() > now
        });
        let stored = found.ok_or_else(unknown)?;
        let identity = self.clients.find(stored.family.client.as_str());
        let identity = identity.filter(|client| client.surfaces.contains(&SURFACE)).ok_or_else(unknown)?;
        Ok((entrust(manager, identity)?, stored, loaded.head))
    }

    async fn view_unexpired(&self, identity: &ManagedIdentity, loaded: Loaded) -> Result<Option<MachineToken>, Error> {
        let family = loaded.stored.map(|stored| stored.family);
        let Some(family) = family.filter(|family| family.newest_expiry() > self.clock.now()) else { return Ok(None) };
        Ok(view(identity, &family, self.is_revoked(&family, loaded.head).await?))
    }

    /// Whether none of its strings is left, or each is covered: what has merely expired was not revoked.
    async fn is_revoked(&self, family: &Family, head: Head) -> Result<bool, Unavailable> {
        let State::Live(tokens) = &family.state else { return Ok(true) };
        for access in &tokens.access {
            let credential = family.credential(family.id_of_access(access), access.key);
            if self.covering(&credential, head).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// `None` for what nobody manages.
fn view(identity: &ManagedIdentity, family: &Family, is_revoked: bool) -> Option<MachineToken> {
    let created = family.id.born_at();
    Some(MachineToken {
        id: family.id,
        identity: identity.id(),
        managed: family.managed.as_deref()?.clone(),
        longest: family.expires_at.since(created),
        created,
        is_revoked,
    })
}

fn unknown() -> Error {
    Error::Management(ManagementFault::UnknownToken)
}
