//! What one surface does to the tokens of another: DIA-1 kills, DIA-6 does not weaken.
//!
//! A further dialect is one more [`Surface`] in [`ALL`], and an arm wherever a `match` asks for it.

use atropos::domain::client::Surface;
use rstest::rstest;
use serde_json::Value;

use crate::answer::Answer;
use crate::spawn::{App, Tokens};

const ALL: [Surface; 3] = [Surface::Standard, Surface::Kajabi, Surface::Anghami];

/// The client of a pair: one that speaks both, and can be known on both. `Err`: why there is none.
fn client_of(born: Surface, other: Surface) -> Result<&'static str, &'static str> {
    match (born, other) {
        (Surface::Standard, Surface::Standard) => Ok("session"),
        (Surface::Standard | Surface::Kajabi, Surface::Standard | Surface::Kajabi) => Ok("kajabi"),
        (Surface::Standard | Surface::Anghami, Surface::Standard | Surface::Anghami) => Ok("player"),
        (Surface::Kajabi, Surface::Anghami) | (Surface::Anghami, Surface::Kajabi) => {
            Err("Kajabi's clients prove themselves by a secret, and Anghami's have none")
        }
        (Surface::Infisical, _) | (_, Surface::Infisical) => Err("it has tests of its own"),
    }
}

/// A session of this client, born there.
async fn begin(app: &App, born: Surface, client: &str) -> Tokens {
    match born {
        Surface::Standard if client == "player" => app.log_in(client, "alice").await,
        Surface::Standard => app.issue(client).await,
        Surface::Kajabi => app.kajabi_session(client).await,
        Surface::Anghami => app.anghami_session(client).await,
        Surface::Infisical => panic!("it has tests of its own"),
    }
}

/// What proves there who asks for a revocation: on Kajabi's surface another session of the same client.
async fn revoke(app: &App, there: Surface, client: &str, token: &str) -> Answer {
    match there {
        Surface::Standard => app.revoke(client, token).await,
        Surface::Kajabi => {
            let bearer = app.kajabi_session(client).await;
            app.kajabi_revoke(&bearer.access, token).await
        }
        Surface::Anghami => app.anghami_revoke(client, token).await,
        Surface::Infisical => panic!("it has tests of its own"),
    }
}

async fn refresh(app: &App, there: Surface, client: &str, token: &str) -> Answer {
    match there {
        Surface::Standard => app.refresh(client, token).await,
        Surface::Kajabi => app.kajabi_refresh(token).await,
        Surface::Anghami => app.anghami_refresh(client, token).await,
        Surface::Infisical => panic!("it has tests of its own"),
    }
}

/// The refresh token that an answer has, whatever its shape.
fn refreshed(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    let token = body.get("refresh_token").or_else(|| body["token"].get("refreshToken"))?;
    token.as_str().map(str::to_owned)
}

/// DIA-1, DIA-4: every pair, each of the two tokens.
#[rstest]
#[tokio::test]
async fn what_is_revoked_on_one_surface_is_dead_on_all(
    #[values(ALL[0], ALL[1], ALL[2])] born: Surface,
    #[values(ALL[0], ALL[1], ALL[2])] there: Surface,
    #[values(false, true)] by_refresh_token: bool,
) {
    let Ok(client) = client_of(born, there) else { return };
    let app = App::spawn().await;
    let (session, other) = (begin(&app, born, client).await, begin(&app, born, client).await);
    let token = if by_refresh_token { session.refresh() } else { &session.access };
    revoke(&app, there, client, token).await.assert_ok();

    app.introspect("api", &session.access).await.assert_inactive();
    for surface in ALL {
        if by_refresh_token || there == Surface::Kajabi {
            assert!(refreshed(&refresh(&app, surface, client, session.refresh()).await).is_none(), "{surface:?}");
        }
    }
    app.kajabi_revoke(&session.access, &other.access).await.assert_invalid_token();
    assert!(app.is_active("api", &other.access).await, "nothing else was ended");
    assert!(refreshed(&refresh(&app, born, client, other.refresh()).await).is_some());
}

/// DIA-1: the pairs that cannot be, each way.
#[tokio::test]
async fn a_client_that_cannot_be_known_on_a_surface_ends_nothing_there() {
    let app = App::spawn().await;
    client_of(Surface::Kajabi, Surface::Anghami).expect_err("no client speaks both");
    let key = app.kajabi_session("kajabi").await;
    for token in [&*key.access, key.refresh()] {
        app.anghami_revoke("kajabi", token).await.assert_message(401);
    }
    assert!(app.is_active("kajabi", key.refresh()).await);
    let person = app.anghami_session("player").await;
    for token in [&*person.access, person.refresh()] {
        app.kajabi_revoke(&person.access, token).await.assert_invalid_token();
    }
    assert!(app.is_active("api", &person.access).await);
}

/// DIA-6: a refresh token works where it was born. Elsewhere it is the unknown token of that surface, and nothing is
/// spent or ended.
#[rstest]
#[tokio::test]
async fn a_refresh_token_of_another_surface_is_unknown(
    #[values(ALL[0], ALL[1], ALL[2])] born: Surface,
    #[values(ALL[0], ALL[1], ALL[2])] there: Surface,
) {
    if born == there {
        return;
    }
    let app = App::spawn().await;
    for client in ["kajabi", "player"] {
        // Whoever cannot beget there by himself was begotten by somebody who vouches for him.
        let session = app.log_in_at_if(born, client).await;
        let Some(session) = session else { continue };
        let answer = refresh(&app, there, client, session.refresh()).await;
        let unknown = refresh(&app, there, client, "rt_unknown").await;
        assert_eq!(answer.status, unknown.status);
        assert_eq!(answer.lasting(), unknown.lasting(), "{client}");
        assert!(app.is_active("api", &session.access).await);
        assert!(refreshed(&refresh(&app, born, client, session.refresh()).await).is_some());
    }
}

/// DIA-6: an access token proves something where it was born, and there alone.
#[rstest]
#[case(Surface::Standard, "kajabi")]
#[case(Surface::Anghami, "player")]
#[tokio::test]
async fn a_bearer_of_another_surface_is_unknown(#[case] born: Surface, #[case] client: &str) {
    let app = App::spawn().await;
    let (session, victim) = (begin(&app, born, client).await, begin(&app, born, client).await);
    let answer = app.kajabi_revoke(&session.access, &victim.access).await;
    let unknown = app.kajabi_revoke("unknown", &victim.access).await;
    assert_eq!(answer.lasting(), unknown.lasting());
    assert!(app.is_active("api", &session.access).await && app.is_active("api", &victim.access).await);
}

/// DIA-6: a client asks nothing where it is not registered, by its right credentials or anybody's.
#[tokio::test]
async fn a_client_speaks_the_surfaces_it_lists_and_no_others() {
    let app = App::spawn().await;
    let session = app.issue("session").await;
    app.kajabi_token("session", "session-secret").await.assert_kajabi(401, "unauthorized_client");
    app.anghami_revoke("spa", &app.log_in("spa", "alice").await.access).await.assert_message(401);
    app.by("abroad", "/oauth/token", &[("grant_type", "client_credentials")])
        .await
        .assert_error(400, "unauthorized_client");
    let abroad = app.kajabi_session("abroad").await;
    app.revoke("abroad", &abroad.access).await.assert_error(400, "unauthorized_client");
    app.kajabi_revoke(&abroad.access, &session.access).await.assert_kajabi(401, "invalid_grant");
    assert!(app.is_active("api", &session.access).await && app.is_active("api", &abroad.access).await);
}

impl App {
    /// `None`: this client does not speak there.
    async fn log_in_at_if(&self, surface: Surface, client: &str) -> Option<Tokens> {
        let speaks = self.authority().clients.find(client).expect("a client").surfaces.contains(&surface);
        if speaks { Some(self.log_in_at(surface, client, "alice").await) } else { None }
    }
}
