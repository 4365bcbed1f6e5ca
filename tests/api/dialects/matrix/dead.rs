//! DIA-1: what is revoked on one surface is dead on all.

use atropos::domain::client::Surface;
use reqwest::Method;
use rstest::rstest;

use super::{ALL, begin, client_of, refresh, refreshed, revoke, spawn};
use crate::answer::Answer;
use crate::clients::identity;
use crate::spawn::App;

const TOKEN_AUTH: &str = "/api/v1/auth/token-auth";

/// DIA-1, DIA-4, INV-1: every pair that can be, each of the two tokens.
#[rstest]
#[case(Surface::Standard, Surface::Standard)]
#[case(Surface::Standard, Surface::Kajabi)]
#[case(Surface::Standard, Surface::Anghami)]
#[case(Surface::Kajabi, Surface::Standard)]
#[case(Surface::Kajabi, Surface::Kajabi)]
#[case(Surface::Anghami, Surface::Standard)]
#[case(Surface::Anghami, Surface::Anghami)]
#[case(Surface::Infisical, Surface::Standard)]
#[case(Surface::Infisical, Surface::Kajabi)]
#[case(Surface::Infisical, Surface::Infisical)]
#[tokio::test]
async fn what_is_revoked_on_one_surface_is_dead_on_all(
    #[case] born: Surface,
    #[case] there: Surface,
    #[values(false, true)] by_refresh_token: bool,
) {
    let client = client_of(born, there).expect("a client of both");
    let app = spawn().await;
    let (session, other) = (begin(&app, born, client).await, begin(&app, born, client).await);
    let token = if by_refresh_token { session.lasting() } else { &session.access };
    revoke(&app, there, client, token).await.assert_ok();

    app.introspect("api", &session.access).await.assert_inactive();
    if token == session.lasting() || there == Surface::Kajabi {
        for surface in ALL {
            assert!(refreshed(&refresh(&app, surface, client, session.lasting()).await).is_none(), "{surface:?}");
        }
    }
    assert_proves_nothing(&app, &session.access, &other.access).await;
    assert!(app.is_active("api", &other.access).await, "nothing else was ended");
    assert!(refreshed(&refresh(&app, born, client, other.lasting()).await).is_some());
}

/// DIA-1, INF-13: what somebody made for a machine, by whatever way it ends: its id, its token auth, or a string of it where
/// the reach is the family.
#[rstest]
#[tokio::test]
async fn what_is_revoked_by_its_id_is_dead_on_all(
    #[values("id", "configuration", "value", "kajabi")] way: &str,
    #[values(false, true)] renewed_before: bool,
) {
    let app = spawn().await;
    let manager = app.infisical_session("machine-admin").await.access;
    let managed = async |method: Method, path: &str| {
        let answer = Answer::to(app.request(method, &format!("{TOKEN_AUTH}/{path}")).bearer_auth(&manager)).await;
        answer.assert_ok();
        answer.json()
    };
    let configuration = format!("identities/{}", identity("kajabi"));
    managed(Method::POST, &configuration).await;
    let made = managed(Method::POST, &format!("{configuration}/tokens")).await;
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let (token, id) = (text(&made["accessToken"]), text(&made["tokenData"]["id"]));
    let mut strings = vec![token.clone()];
    if renewed_before {
        strings.extend(refreshed(&refresh(&app, Surface::Infisical, "kajabi", &token).await));
        assert_eq!(strings.len(), 2);
    }
    let other = app.kajabi_session("kajabi").await;
    match way {
        "id" => drop(managed(Method::POST, &format!("tokens/{id}/revoke")).await),
        "configuration" => drop(managed(Method::DELETE, &configuration).await),
        "value" => revoke(&app, Surface::Infisical, "kajabi", &token).await.assert_ok(),
        _ => app.kajabi_revoke(&other.access, &token).await.assert_revoked(),
    }
    for token in &strings {
        app.introspect("api", token).await.assert_inactive();
        assert!(refreshed(&refresh(&app, Surface::Infisical, "kajabi", token).await).is_none());
        assert_proves_nothing(&app, token, &other.access).await;
    }
    assert!(app.is_active("api", &other.access).await);
}

/// An access token that was ended is no bearer where one is asked for.
async fn assert_proves_nothing(app: &App, dead: &str, alive: &str) {
    app.kajabi_revoke(dead, alive).await.assert_invalid_token();
    let path = format!("{TOKEN_AUTH}/identities/{}", identity("kajabi"));
    let managed = Answer::to(app.request(Method::DELETE, &path).bearer_auth(dead)).await;
    assert!([401, 403].contains(&managed.status.as_u16()), "{managed:?}");
}

/// DIA-1: the pairs that cannot be. Whoever tries, with the best that he has, ends nothing.
#[rstest]
#[case(Surface::Kajabi, Surface::Anghami, "kajabi", 401)]
#[case(Surface::Infisical, Surface::Anghami, "kajabi", 401)]
#[case(Surface::Infisical, Surface::Anghami, "player", 403)]
#[case(Surface::Standard, Surface::Infisical, "kajabi", 403)]
#[case(Surface::Kajabi, Surface::Infisical, "kajabi", 403)]
#[case(Surface::Anghami, Surface::Infisical, "player", 403)]
#[tokio::test]
async fn what_cannot_be_ended_there_lives_on(
    #[case] born: Surface,
    #[case] there: Surface,
    #[case] client: &str,
    #[case] status: u16,
) {
    let app = spawn().await;
    client_of(born, there).expect_err("no client can");
    let holder = if born == Surface::Infisical { "kajabi" } else { client };
    let session = begin(&app, born, holder).await;
    for token in [&session.access, session.lasting()] {
        let answer = revoke(&app, there, client, token).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    }
    assert!(app.is_active("api", &session.access).await);
    assert!(refreshed(&refresh(&app, born, holder, session.lasting()).await).is_some());
}

/// DIA-1: a person's session, by which nobody can ask at Kajabi's for anything.
#[tokio::test]
async fn a_session_of_a_client_without_a_secret_asks_nothing_at_kajabis() {
    let app = spawn().await;
    client_of(Surface::Anghami, Surface::Kajabi).expect_err("no client can");
    let person = app.anghami_session("player").await;
    for token in [&*person.access, person.refresh()] {
        app.kajabi_revoke(&person.access, token).await.assert_invalid_token();
        revoke(&app, Surface::Kajabi, "kajabi", token).await.assert_kajabi(401, "invalid_grant");
    }
    assert!(app.is_active("api", &person.access).await);
}

/// DIA-1: the six pairs that cannot be; the ten others are above.
#[test]
fn every_pair_is_one_that_is_or_one_that_cannot_be() {
    let pairs = ALL.into_iter().flat_map(|born| ALL.map(|there| (born, there)));
    let refused: Vec<_> = pairs.filter(|(born, there)| client_of(*born, *there).is_err()).collect();
    let expected = [
        (Surface::Standard, Surface::Infisical),
        (Surface::Kajabi, Surface::Anghami),
        (Surface::Kajabi, Surface::Infisical),
        (Surface::Anghami, Surface::Kajabi),
        (Surface::Anghami, Surface::Infisical),
        (Surface::Infisical, Surface::Anghami),
    ];
    assert_eq!(refused, expected);
}
