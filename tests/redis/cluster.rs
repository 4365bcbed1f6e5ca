//! A cluster does all that one server does, and what is on the move there is never taken for absent.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use atropos::domain::family::listing::Listing;
use atropos::domain::store::{Created, Document, Store, Version};
use atropos::domain::{Head, Shard};
use atropos::store::redis::{RedisSettings, RedisStore};
use atropos_testbed::{Cluster, Flavor, RedisServer, Wire};
use tokio::time::Instant;

use crate::outage::{BOUND, nothing_works, works, writes_once_although_the_answer_is_lost};
use crate::support::{
    HOUR, append, calls, commit, create, listed, open, persons_session, refusal, revocation, say, session, settings,
    shard, soon, tells_fsync, with,
};

pub(crate) const PRIMARIES: usize = 3;
const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn url(cluster: &Cluster) -> String {
    let urls = cluster.urls();
    let nodes: Vec<(&str, &str)> = urls.iter().filter_map(|url| url.split_once("://")).collect();
    let addresses: Vec<&str> = nodes.iter().map(|(_, address)| *address).collect();
    format!("{}+cluster://{}", nodes[0].0, addresses.join(","))
}

/// The slot of a shard, and which of the primaries has it.
async fn place(cluster: &Cluster, shard: Shard) -> (u64, usize) {
    let slot: u64 = say(&cluster.urls()[0], &format!("CLUSTER KEYSLOT {shard}")).await;
    (slot, usize::try_from(slot).unwrap() * PRIMARIES / 16_384)
}

pub(crate) async fn every_call(store: &RedisStore) {
    for number in 0..store.shards() {
        let shard = shard(number);
        let (family, person) = (session(shard, 1), persons_session(shard, 2, "alice"));
        create(store, &family).await;
        create(store, &person).await;
        assert_eq!(store.create(&family, Version(9), HOUR).await.unwrap(), Created::Exists);
        let entry = [revocation(family.id, 7)];
        store.commit(commit(&person, &entry)).await.unwrap();
        let stretch = store.append(append(shard, &[revocation(person.id, 8)])).await.unwrap();
        store.append_at(append(shard, &[revocation(person.id, 9)]), stretch.head).await.unwrap();
        store.forget(shard, &[stretch.entries[0].position]).await.unwrap();
        assert_eq!(store.revocations(shard, None, 10).await.unwrap().entries.len(), 2);
        assert_eq!(store.load(person.id).await.unwrap().stored.unwrap().version, Version(2));
        assert_eq!(store.scan(shard, None).await.unwrap().0.len(), 2);
        store.confirm(shard, Head::default()).await.unwrap();
    }
    let shards = usize::from(store.shards());
    assert_eq!(listed(store, Listing::Subject("alice")).await.len(), shards);
    assert_eq!(store.heads().await.unwrap().0.iter().collect::<HashSet<_>>().len(), shards);
    for byte in 0..20 {
        assert!(store.once(&[byte; 32], b"value", HOUR).await.unwrap());
        assert_eq!(store.peek(&[byte; 32]).await.unwrap().unwrap(), b"value");
        assert_eq!(store.take(&[byte; 32]).await.unwrap().unwrap(), b"value");
    }
    let document = Document { version: Version(1), bytes: b"text".to_vec() };
    assert!(store.replace_document("name", None, &document).await.unwrap());
    assert_eq!(store.document("name").await.unwrap().unwrap(), document);
}

#[tokio::test]
async fn every_call_works_and_all_of_a_shard_is_in_one_slot() {
    for flavor in Flavor::ALL {
        let cluster = Cluster::start(flavor, PRIMARIES, 0).await;
        let store = open(&settings(&url(&cluster))).await;
        every_call(&store).await;
        let mut slots: HashMap<String, HashSet<u64>> = HashMap::new();
        for node in cluster.urls() {
            let keys: Vec<String> = say(&node, "KEYS atropos{*").await;
            for key in keys {
                let slot: u64 = say(&node, &format!("CLUSTER KEYSLOT {key}")).await;
                slots.entry(key[..=key.find('}').unwrap()].to_owned()).or_default().insert(slot);
            }
        }
        assert_eq!(slots.len(), usize::from(store.shards()));
        assert!(slots.values().all(|slots| slots.len() == 1), "{slots:?}");
    }
}

#[tokio::test]
async fn replicas_every_call_waits_for_the_replica_of_its_own_shard() {
    let mut cluster = Cluster::start(Flavor::Valkey, PRIMARIES, 1).await;
    every_call(&open(&with(&url(&cluster), "replicas:1", 20 * SECOND)).await).await;

    let store = open(&with(&url(&cluster), "replicas:1", 2 * SECOND)).await;
    let (_, owner) = place(&cluster, shard(0)).await;
    let mut elsewhere = shard(1);
    for number in 1..store.shards() {
        if place(&cluster, shard(number)).await.1 != owner {
            elsewhere = shard(number);
        }
    }
    cluster.nodes()[PRIMARIES + owner].pause();
    store.confirm(shard(0), Head::default()).await.unwrap_err();
    store.append(append(shard(0), &[revocation(session(shard(0), 1).id, 10)])).await.unwrap_err();
    store.confirm(elsewhere, Head::default()).await.unwrap();
    soon("nothing is read any more from a primary whose replica is gone", async || {
        store.load(session(shard(0), 1).id).await.is_err()
    })
    .await;
    store.load(session(elsewhere, 1).id).await.unwrap();
    cluster.nodes()[PRIMARIES + owner].resume();
    soon("the replica acknowledges again", async || store.confirm(shard(0), Head::default()).await.is_ok()).await;
    store.load(session(shard(0), 1).id).await.unwrap();
}

#[tokio::test]
async fn a_failover_is_followed() {
    let mut cluster = Cluster::start(Flavor::Redis, PRIMARIES, 1).await;
    let store = open(&with(&url(&cluster), "memory", 2 * SECOND)).await;
    let safe = open(&with(&url(&cluster), "replicas:1", 20 * SECOND)).await;
    let family = session(shard(0), 1);
    create(&store, &family).await;
    safe.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap();

    let (_, owner) = place(&cluster, shard(0)).await;
    cluster.nodes()[owner].kill().await;
    store.load(family.id).await.unwrap_err();
    // The cluster may say once more that it is down; what it must not do is to answer wrongly.
    soon("the store has followed", async || match store.load(family.id).await {
        Ok(loaded) => loaded.stored.unwrap().version == Version(2),
        Err(_) => false,
    })
    .await;
    soon("the denylist is there", async || match store.revocations(shard(0), None, 10).await {
        Ok(stretch) => stretch.entries.len() == 1,
        Err(_) => false,
    })
    .await;
    soon("every shard can be written", async || {
        let mut written = 0;
        for number in 0..store.shards() {
            let entry = [revocation(family.id, 100 + u64::from(number))];
            written += u16::from(store.append(append(shard(number), &entry)).await.is_ok());
        }
        written == store.shards()
    })
    .await;
}

#[tokio::test]
async fn a_primary_that_hangs_takes_its_own_shards_along_and_no_others() {
    let mut cluster = Cluster::start(Flavor::Redis, PRIMARIES, 0).await;
    let store = open(&with(&url(&cluster), "memory", 2 * SECOND)).await;
    let mut owners = Vec::new();
    for number in 0..store.shards() {
        owners.push(place(&cluster, shard(number)).await.1);
        create(&store, &session(shard(number), 1)).await;
    }
    let hanging = owners[0];
    cluster.nodes()[hanging].pause();
    let begun = Instant::now();
    store.load(session(shard(0), 1).id).await.unwrap_err();
    assert!(begun.elapsed() < 4 * SECOND, "{:?}", begun.elapsed());
    let elsewhere = owners.iter().position(|owner| *owner != hanging).unwrap();
    let elsewhere = session(shard(u16::try_from(elsewhere).unwrap()), 1);
    let mut answered = 0;
    soon("a shard elsewhere is read ten times in a row", async || {
        let there = store.load(elsewhere.id).await.is_ok();
        answered = if there { answered + 1 } else { 0 };
        answered == 10
    })
    .await;
    cluster.nodes()[hanging].resume();
    soon("it is read again", async || store.load(session(shard(0), 1).id).await.is_ok()).await;
}

#[tokio::test]
async fn a_slot_on_the_move_is_unavailable_and_never_looks_empty() {
    let cluster = Cluster::start(Flavor::Redis, PRIMARIES, 0).await;
    let store = open(&with(&url(&cluster), "memory", 2 * SECOND)).await;
    let (family, new) = (session(shard(0), 1), session(shard(0), 2));
    create(&store, &family).await;
    store.append(append(shard(0), &[revocation(family.id, 7)])).await.unwrap();
    let before = store.load(family.id).await.unwrap();

    let (slot, owner) = place(&cluster, shard(0)).await;
    let (from, to) = (&cluster.urls()[owner], &cluster.urls()[(owner + 1) % PRIMARIES]);
    let (from_id, to_id): (String, String) = (say(from, "CLUSTER MYID").await, say(to, "CLUSTER MYID").await);
    let () = say(to, &format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}")).await;
    let () = say(from, &format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}")).await;

    // As long as it is still there it is read; what is new would belong to the other end.
    assert_eq!(store.load(family.id).await.unwrap(), before);
    store.create(&new, Version(1), HOUR).await.unwrap_err();

    let keys: Vec<String> = say(from, &format!("CLUSTER GETKEYSINSLOT {slot} 100")).await;
    let port = to.rsplit(':').next().unwrap();
    for key in keys.iter().filter(|key| key.contains(":f:")) {
        let () = say(from, &format!("MIGRATE 127.0.0.1 {port} {key} 0 5000")).await;
    }
    store.load(family.id).await.unwrap_err();
    for key in keys.iter().filter(|key| !key.contains(":f:")) {
        let () = say(from, &format!("MIGRATE 127.0.0.1 {port} {key} 0 5000")).await;
    }
    store.load(family.id).await.unwrap_err();
    store.revocations(shard(0), None, 10).await.unwrap_err();
    store.heads().await.unwrap_err();

    for node in [to, from] {
        let () = say(node, &format!("CLUSTER SETSLOT {slot} NODE {to_id}")).await;
    }
    assert_eq!(store.load(family.id).await.unwrap(), before, "where it went to is followed");
    create(&store, &new).await;
    assert_eq!(store.revocations(shard(0), None, 10).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn every_primary_is_examined() {
    let cluster = Cluster::start(Flavor::Redis, PRIMARIES, 0).await;
    let () = say(&cluster.urls()[2], "CONFIG SET maxmemory-policy allkeys-lru").await;
    let why = refusal(&settings(&url(&cluster))).await;
    assert!(why.contains("allkeys-lru"), "{why}");
}

/// A cluster of one node behind a wire, which it takes for itself.
async fn wired(flavor: Flavor) -> (RedisServer, Wire, RedisSettings) {
    let config = [("cluster-enabled", "yes"), ("appendonly", "yes"), ("appendfsync", "always")];
    let node = RedisServer::start(flavor, &config).await;
    let wire = Wire::to(node.address()).await;
    let port = wire.address().port();
    let slots: Vec<String> = (0..16_384).map(|slot| slot.to_string()).collect();
    let () = say(&node.url(), &format!("CLUSTER ADDSLOTS {}", slots.join(" "))).await;
    let () = say(&node.url(), &format!("CONFIG SET cluster-announce-port {port}")).await;
    soon("the cluster is up", async || {
        let info: String = say(&node.url(), "CLUSTER INFO").await;
        info.contains("cluster_state:ok")
    })
    .await;
    let url = format!("redis+cluster://127.0.0.1:{port}");
    (node, wire, with(&url, "memory", BOUND))
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_made_twice() {
    let (_node, wire, settings) = wired(Flavor::Redis).await;
    let store = open(&RedisSettings { timeout: 10 * SECOND, ..settings }).await;
    writes_once_although_the_answer_is_lost(&store, &wire).await;
}

#[tokio::test]
async fn a_cluster_that_is_cut_off_is_unavailable_in_time_and_found_again() {
    let (_node, wire, settings) = wired(Flavor::Redis).await;
    let store = open(&settings).await;
    works(&store, 1).await;
    wire.cut().await;
    nothing_works(&store).await;
    wire.mend();
    works(&store, 2).await;
    wire.freeze();
    nothing_works(&store).await;
    wire.thaw();
    works(&store, 3).await;
}

#[tokio::test]
async fn an_acl_user_with_the_least_rights_is_enough_and_info_stands_in_for_config() {
    let (node, _wire, settings) = wired(Flavor::Redis).await;
    let () = say(&node.url(), "CONFIG SET maxmemory-policy volatile-lru").await;
    let least = "~atropos* -@all +@connection +@read +@write +@scripting +info +time +cluster";
    let () = say(&node.url(), &format!("ACL SETUSER app on >s3cret {least}")).await;
    let (username, password) = (Some("app".to_owned()), Some("s3cret".into()));
    let settings = RedisSettings { timeout: 10 * SECOND, username, password, ..settings };
    let why = refusal(&settings).await;
    assert!(why.contains("volatile-lru"), "{why}");
    works(&open(&RedisSettings { allow_eviction: true, ..settings }).await, 1).await;
}

#[tokio::test]
async fn fsync_is_waited_for_where_the_server_can_tell_for_who_is_primary_may_change() {
    for flavor in Flavor::ALL {
        let (node, _wire, settings) = wired(flavor).await;
        let durability = "fsync".parse().unwrap();
        works(&open(&RedisSettings { timeout: 10 * SECOND, durability, ..settings }).await, 1).await;
        let waited = calls(&node.url(), "waitaof").await > 0;
        assert_eq!(waited, tells_fsync(&node.url()).await);
    }
}
