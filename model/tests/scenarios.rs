//! The protocol as designed keeps every promise in every state of these scenarios, whether a copy that is ahead of a head
//! is fetched again or vouches for life.

use atropos_model::scenarios::{exchange, failover, healing, refresh, wide};
use atropos_model::{CopyAhead, Rules, Scenario};

#[track_caller]
fn holds(scenario: &Scenario) {
    for copy_ahead in [CopyAhead::Fetches, CopyAhead::VouchesForLife] {
        if let Err(counterexample) = scenario.check(Rules { copy_ahead, ..Rules::ALL }) {
            panic!("{copy_ahead:?}: {counterexample}");
        }
    }
}

/// Whatever the clock of the new primary.
#[track_caller]
fn holds_across_failover(scenario: &Scenario) {
    holds(scenario);
    holds(&scenario.clone().with_clock_behind());
}

#[test]
fn a_cut_spares_or_takes_a_family_made_meanwhile_and_takes_the_older_one() {
    holds(&wide::cut_races_issue());
}

#[test]
fn a_family_between_two_cuts_is_taken_by_the_second_alone() {
    holds(&wide::issue_between_two_cuts());
}

#[test]
fn two_revocations_of_one_token_and_a_cut_are_one_death() {
    holds(&wide::two_revocations_and_a_cut());
}

#[test]
fn a_client_is_cut_in_every_shard() {
    holds(&wide::client_cut_over_two_shards());
}

#[test]
fn a_code_from_before_a_cut_begets_nothing_that_outlives_it() {
    holds(&wide::code_from_before_the_cut());
    holds(&wide::code_redeemed_while_others_revoke());
}

#[test]
fn a_client_disabled_before_it_is_cut_keeps_nothing() {
    holds(&wide::client_disabled_then_cut());
}

#[test]
fn a_cut_that_lands_after_its_retry_kills_no_later_login() {
    holds(&wide::cut_lands_after_its_retry());
}

#[test]
fn an_entry_is_there_as_long_as_somebody_may_take_its_token_for_alive() {
    holds(&wide::sweep_and_restart());
    holds(&wide::expiry_seen_late());
}

#[test]
fn a_revocation_under_an_unknown_key_is_a_revocation() {
    holds(&wide::revoked_where_its_key_is_unknown());
}

#[test]
fn a_replica_may_lag() {
    holds(&wide::replica_lags());
}

#[test]
fn a_revocation_beats_every_refresh_beside_it() {
    holds(&refresh::refreshes_race_revocation());
    holds(&refresh::logout_with_a_spent_token());
}

#[test]
fn one_refresh_token_has_one_successor_or_its_family_ends() {
    holds(&refresh::replay_window_closes());
}

#[test]
fn refreshes_survive_a_failover_without_a_second_branch() {
    holds(&refresh::failover_between_refreshes());
    holds(&refresh::replay_across_failover());
    holds(&refresh::revocation_across_failover_and_refresh());
}

#[test]
fn whatever_hangs_from_a_revoked_token_is_dead() {
    holds(&exchange::parent_revoked_during_exchange());
    holds(&exchange::parent_without_record_revoked());
}

#[test]
fn whatever_hangs_from_a_cut_client_or_subject_is_dead() {
    holds(&exchange::parents_client_cut());
    holds(&exchange::parents_client_cut_over_two_shards());
    holds(&exchange::parents_client_cut_while_others_revoke());
    holds(&exchange::subject_cut_during_exchange());
    holds(&exchange::middle_client_cut());
}

#[test]
fn a_client_that_was_cut_may_exchange_again() {
    holds(&exchange::exchange_after_its_client_was_cut());
}

#[test]
fn a_durable_cut_is_known_to_both_nodes_across_a_failover() {
    holds_across_failover(&failover::two_durable_cuts());
}

#[test]
fn a_family_born_across_a_failover_can_be_cut() {
    holds_across_failover(&failover::born_across_failover());
    holds_across_failover(&failover::born_at_a_forgotten_number());
}

#[test]
fn a_code_redeemed_across_a_failover_does_not_outlive_its_cut() {
    holds_across_failover(&failover::code_redeemed_across_failover());
}

#[test]
fn an_exchange_across_a_failover_does_not_outlive_its_parent() {
    holds_across_failover(&failover::exchanged_across_failover());
}

#[test]
fn a_login_after_a_cut_survives_what_a_failover_puts_back() {
    holds_across_failover(&failover::durable_cut_then_login());
    holds_across_failover(&failover::login_between_two_cuts());
    holds(&failover::login_after_a_retry());
    holds_across_failover(&healing::cut_then_login());
    holds_across_failover(&healing::healed_after_login());
    holds_across_failover(&healing::login_after_healing());
}

#[test]
fn what_a_failover_lost_is_dead_again_after_one_poll() {
    holds_across_failover(&healing::after_healing());
    holds_across_failover(&healing::last_entry_forgotten());
}

#[test]
fn nodes_that_remember_differently_come_to_one_history() {
    holds_across_failover(&healing::healed_by_two_of_three_nodes());
    holds_across_failover(&healing::two_lost_entries_and_a_low_number());
    holds_across_failover(&healing::lost_entry_put_back_at_its_number());
    holds_across_failover(&healing::lost_twice());
}

#[test]
fn a_repeated_revocation_is_as_durable_as_the_first() {
    holds_across_failover(&failover::durable_revocation_repeated());
    holds_across_failover(&failover::lost_revocation_repeated());
}

#[test]
fn a_deposed_primary_is_not_believed() {
    holds_across_failover(&failover::deposed_primary_serves_a_node());
}

#[test]
fn what_one_node_calls_dead_after_a_failover_is_dead_at_the_other() {
    holds_across_failover(&healing::asked_at_both_nodes());
}
