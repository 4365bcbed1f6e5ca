//! Whether what somebody presents is alive: one predicate for all who accept it.

use std::sync::Arc;

use super::Authority;
use crate::domain::client::{Client, GrantType};
use crate::domain::error::GrantFault;
use crate::domain::family::Family;
use crate::domain::family::alive::Found;
use crate::domain::store::Unavailable;
use crate::domain::{Head, KeyId, TokenId};

impl Authority {
    /// A token of a family that was loaded just now: its record lists it, no revocation covers it, its client vouches for
    /// it. `key` is the one that the presented text was made with, `head` where its shard stood when the record was read.
    pub(super) async fn find_alive<'a>(
        &self,
        family: &'a Family,
        id: TokenId,
        key: KeyId,
        head: Head,
    ) -> Result<Option<Found<'a>>, Unavailable> {
        let Some(found) = family.find_alive(id, self.clock.now()) else { return Ok(None) };
        let vouched = self.voucher(family).is_ok_and(|client| match found {
            Found::Access(_) => true,
            Found::Refresh(_) => {
                Self::may_use(client, family.surface, GrantType::RefreshToken).is_ok()
                    && Self::may_go_on(client, family).is_ok()
            }
        });
        Ok((vouched && self.covering(&family.credential(id, key), head).await?.is_none()).then_some(found))
    }

    /// Whether the client may be given once more what the family was granted: an operator takes scopes away, too.
    pub(super) fn may_go_on(client: &Client, family: &Family) -> Result<(), GrantFault> {
        family.scope.is_within(&client.scope).then_some(()).ok_or(GrantFault::ScopeRetired)
    }

    /// The client as it is registered now, if it still stands behind the family: it is enabled, and has the credential
    /// that the family is bound to, if to any.
    pub(super) fn voucher(&self, family: &Family) -> Result<&Arc<Client>, GrantFault> {
        let client = self.clients.find(family.client.as_str()).filter(|client| client.enabled);
        let client = client.ok_or(GrantFault::ClientGone)?;
        match family.begotten_by {
            Some(credential) if !client.has_credential(credential) => Err(GrantFault::CredentialGone),
            _ => Ok(client),
        }
    }
}
