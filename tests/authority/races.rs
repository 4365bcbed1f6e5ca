//! Many at once. Each race runs on every store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use atropos::domain::authority::Issued;
use atropos::domain::error::GrantFault;
use atropos::domain::{Cause, Target};
use tokio::task::JoinSet;

use crate::node::{Node, access, is_refused, refresh};
use crate::places::{self, Place};

/// RFC9700-4.14.2-d, S3: 200 presentations of one refresh token, through two nodes, leave one branch.
async fn one_token_presented_by_many_leaves_one_branch(place: Place) {
    race_for_one_branch(&two_nodes(&place).await).await;
}

async fn race_for_one_branch(nodes: &[Arc<Node>; 2]) {
    let issued = nodes[0].issue("a").await;
    let (racing, spent) = (nodes.clone(), refresh(&issued).to_owned());
    let answers = all_at_once(200, move |n| {
        let (node, token) = (Arc::clone(&racing[n % 2]), spent.clone());
        async move { node.refresh("a", &token).await.expect("the first, or the same again") }
    })
    .await;
    let branches: BTreeSet<&str> = answers.iter().map(refresh).collect();
    let tokens: BTreeSet<&str> = answers.iter().map(access).collect();
    assert_eq!((branches.len(), tokens.len()), (1, 1));
    assert!(nodes[1].is_active("a", refresh(&answers[0])).await);
    assert!(!nodes[0].is_active("a", refresh(&issued)).await, "the spent one is not active");
}

/// A window of zero: one wins, and whoever comes after it ends the family.
async fn a_strict_client_racing_with_itself_never_has_two_branches(place: Place) {
    let nodes = two_nodes(&place).await;
    let issued = nodes[0].issue("strict").await;
    let (racing, spent) = (nodes.clone(), refresh(&issued).to_owned());
    let answers = all_at_once(50, move |n| {
        let (node, token) = (Arc::clone(&racing[n % 2]), spent.clone());
        async move { node.refresh("strict", &token).await }
    })
    .await;
    let winners: Vec<&Issued> = answers.iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert!(answers.iter().any(|answer| is_refused(answer, GrantFault::Reused)));
    assert!(!nodes[0].is_active("strict", access(winners[0])).await, "reuse ends the winner's tokens as well");
}

/// INV-2, S4: whatever a refresh returned, before or after, is dead once the revocation has answered.
async fn no_refresh_outlives_a_revocation(place: Place, rounds: usize) {
    race_refreshes_with_revocations(&two_nodes(&place).await, rounds).await;
}

async fn race_refreshes_with_revocations(nodes: &[Arc<Node>; 2], rounds: usize) {
    const LANES: usize = 50;
    let nodes = nodes.clone();
    all_at_once(LANES, move |lane| {
        let nodes = nodes.clone();
        async move {
            for round in 0..rounds / LANES {
                let (one, other) = (&nodes[lane % 2], &nodes[round % 2]);
                let issued = one.issue("a").await;
                let (refreshed, revoked) =
                    tokio::join!(one.refresh("a", refresh(&issued)), other.revoke("a", refresh(&issued)));
                revoked.expect("a revocation is never refused");
                if let Ok(refreshed) = refreshed {
                    assert!(!one.is_active("a", access(&refreshed)).await);
                    assert!(!other.is_active("a", refresh(&refreshed)).await);
                    let again = other.refresh("a", refresh(&refreshed)).await;
                    assert!(is_refused(&again, GrantFault::Ended), "{again:?}");
                }
                assert!(!other.is_active("a", access(&issued)).await);
            }
        }
    })
    .await;
}

/// RFC7009-2.1-ab: revoke at one node, ask at another as the very next request.
async fn what_one_node_revoked_the_other_knows_at_once(place: Place) {
    know_at_once(&two_nodes(&place).await).await;
}

async fn know_at_once(nodes: &[Arc<Node>; 2]) {
    for client in ["a", "jwt"] {
        for _ in 0..100 {
            let issued = nodes[0].issue(client).await;
            assert!(nodes[1].is_active("api", access(&issued)).await);
            nodes[0].revoke(client, access(&issued)).await.unwrap();
            assert!(!nodes[1].is_active("api", access(&issued)).await);
        }
    }
}

/// A hundred revocations of one family, by each of its tokens and on both nodes, all succeed.
async fn everybody_may_revoke_at_once(place: Place) {
    let nodes = two_nodes(&place).await;
    let mut issued = nodes[0].issue("a").await;
    let mut tokens = vec![access(&issued).to_owned(), refresh(&issued).to_owned()];
    for _ in 0..24 {
        issued = nodes[0].refresh("a", refresh(&issued)).await.unwrap();
        tokens.extend([access(&issued).to_owned(), refresh(&issued).to_owned()]);
    }
    let (racing, presented) = (nodes.clone(), tokens.clone());
    all_at_once(100, move |n| {
        let (node, token) = (Arc::clone(&racing[n % 2]), presented[n % presented.len()].clone());
        async move { node.revoke("a", &token).await.expect("revoked") }
    })
    .await;
    for token in &tokens {
        assert!(!nodes[1].is_active("a", token).await);
    }
}

/// Rule 8: a cut that has to meet the head of the log meets it, in a log to which others append all the time.
async fn a_cut_gets_through_a_log_that_never_rests(place: Place) {
    let nodes = two_nodes(&place).await;
    let (asking, before) = (Arc::clone(&nodes[1]), nodes[0].issue("a").await);
    let done = Arc::new(AtomicBool::new(false));
    all_at_once(64, move |n| {
        let (node, done) = (Arc::clone(&nodes[n % 2]), Arc::clone(&done));
        async move {
            if n == 0 {
                let target = Target::Client("a".into());
                node.authority.revoke_target(target, Cause::Administrator).await.expect("in its time");
                done.store(true, Ordering::SeqCst);
            }
            while !done.load(Ordering::SeqCst) {
                let busy = node.issue("b").await;
                node.revoke("b", refresh(&busy)).await.expect("revoked");
            }
        }
    })
    .await;
    assert!(!asking.is_active("a", access(&before)).await);
}

async fn two_nodes(place: &Place) -> [Arc<Node>; 2] {
    let one = Node::on(Arc::clone(&place.store), &place.clock).await;
    [one.into(), Node::on(Arc::clone(&place.second), &place.clock).await.into()]
}

/// On two threads with a runtime each, as the server's workers are.
pub(crate) async fn all_at_once<F, T>(count: usize, task: impl Fn(usize) -> F + Send + Sync + 'static) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    const WORKERS: usize = 2;
    let task = Arc::new(task);
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let task = Arc::clone(&task);
            tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut tasks = JoinSet::new();
                    for n in (worker..count).step_by(WORKERS) {
                        tasks.spawn(task(n));
                    }
                    tasks.join_all().await
                })
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(count);
    for worker in workers {
        answers.extend(worker.await.expect("no task panicked"));
    }
    answers
}

macro_rules! on_every_store {
    ($($place:ident),+) => {$(
        mod $place {
            use super::*;

            #[tokio::test]
            async fn one_token_presented_by_many_leaves_one_branch() {
                super::one_token_presented_by_many_leaves_one_branch(places::$place().await).await;
            }

            #[tokio::test]
            async fn a_strict_client_racing_with_itself_never_has_two_branches() {
                super::a_strict_client_racing_with_itself_never_has_two_branches(places::$place().await).await;
            }

            #[tokio::test]
            async fn no_refresh_outlives_a_revocation() {
                super::no_refresh_outlives_a_revocation(places::$place().await, 10_000).await;
            }

            #[tokio::test]
            async fn what_one_node_revoked_the_other_knows_at_once() {
                super::what_one_node_revoked_the_other_knows_at_once(places::$place().await).await;
            }

            #[tokio::test]
            async fn everybody_may_revoke_at_once() {
                super::everybody_may_revoke_at_once(places::$place().await).await;
            }

            #[tokio::test]
            async fn a_cut_gets_through_a_log_that_never_rests() {
                super::a_cut_gets_through_a_log_that_never_rests(places::$place().await).await;
            }
        }
    )+};
}

on_every_store!(embedded, redis, valkey);

/// S3, S4, RFC7009-2.1-ab, where the shards lie on several servers. Making a cluster takes long, so that one serves the races for which it matters.
#[tokio::test]
async fn on_a_cluster_nothing_is_won_twice_or_outlives_its_revocation() {
    let place = places::cluster().await;
    let nodes = two_nodes(&place).await;
    // In which shard a session of a machine is, chance decides.
    for _ in 0..5 {
        race_for_one_branch(&nodes).await;
    }
    race_refreshes_with_revocations(&nodes, 1000).await;
    know_at_once(&nodes).await;
}
