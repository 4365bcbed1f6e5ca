//! An authority as the program wires it, but for the clock and the settings.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::audit::{Audit, Event};
use atropos::domain::authenticate::{self, Authenticator};
use atropos::domain::authority::{Authority, Limits};
use atropos::domain::chance::SystemChance;
use atropos::domain::client::{Clients, TokenPolicy};
use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::follower::Follower;
use atropos::domain::keys::{self, KeySettings, Keys, MasterSecret, MasterSecrets, SigningAlgorithm};
use atropos::domain::store::Store;

use crate::clients::policy;
use crate::spawn::Setup;

const WEEK: Duration = Duration::from_hours(7 * 24);

/// What happened is told by the answers alone.
struct Deaf;

impl Audit for Deaf {
    fn record(&self, _event: &Event) {}
}

pub(crate) async fn on(store: Arc<dyn Store>, clock: &Arc<FixedClock>, setup: &Setup) -> Authority {
    keys::install();
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    let chance: Arc<SystemChance> = Arc::default();
    let audit: Arc<dyn Audit> = Arc::new(Deaf);
    let masters = MasterSecrets { current: MasterSecret::new(&[7; 32]).expect("long enough"), previous: None };
    let algorithm = SigningAlgorithm::Es256;
    let settings = KeySettings { issuer: setup.issuer.into(), masters, algorithm, remembered: 1000 };
    let keys = Keys::open(&*store, settings, Arc::clone(&clock), chance.clone()).await.expect("keys");
    let follower = Follower::start(Arc::clone(&store), Arc::clone(&clock), chance.clone(), Arc::clone(&audit))
        .await
        .expect("the store answers");
    let clients = Arc::new(Clients::new(setup.clients.clone()));
    let limits = authenticate::Limits::default();
    let authenticator = Authenticator::new(Arc::clone(&clients), &keys, Arc::clone(&store), Arc::clone(&clock), limits)
        .with_users(setup.users.clone());
    Authority {
        issuer: setup.issuer.into(),
        store,
        follower: Arc::new(follower),
        clients,
        authenticator: Arc::new(authenticator),
        keys: Arc::new(keys),
        limits: Limits::new(setup.per_minute, &clock),
        clock,
        chance,
        audit,
        deadline: Duration::from_secs(20),
        margin: Duration::from_mins(1),
        publish_lead: Duration::from_mins(15),
        longest_family: Duration::from_hours(90 * 24),
        sessions: TokenPolicy { access_token_lifetime: WEEK, family_lifetime: WEEK, ..policy(false) },
        login_application: setup.login.clone(),
        consent_lifetime: Duration::from_hours(90 * 24),
        longest_access_token: Duration::from_hours(1),
    }
}
