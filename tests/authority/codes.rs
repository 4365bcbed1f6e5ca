//! Authorization codes: approved, exchanged, raced for, replayed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use atropos::domain::audit::Event;
use atropos::domain::authority::{Approval, Exchange, Issued};
use atropos::domain::client::{Client, GrantType, Surface};
use atropos::domain::error::{Error, GrantFault};
use atropos::domain::family::code::Redirect;
use atropos::domain::pkce::CodeChallenge;
use atropos::domain::redirect::RedirectUri;
use atropos::domain::scope::Scope;
use atropos::domain::{Cause, Target};

use crate::node::{Node, access, client, clients, is_refused, policy, refresh};
use crate::places::{self, Place};
use crate::races::all_at_once;

const CALLBACK: &str = "https://app.example/cb";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// `app` refreshes, `once` does not, `other` is like `app`.
fn applications() -> Vec<Client> {
    let app = |id: &str| Client {
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        redirect_uris: vec![RedirectUri::register(CALLBACK).unwrap()],
        ..client(id, policy())
    };
    let once = Client { grant_types: BTreeSet::from([GrantType::AuthorizationCode]), ..app("once") };
    let mut all = clients();
    all.extend([app("app"), app("other"), once]);
    all
}

impl Node {
    async fn approve(&self, client: &str, is_named: bool) -> String {
        self.try_approve(client, is_named).await.expect("approved")
    }

    async fn try_approve(&self, client: &str, is_named: bool) -> Result<String, Error> {
        let client = self.authority.clients.find(client).expect("a client of the tests");
        let (session, _) = self.authority.begin("alice", None, None).await?;
        let approval = Approval {
            client,
            surface: Surface::Standard,
            session: &session,
            pushed: None,
            scope: Scope::parse("read").unwrap(),
            audience: client.audience.clone(),
            challenge: CodeChallenge::parse(CHALLENGE).unwrap(),
            nonce: None,
            redirect: Redirect { uri: CALLBACK.into(), is_named },
        };
        Ok(self.authority.issue_code(approval).await?.expose().to_owned())
    }

    async fn exchange(&self, client: &str, code: &str) -> Result<Issued, Error> {
        self.exchange_with(client, code, Some(CALLBACK), VERIFIER).await
    }

    async fn exchange_with(
        &self,
        client: &str,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: &str,
    ) -> Result<Issued, Error> {
        let request = Exchange { surface: Surface::Standard, code, redirect_uri, verifier, resources: &[] };
        self.authority.exchange_code(&self.caller(client), request).await
    }
}

async fn node(place: &Place) -> Node {
    Node::with(Arc::clone(&place.store), &place.clock, applications()).await
}

/// RFC7636-4.6-a: the session that comes of it is like any other.
#[tokio::test]
async fn a_code_is_exchanged_for_tokens_that_live() {
    let place = places::embedded().await;
    let node = node(&place).await;
    let code = node.approve("app", true).await;
    assert!(!node.is_active("app", &code).await, "a code opens nothing");
    let issued = node.exchange("app", &code).await.unwrap();
    assert_eq!(issued.scope, Scope::parse("read").unwrap());
    assert!(node.is_active("api", access(&issued)).await && node.is_active("app", refresh(&issued)).await);
    let again = node.refresh("app", refresh(&issued)).await.unwrap();
    assert!(node.is_active("api", access(&again)).await);
    let is_told = |event: &Event| matches!(event, Event::Redeemed { client, .. } if client.as_str() == "app");
    assert_eq!(node.audit.count(is_told), 1);
    let once = node.exchange("once", &node.approve("once", true).await).await.unwrap();
    assert!(once.refresh_token.is_none(), "this client has no use for one");
}

/// RFC6749-4.1.3-c: none of these burns the code, for whoever has it alone must not be able to.
#[tokio::test]
async fn who_lacks_what_belongs_to_a_code_is_given_nothing() {
    let place = places::embedded().await;
    let node = node(&place).await;
    let code = node.approve("app", true).await;
    let other = "a".repeat(43);
    for (client, uri, verifier, fault) in [
        ("other", Some(CALLBACK), VERIFIER, GrantFault::OtherClient),
        ("app", None, VERIFIER, GrantFault::OtherRedirectUri),
        ("app", Some("https://app.example/cb/"), VERIFIER, GrantFault::OtherRedirectUri),
        ("app", Some("https://APP.example/cb"), VERIFIER, GrantFault::OtherRedirectUri),
        ("app", Some(CALLBACK), &other, GrantFault::WrongVerifier),
    ] {
        let answer = node.exchange_with(client, &code, uri, verifier).await;
        assert!(is_refused(&answer, fault), "{client} {uri:?}: {answer:?}");
    }
    let malformed = node.exchange_with("app", &code, Some(CALLBACK), "short").await;
    assert!(matches!(malformed, Err(Error::InvalidRequest(_))));
    assert!(node.exchange("app", &code).await.is_ok());
    // Where the request named none, none is needed; but no other will do.
    let code = node.approve("app", false).await;
    let answer = node.exchange_with("app", &code, Some("https://app.example/"), VERIFIER).await;
    assert!(is_refused(&answer, GrantFault::OtherRedirectUri));
    assert!(node.exchange_with("app", &code, None, VERIFIER).await.is_ok());
}

/// RFC6749-4.1.2-j
#[tokio::test]
async fn a_code_expires() {
    let place = places::embedded().await;
    let node = node(&place).await;
    let code = node.approve("app", true).await;
    place.clock.advance(Duration::from_mins(1));
    assert!(is_refused(&node.exchange("app", &code).await, GrantFault::Expired));
}

/// OA21-7.5.2-d: what the code begot dies with it; a replay that could be anybody's changes nothing.
async fn a_replay_by_its_owner_ends_what_the_code_begot(place: Place) {
    let node = node(&place).await;
    let code = node.approve("app", true).await;
    let issued = node.exchange("app", &code).await.unwrap();
    let (wrong, misdirected) = ("a".repeat(43), Some("https://app.example/"));
    assert!(is_refused(&node.exchange_with("app", &code, Some(CALLBACK), &wrong).await, GrantFault::WrongVerifier));
    assert!(is_refused(&node.exchange("other", &code).await, GrantFault::OtherClient));
    let misdirected = node.exchange_with("app", &code, misdirected, VERIFIER).await;
    assert!(is_refused(&misdirected, GrantFault::OtherRedirectUri));
    assert!(node.is_active("api", access(&issued)).await);
    place.clock.advance(Duration::from_mins(30));
    assert!(is_refused(&node.exchange("app", &code).await, GrantFault::CodeUsed));
    assert!(!node.is_active("api", access(&issued)).await);
    assert!(is_refused(&node.refresh("app", refresh(&issued)).await, GrantFault::Ended));
    assert!(is_refused(&node.exchange("app", &code).await, GrantFault::Ended));
    let is_told = |event: &Event| matches!(event, Event::Reused { cause: Cause::CodeReuse, .. });
    assert_eq!(node.audit.count(is_told), 1);
}

/// S17: a hundred at once, through two nodes.
async fn one_of_a_hundred_is_given_tokens(place: Place) {
    let nodes = [Arc::new(node(&place).await), {
        Arc::new(Node::with(Arc::clone(&place.second), &place.clock, applications()).await)
    }];
    let code = nodes[0].approve("app", true).await;
    let (racing, presented) = (nodes.clone(), code.clone());
    let answers = all_at_once(100, move |n| {
        let (node, code) = (Arc::clone(&racing[n % 2]), presented.clone());
        async move { node.exchange("app", &code).await }
    })
    .await;
    let winners: Vec<&Issued> = answers.iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let refused = |answer: &Result<Issued, Error>| {
        is_refused(answer, GrantFault::CodeUsed) || is_refused(answer, GrantFault::Ended)
    };
    assert!(answers.iter().all(|answer| answer.is_ok() || refused(answer)));
    // Ninety-nine had all that belongs to it as well: whoever they were, one of them was not meant.
    assert!(!nodes[1].is_active("api", access(winners[0])).await);
}

/// S16, S15: what ends a session ends the code that it would come of.
async fn what_was_revoked_meanwhile_is_not_exchanged(place: Place) {
    let node = node(&place).await;
    for target in [Target::Subject("alice".into()), Target::Client("app".into()), Target::Everything] {
        let code = node.approve("app", true).await;
        node.authority.revoke_target(target, Cause::Administrator).await.unwrap();
        assert!(is_refused(&node.exchange("app", &code).await, GrantFault::Ended));
        let after = node.approve("app", true).await;
        assert!(node.exchange("app", &after).await.is_ok(), "approved after it");
    }
    // RFC7009-2.2.1-c
    let code = node.approve("app", true).await;
    node.revoke("app", &code).await.unwrap();
    assert!(is_refused(&node.exchange("app", &code).await, GrantFault::Ended));
}

macro_rules! on_every_store {
    ($($place:ident),+) => {$(
        mod $place {
            use super::places;

            #[tokio::test]
            async fn a_replay_by_its_owner_ends_what_the_code_begot() {
                super::a_replay_by_its_owner_ends_what_the_code_begot(places::$place().await).await;
            }

            #[tokio::test]
            async fn one_of_a_hundred_is_given_tokens() {
                super::one_of_a_hundred_is_given_tokens(places::$place().await).await;
            }

            #[tokio::test]
            async fn what_was_revoked_meanwhile_is_not_exchanged() {
                super::what_was_revoked_meanwhile_is_not_exchanged(places::$place().await).await;
            }
        }
    )+};
}

on_every_store!(embedded, redis, valkey, cluster);

/// Who may not have tokens by a code is given no code, and none for one.
#[tokio::test]
async fn a_client_without_the_grant_is_refused() {
    let place = places::embedded().await;
    let node = node(&place).await;
    assert_eq!(node.try_approve("a", true).await, Err(Error::UnauthorizedClient));
    let code = node.approve("app", true).await;
    assert_eq!(node.exchange("a", &code).await.map(drop), Err(Error::UnauthorizedClient));
    let narrowed = applications().into_iter().filter(|client| client.id.as_str() != "app");
    let without = Node::with(Arc::clone(&place.store), &place.clock, narrowed.collect()).await;
    assert!(is_refused(&without.exchange("other", &code).await, GrantFault::OtherClient));
}
