use atropos_testbed::{Flavor, RedisServer, Sentinels, until};

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
