//! The rules of the protocol as switches: a scenario passes with all of them, and for each there is one that fails without it.

/// The rules, numbered as in `docs/protocol.md`. A field is `true` where the rule is kept; its comment says what a
/// system does that leaves it out.
#[expect(clippy::struct_excessive_bools, reason = "each rule can be left out on its own, and only on its own")]
#[derive(Clone, Debug)]
pub struct Rules {
    /// Rule 1. Without: a child family lives in its own subject's shard, and only that shard's denylist is looked at.
    pub child_in_parents_shard: bool,
    /// Rule 1. Without: a wide target goes to one shard.
    pub wide_target_in_every_shard: bool,
    /// Rule 1. Without: 200 as soon as the first shard has the entry, the others follow.
    pub answer_when_every_shard_has_it: bool,

    /// Rule 2. Without: the epoch is the head of the log at the moment the family is written.
    pub epoch_noted_before_evidence: bool,
    /// Rule 2. Without: what was appended while the family was being written is not looked at.
    pub written_family_judged_again: bool,
    /// Rule 2. Without: a family found covered gets the newer epoch instead of being abandoned with its evidence.
    pub covered_family_starts_over: bool,
    /// Rule 2. Without: an epoch above the head that is read back is kept.
    pub epoch_above_head_abandoned: bool,
    /// Rule 2. Without: an epoch is kept although the node has found, since it was noted, that history has forked.
    pub epoch_before_fork_abandoned: bool,

    /// Rule 3. Without: the code or the login session from which a family is born is not judged.
    pub evidence_judged: bool,

    /// Rule 4. Without: a node decides from its copy whatever head the store shows.
    pub copy_stands_at_head: bool,
    /// Rule 4. Without: heads are compared by number alone.
    pub head_has_tag: bool,
    /// Rule 4. Without: a head has the tag of its entry, which an entry that is put back keeps; and so two histories can come
    /// to the same head.
    pub head_tag_fresh: bool,

    /// Rule 5. Without: what is already spent, ended or lost is answered with 200, and nothing is listed.
    pub reach_ignores_liveness: bool,
    /// Rule 5. Without: a repetition answers at once, though the entry it found may not be durable.
    pub repetition_waits: bool,
    /// Rule 5. Without: a repetition is content with an entry that is in the node's copy but not known to be in the store.
    /// Only a copy that may be ahead of the head that was read ([`CopyAhead`]) can tell the two apart.
    pub repetition_found_in_store: bool,
    /// Rule 5, for spends. Without: a replayed refresh gives the successors again before the spend is durable.
    pub replay_waits: bool,

    /// Rule 6. Without: after a reconnect `WAIT` is asked on the new connection, which has written nothing to wait for.
    pub wait_on_writing_connection: bool,
    /// Rule 6. Without: what was found done is waited for on whatever connection there is, though a failover may have lost it
    /// since it was read.
    pub wait_on_finding_connection: bool,

    /// Rule 7. Without: a node that appended learns of its own entry by the next poll.
    pub own_append_followed: bool,
    /// Rule 7. Without: nobody looks whether the anchor is still in the store.
    pub anchor_compared: bool,
    /// Rule 7. Without: the anchor is the last entry, which may have been forgotten in its time.
    pub anchor_unexpired: bool,
    /// Rule 7. Without: the anchor is looked for by its tag, and found although it stands at another position now.
    pub anchor_has_position: bool,
    /// Rule 7. Without: a node that finds a fork keeps for itself what the store has lost.
    pub lost_entries_put_back: bool,
    /// Rule 7. Without: a lost entry is put back where it stood.
    pub put_back_at_new_position: bool,
    /// Rule 7. Without: an entry put back covers all that was born before it was put back.
    pub put_back_keeps_bound: bool,
    /// Rule 7. Without: what is put back is not compared and swapped with the head that was read.
    pub put_back_once: bool,

    /// Rule 8. Without: an append is numbered by the store alone, which may have forgotten higher numbers.
    pub numbers_above_floor: bool,
    /// Rule 8.
    pub wide_bound: WideBound,
    /// Rule 8. Without: an entry covers what was born at its bound, too.
    pub bound_exclusive: bool,

    /// Rule 9. Without: a deposed primary is read as if it were in office.
    pub reads_need_lease: bool,

    /// Rule 10. Without: a node sweeps by its own clock.
    pub sweep_by_store_clock: bool,
    /// Rule 10. Without: an entry is forgotten though a slow clock still takes for alive what it covers.
    pub entry_outlives_skew: bool,
    /// Rule 10. Without: an entry is forgotten under a request that has already found its token unexpired.
    pub entry_outlives_request: bool,

    /// Rule 11. Without: a token id is its family and a serial.
    pub token_ids_random: bool,
    /// Rule 11. Without: a record's version is a counter.
    pub versions_random: bool,

    /// Rule 12. Without: a token under a key id that the node does not know is garbage.
    pub unknown_key_looked_up: bool,

    /// Rule 13. Without: reads go to a replica.
    pub reads_from_primary: bool,

    /// A variant, not a rule: what a head tells that the copy has already passed. `VouchesForLife` is the one that is built;
    /// `Fetches` is as safe.
    pub copy_ahead: CopyAhead,
}

/// Below which epoch a wide entry covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WideBound {
    /// Rule 8: the position at which it lands, and the append is compared and swapped with the head of its node's copy. One
    /// that lands late finds another head.
    HeadSwapped,
    /// The head read when the request began, plus one, wherever the append lands.
    RequestStart,
    /// The position at which it lands, whenever that is.
    Landing,
}

/// Whether a copy that holds exactly the entry the head names, and others after it, counts as current for that head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyAhead {
    /// It does not: only a copy whose own head equals the one read is current.
    Fetches,
    /// It may find a token alive. What it would call dead by an entry beyond the head is fetched first, for that entry may be
    /// one that a failover has lost. Polls compare the heads.
    VouchesForLife,
    /// It does, whatever it finds. Polls compare the heads.
    Serves,
    /// Polls are content with it, too.
    ServesPolls,
}

impl Rules {
    /// The protocol as designed.
    pub const ALL: Self = Self {
        child_in_parents_shard: true,
        wide_target_in_every_shard: true,
        answer_when_every_shard_has_it: true,
        epoch_noted_before_evidence: true,
        written_family_judged_again: true,
        covered_family_starts_over: true,
        epoch_above_head_abandoned: true,
        epoch_before_fork_abandoned: true,
        evidence_judged: true,
        copy_stands_at_head: true,
        head_has_tag: true,
        head_tag_fresh: true,
        reach_ignores_liveness: true,
        repetition_waits: true,
        repetition_found_in_store: true,
        replay_waits: true,
        wait_on_writing_connection: true,
        wait_on_finding_connection: true,
        own_append_followed: true,
        anchor_compared: true,
        anchor_unexpired: true,
        anchor_has_position: true,
        lost_entries_put_back: true,
        put_back_at_new_position: true,
        put_back_keeps_bound: true,
        put_back_once: true,
        numbers_above_floor: true,
        wide_bound: WideBound::HeadSwapped,
        bound_exclusive: true,
        reads_need_lease: true,
        sweep_by_store_clock: true,
        entry_outlives_skew: true,
        entry_outlives_request: true,
        token_ids_random: true,
        versions_random: true,
        unknown_key_looked_up: true,
        reads_from_primary: true,
        copy_ahead: CopyAhead::VouchesForLife,
    };
}
