//! DIA-4: what holds of revocation (docs/conformance/conformance.md, INV-1 to INV-7) holds on every dialect. INV-1 is
//! `matrix`, too; INV-3 takes processes that are killed: tests/processes/surfaces.rs.

use std::time::Duration;

use atropos::domain::client::Surface;
use atropos::domain::clock::Clock as _;
use atropos::domain::keys::{KeyKind, SigningAlgorithm};
use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use super::matrix::{begin, refresh, refreshed, setup, spawn};
use crate::answer::Answer;
use crate::clients::identity;
use crate::ground::BEGINNING;
use crate::spawn::{App, Tokens};

/// Who has sessions there.
fn client_of(surface: Surface) -> &'static str {
    if surface == Surface::Anghami { "player" } else { "kajabi" }
}

async fn session(app: &App, surface: Surface) -> Tokens {
    begin(app, surface, client_of(surface)).await
}

/// A session that ends itself, by what it goes on with.
async fn end(app: &App, surface: Surface, session: &Tokens) -> Answer {
    match surface {
        Surface::Standard => panic!("it has tests of its own"),
        Surface::Kajabi => app.kajabi_revoke(&session.access, session.lasting()).await,
        Surface::Anghami => app.anghami_revoke("player", session.lasting()).await,
        Surface::Infisical => app.machine_revoke(&session.access).await,
    }
}

async fn go_on(app: &App, surface: Surface, session: &Tokens) -> Answer {
    refresh(app, surface, client_of(surface), session.lasting()).await
}

async fn assert_dead(app: &App, surface: Surface, session: &Tokens) {
    app.introspect("api", &session.access).await.assert_inactive();
    let answer = go_on(app, surface, session).await;
    assert_eq!((answer.status.as_u16(), refreshed(&answer)), (401, None), "{answer:?}");
}

async fn assert_alive(app: &App, surface: Surface, session: &Tokens) {
    assert!(app.is_active("api", &session.access).await);
    assert!(refreshed(&go_on(app, surface, session).await).is_some());
}

/// INV-2: whatever came of a refresh, before or after, is dead once the revocation has answered.
#[rstest]
#[tokio::test]
async fn no_refresh_outlives_a_revocation(
    #[values(Surface::Kajabi, Surface::Anghami, Surface::Infisical)] surface: Surface,
) {
    let app = spawn().await;
    for round in 0..100 {
        let before = session(&app, surface).await;
        let refreshing = go_on(&app, surface, &before);
        let ending = end(&app, surface, &before);
        let (went_on, ended) = if round % 2 == 0 {
            tokio::join!(refreshing, ending)
        } else {
            let (ended, went_on) = tokio::join!(ending, refreshing);
            (went_on, ended)
        };
        ended.assert_ok();
        assert_dead(&app, surface, &before).await;
        let body: Value = went_on.json();
        let access = [&body["access_token"], &body["token"]["accessToken"], &body["accessToken"]];
        if let Some(access) = access.into_iter().find_map(Value::as_str) {
            assert_dead(&app, surface, &Tokens { access: access.to_owned(), refresh: refreshed(&went_on) }).await;
        }
    }
}

/// INV-1, INV-7: wherever it fails, nothing is half done; asking again does it, and asking once more changes nothing.
#[rstest]
#[tokio::test]
async fn a_revocation_that_fails_halfway_is_no_success_and_no_half(
    #[values(Surface::Kajabi, Surface::Anghami, Surface::Infisical)] surface: Surface,
) {
    let app = spawn().await;
    let (counted, other) = (session(&app, surface).await, session(&app, surface).await);
    app.store.trips();
    end(&app, surface, &counted).await.assert_ok();
    let trips = app.store.trips();
    assert!(trips > 0);
    for trips in 0..trips {
        let session = session(&app, surface).await;
        app.store.cut_after(trips);
        assert_unavailable(&end(&app, surface, &session).await);
        app.store.mend();
        assert!(app.is_active("api", &session.access).await, "{trips}");
        end(&app, surface, &session).await.assert_ok();
        assert_dead(&app, surface, &session).await;
    }
    assert_alive(&app, surface, &other).await;
}

/// INV-1: done, and the answer of the store is lost: not said to be done, and what it took along is dead all the same.
#[rstest]
#[tokio::test]
async fn a_revocation_whose_answer_was_lost_is_no_success_and_done_the_next_time(
    #[values(Surface::Kajabi, Surface::Anghami, Surface::Infisical)] surface: Surface,
) {
    let app = spawn().await;
    let session = session(&app, surface).await;
    app.store.lose_answers();
    assert_unavailable(&end(&app, surface, &session).await);
    app.store.mend();
    assert_dead(&app, surface, &session).await;
    // KAJ-3: there a bearer that is dead proves nothing, and 401 says that it was done.
    let expected = if surface == Surface::Kajabi { 401 } else { 200 };
    assert_eq!(end(&app, surface, &session).await.status.as_u16(), expected);
}

/// INV-4: introspection, going on, and what asks for a bearer say the same, alive and dead.
#[rstest]
#[tokio::test]
async fn nothing_that_can_be_asked_contradicts_another(
    #[values(Surface::Kajabi, Surface::Anghami, Surface::Infisical)] surface: Surface,
    #[values(false, true)] ended: bool,
) {
    let app = spawn().await;
    let session = session(&app, surface).await;
    if ended {
        end(&app, surface, &session).await.assert_ok();
    }
    assert_eq!(app.is_active("api", &session.access).await, !ended);
    let proves = match surface {
        Surface::Kajabi => app.kajabi_revoke(&session.access, "unknown").await.status.as_u16() == 200,
        Surface::Infisical => {
            // Who is known and may not is told so; who is not known is 401.
            let path = format!("/api/v1/auth/token-auth/identities/{}", identity("kajabi"));
            let asked = Answer::to(app.request(Method::GET, &path).bearer_auth(&session.access)).await;
            asked.json()["error"] == "PermissionDenied"
        }
        Surface::Standard | Surface::Anghami => !ended,
    };
    assert_eq!(proves, !ended);
    if surface == Surface::Kajabi {
        assert_eq!(app.is_active("kajabi", session.lasting()).await, !ended);
    }
    assert_eq!(refreshed(&go_on(&app, surface, &session).await).is_some(), !ended);
}

/// INV-5: neither a clock that is set back, nor a new key, nor a node that has seen nothing brings anything to life.
#[rstest]
#[tokio::test]
async fn nothing_revives_what_was_ended(
    #[values(Surface::Kajabi, Surface::Anghami, Surface::Infisical)] surface: Surface,
) {
    let app = spawn().await;
    let (ended, other) = (session(&app, surface).await, session(&app, surface).await);
    app.clock.advance(Duration::from_mins(4));
    end(&app, surface, &ended).await.assert_ok();
    for kind in [KeyKind::Mac, KeyKind::Signing(SigningAlgorithm::Es256)] {
        app.authority().rotate_key(kind, true).await.expect("a key");
    }
    assert_dead(&app, surface, &ended).await;
    app.clock.set(BEGINNING.minus(Duration::from_mins(10)));
    let restarted = app.beside(setup()).await;
    assert_dead(&app, surface, &ended).await;
    assert_dead(&restarted, surface, &ended).await;
    assert_alive(&restarted, surface, &other).await;
}

/// INV-6: what became of a token that verifies is not told by the answer, nor by how often the store is asked of what it
/// knows. Infisical's API is the exception that its vendor has made (INF-4): whoever holds a token learns what became of it.
#[rstest]
#[case(Surface::Kajabi, Surface::Kajabi)]
#[case(Surface::Anghami, Surface::Anghami)]
#[case(Surface::Anghami, Surface::Standard)]
#[tokio::test]
async fn what_became_of_a_token_is_not_told(#[case] surface: Surface, #[case] born: Surface) {
    let app = spawn().await;
    let client = client_of(surface);
    let expired = begin(&app, born, client).await;
    app.clock.advance(Duration::from_hours(2));
    let (revoked, spent) = (begin(&app, born, client).await, begin(&app, born, client).await);
    app.revoke(client, revoked.lasting()).await.assert_revoked();
    assert!(refreshed(&refresh(&app, born, client, spent.lasting()).await).is_some());
    // Of the same issuer by the same keys, and no store here has its record.
    let elsewhere = spawn().await;
    elsewhere.clock.set(app.clock.now());
    let lost = begin(&elsewhere, born, client).await;
    let bearer = begin(&app, surface, client).await.access;
    let mut told = Vec::new();
    for (name, token) in [
        ("expired", &expired.access),
        ("revoked", &revoked.access),
        ("revoked, to go on with", &revoked.lasting().to_owned()),
        ("lost", &lost.access),
        ("lost, to go on with", &lost.lasting().to_owned()),
    ] {
        app.store.trips();
        let answer = match surface {
            Surface::Kajabi => app.kajabi_revoke(&bearer, token).await,
            _ => app.anghami_revoke(client, token).await,
        };
        answer.assert_ok();
        told.push((name, answer.lasting(), app.store.trips()));
    }
    let (first, all) = (told[0].1.clone(), told[0].2);
    for (name, answer, trips) in told {
        assert_eq!(answer, first, "{name}");
        assert_eq!(trips, all, "{name}");
    }
}

/// INV-7: without a store nothing is believed, and nothing is said of a token but that.
#[rstest]
#[tokio::test]
async fn without_a_store_nothing_is_told(
    #[values(Surface::Kajabi, Surface::Anghami, Surface::Infisical)] surface: Surface,
) {
    let app = spawn().await;
    let (alive, dead) = (session(&app, surface).await, session(&app, surface).await);
    end(&app, surface, &dead).await.assert_ok();
    app.store.cut();
    for session in [&alive, &dead] {
        assert_unavailable(&go_on(&app, surface, session).await);
        assert_unavailable(&end(&app, surface, session).await);
    }
    app.store.mend();
    assert_alive(&app, surface, &alive).await;
    assert_dead(&app, surface, &dead).await;
}

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("2"), "{answer:?}");
}
