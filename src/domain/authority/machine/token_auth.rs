//! An identity's token auth: attached, read, changed and removed.

use uuid::Builder;

use super::super::{Authority, Bounded, kind_of};
use super::ManagedIdentity;
use crate::domain::audit::Event;
use crate::domain::error::{Error, ManagementFault};
use crate::domain::store::{Receipt, Unavailable, Version};
use crate::domain::token_auth::{Configured, Terms, TermsChange, TokenAuth};
use crate::domain::{Cause, Revocation, Tag};

impl Authority {
    pub async fn attach_token_auth(&self, identity: &ManagedIdentity, terms: Terms) -> Result<TokenAuth, Error> {
        let terms = terms.check().map_err(Error::Management)?;
        let now = self.clock.now();
        let mut id = [0; 16];
        self.chance.fill(&mut id);
        let id = Builder::from_random_bytes(id).into_uuid();
        let attached = TokenAuth { id, terms, created: now, updated: now };
        let attach = |old: Option<Configured>| match old {
            Some(Configured::Attached(_)) => Err(ManagementFault::AlreadyConfigured),
            Some(Configured::Removed(_)) | None => Ok(Configured::Attached(attached.clone())),
        };
        self.reconfigure(identity, attach).within(self.deadline).await?;
        Ok(attached)
    }

    pub async fn token_auth(&self, identity: &ManagedIdentity) -> Result<TokenAuth, Error> {
        self.attached(identity).await.map(|(token_auth, _)| token_auth)
    }

    /// For tokens made from now on; those that are there keep what they were made by.
    pub async fn change_token_auth(&self, identity: &ManagedIdentity, change: TermsChange) -> Result<TokenAuth, Error> {
        let updated = self.clock.now();
        let change = |old: Option<Configured>| match old {
            Some(Configured::Attached(old)) => {
                let terms = old.terms.changed(change.clone()).check()?;
                Ok(Configured::Attached(TokenAuth { terms, updated, ..old }))
            }
            Some(Configured::Removed(_)) | None => Err(ManagementFault::NotConfigured),
        };
        self.reconfigure(identity, change).within(self.deadline).await.map(|(token_auth, _)| token_auth)
    }

    /// Takes the configuration away, and then ends every token that was made by it. In this order: a token that is made
    /// meanwhile is either taken along, or finds, once it is written, that the configuration has gone (see
    /// [`Self::create_token`]). What has been removed is removed again, for the first time may have been cut short.
    pub async fn remove_token_auth(&self, identity: &ManagedIdentity) -> Result<TokenAuth, Error> {
        let remove = |old: Option<Configured>| match old {
            Some(Configured::Attached(old) | Configured::Removed(old)) => Ok(Configured::Removed(old)),
            None => Err(ManagementFault::NotConfigured),
        };
        async {
            let (removed, removal) = self.reconfigure(identity, remove).await?;
            self.end_all(identity, removal).await?;
            Ok(removed)
        }
        .within(self.deadline)
        .await
    }

    /// The configuration, and at which version it was found.
    pub(super) async fn attached(&self, identity: &ManagedIdentity) -> Result<(TokenAuth, Version), Error> {
        match self.store.document(&Configured::name(identity.id())).await? {
            Some(document) => match Configured::decode(&document)? {
                Configured::Attached(token_auth) => Ok((token_auth, document.version)),
                Configured::Removed(_) => Err(Error::Management(ManagementFault::NotConfigured)),
            },
            None => Err(Error::Management(ManagementFault::NotConfigured)),
        }
    }

    /// Ends every token of an identity that somebody manages by its id, and that was born before: by one entry, however many
    /// they are, which bears the version of the removal as its tag. Who asks for the same again finds it, and adds none.
    async fn end_all(&self, identity: &ManagedIdentity, removal: Version) -> Result<(), Unavailable> {
        let (target, tag, cause) = (identity.target(), Tag(removal.0), Cause::Requested);
        let shard = self.shard_of(Some(identity.listing()));
        let denylist = self.follower.denylist(shard);
        let end = self.clock.now().plus(self.longest_lifetime().await?);
        let revocation = Revocation { tag, ..self.revocation(target.clone(), cause, end) };
        loop {
            if let Some(entry) = denylist.tagged(&target, tag)
                && self.store.confirm(shard, entry).await?
            {
                return Ok(());
            }
            if self.cut(shard, &revocation).await? {
                break;
            }
        }
        let (client, receipt) = (Some(identity.manager.clone()), Receipt::default());
        self.audit.record(&Event::Revoked { target: kind_of(&target), family: None, client, cause, receipt });
        Ok(())
    }

    /// Writes what `next` makes of what is there, and of nothing else; and at which version it stands then. What is there
    /// already is written again at the version that it has, and so as durable as if it were new.
    async fn reconfigure(
        &self,
        identity: &ManagedIdentity,
        next: impl Fn(Option<Configured>) -> Result<Configured, ManagementFault>,
    ) -> Result<(TokenAuth, Version), Error> {
        let name = Configured::name(identity.id());
        loop {
            let found = self.store.document(&name).await?;
            let expected = found.as_ref().map(|document| document.version);
            let found = found.as_ref().map(Configured::decode).transpose()?;
            let next = next(found.clone()).map_err(Error::Management)?;
            let version = expected.filter(|_| found.as_ref() == Some(&next)).unwrap_or_else(|| self.version());
            if self.store.replace_document(&name, expected, &next.encode(version)).await? {
                let (Configured::Attached(token_auth) | Configured::Removed(token_auth)) = next;
                return Ok((token_auth, version));
            }
        }
    }
}
