//! Signing in at the operator's own login application.

mod answers;
mod way;

use atropos::domain::authority::LoginApplication;
use atropos::domain::client::ClientId;
use serde_json::Value;
use url::Url;

use super::browser::{location, setup};
use crate::answer::Answer;
use crate::spawn::{App, ISSUER, Setup};

const LOGIN: &str = "https://login.example/sign-in?tenant=1";
const SESSION: &str = "__Host-atropos-session";

fn elsewhere() -> Setup {
    let login = LoginApplication { client: ClientId::new("login"), url: Url::parse(LOGIN).expect("a URL") };
    Setup { login: Some(login), ..setup() }
}

async fn app() -> App {
    App::with(elsewhere()).await
}

/// The challenge with which a browser is sent away.
#[track_caller]
fn challenge(answer: &Answer) -> String {
    let place = location(answer);
    let challenge = place.strip_prefix(&format!("{LOGIN}&login_challenge=")).unwrap_or_else(|| panic!("{place}"));
    challenge.to_owned()
}

impl App {
    /// By the login application.
    async fn login(&self, call: &str, form: &[(&str, &str)]) -> Answer {
        self.by("login", &format!("/oauth/login/{call}"), form).await
    }

    async fn look_up(&self, challenge: &str) -> Value {
        let answer = self.login("lookup", &[("login_challenge", challenge)]).await;
        answer.assert_ok();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.json()
    }

    async fn accept(&self, challenge: &str, subject: &str) -> Answer {
        self.login("accept", &[("login_challenge", challenge), ("subject", subject)]).await
    }

    async fn accepted(&self, challenge: &str, subject: &str) -> String {
        redirect_to(&self.accept(challenge, subject).await)
    }

    async fn rejected(&self, challenge: &str) -> String {
        redirect_to(&self.login("reject", &[("login_challenge", challenge)]).await)
    }
}

/// Where the browser is to be sent, without the host.
#[track_caller]
fn redirect_to(answer: &Answer) -> String {
    answer.assert_ok();
    let json = answer.json();
    json["redirect_to"].as_str().and_then(|url| url.strip_prefix(ISSUER)).expect("a URL of ours").to_owned()
}
