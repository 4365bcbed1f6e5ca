use atropos_testbed::{Cluster, Flavor, until};
use redis::{AsyncCommands, cluster::ClusterClient};

#[tokio::test]
async fn every_slot_is_served_by_a_redis() {
    serves_every_slot(Flavor::Redis).await;
}

#[tokio::test]
async fn every_slot_is_served_by_a_valkey() {
    serves_every_slot(Flavor::Valkey).await;
}

#[tokio::test]
async fn a_replica_takes_over_from_its_primary() {
    let mut cluster = Cluster::start(Flavor::Redis, 3, 1).await;
    assert_eq!(cluster.urls().len(), 6);
    cluster.nodes()[0].kill().await;
    let replica = cluster.nodes()[3].url();
    until("the replica of the first primary is a primary", async || {
        let client = redis::Client::open(replica.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let role: redis::Value = redis::cmd("ROLE").query_async(&mut connection).await.unwrap();
        matches!(role, redis::Value::Array(parts) if parts[0] == redis::Value::BulkString(b"master".to_vec()))
    })
    .await;
}

#[tokio::test]
async fn a_node_that_is_parted_is_replaced_gives_up_and_comes_back_as_a_replica() {
    for flavor in Flavor::ALL {
        let mut cluster = Cluster::start_on_wires(flavor, (3, 1), &[]).await;
        let (parted, replica) = (1, 4);
        assert!(cluster.is_primary(parted).await && !cluster.is_primary(replica).await);
        cluster.part(parted);
        until("its replica has taken over", async || cluster.is_primary(replica).await).await;
        assert!(cluster.is_primary(parted).await, "{flavor:?}: nobody has told it");
        let client = redis::Client::open(cluster.nodes()[parted].url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        until("it answers nobody any more", async || {
            // A slot in the middle: its own.
            let read: redis::RedisResult<Option<String>> = connection.get("atropos{1}").await;
            read.is_err_and(|error| error.code() == Some("CLUSTERDOWN"))
        })
        .await;
        cluster.join();
        until("it is a replica", async || !cluster.is_primary(parted).await && cluster.is_whole().await).await;
    }
}

async fn serves_every_slot(flavor: Flavor) {
    let mut cluster = Cluster::start(flavor, 3, 0).await;
    let mut client = ClusterClient::new(cluster.urls()).unwrap().get_async_connection().await.unwrap();
    for number in 0..100 {
        let () = client.set(format!("key-{number}"), number).await.unwrap();
    }
    let mut held = Vec::new();
    for node in cluster.nodes() {
        let client = redis::Client::open(node.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        held.push(redis::cmd("DBSIZE").query_async::<usize>(&mut connection).await.unwrap());
    }
    assert_eq!(held.iter().sum::<usize>(), 100);
    assert!(held.iter().all(|count| *count > 10), "three primaries should share the keys: {held:?}");
}
