//! What one surface does to the tokens of another: DIA-1 kills, DIA-6 does not weaken.
//!
//! A further dialect is one more [`Surface`] in [`ALL`], and an arm wherever a `match` asks for it.

mod apart;
mod dead;

use atropos::domain::client::Surface;
use serde_json::Value;

use crate::answer::Answer;
use crate::clients::{clients, identity};
use crate::spawn::{App, Setup, Tokens};

const ALL: [Surface; 4] = [Surface::Standard, Surface::Kajabi, Surface::Anghami, Surface::Infisical];

/// The usual clients; but `kajabi` speaks Infisical's API as well. Both ask for a secret, so nothing forbids it.
pub(super) async fn spawn() -> App {
    App::with(setup()).await
}

pub(super) fn setup() -> Setup {
    let mut clients = clients();
    let both = clients.iter_mut().find(|client| client.id.as_str() == "kajabi").expect("a client");
    both.surfaces.insert(Surface::Infisical);
    both.identity_id = identity("kajabi");
    Setup { clients, ..Setup::default() }
}

/// The client of a pair: one that can end there what was born here. `Err`: why there is none.
fn client_of(born: Surface, there: Surface) -> Result<&'static str, &'static str> {
    match (born, there) {
        (Surface::Standard, Surface::Standard) => Ok("session"),
        (Surface::Standard | Surface::Kajabi, Surface::Standard | Surface::Kajabi)
        | (Surface::Infisical, Surface::Standard | Surface::Kajabi | Surface::Infisical) => Ok("kajabi"),
        (Surface::Standard | Surface::Anghami, Surface::Standard | Surface::Anghami) => Ok("player"),
        (Surface::Kajabi | Surface::Infisical, Surface::Anghami) | (Surface::Anghami, Surface::Kajabi) => {
            Err("their clients prove themselves by a secret, and Anghami's have none")
        }
        (Surface::Standard | Surface::Kajabi | Surface::Anghami, Surface::Infisical) => {
            Err("possession is enough there, so it is of what was born there alone")
        }
    }
}

/// A session of this client, born there.
pub(super) async fn begin(app: &App, born: Surface, client: &str) -> Tokens {
    match born {
        Surface::Standard if client == "player" => app.log_in(client, "alice").await,
        Surface::Standard => app.issue(client).await,
        Surface::Kajabi => app.kajabi_session(client).await,
        Surface::Anghami => app.anghami_session(client).await,
        Surface::Infisical => app.infisical_session(client).await,
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
        Surface::Infisical => app.machine_revoke(token).await,
    }
}

/// How a session goes on there: by its refresh token, or by what stands for one.
pub(super) async fn refresh(app: &App, there: Surface, client: &str, token: &str) -> Answer {
    match there {
        Surface::Standard => app.refresh(client, token).await,
        Surface::Kajabi => app.kajabi_refresh(token).await,
        Surface::Anghami => app.anghami_refresh(client, token).await,
        Surface::Infisical => app.machine_renew(token).await,
    }
}

/// The token to go on with that an answer has, whatever its shape.
pub(super) fn refreshed(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    let token = [&body["refresh_token"], &body["token"]["refreshToken"], &body["accessToken"]];
    token.into_iter().find_map(Value::as_str).map(str::to_owned)
}

impl Tokens {
    /// What a session goes on with.
    pub(super) fn lasting(&self) -> &str {
        self.refresh.as_deref().unwrap_or(&self.access)
    }
}

/// An answer but for what is of the moment, the id of the request in the body included.
fn compared(answer: Answer) -> impl PartialEq + std::fmt::Debug {
    let (status, headers, body) = answer.lasting();
    let body = match serde_json::from_str::<Value>(&body) {
        Ok(mut object) if object.get("reqId").is_some() => {
            object["reqId"].take();
            object.to_string()
        }
        _ => body,
    };
    (status, headers, body)
}
