//! What operators do: end what anybody holds, and see what there is.

use std::slice;
use std::time::Duration;

use super::{Authority, Bounded, kind_of};
use crate::domain::audit::Event;
use crate::domain::error::Error;
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::keys::{KeyError, KeyKind, Retired};
use crate::domain::store::{Appended, Receipt, Stored, Unavailable};
use crate::domain::token::{OpaqueKind, Reading};
use crate::domain::{Cause, Credential, Entry, FamilyId, KeyId, Position, Revocation, Shard, Target, TokenId};

/// A family as an operator sees it.
#[derive(Clone, Debug)]
pub struct FamilyView {
    pub family: Family,
    /// A revocation of wider reach that takes it, if one does.
    pub covered: Option<Cause>,
}

impl Authority {
    pub async fn family(&self, id: FamilyId) -> Result<Option<FamilyView>, Error> {
        let loaded = self.load(id).await?;
        let Some(Stored { family, .. }) = loaded.stored else { return Ok(None) };
        let covered = self.covering(&any_of(&family), loaded.head).await?;
        Ok(Some(FamilyView { family, covered }))
    }

    /// The id of a token of ours, alive or not.
    pub async fn token_id(&self, token: &str) -> Result<Option<TokenId>, Error> {
        Ok(match self.read(token).await? {
            Reading::Opaque { id, .. } => Some(id),
            Reading::Jwt(jwt) => Some(jwt.claims.id),
            Reading::Garbage | Reading::UnknownKey(_) => None,
        })
    }

    /// What revoking a token ends: itself if it is an access token, else its family.
    pub async fn token_target(&self, token: &str) -> Result<Option<Target>, Error> {
        Ok(match self.read(token).await? {
            Reading::Opaque { kind: OpaqueKind::Access, id, .. } => Some(Target::Token(id)),
            Reading::Opaque { id, .. } => Some(Target::Family(id.family)),
            Reading::Jwt(jwt) => Some(Target::Token(jwt.claims.id)),
            Reading::Garbage | Reading::UnknownKey(_) => None,
        })
    }

    /// Ends a target everywhere. Answers when every shard in which it could cover something has it, durably.
    pub async fn revoke_target(&self, target: Target, cause: Cause) -> Result<Receipt, Error> {
        let family = target.family();
        let receipt = if let Some(id) = family {
            self.end_exact(id, &target, cause).within(self.deadline).await?
        } else {
            self.end_wide(&target, cause).await?;
            // What it takes is not walked, so it is not counted either: see [`Self::extent`].
            Receipt::default()
        };
        self.audit.record(&Event::Revoked { target: kind_of(&target), family, client: None, cause, receipt });
        Ok(receipt)
    }

    /// Makes a new key of this kind. It signs at once, or after it has been published for a while.
    pub async fn rotate_key(&self, kind: KeyKind, at_once: bool) -> Result<KeyId, KeyError> {
        let lead = if at_once { Duration::ZERO } else { self.publish_lead };
        let longest_token = match kind {
            KeyKind::Mac => self.longest_lifetime().await?,
            // A managed token may be a JWT that lives as long as its family.
            KeyKind::Signing(_) if self.clients.iter().any(|client| client.renews()) => self.longest_lifetime().await?,
            KeyKind::Signing(_) => self.longest_access_token,
        };
        self.keys.rotate(&*self.store, kind, lead, longest_token + self.margin).await
    }

    /// Ends a key, and every token made with it. The revocation comes first: if what follows fails, asking again does all
    /// of it again, while a key that had left the ring already could not be named any more.
    pub async fn retire_key(&self, id: KeyId) -> Result<Retired, KeyError> {
        if !self.keys.ring().has(id) {
            self.keys.reload(&*self.store).await?;
        }
        if !self.keys.ring().has(id) {
            return Err(KeyError::UnknownKey(id));
        }
        let target = Target::Key(id);
        self.end_wide(&target, Cause::KeyRetired).await?;
        let retired = self.keys.retire(&*self.store, id).await?;
        let receipt = Receipt::default();
        let (target, cause) = (kind_of(&target), Cause::KeyRetired);
        self.audit.record(&Event::Revoked { target, family: None, client: None, cause, receipt });
        Ok(retired)
    }

    /// Ends all that was issued before now: what a backup brought back may have been revoked since it was made.
    pub async fn restored(&self) -> Result<(), Error> {
        self.revoke_target(Target::Everything, Cause::Restored).await.map(drop)
    }

    /// Counts what a target would take, by looking at every family: for an operator who is about to be asked whether.
    pub async fn extent(&self, target: &Target) -> Result<Receipt, Error> {
        let mut receipt = Receipt::default();
        let revocation = self.revocation(target.clone(), Cause::Administrator, self.clock.now());
        let entry = Entry { position: Position(u64::MAX), revocation };
        for shard in self.shards_of(target) {
            let mut cursor = None;
            loop {
                let (families, next) = self.store.scan(shard, cursor).await?;
                for family in &families {
                    self.count(family, &entry, &mut receipt);
                }
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(receipt)
    }

    fn count(&self, family: &Family, entry: &Entry, receipt: &mut Receipt) {
        let denylist = self.follower.denylist(family.id.shard());
        let tokens = family.live_tokens(self.clock.now());
        let before = (receipt.refresh_tokens, receipt.access_tokens);
        for (id, key, is_refresh) in tokens {
            let credential = family.credential(id, key);
            if denylist.covering(&credential).is_none() && entry.covers(&credential) {
                receipt.refresh_tokens += u64::from(is_refresh);
                receipt.access_tokens += u64::from(!is_refresh);
            }
        }
        receipt.families += u64::from(before != (receipt.refresh_tokens, receipt.access_tokens));
    }

    async fn end_exact(&self, id: FamilyId, target: &Target, cause: Cause) -> Result<Receipt, Error> {
        loop {
            let stored = self.load(id).await?.stored;
            if self.is_settled(target).await? {
                return Ok(Receipt::default());
            }
            let Some(stored) = stored else {
                let revocation = self.revocation(target.clone(), cause, self.longest_end(id).await?);
                self.append(id.shard(), revocation).await?;
                return Ok(Receipt::default());
            };
            let end = self.family_end(&stored.family);
            if let Some(receipt) = self.end_record(&stored, target, cause, end).await? {
                return Ok(receipt);
            }
        }
    }

    async fn end_wide(&self, target: &Target, cause: Cause) -> Result<(), Unavailable> {
        let end = self.clock.now().plus(self.longest_lifetime().within(self.deadline).await?);
        for shard in self.shards_of(target) {
            let revocation = self.revocation(target.clone(), cause, end);
            let landed = async {
                while !self.cut(shard, &revocation).await? {}
                Ok::<_, Unavailable>(())
            };
            landed.within(self.deadline).await?;
        }
        Ok(())
    }

    /// Appends what covers all that was born before it lands. It is compared with the head that this node knows, so that
    /// an append whose answer was given up, and that was asked for again, ends nothing by landing late. `false`: the shard
    /// stood elsewhere, and this node knows now where.
    pub(super) async fn cut(&self, shard: Shard, revocation: &Revocation) -> Result<bool, Unavailable> {
        let head = self.follower.denylist(shard).head();
        let append = self.append_to(shard, slice::from_ref(revocation));
        match self.store.append_at(append, head).await? {
            Appended::Done(stretch) => self.follower.take_in(shard, stretch).await.map(|()| true),
            Appended::Moved => self.follower.resync(shard).await.map(|()| false),
        }
    }

    /// Where a target could cover something.
    fn shards_of(&self, target: &Target) -> Vec<Shard> {
        match target {
            Target::Token(id) => vec![id.family.shard()],
            Target::Family(id) => vec![id.shard()],
            Target::Subject(subject) => vec![self.shard_of(Some(Listing::Subject(subject)))],
            Target::Identity(client) => vec![self.shard_of(Some(Listing::Identity(client)))],
            Target::Client(_) | Target::Key(_) | Target::Everything => self.follower.shards().collect(),
        }
    }
}

/// The family as if by a token that does not exist: what covers this covers all of it.
fn any_of(family: &Family) -> Credential<'_> {
    family.credential(TokenId { family: family.id, serial: 0, nonce: 0 }, KeyId(0))
}
