//! An identity's token auth: attached, read, changed and removed.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use uuid::Builder;

use super::super::{Authority, Bounded};
use super::ManagedIdentity;
use crate::domain::FamilyId;
use crate::domain::error::{Error, ManagementFault};
use crate::domain::family::listing::Listing;
use crate::domain::store::{Unavailable, Version};
use crate::domain::token_auth::{Configured, Terms, TermsChange, TokenAuth};

/// Families that are looked at, or ended, at once.
pub(super) const AT_ONCE: usize = 32;
/// Ids asked for at once.
const PAGE: usize = 1000;

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
        self.reconfigure(identity, change).within(self.deadline).await
    }

    /// Takes the configuration away, and then ends every token that was made by it. In this order: a token that is made
    /// meanwhile is either found here, or finds, once it is listed, that the configuration has gone (see
    /// [`Self::create_token`]). What has been removed is removed again, for the first time may have been cut short.
    pub async fn remove_token_auth(&self, identity: &ManagedIdentity) -> Result<TokenAuth, Error> {
        let remove = |old: Option<Configured>| match old {
            Some(Configured::Attached(old) | Configured::Removed(old)) => Ok(Configured::Removed(old)),
            None => Err(ManagementFault::NotConfigured),
        };
        async {
            let removed = self.reconfigure(identity, remove).await?;
            let listed = self.listed(identity).await?;
            let ended = stream::iter(listed).map(|family| self.end_listed(identity, family));
            ended.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
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

    /// The ids of all its tokens.
    pub(super) async fn listed(&self, identity: &ManagedIdentity) -> Result<Vec<FamilyId>, Unavailable> {
        let listing = Listing::Identity(identity.identity.id.as_str());
        let mut families = Vec::new();
        loop {
            let page = self.store.families_of(listing, families.last().copied(), PAGE).await?;
            if page.is_empty() {
                return Ok(families);
            }
            families.extend(page);
        }
    }

    /// Writes what `next` makes of what is there, and of nothing else.
    async fn reconfigure(
        &self,
        identity: &ManagedIdentity,
        next: impl Fn(Option<Configured>) -> Result<Configured, ManagementFault>,
    ) -> Result<TokenAuth, Error> {
        let name = Configured::name(identity.id());
        loop {
            let found = self.store.document(&name).await?;
            let expected = found.as_ref().map(|document| document.version);
            let next = next(found.as_ref().map(Configured::decode).transpose()?).map_err(Error::Management)?;
            if self.store.replace_document(&name, expected, &next.encode(self.version())).await? {
                let (Configured::Attached(token_auth) | Configured::Removed(token_auth)) = next;
                return Ok(token_auth);
            }
        }
    }
}
