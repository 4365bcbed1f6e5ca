//! What a node's copy says about a token, and whether it may say so.

use crate::denylist::{Entry, Head};
use crate::family::Family;
use crate::names::{FamilyId, Shard, TokenId};
use crate::node::{Followed, Turn};
use crate::rules::CopyAhead;

/// What a code from before the scenario was judged at.
const EPOCH_OF_CODES: u8 = 1;

impl Turn<'_> {
    /// Whether the copy tells all that had happened when `head` was read (rule 4).
    pub(crate) fn is_current(&self, shard: Shard, head: Head) -> bool {
        let rules = &self.protocol.rules;
        let copy = self.copy(shard);
        !rules.copy_stands_at_head
            || copy.head == head
            || (!rules.head_has_tag && copy.head.position == head.position)
            || (rules.copy_ahead != CopyAhead::Fetches && copy.holds_at(head))
    }

    /// Brings the copy to the head that was read with a token's record, unless it can judge the token as it is.
    pub(crate) fn catch_up(&mut self, shard: Shard, head: Head, token: TokenId, family: &Family) -> Followed {
        if self.is_current(shard, head) && !self.is_covered_beyond(shard, head, token, family) {
            return Followed::UpToDate;
        }
        self.follow(shard)
    }

    /// Whether the copy covers a token, by itself or through what it was exchanged from.
    pub(crate) fn is_covered(&self, shard: Shard, token: TokenId, family: &Family) -> bool {
        self.covering(shard, token, family).is_some()
    }

    /// Whether the copy covers the code from which a family is born: judged by the predicate that judges families (rule 3).
    pub(crate) fn code_is_covered(&self, family: FamilyId) -> bool {
        let rules = &self.protocol.rules;
        let code = self.protocol.link(TokenId::refresh(family));
        let copy = self.copy(self.protocol.shard(family));
        self.protocol.grant(family).from_code
            && rules.evidence_judged
            && copy.covering(&[code], EPOCH_OF_CODES, rules.bound_exclusive).is_some()
    }

    /// Whether a copy that is ahead would call the token dead by an entry that may not be in the store.
    fn is_covered_beyond(&self, shard: Shard, head: Head, token: TokenId, family: &Family) -> bool {
        self.protocol.rules.copy_ahead == CopyAhead::VouchesForLife
            && self.copy(shard).head != head
            && self.covering(shard, token, family).is_some_and(|entry| entry.position > head.position)
    }

    fn covering(&self, shard: Shard, token: TokenId, family: &Family) -> Option<&Entry> {
        let mut chain = vec![self.protocol.link(token)];
        chain.extend(&family.ancestors);
        self.copy(shard).covering(&chain, family.epoch, self.protocol.rules.bound_exclusive)
    }
}
