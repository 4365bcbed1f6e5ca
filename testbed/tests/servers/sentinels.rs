use atropos_testbed::{Flavor, RedisServer, Sentinels, until};
use redis::{AsyncCommands, AsyncConnectionConfig};

#[tokio::test]
async fn a_redis_that_is_gone_is_replaced_by_a_replica() {
    is_replaced(Flavor::Redis).await;
}

#[tokio::test]
async fn a_valkey_that_is_gone_is_replaced_by_a_replica() {
    is_replaced(Flavor::Valkey).await;
}

async fn is_replaced(flavor: Flavor) {
    let mut sentinels = Sentinels::start(flavor).await;
    assert_eq!(sentinels.addresses().len(), 3);
    let addresses: Vec<_> = sentinels.servers().iter().map(RedisServer::address).collect();
    assert_eq!(sentinels.primary().await, Some(addresses[0]));

    sentinels.servers()[0].kill().await;
    until("the sentinels name a replica", async || {
        sentinels.primary().await.is_some_and(|primary| addresses[1..].contains(&primary))
    })
    .await;
}

#[tokio::test]
async fn a_primary_that_is_parted_goes_on_for_its_clients_until_it_is_joined_again() {
    for flavor in Flavor::ALL {
        let mut sentinels = Sentinels::start_on_wires(flavor, &[]).await;
        let old = sentinels.primary_index().await.unwrap();
        let name = sentinels.primary().await.unwrap();
        let client = redis::Client::open(format!("redis://{name}")).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        sentinels.part(old);
        until("another is named", async || sentinels.primary_index().await.is_some_and(|new| new != old)).await;
        let () = connection.set("key", "late").await.unwrap();
        let acknowledged: u8 = redis::cmd("WAIT").arg(1).arg(200).query_async(&mut connection).await.unwrap();
        assert_eq!(acknowledged, 0, "{flavor:?}");

        sentinels.join(old);
        until("it is a replica of the new one", async || sentinels.has_replicas(2).await).await;
        let client = redis::Client::open(sentinels.servers()[old].url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let late: Option<String> = connection.get("key").await.unwrap();
        assert_eq!(late, None, "{flavor:?}: what only the old one had is gone");
    }
}

#[tokio::test]
async fn a_primary_whose_replicas_are_held_back_stays_the_primary() {
    let mut sentinels = Sentinels::start_on_wires(Flavor::Redis, &[]).await;
    let primary = sentinels.primary_index().await.unwrap();
    let client = redis::Client::open(sentinels.servers()[primary].url()).unwrap();
    // A client that waits as long as it takes.
    let patient = AsyncConnectionConfig::new().set_response_timeout(None);
    let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await.unwrap();
    sentinels.hold_back(primary);
    let () = connection.set("key", "held").await.unwrap();
    // Longer than it takes the sentinels to give up a server that does not answer them.
    let acknowledged: u8 = redis::cmd("WAIT").arg(1).arg(3000).query_async(&mut connection).await.unwrap();
    assert_eq!((acknowledged, sentinels.primary_index().await), (0, Some(primary)));
    sentinels.join(primary);
    let acknowledged: u8 = redis::cmd("WAIT").arg(2).arg(20_000).query_async(&mut connection).await.unwrap();
    assert_eq!(acknowledged, 2);
}
