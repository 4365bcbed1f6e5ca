//! docker-compose.yml, `docker/setup` and config/compose.toml agree with one another.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use atropos::settings::{Durability, Location};
use serde_json::{Value, json};
use url::Url;

use crate::parts::{Compose, Local, text, texts};

#[test]
fn what_setup_makes_is_accepted_by_serve() {
    let local = Local::make();
    let settings = local.settings();
    assert_eq!(settings.server.issuer.unwrap().as_str(), "http://localhost:8080");
    assert_eq!(settings.store.durability, Durability::Fsync);
    assert!(settings.store.password.is_some());
    for id in ["demo-session", "demo-api"] {
        assert!(settings.clients.find(id).is_some(), "{id}");
    }
    assert_eq!(local.variables().len(), 2, "the master secret and the password of Redis");
}

/// Somebody who types it twice keeps the secrets that tokens were made with.
#[test]
fn setup_leaves_alone_what_is_there() {
    let local = Local::make();
    let secret = || fs::read(local.path("./local/secrets/master-secret")).unwrap();
    let before = secret();
    assert!(local.set_up().contains("nothing was done"));
    assert_eq!(secret(), before);
    let another = fs::read(Local::make().path("./local/secrets/master-secret")).unwrap();
    assert_ne!(another, before);
}

/// Compose mounts a file as it is: whoever the server is in its container reads it, and nobody else on the host.
#[test]
fn every_file_that_is_mounted_is_made_readable_in_a_closed_folder() {
    let (local, compose) = (Local::make(), Compose::read());
    let mode = |source: &str| fs::metadata(local.path(source)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("./local"), 0o700);
    for service in ["atropos", "redis"] {
        for name in texts(&compose.service(service)["secrets"]) {
            assert_eq!(mode(compose.secret(service, name)), 0o644, "{name}");
        }
        for volume in compose.service(service)["volumes"].as_array().unwrap() {
            match volume.as_str() {
                Some(named) => assert!(compose.has("volumes", named.split(':').next().unwrap()), "{named}"),
                None => assert_eq!(mode(volume["source"].as_str().unwrap()), 0o644, "{volume}"),
            }
        }
    }
}

/// There is no TLS and no authentication of whoever asks for metrics, so both are for this machine.
#[test]
fn what_the_server_listens_on_is_published_on_loopback() {
    let (settings, compose) = (Local::make().settings(), Compose::read());
    let published: Vec<(SocketAddr, u16)> = texts(&compose.service("atropos")["ports"])
        .into_iter()
        .map(|port| port.rsplit_once(':').unwrap())
        .map(|(address, inside)| (address.parse().unwrap(), inside.parse().unwrap()))
        .collect();
    assert!(published.iter().all(|(address, _)| address.ip().is_loopback()), "{published:?}");
    let listening = [settings.server.listen, settings.metrics.listen];
    assert!(listening.iter().all(|address| address.ip().is_unspecified()), "loopback is the container's own");
    assert!(published.iter().map(|(_, inside)| *inside).eq(listening.map(|address| address.port())));
    let issuer = Url::parse(settings.server.issuer.unwrap().as_str()).unwrap();
    assert_eq!(issuer.port(), Some(published[0].0.port()));
    assert_eq!(compose.service("redis").get("ports"), None);
}

#[test]
fn redis_is_where_the_settings_say_and_keeps_what_they_promise() {
    let (settings, compose) = (Local::make().settings(), Compose::read());
    let Location::Redis(url) = settings.store.location else { panic!("not Redis") };
    assert_eq!(url.expose(), "redis://redis:6379");
    let given = compose.redis_settings();
    for pair in [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction")] {
        assert!(given.contains(&pair), "{pair:?}");
    }
    let value = |name: &str| given.iter().find(|(found, _)| *found == name).unwrap().1;
    let acl = value("aclfile").strip_prefix("/run/secrets/").unwrap();
    compose.secret("redis", acl);
    assert!(texts(&compose.service("redis")["volumes"]).contains(&format!("redis:{}", value("dir")).as_str()));
    let shared = |service: &str| texts(&compose.service(service)["networks"]).contains(&"back");
    assert!(shared("redis") && shared("atropos"));
    assert_eq!(compose.service("atropos")["depends_on"]["redis"]["condition"], "service_healthy");
}

/// Its backups are made by commands in docs/containers.md, which cannot read this file.
#[test]
fn the_document_backs_up_the_redis_that_runs() {
    let (compose, document) = (Compose::read(), text("docs/containers.md"));
    let backups: Vec<&str> = document.split("docker run --rm --user 0 ").skip(1).collect();
    assert_eq!(backups.len(), 2, "one makes a copy, one puts it back");
    let volume = format!("-v {}_redis:/data", compose.name());
    for backup in backups {
        assert!(backup.starts_with(&volume), "{backup}");
        assert!(backup.contains(compose.service("redis")["image"].as_str().unwrap()), "{backup}");
    }
}

#[test]
fn requests_in_flight_end_before_the_container_is_killed() {
    let server = Local::make().settings().server;
    let compose = Compose::read();
    let grace = humantime::parse_duration(compose.service("atropos")["stop_grace_period"].as_str().unwrap()).unwrap();
    assert!(grace >= server.drain_notice + server.drain_timeout + Duration::from_secs(5), "{grace:?}");
}

#[test]
fn neither_container_may_do_more_than_it_needs() {
    for service in ["atropos", "redis"] {
        let compose = Compose::read();
        let service = compose.service(service);
        assert_eq!(service["read_only"], Value::Bool(true));
        assert_eq!(service["cap_drop"], json!(["ALL"]));
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]));
        assert!(service["healthcheck"]["test"].is_array());
    }
}

#[test]
fn git_and_images_never_see_the_folder_with_the_secrets() {
    assert!(text(".gitignore").lines().any(|line| line == "/local"));
    let ignored = text(".dockerignore");
    assert!(ignored.lines().any(|line| line == "*") && !ignored.contains("!local"));
}
