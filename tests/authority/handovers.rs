//! People who sign in at a login application: raced for, and revoked meanwhile.

use std::sync::Arc;

use atropos::domain::audit::Event;
use atropos::domain::authority::{Back, GoesOn, Leaving, LoginApplication};
use atropos::domain::error::{Error, GrantFault};
use atropos::domain::store::Store;
use atropos::domain::{Cause, Target};

use crate::interposed::{Interposed, Moment};
use crate::node::Node;
use crate::places::{self, Place};
use crate::races::all_at_once;

const BROWSER: &str = "what only the browser knows";

async fn node(store: &Arc<dyn Store>, place: &Place) -> Arc<Node> {
    let mut node = Node::on(Arc::clone(store), &place.clock).await;
    let url = "https://login.example/".parse().unwrap();
    node.authority.login_application = Some(LoginApplication { client: node.caller("a").client.id.clone(), url });
    Arc::new(node)
}

impl Node {
    /// The challenge with which somebody is sent away.
    async fn send_away(&self) -> String {
        let leaving = Leaving { request: None, browser: BROWSER, session: None, wants_another: false, source: None };
        let url = self.authority.send_to_login(leaving).await.unwrap().expect("a place");
        url.rsplit('=').next().unwrap().to_owned()
    }

    async fn accept(&self, challenge: &str, subject: &str) -> Result<String, Error> {
        self.authority.accept_login(&self.caller("a"), Some(challenge), Some(subject)).await
    }

    async fn come_back(&self, verifier: &str) -> Option<Back> {
        self.authority.come_back(verifier, BROWSER, None, None).await.expect("the store answers")
    }
}

/// S17: a hundred answers at once, through two nodes, and then a hundred returns.
async fn of_a_hundred_one_counts(place: Place) {
    let nodes = [node(&place.store, &place).await, node(&place.second, &place).await];
    let challenge = nodes[0].send_away().await;
    let (racing, sent) = (nodes.clone(), challenge.clone());
    let answers = all_at_once(100, move |n| {
        let (node, sent) = (Arc::clone(&racing[n % 2]), sent.clone());
        async move { (n, node.accept(&sent, &format!("person-{n}")).await) }
    })
    .await;
    let winners: Vec<_> = answers.iter().filter_map(|(n, answer)| Some((*n, answer.as_ref().ok()?))).collect();
    let [(winner, verifier)] = winners[..] else { panic!("{answers:?}") };
    let refused = Err(Error::InvalidGrant(GrantFault::OtherAnswer));
    assert!(answers.iter().all(|(_, answer)| answer.is_ok() || *answer == refused));
    let (racing, back) = (nodes.clone(), verifier.clone());
    let returns = all_at_once(100, move |n| {
        let (node, back) = (Arc::clone(&racing[n % 2]), back.clone());
        async move { node.come_back(&back).await }
    })
    .await;
    let mut signed_in = Vec::new();
    for back in returns {
        match back {
            Some(Back::SignedIn(session, _, GoesOn::Account)) => signed_in.push(session.subject().to_owned()),
            Some(Back::Again(GoesOn::Account)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(signed_in, [format!("person-{winner}")]);
    // It is told as a sign-in by a password is, and once.
    let is_told = |event: &Event| matches!(event, Event::Issued { grant: "login", .. });
    assert_eq!(nodes.iter().map(|node| node.audit.count(is_told)).sum::<usize>(), 1);
}

/// Rule 2, rule 3: also what was accepted on another node, and what is revoked while the session is being born.
async fn what_was_revoked_meanwhile_signs_in_nobody(place: Place) {
    let interposed = Interposed::before(Arc::clone(&place.store));
    let store: Arc<dyn Store> = interposed.clone();
    let (here, there) = (node(&store, &place).await, node(&place.second, &place).await);
    for target in [Target::Subject("carol".into()), Target::Everything] {
        let verifier = there.accept(&here.send_away().await, "carol").await.unwrap();
        there.authority.revoke_target(target.clone(), Cause::Administrator).await.unwrap();
        assert!(matches!(here.come_back(&verifier).await, Some(Back::Again(_))), "{target:?}");
        let verifier = here.accept(&there.send_away().await, "carol").await.unwrap();
        let (revoking, revoked) = (Arc::clone(&there), target.clone());
        interposed.once_at(Moment::BeforeCreate, move || async move {
            revoking.authority.revoke_target(revoked, Cause::Administrator).await.unwrap();
        });
        assert!(matches!(here.come_back(&verifier).await, Some(Back::Again(_))), "{target:?}");
        let verifier = here.accept(&there.send_away().await, "carol").await.unwrap();
        assert!(matches!(there.come_back(&verifier).await, Some(Back::SignedIn(..))), "accepted after it");
    }
}

macro_rules! on_every_store {
    ($($place:ident),+) => {$(
        mod $place {
            use super::places;

            #[tokio::test]
            async fn of_a_hundred_one_counts() {
                super::of_a_hundred_one_counts(places::$place().await).await;
            }

            #[tokio::test]
            async fn what_was_revoked_meanwhile_signs_in_nobody() {
                super::what_was_revoked_meanwhile_signs_in_nobody(places::$place().await).await;
            }
        }
    )+};
}

on_every_store!(embedded, redis, valkey, cluster);
