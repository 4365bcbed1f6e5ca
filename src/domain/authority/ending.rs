//! What every revocation of one token or one family has in common, whoever asked for it.

use super::Authority;
use crate::domain::error::Error;
use crate::domain::store::{Receipt, Stored, Unavailable};
use crate::domain::{Cause, FamilyId, Target, Timestamp};

impl Authority {
    /// Whether a revocation of at least this reach is in the store already, and durable by now. That this node's copy has
    /// it does not mean that the store still has it, nor that it was durable when it was found.
    pub(super) async fn is_settled(&self, target: &Target) -> Result<bool, Unavailable> {
        let Some(family) = target.family() else { return Ok(false) };
        let denylist = self.follower.denylist(family.shard());
        while let Some(entry) = denylist.listed(target).or_else(|| denylist.listed(&Target::Family(family))) {
            if self.store.confirm(family.shard(), entry).await? {
                return Ok(true);
            }
            // A failover has lost it. Whoever still knows it puts it back, and then it stands elsewhere.
            self.follower.resync(family.shard()).await?;
        }
        Ok(false)
    }

    /// Ends a token or a family, by its record and by an entry that is remembered until after `end`. `None`: somebody else
    /// changed the record; judge again.
    pub(super) async fn end_record(
        &self,
        stored: &Stored,
        target: &Target,
        cause: Cause,
        end: Timestamp,
    ) -> Result<Option<Receipt>, Error> {
        let now = self.clock.now();
        let (next, receipt) = match target {
            Target::Token(token) => stored.family.without(*token, now),
            _ => stored.family.ended(cause, now),
        };
        let revocation = self.revocation(target.clone(), cause, end);
        Ok(self.commit(stored, &next, Some(revocation)).await?.then_some(receipt))
    }

    /// When the last of a family whose record is lost is dead at the latest.
    pub(super) async fn longest_end(&self, family: FamilyId) -> Result<Timestamp, Unavailable> {
        Ok(family.born_at().plus(self.longest_lifetime().await?))
    }
}
