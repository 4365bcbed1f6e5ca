//! Whether what somebody presents is alive: one predicate for all who accept it.

use std::hint::black_box;
use std::sync::Arc;

use super::Authority;
use crate::domain::client::{Client, GrantType};
use crate::domain::error::GrantFault;
use crate::domain::family::Family;
use crate::domain::family::alive::Found;
use crate::domain::store::Unavailable;
use crate::domain::{Credential, FamilyId, Head, KeyId, Position, Shard, TokenId};

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
        let vouched = |found: &Found<'_>| {
            self.voucher(family).is_ok_and(|client| match found {
                Found::Access(_) => true,
                Found::Refresh(_) => {
                    Self::may_use(client, family.surface, GrantType::RefreshToken).is_ok()
                        && Self::may_go_on(client, family).is_ok()
                }
            })
        };
        let Some(found) = family.find_alive(id, self.clock.now()).filter(vouched) else {
            self.judge_stand_in(id, key, family.client.as_str());
            return Ok(None);
        };
        Ok(self.covering(&family.credential(id, key), head).await?.is_none().then_some(found))
    }

    /// What judging takes once a record lists the token. Where none does it is done all the same, about a token that there
    /// is not: nobody shall know by the time why a token is dead (INV-6).
    pub(super) fn judge_stand_in(&self, id: TokenId, key: KeyId, client: &str) {
        // Of a record that is lost the shard may be one that there is not.
        let shard = Shard::default();
        let token = TokenId { family: FamilyId::new(shard, id.family.born_at(), id.nonce), ..id };
        let credential = Credential {
            token,
            key,
            client,
            subject: None,
            is_managed: false,
            epoch: Position(u64::MAX),
            ancestors: &[],
        };
        black_box((self.clients.find(client), self.follower.denylist(shard).covering(&credential)));
    }

    /// Whether the client may be given once more what the family was granted: an operator takes scopes away, too.
    pub(super) fn may_go_on(client: &Client, family: &Family) -> Result<(), GrantFault> {
        family.scope.is_within(&client.scope).then_some(()).ok_or(GrantFault::ScopeRetired)
    }

    /// The client as it is registered now, if it still stands behind the family: it is enabled, and has the credential
    /// that the family is bound to, if to any. So does the person, if it is one of the directory.
    pub(super) fn voucher(&self, family: &Family) -> Result<&Arc<Client>, GrantFault> {
        let client = self.clients.find(family.client.as_str()).filter(|client| client.enabled);
        let client = client.ok_or(GrantFault::ClientGone)?;
        if family.subject.as_deref().is_some_and(|subject| self.authenticator.is_disabled(subject)) {
            return Err(GrantFault::UserDisabled);
        }
        match family.begotten_by {
            Some(credential) if !client.has_credential(credential) => Err(GrantFault::CredentialGone),
            _ => Ok(client),
        }
    }
}
