//! Each rule carries weight: with that rule alone left out, a promise is broken.

use atropos_model::properties::{
    ENTRIES_ARE_LISTED_ONCE, NOTHING_COMES_BACK, ONE_BRANCH, ONLY_REVOKED_IS_INACTIVE, REVOKED_IS_INACTIVE,
    TOKEN_IDS_ARE_UNIQUE,
};
use atropos_model::rules::WideBound;
use atropos_model::scenarios::{exchange, failover, healing, refresh, wide};
use atropos_model::{CopyAhead, Rules, Scenario};

#[track_caller]
fn breaks(property: &'static str, scenario: &Scenario, rules: Rules) {
    match scenario.refute(rules, property) {
        Some(counterexample) => println!("{counterexample}"),
        None => panic!("without the rule it still holds that {property}"),
    }
}

#[test]
fn without_rule_1_a_child_in_another_shard_outlives_its_parent() {
    let rules = Rules { child_in_parents_shard: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &exchange::parent_revoked_during_exchange(), rules);
}

#[test]
fn without_rule_1_a_client_lives_on_in_the_other_shards() {
    let rules = Rules { wide_target_in_every_shard: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::client_cut_over_two_shards(), rules);
}

#[test]
fn without_rule_1_a_cut_answers_before_the_last_shard_has_it() {
    let rules = Rules { answer_when_every_shard_has_it: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::client_cut_over_two_shards(), rules);
}

#[test]
fn without_rule_2_an_epoch_is_newer_than_its_evidence() {
    let rules = Rules { epoch_noted_before_evidence: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::client_disabled_then_cut(), rules);
}

#[test]
fn without_rule_2_a_family_is_born_dead() {
    let rules = Rules { written_family_judged_again: false, ..Rules::ALL };
    breaks(ONLY_REVOKED_IS_INACTIVE, &wide::cut_races_issue(), rules);
}

#[test]
fn without_rule_2_a_newer_epoch_hides_that_the_parent_died() {
    let rules = Rules { covered_family_starts_over: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &exchange::parents_client_cut(), rules);
}

#[test]
fn without_rule_2_a_number_from_a_lost_history_passes_for_an_epoch() {
    let rules = Rules { epoch_above_head_abandoned: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::born_at_a_forgotten_number().with_clock_behind(), rules);
}

#[test]
fn without_rule_2_a_fork_between_evidence_and_answer_goes_unheeded() {
    let rules = Rules { epoch_before_fork_abandoned: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::exchanged_across_failover().with_clock_behind(), rules);
}

#[test]
fn without_rule_3_a_dead_code_begets_a_family() {
    let rules = Rules { evidence_judged: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::code_from_before_the_cut(), rules);
}

#[test]
fn without_rule_4_a_node_decides_from_an_old_copy() {
    let rules = Rules { copy_stands_at_head: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::cut_races_issue(), rules);
}

#[test]
fn without_rule_4_a_number_means_two_things_in_two_histories() {
    let rules = Rules { head_has_tag: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::two_durable_cuts().with_clock_behind(), rules);
}

#[test]
fn without_rule_4_an_entry_put_back_twice_makes_two_histories_look_alike() {
    let rules = Rules { head_tag_fresh: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::lost_twice().with_clock_behind(), rules);
}

#[test]
fn without_rule_5_a_logout_with_a_spent_token_ends_nothing() {
    let rules = Rules { reach_ignores_liveness: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &refresh::logout_with_a_spent_token(), rules);
}

#[test]
fn without_rule_5_a_child_outlives_a_parent_whose_record_was_lost() {
    let rules = Rules { reach_ignores_liveness: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &exchange::parent_without_record_revoked(), rules);
}

#[test]
fn without_rule_5_a_repetition_promises_what_a_failover_loses() {
    let rules = Rules { repetition_waits: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::durable_revocation_repeated(), rules);
}

#[test]
fn without_rule_5_a_repetition_finds_an_entry_that_only_its_node_remembers() {
    let rules = Rules { repetition_found_in_store: false, copy_ahead: CopyAhead::VouchesForLife, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::lost_revocation_repeated(), rules);
}

#[test]
fn without_rule_5_a_replay_hands_out_successors_that_a_failover_loses() {
    let rules = Rules { replay_waits: false, ..Rules::ALL };
    breaks(ONE_BRANCH, &refresh::replay_across_failover(), rules);
}

#[test]
fn without_rule_6_a_new_connection_has_nothing_to_wait_for() {
    let rules = Rules { wait_on_writing_connection: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::two_durable_cuts(), rules);
}

#[test]
fn without_rule_6_what_was_found_is_lost_before_it_is_waited_for() {
    let rules = Rules { wait_on_finding_connection: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::durable_revocation_repeated(), rules.clone());
    breaks(ONE_BRANCH, &refresh::replay_across_failover(), rules);
}

#[test]
fn without_rule_7_a_node_does_not_remember_what_it_appended() {
    let rules = Rules { own_append_followed: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::after_healing(), rules);
}

#[test]
fn without_rule_7_nobody_sees_that_history_has_forked() {
    let rules = Rules { anchor_compared: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::after_healing(), rules);
}

#[test]
fn without_rule_7_a_forgotten_anchor_hides_a_fork() {
    let rules = Rules { anchor_unexpired: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::last_entry_forgotten(), rules);
}

#[test]
fn without_rule_7_an_anchor_that_was_put_back_hides_what_came_before_it() {
    let rules = Rules { anchor_has_position: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::two_lost_entries_and_a_low_number().with_clock_behind(), rules);
}

#[test]
fn without_rule_7_what_a_failover_lost_stays_lost() {
    let rules = Rules { lost_entries_put_back: false, ..Rules::ALL };
    breaks(NOTHING_COMES_BACK, &healing::after_healing(), rules.clone());
    breaks(REVOKED_IS_INACTIVE, &healing::last_entry_forgotten(), rules);
}

#[test]
fn without_rule_7_an_entry_put_back_in_its_place_is_overlooked() {
    let rules = Rules { put_back_at_new_position: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::after_healing().with_clock_behind(), rules);
}

#[test]
fn without_rule_7_an_entry_put_back_kills_a_later_login() {
    let rules = Rules { put_back_keeps_bound: false, ..Rules::ALL };
    breaks(ONLY_REVOKED_IS_INACTIVE, &healing::healed_after_login(), rules);
}

#[test]
fn without_rule_7_two_nodes_put_back_the_same_entry() {
    let rules = Rules { put_back_once: false, ..Rules::ALL };
    breaks(ENTRIES_ARE_LISTED_ONCE, &failover::two_durable_cuts(), rules);
}

#[test]
fn without_rule_8_an_entry_put_back_at_a_low_number_locks_its_subject_out() {
    let rules = Rules { numbers_above_floor: false, ..Rules::ALL };
    breaks(ONLY_REVOKED_IS_INACTIVE, &healing::login_after_healing().with_clock_behind(), rules);
}

#[test]
fn without_rule_8_numbers_behind_the_clock_let_a_lost_cut_kill_a_login_after_its_retry() {
    breaks(ONLY_REVOKED_IS_INACTIVE, &failover::login_after_a_retry().with_clock_behind(), Rules::ALL);
}

#[test]
fn without_rule_8_an_append_that_lands_late_kills_a_later_login() {
    let rules = Rules { wide_bound: WideBound::Landing, ..Rules::ALL };
    breaks(ONLY_REVOKED_IS_INACTIVE, &wide::cut_lands_after_its_retry(), rules);
}

#[test]
fn without_rule_8_a_bound_from_the_start_of_a_request_misses_what_is_begotten_before_it_lands() {
    let rules = Rules { wide_bound: WideBound::RequestStart, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::code_redeemed_while_others_revoke(), rules.clone());
    breaks(REVOKED_IS_INACTIVE, &exchange::parents_client_cut_while_others_revoke(), rules);
}

#[test]
fn without_rule_8_a_cut_kills_the_login_right_after_it() {
    let rules = Rules { bound_exclusive: false, ..Rules::ALL };
    breaks(ONLY_REVOKED_IS_INACTIVE, &wide::issue_between_two_cuts(), rules);
}

#[test]
fn without_rule_9_a_deposed_primary_is_believed() {
    let rules = Rules { reads_need_lease: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &failover::deposed_primary_serves_a_node(), rules);
}

#[test]
fn without_rule_10_a_fast_clock_sweeps_what_is_still_needed() {
    let rules = Rules { sweep_by_store_clock: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::sweep_and_restart(), rules);
}

#[test]
fn without_rule_10_a_slow_clock_takes_for_alive_what_is_no_longer_listed() {
    let rules = Rules { entry_outlives_skew: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::expiry_seen_late(), rules);
}

#[test]
fn without_rule_10_an_entry_is_forgotten_under_a_slow_request() {
    let rules = Rules { entry_outlives_request: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::expiry_seen_late(), rules);
}

#[test]
fn without_rule_11_a_token_id_is_minted_in_two_histories() {
    let rules = Rules { token_ids_random: false, ..Rules::ALL };
    breaks(TOKEN_IDS_ARE_UNIQUE, &refresh::failover_between_refreshes(), rules);
}

#[test]
fn without_rule_11_a_commit_overwrites_a_record_of_another_history() {
    let rules = Rules { versions_random: false, ..Rules::ALL };
    breaks(ONE_BRANCH, &refresh::revocation_across_failover_and_refresh(), rules);
}

#[test]
fn without_rule_12_a_token_under_an_unknown_key_is_not_revoked() {
    let rules = Rules { unknown_key_looked_up: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::revoked_where_its_key_is_unknown(), rules);
}

#[test]
fn without_rule_13_a_replica_has_not_heard_of_a_revocation() {
    let rules = Rules { reads_from_primary: false, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &wide::replica_lags(), rules);
}
