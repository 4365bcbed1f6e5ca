//! TLS: whom we trust, and how we show who we are. With Redis alone, for many a Valkey is built without it.

use std::sync::Once;
use std::time::Duration;

use atropos::domain::store::{Store, Version};
use atropos::store::redis::{OpenError, RedisSettings, RedisStore};
use atropos_testbed::{Certificates, Cluster, Flavor, RedisServer, Sentinels};

use crate::support::{commit, create, open, revocation, session, settings, shard, soon, with};
use crate::{cluster, sentinel};

/// As `main` does before anything else.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
}

fn trusting(server: &RedisServer) -> RedisSettings {
    by(server.certificates(), settings(&server.url()))
}

fn by(certificates: Option<&Certificates>, settings: RedisSettings) -> RedisSettings {
    RedisSettings { ca_file: Some(certificates.unwrap().authority()), ..settings }
}

#[tokio::test]
async fn a_server_whose_authority_is_trusted_is_used() {
    install_provider();
    let server = RedisServer::start_tls(Flavor::Redis, &[]).await;
    let store = open(&trusting(&server)).await;
    let family = session(shard(1), 1);
    create(&store, &family).await;
    store.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap();
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_talked_to() {
    install_provider();
    let server = RedisServer::start_tls(Flavor::Redis, &[]).await;
    let stranger = RedisServer::start_tls(Flavor::Redis, &[]).await;
    let bound = Duration::from_secs(5);
    let by_system = with(&server.url(), "memory", bound);
    let by_stranger = RedisSettings { ca_file: trusting(&stranger).ca_file, ..by_system.clone() };
    for settings in [by_system, by_stranger] {
        let opened = RedisStore::open(&settings).await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_one() {
    install_provider();
    let server = RedisServer::start_tls(Flavor::Redis, &[("tls-auth-clients", "yes")]).await;
    let certificates = server.certificates().unwrap();
    let without = RedisSettings { timeout: Duration::from_secs(5), ..trusting(&server) };
    let with = RedisSettings {
        client_cert_file: Some(certificates.client_certificate()),
        client_key_file: Some(certificates.client_key()),
        ..trusting(&server)
    };
    assert!(matches!(RedisStore::open(&without).await, Err(OpenError::Unavailable(_))));
    open(&with).await.ping().await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_named() {
    install_provider();
    let server = RedisServer::start_tls(Flavor::Redis, &[]).await;
    let certificates = server.certificates().unwrap();
    let half = RedisSettings { client_cert_file: Some(certificates.client_certificate()), ..trusting(&server) };
    let plain = RedisSettings { url: "redis://localhost".into(), ..trusting(&server) };
    let missing = RedisSettings { ca_file: Some("/nowhere/ca.pem".into()), ..trusting(&server) };
    let key_for_certificate = RedisSettings { ca_file: Some(certificates.client_key()), ..trusting(&server) };
    for (settings, named) in [
        (half, "store.client_key_file"),
        (plain, "store.ca_file"),
        (missing, "store.ca_file"),
        (key_for_certificate, "store.ca_file"),
    ] {
        let Err(OpenError::Settings(sentence)) = RedisStore::open(&settings).await else {
            panic!("{settings:?} should be refused");
        };
        assert!(sentence.contains(named), "{sentence}");
    }
}

/// Both the sentinels and the servers they name are spoken to in TLS, before and after a failover.
#[tokio::test]
async fn a_primary_is_found_and_followed_over_tls() {
    install_provider();
    let mut sentinels = Sentinels::start_tls(Flavor::Redis).await;
    let url = sentinel::url(&sentinels);
    assert!(url.starts_with("rediss+sentinel://"));
    let store = open(&by(sentinels.certificates(), settings(&url))).await;
    let safe = by(sentinels.certificates(), with(&url, "replicas:2", Duration::from_secs(10)));
    let safe = open(&safe).await;
    let family = session(shard(1), 1);
    create(&store, &family).await;
    sentinel::acknowledged(&safe).await;
    safe.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap();

    sentinels.servers()[0].kill().await;
    store.load(family.id).await.unwrap_err();
    soon("the store has followed", async || store.load(family.id).await.is_ok()).await;
    assert_eq!(store.load(family.id).await.unwrap().stored.unwrap().version, Version(2));
    assert_eq!(store.revocations(shard(1), None, 10).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn sentinels_of_another_authority_are_not_believed() {
    install_provider();
    let sentinels = Sentinels::start_tls(Flavor::Redis).await;
    let stranger = RedisServer::start_tls(Flavor::Redis, &[]).await;
    let bound = with(&sentinel::url(&sentinels), "memory", Duration::from_secs(5));
    let plain = with(&sentinel::url(&sentinels).replace("rediss+", "redis+"), "memory", Duration::from_secs(5));
    for settings in [by(stranger.certificates(), bound.clone()), bound, plain] {
        let opened = RedisStore::open(&settings).await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
    }
}

#[tokio::test]
async fn every_call_works_in_a_cluster_over_tls() {
    install_provider();
    let nodes = Cluster::start_tls(Flavor::Redis, cluster::PRIMARIES, 0).await;
    let url = cluster::url(&nodes);
    assert!(url.starts_with("rediss+cluster://"));
    cluster::every_call(&open(&by(nodes.certificates(), settings(&url))).await).await;
}

#[tokio::test]
async fn a_failover_in_a_cluster_is_followed_over_tls() {
    install_provider();
    let mut nodes = Cluster::start_tls(Flavor::Redis, cluster::PRIMARIES, 1).await;
    let url = cluster::url(&nodes);
    let store = open(&by(nodes.certificates(), with(&url, "memory", Duration::from_secs(2)))).await;
    let safe = open(&by(nodes.certificates(), with(&url, "replicas:1", Duration::from_secs(20)))).await;
    let mut families = Vec::new();
    for number in 0..store.shards() {
        let family = session(shard(number), 1);
        create(&store, &family).await;
        safe.commit(commit(&family, &[revocation(family.id, 7)])).await.unwrap();
        families.push(family);
    }
    nodes.nodes()[0].kill().await;
    for family in families {
        soon("its shard is read again", async || match store.load(family.id).await {
            Ok(loaded) => loaded.stored.unwrap().version == Version(2),
            Err(_) => false,
        })
        .await;
    }
}

#[tokio::test]
async fn a_cluster_of_another_authority_is_not_talked_to() {
    install_provider();
    let nodes = Cluster::start_tls(Flavor::Redis, cluster::PRIMARIES, 0).await;
    let stranger = RedisServer::start_tls(Flavor::Redis, &[]).await;
    let bound = with(&cluster::url(&nodes), "memory", Duration::from_secs(2));
    for settings in [by(stranger.certificates(), bound.clone()), bound] {
        let opened = RedisStore::open(&settings).await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
    }
}
