//! One node: an authority on a store, and what tests ask of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atropos::domain::audit::{Audit, Event};
use atropos::domain::authenticate::{self, Authenticator};
use atropos::domain::authority::{
    AuthenticationMethod, Authority, Caller, ClientCredentials, Introspection, Issued, Limits, PerMinute, Refresh,
};
use atropos::domain::chance::SystemChance;
use atropos::domain::client::{
    Authentication, Client, ClientId, Clients, GrantType, Manages, Reach, ResourceServer, SecretHash, Surface,
    TokenFormat, TokenPolicy,
};
use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::error::{Error, GrantFault};
use atropos::domain::follower::Follower;
use atropos::domain::keys::{KeySettings, Keys, MasterSecret, MasterSecrets, SigningAlgorithm};
use atropos::domain::scope::Scope;
use atropos::domain::store::Store;
use atropos::domain::{FamilyId, Timestamp, TokenId};
use uuid::Uuid;

pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const API: &str = "https://api.example";
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The store's clock is real where the store is Redis, so a test's clock begins near it.
#[expect(clippy::disallowed_methods, reason = "a test begins now")]
pub(crate) fn clock() -> Arc<FixedClock> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Arc::new(FixedClock::at(Timestamp::from_secs(since.as_secs())))
}

#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    pub(crate) fn count(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|event| is(event)).count()
    }
}

impl Audit for Recorder {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

pub(crate) struct Node {
    pub(crate) authority: Authority,
    pub(crate) audit: Arc<Recorder>,
}

pub(crate) fn policy() -> TokenPolicy {
    TokenPolicy {
        format: TokenFormat::Opaque,
        access_token_lifetime: Duration::from_hours(1),
        refresh_token_idle: 30 * DAY,
        code_lifetime: Duration::from_mins(1),
        family_lifetime: 90 * DAY,
        replay_window: Duration::from_secs(10),
        access_tokens_per_family: 1000,
        client_credentials_refresh: true,
        revoke_access_token: Reach::Token,
    }
}

pub(crate) fn client(id: &str, tokens: TokenPolicy) -> Client {
    Client {
        id: ClientId::new(id),
        identity_id: Uuid::nil(),
        name: None,
        enabled: true,
        authentication: Authentication::Secret(vec![SecretHash::Sha256([0; 32])]),
        grant_types: BTreeSet::from([GrantType::ClientCredentials, GrantType::RefreshToken]),
        surfaces: BTreeSet::from([Surface::Standard]),
        redirect_uris: Vec::new(),
        must_push: false,
        must_sign: false,
        scope: Scope::parse("read write").unwrap(),
        audience: vec![API.into()],
        tokens,
        resource_server: None,
        openid: atropos::domain::openid::Registration::default(),
        manages: Manages::default(),
    }
}

/// `a` and `b` are alike; `jwt` gets JWTs; `wide` and `wide-jwt` end families by access tokens; `strict` has no window;
/// `api` looks on.
pub(crate) fn clients() -> Vec<Client> {
    let jwt = TokenPolicy { format: TokenFormat::Jwt, access_token_lifetime: Duration::from_mins(5), ..policy() };
    let api = ResourceServer { audience: API.into(), scope: None };
    vec![
        client("a", policy()),
        client("b", policy()),
        client("jwt", jwt.clone()),
        client("wide", TokenPolicy { revoke_access_token: Reach::Family, ..policy() }),
        client("wide-jwt", TokenPolicy { revoke_access_token: Reach::Family, ..jwt }),
        client("strict", TokenPolicy { replay_window: Duration::ZERO, ..policy() }),
        Client { resource_server: Some(api), grant_types: BTreeSet::new(), ..client("api", policy()) },
    ]
}

impl Node {
    pub(crate) async fn on(store: Arc<dyn Store>, clock: &Arc<FixedClock>) -> Self {
        Self::with(store, clock, clients()).await
    }

    pub(crate) async fn with(store: Arc<dyn Store>, clock: &Arc<FixedClock>, clients: Vec<Client>) -> Self {
        let audit = Arc::new(Recorder::default());
        let dyn_clock: Arc<dyn Clock> = Arc::clone(clock) as _;
        let masters = MasterSecrets { current: MasterSecret::new(&[7; 32]).unwrap(), previous: None };
        let algorithm = SigningAlgorithm::Es256;
        let settings = KeySettings { issuer: ISSUER.into(), masters, algorithm, remembered: 1000 };
        let chance: Arc<SystemChance> = Arc::default();
        let keys = Keys::open(&*store, settings, Arc::clone(&dyn_clock), chance.clone()).await.unwrap();
        let keys = Arc::new(keys);
        let follower = Follower::start(Arc::clone(&store), Arc::clone(&dyn_clock), chance.clone(), audit.clone())
            .await
            .expect("the store answers");
        let clients = Arc::new(Clients::new(clients));
        let limits = authenticate::Limits::default();
        let authenticator =
            Authenticator::new(Arc::clone(&clients), &keys, Arc::clone(&store), Arc::clone(&dyn_clock), limits);
        let authority = Authority {
            issuer: ISSUER.into(),
            store,
            follower: Arc::new(follower),
            clients,
            authenticator: Arc::new(authenticator),
            keys,
            limits: Limits::new(PerMinute::default(), &dyn_clock),
            clock: dyn_clock,
            chance,
            audit: audit.clone(),
            deadline: Duration::from_secs(20),
            margin: Duration::from_mins(1),
            publish_lead: Duration::from_mins(10),
            longest_family: 90 * DAY,
            sessions: TokenPolicy { access_token_lifetime: 7 * DAY, family_lifetime: 7 * DAY, ..policy() },
            login_application: None,
            consent_lifetime: 90 * DAY,
            longest_access_token: Duration::from_hours(1),
        };
        Self { authority, audit }
    }

    pub(crate) fn caller(&self, id: &str) -> Caller {
        let client = Arc::clone(self.authority.clients.find(id).expect("a client of the tests"));
        Caller { client, method: AuthenticationMethod::ClientSecretBasic, credential: [1; 8], source: None }
    }

    pub(crate) async fn issue(&self, client: &str) -> Issued {
        self.try_issue(client).await.expect("issued")
    }

    pub(crate) async fn try_issue(&self, client: &str) -> Result<Issued, Error> {
        let request = ClientCredentials { surface: Surface::Standard, scope: None, resources: Vec::new() };
        self.authority.client_credentials(&self.caller(client), request).await
    }

    pub(crate) async fn session(&self, client: &str, subject: &str) -> Issued {
        let caller = self.caller(client);
        let scope = caller.client.scope.clone();
        self.authority.begin_session(&caller.client, Surface::Standard, subject, scope).await.expect("issued")
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Result<Issued, Error> {
        let request = Refresh { surface: Surface::Standard, refresh_token: token, scope: None, resources: Vec::new() };
        self.authority.refresh(&self.caller(client), request).await
    }

    pub(crate) async fn revoke(&self, client: &str, token: &str) -> Result<(), Error> {
        self.authority.revoke(&self.caller(client), Surface::Standard, token).await.map(drop)
    }

    pub(crate) async fn is_active(&self, client: &str, token: &str) -> bool {
        match self.authority.introspect(&self.caller(client), token).await.expect("the store answers") {
            Introspection::Active(_) => true,
            Introspection::Inactive => false,
        }
    }

    pub(crate) async fn id(&self, token: &str) -> TokenId {
        self.authority.token_id(token).await.expect("the store answers").expect("a token of ours")
    }

    pub(crate) async fn family(&self, token: &str) -> FamilyId {
        self.id(token).await.family
    }
}

pub(crate) fn access(issued: &Issued) -> &str {
    issued.access_token.expose()
}

pub(crate) fn refresh(issued: &Issued) -> &str {
    issued.refresh_token.as_ref().expect("a refresh token").expose()
}

pub(crate) fn is_refused(outcome: &Result<Issued, Error>, fault: GrantFault) -> bool {
    matches!(outcome, Err(Error::InvalidGrant(found)) if *found == fault)
}
