//! Back-Channel Logout: applications hear that somebody has signed out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use atropos::domain::authority::{Delivery, Messenger, Notices, TokenText};
use atropos::domain::clock::Clock as _;
use atropos::domain::{Cause, Target};
use rstest::rstest;
use serde_json::json;

use super::browser::{Browser, app, setup};
use super::logout::BYE;
use super::openid::{read, signed_in};
use crate::spawn::App;

/// Writes down what it carries, and answers as it is told; if it is not told, that it was delivered.
#[derive(Default)]
struct Carrier {
    carried: Mutex<Vec<(String, String)>>,
    answers: Mutex<VecDeque<Delivery>>,
}

#[async_trait]
impl Messenger for Carrier {
    async fn deliver(&self, uri: &str, token: &TokenText) -> Delivery {
        self.carried.lock().expect("no panic").push((uri.to_owned(), token.expose().to_owned()));
        self.answers.lock().expect("no panic").pop_front().unwrap_or(Delivery::Done)
    }
}

impl Carrier {
    fn answering(answers: impl IntoIterator<Item = Delivery>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    fn carried(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.carried.lock().expect("no panic"))
    }
}

async fn sign_out(browser: &Browser<'_>, id_token: &serde_json::Value) {
    let hint = id_token.as_str().expect("an ID token");
    let path = format!("/oauth/logout?post_logout_redirect_uri={BYE}&id_token_hint={hint}");
    assert_eq!(browser.get(&path).await.status, 303);
}

/// BCL-2.4-a
#[tokio::test]
async fn a_logout_token_tells_which_session_has_ended() {
    let app = app().await;
    let carrier = Carrier::answering([]);
    let notices = Notices::new(app.shared_authority(), carrier.clone());
    let browser = Browser::new(&app);
    let (_, answer) = signed_in(&browser, "openid read").await;
    let id_token = read(&app, answer["id_token"].as_str().unwrap(), "JWT").await;
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried(), [], "nobody has signed out");
    sign_out(&browser, &answer["id_token"]).await;
    notices.tend().await.unwrap();
    let told = carrier.carried();
    let [(uri, token)] = told.as_slice() else { panic!("one is told once: {told:?}") };
    assert_eq!(uri, "https://web.example/out");
    let claims = read(&app, token, "logout+jwt").await;
    assert_eq!(
        (&claims["sub"], &claims["sid"], &claims["aud"]),
        (&json!("alice-1"), &id_token["sid"], &json!("portal"))
    );
    assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert!(claims.get("nonce").is_none() && claims["jti"].as_str().is_some_and(|jti| jti.len() >= 16));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 120);
    // It opens nothing here.
    app.introspect("api", token).await.assert_inactive();
    // Once is enough, also for a node that has just been started.
    app.clock.advance(Duration::from_hours(1));
    notices.tend().await.unwrap();
    Notices::new(app.shared_authority(), carrier.clone()).tend().await.unwrap();
    assert_eq!(carrier.carried(), []);
}

/// An outage of the application, of this server, or of the messenger: it hears of it all the same.
#[tokio::test]
async fn who_does_not_answer_is_told_again_until_it_does() {
    let app = app().await;
    let carrier = Carrier::answering([Delivery::Failed, Delivery::Failed]);
    let notices = Notices::new(app.shared_authority(), carrier.clone());
    let browser = Browser::new(&app);
    let (_, answer) = signed_in(&browser, "openid").await;
    sign_out(&browser, &answer["id_token"]).await;
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried().len(), 1);
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried().len(), 0, "not at once again");
    app.clock.advance(Duration::from_secs(5));
    // Another node, or this one after a restart.
    Notices::new(app.shared_authority(), carrier.clone()).tend().await.unwrap();
    assert_eq!(carrier.carried().len(), 1);
    app.clock.advance(Duration::from_secs(5));
    notices.tend().await.unwrap();
    let third = carrier.carried();
    assert_eq!(third.len(), 1);
    let claims = read(&app, &third[0].1, "logout+jwt").await;
    assert_eq!(claims["iat"].as_u64().unwrap(), app.clock.now().as_secs(), "each try has a token of its own");
    app.clock.advance(Duration::from_hours(20));
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried(), []);
}

/// BCL-2.8-c
#[rstest]
#[case(Delivery::Refused, 1)]
// At once, then from two minutes on, each time that twice as much has passed, for a day.
#[case(Delivery::Failed, 12)]
#[tokio::test]
async fn tries_are_bounded(#[case] answer: Delivery, #[case] most: usize) {
    let app = app().await;
    let carrier = Carrier::answering([answer; 40]);
    let notices = Notices::new(app.shared_authority(), carrier.clone());
    let browser = Browser::new(&app);
    let (_, token) = signed_in(&browser, "openid").await;
    sign_out(&browser, &token["id_token"]).await;
    let mut tries = 0;
    for _ in 0..20 * 60 {
        notices.tend().await.unwrap();
        tries += carrier.carried().len();
        app.clock.advance(Duration::from_mins(2));
    }
    assert_eq!(tries, most);
}

/// The outbox is in the very commit: of a wider revocation as well.
#[rstest]
#[case(Target::Subject("alice-1".into()), 2)]
#[case(Target::Subject("bob-1".into()), 0)]
#[tokio::test]
async fn a_person_whose_all_is_ended_is_signed_out_everywhere(#[case] target: Target, #[case] told: usize) {
    let app = app().await;
    let carrier = Carrier::answering([]);
    let notices = Notices::new(app.shared_authority(), carrier.clone());
    let (one, two, none) = (Browser::new(&app), Browser::new(&app), Browser::new(&app));
    signed_in(&one, "openid").await;
    signed_in(&two, "openid").await;
    signed_in(&none, "read").await;
    app.authority().revoke_target(target, Cause::Administrator).await.unwrap();
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried().len(), told);
    // Who signs in again is not signed out for it.
    signed_in(&one, "openid").await;
    app.clock.advance(Duration::from_hours(1));
    Notices::new(app.shared_authority(), carrier.clone()).tend().await.unwrap();
    assert_eq!(carrier.carried(), []);
}

/// Only who was told of a session is told of its end, and only if it has asked for that.
#[tokio::test]
async fn who_knows_nothing_of_a_session_is_not_told_of_its_end() {
    let mut setup = setup();
    let web = setup.clients.iter_mut().find(|client| client.id.as_str() == "web").unwrap();
    web.scope = crate::clients::scope("openid read");
    let app = App::with(setup).await;
    let carrier = Carrier::answering([]);
    let notices = Notices::new(app.shared_authority(), carrier.clone());
    let browser = Browser::new(&app);
    let (_, answer) = signed_in(&browser, "read").await;
    assert!(answer.get("id_token").is_none());
    browser.approve(&super::browser::asks("web", &[("scope", "openid")])).await.code();
    let page = browser.get("/oauth/logout").await;
    let (_, rest) = page.body.split_once("name=\"proof\" value=\"").unwrap();
    let proof = rest.split_once('"').unwrap().0;
    browser.post("/oauth/logout", &[("proof", proof), ("answer", "sign_out")]).await;
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried(), []);
}

/// One that hangs does not keep the others waiting, however much there is to tell it.
#[tokio::test]
async fn who_is_silent_is_asked_once_in_a_round() {
    let app = app().await;
    let carrier = Carrier::answering([Delivery::Failed; 8]);
    let notices = Notices::new(app.shared_authority(), carrier.clone());
    let (one, two) = (Browser::new(&app), Browser::new(&app));
    signed_in(&one, "openid").await;
    signed_in(&two, "openid").await;
    app.authority().revoke_target(Target::Subject("alice-1".into()), Cause::Administrator).await.unwrap();
    notices.tend().await.unwrap();
    // The two are told at once, for there is room; of a hundred, as many as are under way.
    assert!(carrier.carried().len() <= 2);
    carrier.answers.lock().expect("no panic").clear();
    app.clock.advance(Duration::from_secs(10));
    notices.tend().await.unwrap();
    app.clock.advance(Duration::from_secs(10));
    notices.tend().await.unwrap();
    assert_eq!(carrier.carried().len(), 2, "both are told in the end");
}
