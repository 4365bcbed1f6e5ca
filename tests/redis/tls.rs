//! TLS: whom we trust, and how we show who we are.

use std::sync::Once;
use std::time::Duration;

use atropos::domain::store::Store;
use atropos::store::redis::{OpenError, RedisSettings, RedisStore};
use atropos_testbed::{Flavor, RedisServer};

use crate::support::{commit, create, open, revocation, session, settings, shard, with};

/// As `main` does before anything else.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
}

fn trusting(server: &RedisServer) -> RedisSettings {
    let authority = server.certificates().unwrap().authority();
    RedisSettings { ca_file: Some(authority), ..settings(&server.url()) }
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
