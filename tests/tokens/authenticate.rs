//! Client secrets, public clients, and how often one may be wrong.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use atropos::domain::authenticate::{Authenticator, Limits, hash_secret};
use atropos::domain::authority::{AuthenticationMethod, Caller, Presented};
use atropos::domain::chance::SystemChance;
use atropos::domain::client::{
    Authentication, Client, ClientId, Clients, Manages, Reach, SecretHash, TokenFormat, TokenPolicy,
};
use atropos::domain::clock::FixedClock;
use atropos::domain::error::{ClientFault, Error};
use atropos::domain::openid::Registration;
use atropos::domain::scope::Scope;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::memory::Memory;
use crate::setting::{clock, open};

pub(crate) fn client(id: &str, authentication: Authentication) -> Client {
    Client {
        id: ClientId::new(id),
        identity_id: uuid::Uuid::nil(),
        name: None,
        enabled: true,
        authentication,
        grant_types: [].into(),
        surfaces: [].into(),
        redirect_uris: Vec::new(),
        must_push: false,
        must_sign: false,
        scope: Scope::default(),
        audience: Vec::new(),
        tokens: TokenPolicy {
            format: TokenFormat::Opaque,
            access_token_lifetime: Duration::from_hours(1),
            refresh_token_idle: Duration::from_hours(1),
            code_lifetime: Duration::from_mins(1),
            family_lifetime: Duration::from_hours(1),
            replay_window: Duration::ZERO,
            access_tokens_per_family: 1,
            client_credentials_refresh: false,
            revoke_access_token: Reach::Token,
        },
        resource_server: None,
        openid: Registration::default(),
        manages: Manages::default(),
    }
}

pub(crate) struct Desk {
    pub(crate) authenticator: Authenticator,
    pub(crate) store: Arc<Memory>,
    pub(crate) clock: Arc<FixedClock>,
}

impl Desk {
    /// Three failures are forgiven.
    async fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        Self::with(clients, Limits { failures: NonZeroU32::new(3).unwrap(), ..Limits::default() }).await
    }

    /// So many failures are forgiven that each says why.
    pub(crate) async fn patient(clients: impl IntoIterator<Item = Client>) -> Self {
        Self::with(clients, Limits { failures: NonZeroU32::new(1000).unwrap(), ..Limits::default() }).await
    }

    async fn with(clients: impl IntoIterator<Item = Client>, limits: Limits) -> Self {
        let (store, clock) = (Memory::new(), clock());
        let keys = open(&store, &clock).await;
        let clients = Arc::new(Clients::new(clients));
        let on_store = Arc::<Memory>::clone(&store);
        let authenticator = Authenticator::new(clients, &keys, on_store, Arc::<FixedClock>::clone(&clock), limits);
        Self { authenticator, store, clock }
    }

    async fn present(&self, presented: Presented<'_>, source: &str) -> Result<Caller, Error> {
        self.authenticator.authenticate(presented, Some(source.parse::<IpAddr>().unwrap())).await
    }

    async fn secret(&self, client_id: &str, secret: &str, source: &str) -> Result<Caller, Error> {
        let method = AuthenticationMethod::ClientSecretBasic;
        self.present(Presented::Secret { method, client_id, secret }, source).await
    }
}

fn generated(secrets: &[&str]) -> Authentication {
    Authentication::Secret(secrets.iter().map(|secret| SecretHash::of_generated(secret)).collect())
}

fn chosen(secret: &str) -> Authentication {
    Authentication::Secret(vec![hash_secret(secret, &SystemChance).parse().unwrap()])
}

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.9";

fn fault(result: Result<Caller, Error>) -> ClientFault {
    match result {
        Err(Error::InvalidClient(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn is_too_many(result: &Result<Caller, Error>) -> bool {
    matches!(result, Err(Error::TooMany { retry_after, .. }) if *retry_after >= Duration::from_secs(1))
}

/// RFC6749-2.3.1-a: one secret, both ways of sending it; which way is part of the credential.
#[tokio::test]
async fn the_right_secret_is_right_both_ways() {
    let desk = Desk::new([client("one", generated(&["s3cret"]))]).await;
    let mut credentials = Vec::new();
    for method in [AuthenticationMethod::ClientSecretBasic, AuthenticationMethod::ClientSecretPost] {
        let presented = Presented::Secret { method, client_id: "one", secret: "s3cret" };
        let caller = desk.present(presented, HERE).await.unwrap();
        assert_eq!((caller.client.id.as_str(), caller.method), ("one", method));
        assert_eq!(caller.source, Some(HERE.parse().unwrap()));
        assert_eq!(caller.credential, desk.present(presented, ELSEWHERE).await.unwrap().credential);
        credentials.push(caller.credential);
    }
    assert_ne!(credentials[0], credentials[1]);
}

/// RFC6749-2.3-g: while a secret is replaced both are right, and they are not the same credential.
#[tokio::test]
async fn either_of_two_secrets_is_right() {
    let desk = Desk::new([client("one", generated(&["old", "new"]))]).await;
    let old = desk.secret("one", "old", HERE).await.unwrap();
    let new = desk.secret("one", "new", HERE).await.unwrap();
    assert_ne!(old.credential, new.credential);
}

/// S10, RFC6749-2.3-f, RFC7009-2.1-s, RFC7009-2.1-u.
#[tokio::test]
async fn only_the_registered_method_counts() {
    let mut disabled = client("disabled", generated(&["secret"]));
    disabled.enabled = false;
    let mut gone = client("gone", Authentication::None);
    gone.enabled = false;
    let by_key = client("by-key", Authentication::PrivateKeyJwt(Vec::new()));
    let clients =
        [client("public", Authentication::None), client("one", generated(&["secret"])), disabled, gone, by_key];
    let desk = Desk::patient(clients).await;

    let public = desk.present(Presented::ClientId("public"), HERE).await.unwrap();
    assert_eq!(public.method, AuthenticationMethod::None);
    assert_eq!(fault(desk.present(Presented::Nothing, HERE).await), ClientFault::Missing);
    for (id, expected) in [
        ("one", ClientFault::WrongMethod),
        ("by-key", ClientFault::WrongMethod),
        ("gone", ClientFault::Disabled),
        ("nobody", ClientFault::UnknownClient),
        ("", ClientFault::UnknownClient),
    ] {
        assert_eq!(fault(desk.present(Presented::ClientId(id), HERE).await), expected, "{id}");
    }
    for (id, secret, expected) in [
        ("public", "", ClientFault::WrongMethod),
        ("public", "secret", ClientFault::WrongMethod),
        ("by-key", "secret", ClientFault::WrongMethod),
        ("disabled", "secret", ClientFault::Disabled),
        ("one", "", ClientFault::WrongSecret),
        ("one", "Secret", ClientFault::WrongSecret),
        ("ONE", "secret", ClientFault::UnknownClient),
        ("nobody", "secret", ClientFault::UnknownClient),
    ] {
        assert_eq!(fault(desk.secret(id, secret, HERE).await), expected, "{id} {secret}");
    }
}

/// S26, RFC6749-2.3.1-e: guessing is slowed down, and keeps nobody out.
#[tokio::test]
async fn who_guesses_is_slowed_down_and_the_owner_is_not() {
    let desk = Desk::new([client("one", generated(&["right"])), client("two", generated(&["right"]))]).await;
    for _ in 0..3 {
        assert_eq!(fault(desk.secret("one", "wrong", HERE).await), ClientFault::WrongSecret);
    }
    assert!(is_too_many(&desk.secret("one", "wrong", HERE).await));
    assert!(desk.secret("one", "right", HERE).await.is_ok(), "not even at the same address");
    assert_eq!(fault(desk.secret("one", "wrong", ELSEWHERE).await), ClientFault::WrongSecret);
    assert_eq!(fault(desk.secret("two", "wrong", HERE).await), ClientFault::WrongSecret);
    desk.clock.advance(Duration::from_mins(1));
    assert_eq!(fault(desk.secret("one", "wrong", HERE).await), ClientFault::WrongSecret);
}

#[tokio::test]
async fn made_up_names_are_counted_together() {
    let desk = Desk::new([]).await;
    for name in ["a", "b", "c"] {
        assert_eq!(fault(desk.secret(name, "x", HERE).await), ClientFault::UnknownClient);
    }
    assert!(is_too_many(&desk.secret("d", "x", HERE).await));
    assert!(is_too_many(&desk.present(Presented::ClientId("e"), HERE).await));
}

#[tokio::test]
async fn a_chosen_secret_is_right_or_wrong() {
    let desk = Desk::new([client("one", chosen("correct horse"))]).await;
    assert_eq!(fault(desk.secret("one", "wrong horse", HERE).await), ClientFault::WrongSecret);
    let caller = desk.secret("one", "correct horse", HERE).await.unwrap();
    assert_eq!(caller.credential, desk.secret("one", "correct horse", ELSEWHERE).await.unwrap().credential);
}

/// What is guessed costs no hash once the limit is reached; what was right lately passes.
#[tokio::test]
async fn a_chosen_secret_is_not_looked_at_beyond_the_limit_unless_it_was_right_lately() {
    let desk = Desk::new([client("one", chosen("right"))]).await;
    assert!(desk.secret("one", "right", HERE).await.is_ok());
    for _ in 0..2 {
        assert_eq!(fault(desk.secret("one", "wrong", HERE).await), ClientFault::WrongSecret);
    }
    assert!(is_too_many(&desk.secret("one", "wrong", HERE).await));
    assert!(desk.secret("one", "right", HERE).await.is_ok());
    assert!(desk.secret("one", "right", ELSEWHERE).await.is_ok());
}

/// With one try an hour, whoever passes twice was remembered.
#[tokio::test]
async fn a_remembered_success_lasts_a_minute() {
    let limits = Limits { failures: NonZeroU32::MIN, per: Duration::from_hours(1), ..Limits::default() };
    let desk = Desk::with([client("one", chosen("right"))], limits).await;
    assert!(desk.secret("one", "right", HERE).await.is_ok());
    desk.clock.advance(Duration::from_secs(59));
    assert!(desk.secret("one", "right", HERE).await.is_ok());
    desk.clock.advance(Duration::from_secs(1));
    assert!(is_too_many(&desk.secret("one", "right", HERE).await));
}

/// What was right for one hash is no success for another.
#[tokio::test]
async fn a_success_is_remembered_for_its_own_hash() {
    let limits = Limits { failures: NonZeroU32::MIN, per: Duration::from_hours(1), ..Limits::default() };
    let desk = Desk::with([client("one", chosen("right")), client("two", chosen("other"))], limits).await;
    assert!(desk.secret("one", "right", HERE).await.is_ok());
    assert_eq!(fault(desk.secret("two", "right", HERE).await), ClientFault::WrongSecret);
}

/// Many requests of one client at its start need one hash, and are not taken for guesses.
#[tokio::test]
async fn one_hash_serves_all_who_come_with_the_same_secret() {
    let limits = Limits { failures: NonZeroU32::MIN, hashes: 1, waiting: 1, ..Limits::default() };
    let desk = Desk::with([client("one", chosen("right"))], limits).await;
    let callers = join_all((0..50).map(|_| desk.secret("one", "right", HERE))).await;
    assert!(callers.iter().all(Result::is_ok));
}

/// A flood of guesses from everywhere is our trouble (503), not a wrong secret, and takes no more than its bound.
#[tokio::test]
async fn hashes_that_nobody_has_time_for_are_refused_as_our_trouble() {
    // Nobody computes, so that whoever may wait does so for as long as it is looked at.
    let limits = Limits { hashes: 0, waiting: 4, ..Limits::default() };
    let desk = Desk::with([client("one", chosen("right"))], limits).await;
    let guess = |host: u32| {
        let desk = &desk;
        Box::pin(async move { desk.secret("one", &format!("guess {host}"), &format!("192.0.2.{host}")).await })
    };
    let mut waiting: Vec<_> = (0..4).map(guess).collect();
    assert!(waiting.iter_mut().all(|guess| guess.now_or_never().is_none()));
    assert!(matches!(guess(4).now_or_never(), Some(Err(Error::Unavailable(_)))));
    waiting.pop();
    assert!(guess(5).now_or_never().is_none(), "who goes away makes room");
}

#[tokio::test]
async fn an_unknown_client_costs_no_hash() {
    let limits = Limits { hashes: 0, waiting: 0, ..Limits::default() };
    let desk = Desk::with([client("one", chosen("right"))], limits).await;
    let hashed = desk.secret("one", "right", HERE).now_or_never();
    assert!(matches!(hashed, Some(Err(Error::Unavailable(_)))), "there is nobody to compute one");
    let unknown = desk.secret("nobody", "right", HERE).now_or_never();
    assert_eq!(fault(unknown.unwrap()), ClientFault::UnknownClient);
}

#[test]
fn hashes_are_silent_in_debug() {
    for authentication in [generated(&["secret"]), chosen("secret")] {
        let shown = format!("{:?}", client("one", authentication));
        assert!(shown.contains("(…)") && !shown.contains("$argon2id") && !shown.contains("[43,"), "{shown}");
    }
}
