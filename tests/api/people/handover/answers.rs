//! What the login application says, and when it counts.

use std::time::Duration;

use atropos::domain::client::ClientId;
use atropos::domain::{Cause, Target};
use rstest::rstest;

use super::{SESSION, app, challenge, elsewhere};
use crate::answer::Answer;
use crate::people::authorization::assert_page;
use crate::people::browser::{Back, Browser, asks, location, setup};
use crate::spawn::{App, forged, secret_of};

#[tokio::test]
async fn what_was_tampered_with_never_reaches_the_store() {
    let app = app().await;
    let browser = Browser::new(&app);
    let sent = challenge(&browser.get("/account").await);
    let back = app.accepted(&sent, "carol").await;
    let verifier = back.rsplit('=').next().unwrap().to_owned();
    let twice = format!("{verifier}&login_verifier={verifier}");
    app.store.trips();
    for wrong in ["", "x", "%00", &forged(&verifier), &sent, &format!("{verifier}A"), &twice] {
        assert_page(&browser.get(&format!("/login?login_verifier={wrong}")).await, 410);
    }
    assert_page(&browser.get("/login").await, 410);
    for wrong in ["x", &forged(&sent), &verifier] {
        app.accept(wrong, "carol").await.assert_error(400, "invalid_grant");
        app.login("lookup", &[("login_challenge", wrong)]).await.assert_error(400, "invalid_grant");
    }
    assert_eq!(app.store.trips(), 0);
    assert_eq!(browser.cookie(SESSION), None);
    location(&browser.get(&back).await);
}

#[tokio::test]
async fn the_first_answer_counts_and_may_be_said_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let sent = challenge(&browser.get("/account").await);
    let back = app.accepted(&sent, "carol").await;
    assert_eq!(app.accepted(&sent, "carol").await, back);
    app.accept(&sent, "dave").await.assert_error(400, "invalid_grant");
    app.login("reject", &[("login_challenge", &sent)]).await.assert_error(400, "invalid_grant");
    location(&browser.get(&back).await);
    assert!(browser.get("/account").await.body.contains("<b>carol</b>"));
    let other = Browser::new(&app);
    let sent = challenge(&other.get("/account").await);
    let back = app.rejected(&sent).await;
    assert_eq!(app.rejected(&sent).await, back);
    app.accept(&sent, "carol").await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn it_expires_with_what_waits_for_it() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    app.clock.advance(Duration::from_mins(29));
    let (one, other) = (challenge(&browser.get(&path).await), challenge(&browser.get(&path).await));
    assert_eq!(app.look_up(&one).await["expires_in"], 60);
    let back = app.accepted(&one, "carol").await;
    app.clock.advance(Duration::from_mins(1));
    assert_page(&browser.get(&back).await, 410);
    app.accept(&other, "carol").await.assert_error(400, "invalid_grant");
    assert_eq!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn only_the_login_application_is_heard() {
    let app = app().await;
    let sent = challenge(&Browser::new(&app).get("/account").await);
    let form = [("login_challenge", sent.as_str()), ("subject", "carol")];
    for call in ["lookup", "accept", "reject"] {
        let path = format!("/oauth/login/{call}");
        for other in ["web", "web-public", "api"] {
            app.by(other, &path, &form).await.assert_error(400, "unauthorized_client");
        }
        Answer::to(app.post(&path, &form)).await.assert_error(401, "invalid_client");
        let wrong = [&form[..], &[("client_id", "login"), ("client_secret", "wrong")]].concat();
        Answer::to(app.post(&path, &wrong)).await.assert_error(401, "invalid_client");
        app.login(call, &[("subject", "carol")]).await.assert_error(400, "invalid_request");
        let twice = [&form[..], &[("login_challenge", &sent)]].concat();
        app.login(call, &twice).await.assert_error(400, "invalid_request");
        let get = app.get(&path).await;
        assert_eq!((get.status.as_u16(), get.header("allow")), (405, Some("POST, OPTIONS")));
    }
    let secret = secret_of("login");
    let posted = [&form[..], &[("client_id", "login"), ("client_secret", &secret)]].concat();
    Answer::to(app.post("/oauth/login/accept", &posted)).await.assert_ok();
    // Where people sign in here, nobody is.
    let here = App::with(setup()).await;
    here.by("login", "/oauth/login/accept", &form).await.assert_error(400, "unauthorized_client");
}

/// RFC9700-4.15-i: nobody takes a person for a client.
#[tokio::test]
async fn a_person_is_called_by_no_name_of_somebody_else() {
    let app = app().await;
    let sent = challenge(&Browser::new(&app).get("/account").await);
    let long = "x".repeat(256);
    for subject in ["", "a\u{7}", &long, "web", "login", "urn:atropos:browser", "urn:atropos:x", "mallory-1"] {
        app.accept(&sent, subject).await.assert_error(400, "invalid_request");
    }
    app.accepted(&sent, &long[1..]).await;
}

/// Rule 3: what takes a person's tokens takes what was accepted and waits, and nothing that comes after it.
#[rstest]
#[case(Target::Subject("carol".into()), true)]
#[case(Target::Everything, true)]
#[case(Target::Client("login".into()), true)]
#[case(Target::Subject("dave".into()), false)]
#[case(Target::Client("web".into()), false)]
#[tokio::test]
async fn what_was_revoked_meanwhile_signs_in_nobody(#[case] target: Target, #[case] is_taken: bool) {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let back = app.accepted(&challenge(&browser.get(&path).await), "carol").await;
    app.authority().revoke_target(target, Cause::Administrator).await.expect("the store answers");
    assert_eq!(location(&browser.get(&back).await), path);
    assert_eq!(browser.cookie(SESSION).is_none(), is_taken);
    if is_taken {
        let back = app.accepted(&challenge(&browser.get(&path).await), "carol").await;
        location(&browser.get(&back).await);
        assert!(browser.get(&path).await.body.contains("value=\"allow\""));
    }
}

/// S16: what an operator changed meanwhile counts.
#[tokio::test]
async fn whose_word_does_not_count_any_more_signs_in_nobody() {
    let app = app().await;
    let browser = Browser::new(&app);
    let back = app.accepted(&challenge(&browser.get("/account").await), "carol").await;
    let mut disabled = elsewhere();
    disabled.clients.iter_mut().filter(|it| it.id.as_str() == "login").for_each(|client| client.enabled = false);
    let mut other = elsewhere();
    other.login.as_mut().unwrap().client = ClientId::new("service");
    for changed in [disabled, other, setup()] {
        let node = app.beside(changed).await;
        let there = Browser::new(&node);
        there.set_cookie("__Host-atropos-browser", &browser.cookie("__Host-atropos-browser").unwrap());
        assert_page(&there.get(&back).await, 410);
    }
    assert_eq!(location(&browser.get(&back).await), "/account");
}

/// S16: what does not wait any more is not answered.
#[tokio::test]
async fn a_request_that_was_answered_is_not_signed_in_for() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let sent = challenge(&browser.get(&path).await);
    Back::of(&browser.post(&path, &[("answer", "deny")]).await).assert_error("access_denied");
    app.accept(&sent, "carol").await.assert_error(400, "invalid_grant");
}
