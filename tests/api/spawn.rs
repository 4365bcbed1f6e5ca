//! The server, in this process, on ports of its own, on a store of its own, at a time that stands still.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use atropos::domain::authority::{Authority, LoginApplication, PerMinute};
use atropos::domain::client::{Client, Surface};
use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::user::Users;
use atropos::http::{Listeners, Options, State};
use atropos::telemetry::Metrics;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::authority;
use crate::clients::{clients, secret};
use crate::documented;
use crate::ground;
use crate::watched::Watched;

pub(crate) const ISSUER: &str = "https://as.example";

/// How a server under test differs from the usual one.
pub(crate) struct Setup {
    pub issuer: &'static str,
    pub options: Options,
    pub clients: Vec<Client>,
    pub users: Users,
    pub login: Option<LoginApplication>,
    pub per_minute: PerMinute,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            issuer: ISSUER,
            options: options(),
            clients: clients(),
            users: Users::default(),
            login: None,
            per_minute: PerMinute::default(),
        }
    }
}

impl Setup {
    /// As usual, but for what an operator has changed of one client.
    pub(crate) fn but(id: &str, change: impl Fn(&mut Client)) -> Self {
        let mut setup = Self::default();
        setup.clients.iter_mut().filter(|client| client.id.as_str() == id).for_each(change);
        setup
    }
}

pub(crate) fn options() -> Options {
    Options {
        workers: NonZeroUsize::new(1),
        max_connections: 25_000,
        keep_alive: Duration::from_secs(75),
        head_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(10),
        body_limit: 64 * 1024,
        cors_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        surfaces: BTreeSet::from([Surface::Kajabi, Surface::Anghami, Surface::Infisical]),
        infisical_organization: None,
        scopes: BTreeMap::from([("read".to_owned(), "see things".to_owned())]),
        docs: true,
        loopback_only: false,
        drain_notice: Duration::ZERO,
        drain_timeout: Duration::from_secs(30),
    }
}

/// What the store needs to be there.
type Ground = Arc<dyn Any + Send + Sync>;

pub(crate) struct App {
    pub address: SocketAddr,
    pub metrics_address: SocketAddr,
    pub clock: Arc<FixedClock>,
    pub store: Arc<Watched>,
    state: Data<State>,
    http: reqwest::Client,
    shutdown: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
    /// Kept until the end: the store's.
    ground: Ground,
}

/// What `/oauth/token` gave.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
}

impl Tokens {
    pub(crate) fn refresh(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

impl App {
    pub(crate) async fn spawn() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let clock = Arc::new(FixedClock::at(ground::BEGINNING));
        let (store, ground) = ground::store(&clock).await;
        Self::on(ground, Watched::new(store), clock, setup).await
    }

    /// Another node on the same store: with other settings, it is this server after a restart.
    pub(crate) async fn beside(&self, setup: Setup) -> Self {
        Self::on(Arc::clone(&self.ground), Arc::clone(&self.store), Arc::clone(&self.clock), setup).await
    }

    async fn on(ground: Ground, store: Arc<Watched>, clock: Arc<FixedClock>, setup: Setup) -> Self {
        let authority = authority::on(Arc::clone(&store) as _, &clock, &setup).await;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listeners::bind(any, Some(any)).expect("free ports");
        let address = listeners.address().expect("an address");
        let metrics_address = listeners.metrics_address().expect("an address").expect("a listener");
        let state = Data::new(State::new(Arc::new(authority), Arc::new(Metrics::new()), setup.options));
        documented::release(metrics_address);
        match state.openapi() {
            Some(openapi) => documented::hold(address, openapi),
            None => documented::release(address),
        }
        let (shutdown, told) = oneshot::channel();
        let served = tokio::spawn(listeners.serve(state.clone(), async { drop(told.await) }));
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { address, metrics_address, clock, store, state, http, shutdown, served, ground }
    }

    /// What operators, and flows that are not there yet, call without the wire.
    pub(crate) fn shared_authority(&self) -> &Arc<Authority> {
        &self.state.authority
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.state.authority
    }

    /// Seconds since the epoch, by the server's clock.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now().as_secs()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.request(Method::POST, path).form(form)
    }

    pub(crate) fn post_json(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn metrics(&self, path: &str) -> Answer {
        Answer::to(self.http.get(format!("http://{}{path}", self.metrics_address))).await
    }

    /// By a client: Basic with its right secret if it has one, else its name.
    pub(crate) async fn by(&self, client: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let public = self.authority().clients.find(client).is_some_and(|it| it.authentication.is_public());
        Answer::to(if public {
            self.post(path, &[form, &[("client_id", client)]].concat())
        } else {
            self.post(path, form).header("authorization", basic(client))
        })
        .await
    }

    pub(crate) async fn issue(&self, client: &str) -> Tokens {
        tokens(&self.by(client, "/oauth/token", &[("grant_type", "client_credentials")]).await)
    }

    /// As if a person had logged in at a public client.
    pub(crate) async fn log_in(&self, client: &str, subject: &str) -> Tokens {
        self.log_in_at(Surface::Standard, client, subject).await
    }

    pub(crate) async fn log_in_at(&self, surface: Surface, client: &str, subject: &str) -> Tokens {
        let authority = self.authority();
        let client = authority.clients.find(client).expect("a client of the tests");
        let issued = authority.begin_session(client, surface, subject, client.scope.clone()).await.expect("issued");
        Tokens {
            access: issued.access_token.expose().to_owned(),
            refresh: issued.refresh_token.map(|token| token.expose().to_owned()),
        }
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Answer {
        self.by(client, "/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(crate) async fn refreshed(&self, client: &str, token: &str) -> Tokens {
        tokens(&self.refresh(client, token).await)
    }

    pub(crate) async fn revoke(&self, client: &str, token: &str) -> Answer {
        self.by(client, "/oauth/revoke", &[("token", token)]).await
    }

    pub(crate) async fn introspect(&self, client: &str, token: &str) -> Answer {
        self.by(client, "/oauth/introspect", &[("token", token)]).await
    }

    /// By introspection of a caller who is entitled to know.
    pub(crate) async fn is_active(&self, client: &str, token: &str) -> bool {
        let answer = self.introspect(client, token).await;
        answer.assert_ok();
        answer.json()["active"].as_bool().expect("a boolean")
    }

    /// SIGTERM, as far as the server is concerned.
    pub(crate) fn terminate(self) -> Terminated {
        self.shutdown.send(()).expect("the server runs");
        Terminated { served: self.served, http: self.http, address: self.address, _ground: self.ground }
    }
}

/// A server that was asked to end.
pub(crate) struct Terminated {
    served: JoinHandle<io::Result<()>>,
    pub http: reqwest::Client,
    pub address: SocketAddr,
    _ground: Ground,
}

impl Terminated {
    pub(crate) async fn ended(self) {
        let ended = tokio::time::timeout(Duration::from_secs(30), self.served).await;
        ended.expect("it ends").expect("without a panic").expect("well");
    }
}

/// HTTP Basic with the right secret.
pub(crate) fn basic(client: &str) -> String {
    basic_with(client, &secret(client))
}

pub(crate) fn basic_with(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

pub(crate) use crate::clients::secret as secret_of;

/// Another last character: of the right form, and nobody's.
pub(crate) fn forged(token: &str) -> String {
    let end = if token.ends_with('x') { 'y' } else { 'x' };
    format!("{}{end}", &token[..token.len() - 1])
}

pub(crate) fn tokens(answer: &Answer) -> Tokens {
    answer.assert_ok();
    let json = answer.json();
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Tokens { access: text("access_token").expect("an access token"), refresh: text("refresh_token") }
}
