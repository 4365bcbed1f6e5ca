//! Failovers under load, each kind once: `cargo run --release -p atropos-proof -- failover` tries them all, again and again.

use atropos_proof::failover::{Durability, Fault, Ground, Scenario};
use atropos_testbed::Flavor;

use crate::program;

async fn survives(ground: Ground, fault: Fault, durability: Durability) {
    let scenario = Scenario { ground, fault, durability, flavor: Flavor::Redis, seed: 1 };
    match scenario.run(&program()).await {
        Ok(failover) => println!("{failover}"),
        Err(why) => panic!("{why:#}"),
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_with_a_primary_that_was_killed_before_its_replicas_heard() {
    survives(Ground::Sentinels, Fault::Kill, Durability::Replicas(2)).await;
}

#[tokio::test]
async fn a_deposed_primary_that_one_node_still_reaches_loses_nothing_acknowledged() {
    survives(Ground::Sentinels, Fault::Part, Durability::Replicas(1)).await;
}

#[tokio::test]
async fn a_disk_that_is_no_longer_the_primarys_is_no_better_than_memory() {
    survives(Ground::Sentinels, Fault::Kill, Durability::Fsync).await;
}

#[tokio::test]
async fn of_what_was_revoked_at_a_deposed_primary_all_that_it_had_heard_of_is_put_back() {
    survives(Ground::Sentinels, Fault::Part, Durability::Memory).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_with_a_primary_of_a_cluster_that_is_parted() {
    survives(Ground::Cluster, Fault::Part, Durability::Replicas(1)).await;
}

#[tokio::test]
async fn of_what_a_cluster_had_in_memory_alone_the_nodes_put_back_the_revocations() {
    survives(Ground::Cluster, Fault::Kill, Durability::Memory).await;
}
