//! What is not promised, shown by the scenario in which it does not hold; and how far a copy may be trusted that is ahead of
//! the head that was read. A test that fails here is good news: the limit is gone, and the documents must say so.

use atropos_model::properties::{
    ENTRIES_ARE_LISTED_ONCE, NOTHING_COMES_BACK, ONE_BRANCH, ONLY_REVOKED_IS_INACTIVE, REVOKED_IS_INACTIVE,
    TOKEN_IDS_ARE_UNIQUE,
};
use atropos_model::scenarios::{failover, healing};
use atropos_model::{CopyAhead, Rules, Scenario};

const SERVES: Rules = Rules { copy_ahead: CopyAhead::Serves, ..Rules::ALL };

#[track_caller]
fn breaks(property: &'static str, scenario: &Scenario, rules: Rules) {
    match scenario.refute(rules, property) {
        Some(counterexample) => println!("{counterexample}"),
        None => panic!("it holds that {property}"),
    }
}

#[track_caller]
fn holds_serving(scenario: &Scenario) {
    for scenario in [scenario.clone(), scenario.clone().with_clock_behind()] {
        if let Err(counterexample) = scenario.check(SERVES) {
            panic!("{counterexample}");
        }
    }
}

#[test]
fn in_memory_a_lost_revocation_is_undone_until_a_node_that_knew_it_polls() {
    breaks(REVOKED_IS_INACTIVE, &healing::before_any_node_has_healed(), Rules::ALL);
}

#[test]
fn in_memory_a_login_before_that_poll_may_be_killed_by_it() {
    breaks(ONLY_REVOKED_IS_INACTIVE, &healing::login_before_healing(), Rules::ALL);
}

#[test]
fn a_death_seen_before_it_is_durable_may_be_undone_by_a_failover() {
    breaks(NOTHING_COMES_BACK, &failover::asked_before_and_after(), Rules::ALL);
}

#[test]
fn a_copy_ahead_that_serves_calls_dead_what_another_node_calls_alive() {
    breaks(NOTHING_COMES_BACK, &healing::asked_at_both_nodes(), SERVES);
}

#[test]
fn a_copy_ahead_that_serves_breaks_no_other_promise() {
    let others =
        [REVOKED_IS_INACTIVE, ONLY_REVOKED_IS_INACTIVE, ONE_BRANCH, TOKEN_IDS_ARE_UNIQUE, ENTRIES_ARE_LISTED_ONCE];
    for property in others {
        if let Some(counterexample) = healing::asked_at_both_nodes().refute(SERVES, property) {
            panic!("{counterexample}");
        }
    }
    holds_serving(&failover::two_durable_cuts());
    holds_serving(&failover::born_across_failover());
}

#[test]
fn a_copy_ahead_does_not_keep_the_poll_from_healing() {
    holds_serving(&healing::after_healing());
    holds_serving(&healing::last_entry_forgotten());
    holds_serving(&healing::login_after_healing());
}

#[test]
fn a_poll_that_is_content_with_a_copy_ahead_never_heals() {
    let rules = Rules { copy_ahead: CopyAhead::ServesPolls, ..Rules::ALL };
    breaks(REVOKED_IS_INACTIVE, &healing::after_healing(), rules);
}
