//! `kill -9` in the midst of revocations, refreshes and births.

use atropos_proof::crash::{Plan, Torn, Victim, crash, torn};

use crate::program;

const SHORT: Plan = Plan { rounds: 6, seed: 1, sessions: 16 };

async fn keeps_its_word(victim: Victim) {
    let counted = crash(&program(), victim, SHORT).await.unwrap_or_else(|broken| panic!("{broken:#}"));
    assert_eq!(counted.kills, SHORT.rounds);
    assert!(counted.done + counted.not_done + counted.either > 0, "nothing was on its way: {counted}");
}

/// RFC7009-2.1-bg, INV-2, INV-3, INV-5, S5
#[tokio::test]
async fn a_server_that_is_killed_with_its_store_has_kept_its_word() {
    keeps_its_word(Victim::Embedded).await;
}

/// RFC7009-2.1-bg, INV-2, INV-3, INV-5, S5
#[tokio::test]
async fn a_server_that_is_killed_has_kept_its_word_in_redis() {
    keeps_its_word(Victim::Server).await;
}

/// INV-3, INV-5, S5: and the server finds it again, without a restart.
#[tokio::test]
async fn a_redis_that_is_killed_has_kept_the_word_of_its_server() {
    keeps_its_word(Victim::Redis).await;
}

/// That the others can fail.
#[tokio::test]
async fn a_redis_that_forgets_does_not_pass() {
    let broken = crash(&program(), Victim::ForgetfulRedis, SHORT).await.expect_err("all was lost, and nobody saw it");
    assert!(format!("{broken:#}").contains("--seed"), "{broken:#}");
}

/// S5: a file that was copied, cut short or damaged is refused, or it is as good as the one it was made of.
#[tokio::test]
async fn a_file_that_is_torn_is_refused_or_serves_what_it_should() {
    let Torn { copied, cut, damaged } = torn(&program(), 3, 1).await.unwrap_or_else(|broken| panic!("{broken:#}"));
    let (refused, served) = (cut[0] + damaged[0], copied[1]);
    assert!(refused > 0 && served > 0, "nothing was proved: {copied:?}, {cut:?}, {damaged:?}");
}
