//! Wiring: settings, store, domain, server. The only place, with the command line, that knows all of them.

mod master;
mod open;
mod pace;
mod stamp;
mod tend;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::authenticate::{self, Authenticator};
use crate::domain::authority::{Authority, Limits, Notices, PerMinute};
use crate::domain::chance::SystemChance;
use crate::domain::client::Clients;
use crate::domain::clock::Clock;
use crate::domain::follower::Follower;
use crate::domain::keys::{KeyError, KeySettings, Keys};
use crate::domain::store::{Store, Unavailable};
use crate::http;
use crate::outbound::HttpMessenger;
use crate::settings::{Mode, Settings};
use crate::store::embedded;
use crate::store::redis;
use crate::telemetry::{AuditLog, DenylistStatus, Metrics};

pub use tend::Tending;

/// How long an application may take to hear of a logout.
const MESSENGER_PATIENCE: Duration = Duration::from_secs(5);

/// JWTs whose verification is remembered.
const REMEMBERED: usize = 100_000;

/// Why a server does not start; each a plain sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Embedded(#[from] embedded::OpenError),
    #[error(transparent)]
    Redis(#[from] redis::OpenError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("{0}")]
    Refused(String),
}

/// A server without its sockets: what tests and the command line need of one, too.
pub struct App {
    pub authority: Arc<Authority>,
    pub metrics: Arc<Metrics>,
    pub settings: Settings,
    mode: Mode,
}

impl App {
    /// Opens the store, agrees with it on who we are, reads the keys and every revocation. Nothing is served before.
    ///
    /// `address` is where the server listens or, for somebody who only looks, would.
    pub async fn open(
        mut settings: Settings,
        mode: Mode,
        address: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let issuer: Arc<str> = match &settings.server.issuer {
            Some(issuer) => issuer.as_str().into(),
            None => format!("http://{address}").into(),
        };
        let metrics = Arc::new(Metrics::new());
        let store = open::store(&settings.store, &clock, &metrics).await?;
        stamp::check(&*store, mode, &issuer).await?;
        let key_settings = KeySettings {
            issuer: Arc::clone(&issuer),
            masters: master::secrets(&settings.keys, &settings.store.data, mode)?,
            algorithm: settings.keys.signing_algorithm,
            remembered: REMEMBERED,
        };
        let clients = Arc::new(std::mem::take(&mut settings.clients));
        let keys = Keys::open(&*store, key_settings, Arc::clone(&clock), Arc::new(SystemChance)).await?;
        let authority = authority(&settings, Parts { issuer, store, keys, clients, clock, metrics: &metrics }).await?;
        authority.announce_lifetimes().await?;
        let follower = Arc::clone(&authority.follower);
        metrics.follow_denylists(move || {
            let status = |shard| {
                let entries = follower.denylist(shard).len();
                DenylistStatus { shard, entries, lag: follower.age(shard) }
            };
            follower.shards().map(status).collect()
        });
        Ok(Self { authority: Arc::new(authority), metrics, settings, mode })
    }

    /// Who tells applications of logouts; nobody, if none wants to be told.
    pub fn notices(&self) -> Result<Option<Notices>, StartError> {
        if self.authority.clients.iter().all(|client| client.openid.back_channel.is_none()) {
            return Ok(None);
        }
        let refused = |error| StartError::Refused(format!("the client that tells of logouts cannot be made: {error}"));
        let messenger = HttpMessenger::new(MESSENGER_PATIENCE).map_err(refused)?;
        Ok(Some(Notices::new(&self.authority, Arc::new(messenger))))
    }

    /// What the wire needs to know.
    pub fn state(&self) -> http::State {
        let server = &self.settings.server;
        let options = http::Options {
            workers: server.workers,
            max_connections: server.max_connections,
            keep_alive: server.keep_alive,
            head_timeout: server.head_timeout,
            request_timeout: server.request_timeout,
            body_limit: server.body_limit,
            cors_origins: server.cors_origins.clone(),
            trusted_proxies: server.trusted_proxies.clone(),
            surfaces: self.settings.surfaces.enabled(),
            infisical_organization: self.settings.surfaces.infisical_organization.clone(),
            scopes: self.settings.scopes.clone(),
            docs: self.settings.docs.enabled,
            loopback_only: self.mode == Mode::Dev,
            drain_notice: server.drain_notice,
            drain_timeout: server.drain_timeout,
        };
        http::State::new(Arc::clone(&self.authority), Arc::clone(&self.metrics), options)
    }
}

struct Parts<'a> {
    issuer: Arc<str>,
    store: Arc<dyn Store>,
    keys: Keys,
    clients: Arc<Clients>,
    clock: Arc<dyn Clock>,
    metrics: &'a Arc<Metrics>,
}

async fn authority(settings: &Settings, parts: Parts<'_>) -> Result<Authority, StartError> {
    let Parts { issuer, store, keys, clients, clock, metrics } = parts;
    let audit: Arc<AuditLog> = Arc::new(AuditLog::new(Arc::clone(metrics)));
    let chance = Arc::new(SystemChance);
    let follower = Follower::start(Arc::clone(&store), Arc::clone(&clock), chance.clone(), audit.clone()).await?;
    let per_minute = PerMinute {
        issued: settings.limits.issues,
        misses: settings.limits.unknown_tokens,
        waiting: settings.limits.waiting_requests,
    };
    let failures = authenticate::Limits {
        failures: settings.limits.failed_authentications.unwrap_or(NonZeroU32::MAX),
        ..authenticate::Limits::default()
    };
    let authenticator =
        Authenticator::new(Arc::clone(&clients), &keys, Arc::clone(&store), Arc::clone(&clock), failures)
            .with_users(settings.users.clone());
    let longest = |of: fn(&crate::domain::client::TokenPolicy) -> Duration| {
        clients.iter().map(|client| of(&client.tokens)).max().unwrap_or_default()
    };
    Ok(Authority {
        issuer,
        store,
        follower: Arc::new(follower),
        authenticator: Arc::new(authenticator),
        keys: Arc::new(keys),
        limits: Limits::new(per_minute, &clock),
        clock,
        chance,
        audit,
        deadline: settings.server.request_timeout,
        margin: settings.tokens.leeway + settings.server.request_timeout,
        publish_lead: settings.keys.publish_lead,
        longest_family: longest(|policy| policy.family_lifetime.max(policy.access_token_lifetime))
            .max(settings.tokens.family_lifetime)
            .max(settings.login.session_lifetime)
            // A revocation is remembered for as long as what it takes: what was approved is that, too.
            .max(settings.login.consent_lifetime),
        sessions: settings.login.sessions(),
        login_application: settings.login.application(),
        consent_lifetime: settings.login.consent_lifetime,
        longest_access_token: longest(|policy| policy.access_token_lifetime),
        clients,
    })
}
