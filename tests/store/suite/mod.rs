//! The promises. A store is mounted by writing a [`Bench`] for it and one line: `mount!(crate::mine::open);`

mod sample;

pub(crate) mod append_at;
pub(crate) mod documents;
pub(crate) mod index;
pub(crate) mod lasting;
pub(crate) mod log;
pub(crate) mod log_pages;
pub(crate) mod records;
pub(crate) mod records_races;
pub(crate) mod short_lived;

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::FamilyId;
use atropos::domain::store::Store;

pub(crate) use sample::{
    KEEP, changed_at, family, family_of, generation, listed, managed_of, nth, reads_generation, revocation,
    revocations, to,
};

/// A store that nobody else uses, empty at first, and what a promise needs to do to it from outside.
pub(crate) trait Bench {
    fn store(&self) -> Arc<dyn Store>;

    /// Another handle on the same data: what another node has, where the store can have several.
    fn other(&self) -> Arc<dyn Store>;

    /// Closes every handle and opens the data anew. What [`Self::store`] gave before is of no use any more.
    async fn reopen(&mut self);

    /// Returns when the store's clock has moved on by at least `time`.
    async fn pass(&mut self, time: Duration);

    /// Replaces the bytes of a record, behind the store's back. Handles have to be asked for anew.
    async fn tear(&mut self, family: FamilyId, tear: impl Fn(&[u8]) -> Vec<u8>);
}

/// Longer than any promise takes to be kept; beyond it something hangs.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);

/// Makes a test of every promise. `$open` is the full path of an `async fn() -> impl Bench`.
macro_rules! mount {
    ($open:path) => {
        $crate::suite::mount!(@part $open, records,
            an_absent_family_is_loaded_as_absent_with_the_head_of_its_shard,
            many_are_loaded_as_each_is_by_itself,
            a_created_family_is_loaded_as_it_was_written,
            a_creation_answers_with_the_head_read_after_it,
            a_second_creation_writes_nothing,
            a_commit_replaces_the_record,
            a_commit_at_another_version_writes_nothing,
            a_commit_of_an_absent_family_writes_nothing,
            a_commit_brings_its_revocations_along,
            a_record_is_written_again_under_the_version_it_has,
            a_commit_without_revocations_leaves_the_log_as_it_was,
            families_do_not_disturb_one_another,
        );
        $crate::suite::mount!(@part $open, records_races,
            of_many_creations_of_one_family_one_wins,
            of_many_commits_on_one_version_one_wins_and_only_its_revocation_is_appended,
            no_change_is_lost_among_many_writers,
            record_and_head_are_read_in_one_instant,
        );
        $crate::suite::mount!(@part $open, log,
            revocations_of_every_kind_come_back_as_they_were,
            entries_stand_in_the_order_given_at_rising_positions,
            positions_follow_the_clock,
            positions_lie_beyond_the_floor,
            positions_of_commits_lie_beyond_the_floor,
            concurrent_appends_all_have_their_place,
            shards_have_logs_of_their_own,
            heads_are_told_with_the_clock,
            forgetting_takes_entries_and_leaves_the_head,
            forgetting_what_is_not_there_does_nothing,
            an_entry_is_confirmed_where_it_stands_and_nowhere_else,
        );
        $crate::suite::mount!(@part $open, log_pages,
            a_stretch_begins_after_its_anchor,
            an_append_right_after_the_anchor_is_told_as_it_stands,
            without_an_anchor_a_stretch_begins_with_the_log,
            an_anchor_of_another_history_is_not_found,
            an_append_of_nothing_only_reads,
            a_page_holds_at_most_its_limit_and_tells_whether_there_is_more,
            a_long_log_is_read_in_pages_without_gap_or_repetition,
            the_answer_to_a_write_may_stop_short_but_says_so,
        );
        $crate::suite::mount!(@part $open, append_at,
            what_is_put_back_gets_new_positions_and_keeps_all_else,
            nothing_is_put_back_once_the_log_has_moved,
            of_many_who_put_back_one_does,
            what_is_put_back_twice_makes_two_heads,
        );
        $crate::suite::mount!(@part $open, index,
            a_list_is_read_in_pages_without_gap_or_repetition,
            of_an_identitys_tokens_the_one_comes_first_that_changed_last,
            subjects_do_not_mix,
            an_identity_and_a_subject_of_one_name_do_not_mix,
            what_has_ended_stays_listed,
            a_commit_leaves_a_family_listed,
            a_scan_of_nothing_ends_at_once,
            a_scan_meets_every_family_that_stays,
            a_scan_keeps_to_its_shard,
        );
        $crate::suite::mount!(@part $open, short_lived,
            a_key_is_kept_once,
            of_many_who_come_at_once_one_is_told_true,
            what_is_taken_is_gone,
            of_many_who_take_one_gets_it,
            peeking_leaves_it_there,
            a_key_that_expired_is_free_again,
            what_expired_is_neither_seen_nor_taken,
            any_bytes_come_back_as_they_were,
        );
        $crate::suite::mount!(@part $open, documents,
            an_absent_document_is_made_only_as_absent,
            a_document_is_replaced_only_at_its_version,
            of_many_who_replace_a_document_one_does,
            documents_have_names_of_their_own,
        );
        $crate::suite::mount!(@part $open, lasting,
            another_handle_sees_at_once_what_was_acknowledged,
            everything_outlives_a_restart,
            a_record_is_kept_at_least_as_long_as_asked,
            a_commit_prolongs_a_record,
            a_torn_record_is_unavailable_and_never_absent,
            a_store_that_answers_answers_a_ping,
        );
    };
    (@part $open:path, $part:ident, $($promise:ident,)+) => {
        mod $part {
            $(
                #[tokio::test]
                async fn $promise() {
                    let mut bench = $open().await;
                    let kept = $crate::suite::$part::$promise(&mut bench);
                    tokio::time::timeout($crate::suite::DEADLINE, kept).await.expect("it hangs");
                }
            )+
        }
    };
}
pub(crate) use mount;
