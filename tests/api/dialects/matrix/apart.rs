//! DIA-6: what no surface may do to the tokens of another.

use atropos::domain::client::Surface;
use reqwest::Method;
use rstest::rstest;

use super::{begin, compared, refresh, refreshed, revoke, spawn};
use crate::answer::Answer;
use crate::clients::identity;
use crate::spawn::{App, Tokens};

/// A session goes on where it was born. Elsewhere both its tokens are the unknown token of that surface, and nothing is
/// spent or ended. Each client that speaks there tries, whoever the session is of.
#[rstest]
#[tokio::test]
async fn a_refresh_token_of_another_surface_is_unknown(
    #[values(Surface::Standard, Surface::Kajabi, Surface::Anghami, Surface::Infisical)] born: Surface,
    #[values(Surface::Standard, Surface::Kajabi, Surface::Anghami, Surface::Infisical)] there: Surface,
) {
    if born == there {
        return;
    }
    let app = spawn().await;
    for client in ["kajabi", "player"] {
        // Whoever cannot beget there by himself was begotten by somebody who vouches for him.
        let Some(session) = app.begin_if_spoken(born, client).await else { continue };
        for token in [&session.access, session.lasting()] {
            let answer = refresh(&app, there, client, token).await;
            let unknown = refresh(&app, there, client, &unknown(token)).await;
            assert!(refreshed(&answer).is_none(), "{answer:?}");
            assert_eq!(compared(answer), compared(unknown), "{client}");
        }
        assert!(app.is_active("api", &session.access).await);
        assert!(refreshed(&refresh(&app, born, client, session.lasting()).await).is_some());
    }
}

/// A text that reads as this one does, of a token that there is not.
fn unknown(token: &str) -> String {
    format!("{}unknown", &token[..3])
}

/// An access token proves something where it was born, and there alone.
#[rstest]
#[case(Surface::Standard, "kajabi")]
#[case(Surface::Anghami, "player")]
#[case(Surface::Infisical, "kajabi")]
#[tokio::test]
async fn a_bearer_of_another_surface_is_unknown_at_kajabis(#[case] born: Surface, #[case] client: &str) {
    let app = spawn().await;
    let (session, victim) = (begin(&app, born, client).await, begin(&app, born, client).await);
    let answer = app.kajabi_revoke(&session.access, &victim.access).await;
    let unknown = app.kajabi_revoke("unknown", &victim.access).await;
    assert_eq!(answer.lasting(), unknown.lasting());
    assert!(app.is_active("api", &session.access).await && app.is_active("api", &victim.access).await);
}

/// And so where identities are managed, by each call that does something.
#[rstest]
#[case(Surface::Standard)]
#[case(Surface::Kajabi)]
#[tokio::test]
async fn a_bearer_of_another_surface_manages_nothing(#[case] born: Surface) {
    let app = spawn().await;
    let manager = app.infisical_session("machine-admin").await.access;
    let (session, victim) = (begin(&app, born, "kajabi").await, app.infisical_session("kajabi").await);
    let configuration = format!("/api/v1/auth/token-auth/identities/{}", identity("kajabi"));
    let made = |bearer: &str, path: &str| app.request(Method::POST, path).bearer_auth(bearer);
    Answer::to(made(&manager, &configuration)).await.assert_ok();
    let token = Answer::to(made(&manager, &format!("{configuration}/tokens"))).await.json();
    let (text, id) = (&token["accessToken"], &token["tokenData"]["id"]);
    let of_token = format!("/api/v1/auth/token-auth/tokens/{}", id.as_str().expect("an id"));
    for (method, path) in [
        (Method::GET, configuration.clone()),
        (Method::PATCH, configuration.clone()),
        (Method::DELETE, configuration.clone()),
        (Method::GET, format!("{configuration}/tokens")),
        (Method::POST, format!("{configuration}/tokens")),
        (Method::PATCH, of_token.clone()),
        (Method::POST, format!("{of_token}/revoke")),
    ] {
        let by = async |bearer: &str| Answer::to(app.request(method.clone(), &path).bearer_auth(bearer)).await;
        let answer = by(&session.access).await;
        assert_eq!(answer.status.as_u16(), 403, "{answer:?}");
        assert_eq!(compared(answer), compared(by("unknown").await), "{method} {path}");
    }
    for token in [&*session.access, &victim.access, text.as_str().expect("a token")] {
        assert!(app.is_active("api", token).await);
    }
}

/// A client asks nothing where it is not registered, by its right credentials or anybody's.
#[tokio::test]
async fn a_client_speaks_the_surfaces_it_lists_and_no_others() {
    let app = App::spawn().await;
    let session = app.issue("session").await;
    app.kajabi_token("session", "session-secret").await.assert_kajabi(401, "unauthorized_client");
    app.anghami_revoke("spa", &app.log_in("spa", "alice").await.access).await.assert_message(401);
    app.machine_login("session", "session-secret").await.assert_envelope(401, "UnauthorizedError");
    app.by("abroad", "/oauth/token", &[("grant_type", "client_credentials")])
        .await
        .assert_error(400, "unauthorized_client");
    let abroad = app.kajabi_session("abroad").await;
    app.revoke("abroad", &abroad.access).await.assert_error(400, "unauthorized_client");
    app.kajabi_revoke(&abroad.access, &session.access).await.assert_kajabi(401, "invalid_grant");
    assert!(app.is_active("api", &session.access).await && app.is_active("api", &abroad.access).await);
}

/// What is another client's is another client's on every surface, whoever speaks there and wherever it was born.
#[rstest]
#[case(Surface::Standard, "kajabi-other", 400)]
#[case(Surface::Kajabi, "kajabi-other", 401)]
#[case(Surface::Anghami, "player", 403)]
#[tokio::test]
async fn another_clients_token_is_not_ended(
    #[case] there: Surface,
    #[case] stranger: &str,
    #[case] status: u16,
    #[values(Surface::Standard, Surface::Kajabi, Surface::Infisical)] born: Surface,
) {
    let app = spawn().await;
    let session = begin(&app, born, "kajabi").await;
    for token in [&session.access, session.lasting()] {
        let answer = revoke(&app, there, stranger, token).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    }
    assert!(app.is_active("api", &session.access).await);
    assert!(refreshed(&refresh(&app, born, "kajabi", session.lasting()).await).is_some());
}

impl App {
    /// `None`: this client does not speak there.
    async fn begin_if_spoken(&self, surface: Surface, client: &str) -> Option<Tokens> {
        let speaks = self.authority().clients.find(client).expect("a client").surfaces.contains(&surface);
        match surface {
            _ if !speaks => None,
            Surface::Infisical => Some(self.infisical_session(client).await),
            Surface::Standard | Surface::Kajabi | Surface::Anghami => {
                Some(self.log_in_at(surface, client, "alice").await)
            }
        }
    }
}
