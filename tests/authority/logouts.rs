//! Applications that hear of a logout: the outbox, raced for by nodes and by applications.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use atropos::domain::authority::{Approval, Authority, Delivery, Messenger, Notices, Session, TokenText};
use atropos::domain::client::{Client, GrantType, Surface};
use atropos::domain::family::code::Redirect;
use atropos::domain::openid::{Algorithm, BackChannel, Registration};
use atropos::domain::pkce::CodeChallenge;
use atropos::domain::redirect::RedirectUri;
use atropos::domain::scope::Scope;
use atropos::domain::store::Store;

use crate::node::{Node, client, policy};
use crate::places::{self, Place};
use crate::races::all_at_once;

const APPLICATIONS: usize = 12;
const CALLBACK: &str = "https://app.example/callback";

#[derive(Default)]
struct Carrier(Mutex<Vec<String>>);

#[async_trait]
impl Messenger for Carrier {
    async fn deliver(&self, uri: &str, _: &TokenText) -> Delivery {
        self.0.lock().unwrap().push(uri.to_owned());
        Delivery::Done
    }
}

fn application(number: usize) -> Client {
    let back_channel = BackChannel { uri: format!("https://app.example/out/{number}").into(), needs_session: true };
    Client {
        grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
        scope: Scope::parse("openid").unwrap(),
        redirect_uris: vec![RedirectUri::register(CALLBACK).unwrap()],
        openid: Registration {
            algorithm: Algorithm::default(),
            post_logout_redirect_uris: Vec::new(),
            back_channel: Some(back_channel),
        },
        ..client(&format!("application-{number}"), policy())
    }
}

async fn node(store: &Arc<dyn Store>, place: &Place) -> Arc<Authority> {
    let clients = (0..APPLICATIONS).map(application).collect();
    Arc::new(Node::with(Arc::clone(store), &place.clock, clients).await.authority)
}

async fn approve(authority: &Authority, session: &Session, number: usize) {
    let client = authority.clients.find(&format!("application-{number}")).unwrap();
    let approval = Approval {
        client,
        surface: Surface::Standard,
        session,
        pushed: None,
        scope: Scope::parse("openid").unwrap(),
        audience: Vec::new(),
        challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
        nonce: None,
        redirect: Redirect { uri: CALLBACK.into(), is_named: false },
    };
    authority.issue_code(approval).await.expect("a code");
}

/// BCL-2.4-a: each once, of however many that came at once, by one of however many that look.
async fn each_is_told_once(place: Place) {
    let nodes = [node(&place.store, &place).await, node(&place.second, &place).await];
    let (session, _) = nodes[0].begin("alice", None, None).await.expect("a session");
    let (racing, begun) = (nodes.clone(), session.clone());
    all_at_once(2 * APPLICATIONS, move |n| {
        let (authority, session) = (Arc::clone(&racing[n % 2]), begun.clone());
        async move { approve(&authority, &session, n / 2).await }
    })
    .await;
    nodes[0].end_session(&session).await.expect("signed out");
    for node in &nodes {
        node.follower.poll().await.expect("the store answers");
    }
    let carrier = Arc::new(Carrier::default());
    let (looking, carrying) = (nodes.clone(), Arc::clone(&carrier));
    all_at_once(10, move |n| {
        let notices = Notices::new(&looking[n % 2], Arc::clone(&carrying) as _);
        async move { notices.tend().await.expect("the store answers") }
    })
    .await;
    let mut told = std::mem::take(&mut *carrier.0.lock().unwrap());
    told.sort_unstable();
    let mut all: Vec<_> = (0..APPLICATIONS).map(|number| format!("https://app.example/out/{number}")).collect();
    all.sort_unstable();
    assert_eq!(told, all);
    place.clock.advance(Duration::from_hours(1));
    for node in &nodes {
        Notices::new(node, Arc::clone(&carrier) as _).tend().await.expect("the store answers");
    }
    assert!(carrier.0.lock().unwrap().is_empty());
}

macro_rules! on_every_store {
    ($($place:ident),+) => {$(
        mod $place {
            use super::places;

            #[tokio::test]
            async fn each_is_told_once() {
                super::each_is_told_once(places::$place().await).await;
            }
        }
    )+};
}

on_every_store!(embedded, redis, valkey, cluster);
