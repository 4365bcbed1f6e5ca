//! Rule 9: where changes wait for replicas, a primary that may have been replaced answers nobody.

use std::time::Duration;

use atropos::domain::Head;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Store, Version};
use atropos::store::redis::RedisStore;
use atropos_testbed::{Flavor, RedisServer, Wire};

use crate::durability::pair;
use crate::support::{HOUR, append, calls, create, open, revocation, say, session, shard, soon, with};

const SECOND: Duration = Duration::from_secs(1);

/// Every call that answers what stands in the store; whether it was answered.
async fn all_that_reads(store: &RedisStore, round: u64) -> [(&'static str, bool); 12] {
    let family = session(shard(1), round);
    let key = [u8::try_from(round).unwrap(); 32];
    let (load, create, revocations, confirm, heads, families_of, scan, once, peek, take, document, ping) = tokio::join!(
        store.load(family.id),
        store.create(&family, Version(1), HOUR),
        store.revocations(shard(1), None, 10),
        store.confirm(shard(1), Head::default()),
        store.heads(),
        store.families_of(Listing::Subject("alice"), None, 10),
        store.scan(shard(1), None),
        store.once(&key, b"value", HOUR),
        store.peek(&key),
        store.take(&key),
        store.document("name"),
        store.ping(),
    );
    [
        ("load", load.is_ok()),
        ("create", create.is_ok()),
        ("revocations", revocations.is_ok()),
        ("confirm", confirm.is_ok()),
        ("heads", heads.is_ok()),
        ("families_of", families_of.is_ok()),
        ("scan", scan.is_ok()),
        ("once", once.is_ok()),
        ("peek", peek.is_ok()),
        ("take", take.is_ok()),
        ("document", document.is_ok()),
        ("ping", ping.is_ok()),
    ]
}

#[tokio::test]
async fn rule_9_what_no_replica_vouches_for_is_no_answer() {
    for flavor in Flavor::ALL {
        let (primary, mut replica) = pair(flavor).await;
        let store = open(&with(&primary.url(), "replicas:1", SECOND)).await;
        for (call, answered) in all_that_reads(&store, 1).await {
            assert!(answered, "{flavor:?}: {call} with its replica");
        }
        replica.pause();
        soon("the lease has run out", async || store.ping().await.is_err()).await;
        for (call, answered) in all_that_reads(&store, 2).await {
            assert!(!answered, "{flavor:?}: {call} without its replica");
        }
        replica.resume();
        soon("there is a lease again", async || store.ping().await.is_ok()).await;
        for (call, answered) in all_that_reads(&store, 3).await {
            assert!(answered, "{flavor:?}: {call} with its replica again");
        }
    }
}

/// The worst case: nothing is broken between the old primary, its other replica and the node that asks it, until the very
/// moment of the promotion.
#[tokio::test]
async fn rule_9_when_a_new_primary_acknowledges_anything_the_old_one_is_believed_by_nobody() {
    for flavor in Flavor::ALL {
        let (old, new) = pair(flavor).await;
        let (second, _its_replica) = (&new, replica_of(flavor, &new).await);
        let name = Wire::to(old.address()).await;
        let (by_name, by_address) = (format!("redis://{}", name.address()), old.url());
        let (by_name, by_address) = (with(&by_name, "replicas:1", SECOND), with(&by_address, "replicas:1", SECOND));
        let (writer, reader) = tokio::join!(open(&by_name), open(&by_address));
        let family = session(shard(1), 1);
        create(&writer, &family).await;
        writer.confirm(shard(1), Head::default()).await.unwrap();

        name.lead_to(second.address());
        // A lease as fresh as can be.
        reader.confirm(shard(1), Head::default()).await.unwrap();
        let () = say(&second.url(), "REPLICAOF NO ONE").await;
        name.cut().await;
        name.mend();
        let mut believed = 0;
        soon("the new primary acknowledges a revocation", async || {
            believed += u32::from(reader.load(family.id).await.is_ok());
            writer.append(append(shard(1), &[revocation(family.id, 7)])).await.is_ok()
        })
        .await;
        reader.load(family.id).await.expect_err("the old primary knows nothing of the revocation");
        assert!(believed > 0, "{flavor:?}: until then there was a lease");
    }
}

/// A replica of a replica, which is one of a primary when that is promoted.
async fn replica_of(flavor: Flavor, server: &RedisServer) -> RedisServer {
    let of = format!("127.0.0.1 {}", server.port());
    let replica = RedisServer::start(flavor, &[("replicaof", &of)]).await;
    soon("the replica's replica is connected", async || {
        let info: String = say(&replica.url(), "INFO replication").await;
        info.contains("master_link_status:up")
    })
    .await;
    replica
}

#[tokio::test]
async fn leases_are_few_whoever_asks_and_nobody_pays_where_nothing_waits_for_replicas() {
    let (primary, _replica) = pair(Flavor::Redis).await;
    let family = session(shard(1), 1);
    for (durability, most) in [("replicas:1", 20), ("memory", 0)] {
        let store = open(&with(&primary.url(), durability, 10 * SECOND)).await;
        let before = calls(&primary.url(), "set").await;
        for _ in 0..500 {
            store.load(family.id).await.unwrap();
        }
        let written = calls(&primary.url(), "set").await - before;
        assert!(written <= most, "{durability}: {written} writes for 500 questions");
    }
}
