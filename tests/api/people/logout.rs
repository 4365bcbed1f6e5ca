//! RP-Initiated Logout.

use std::time::Duration;

use rstest::rstest;

use super::browser::{Browser, app, asks, location, redeem};
use super::openid::signed_in;
use crate::answer::Answer;
use crate::spawn::App;

pub(super) const BYE: &str = "https://web.example/bye";

fn logout(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oauth/logout?{query}")
}

fn proof(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"proof\" value=\"").unwrap_or_else(|| panic!("{page:?}"));
    rest.split_once('"').expect("a value").0.to_owned()
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get("/account").await.body.contains("Sign out of this browser")
        || browser.get("/account").await.body.contains("this browser")
}

/// RPIL-2-a, RPIL-3-b, RPIL-P-d
#[tokio::test]
async fn an_application_signs_a_person_out_by_its_id_token() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (bound, answer) = signed_in(&browser, "openid read").await;
    let (offline, _) = signed_in(&browser, "openid read offline_access").await;
    let hint = answer["id_token"].as_str().unwrap();
    // Expired as it may be.
    app.clock.advance(Duration::from_mins(10));
    let session = browser.cookie("__Host-atropos-session").unwrap();
    let asked = logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "a b&c")]);
    let left = browser.get(&asked).await;
    assert_eq!(location(&left), format!("{BYE}?state=a+b%26c"));
    // The browser has forgotten the cookie, and whoever has kept it has nothing.
    assert_eq!(browser.cookie("__Host-atropos-session").as_deref(), Some(""));
    browser.set_cookie("__Host-atropos-session", &session);
    browser.approve(&asks("portal", &[("scope", "openid"), ("prompt", "none")])).await.assert_error("login_required");
    app.introspect("api", &bound.access).await.assert_inactive();
    app.refresh("portal", bound.refresh()).await.assert_error(400, "invalid_grant");
    // What the person let go on goes on.
    assert!(app.is_active("api", &offline.access).await);
    app.refreshed("portal", offline.refresh()).await;
    // There is nothing left to end, and so nothing to ask.
    assert_eq!(location(&browser.get(&asked).await), format!("{BYE}?state=a+b%26c"));
}

/// RPIL-2-c: nobody is signed out by a link.
#[tokio::test]
async fn without_an_id_token_of_that_person_it_is_asked() {
    let app = app().await;
    let (alice, bob) = (Browser::new(&app), Browser::new(&app));
    let (tokens, answer) = signed_in(&alice, "openid").await;
    let hint = answer["id_token"].as_str().unwrap();
    let path = bob.begin(&asks("portal", &[])).await;
    bob.sign_in(&path, "bob", "builder").await;
    for (browser, parameters) in [
        (&alice, vec![]),
        (&alice, vec![("client_id", "portal"), ("post_logout_redirect_uri", BYE)]),
        (&alice, vec![("id_token_hint", "nonsense"), ("post_logout_redirect_uri", BYE)]),
        (&bob, vec![("id_token_hint", hint), ("post_logout_redirect_uri", BYE)]),
    ] {
        let page = browser.get(&logout(&parameters)).await;
        assert_eq!(page.status, 200, "{parameters:?}");
        assert!(page.body.contains("<h1>Sign out?</h1>"), "{page:?}");
    }
    assert!(app.is_active("api", &tokens.access).await);
    // The person says yes, and goes where the application has registered.
    let page = alice.get(&logout(&[("client_id", "portal"), ("post_logout_redirect_uri", BYE), ("state", "s")])).await;
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' https://web.example"));
    let form = [
        ("proof", &*proof(&page)),
        ("client_id", "portal"),
        ("post_logout_redirect_uri", BYE),
        ("state", "s"),
        ("answer", "sign_out"),
    ];
    assert_eq!(location(&alice.post("/oauth/logout", &form).await), format!("{BYE}?state=s"));
    app.introspect("api", &tokens.access).await.assert_inactive();
    // Twice is once.
    assert_eq!(location(&alice.post("/oauth/logout", &form).await), format!("{BYE}?state=s"));
}

#[tokio::test]
async fn who_does_not_want_to_stays() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (tokens, _) = signed_in(&browser, "openid").await;
    let page = browser.get("/oauth/logout").await;
    let answered = browser.post("/oauth/logout", &[("proof", &proof(&page)), ("answer", "stay")]).await;
    assert_eq!(location(&answered), "/account");
    assert!(is_signed_in(&browser).await && app.is_active("api", &tokens.access).await);
    let page = browser.get("/oauth/logout").await;
    for (proof, answer) in [("forged", "sign_out"), (&*proof(&page), "else"), (&*proof(&page), "")] {
        let answered = browser.post("/oauth/logout", &[("proof", proof), ("answer", answer)]).await;
        assert_eq!(answered.status, 403, "{answered:?}");
    }
    assert!(app.is_active("api", &tokens.access).await);
}

/// RPIL-3-b: never an open redirect.
#[rstest]
#[case("https://web.example/bye/")]
#[case("https://web.example/Bye")]
#[case("https://web.example/bye?x=1")]
#[case("https://web.example/callback")]
#[case("https://evil.example/bye")]
#[case("javascript:alert(1)")]
#[tokio::test]
async fn nobody_is_sent_to_where_nothing_is_registered(#[case] uri: &str) {
    let app = app().await;
    let browser = Browser::new(&app);
    let (tokens, answer) = signed_in(&browser, "openid").await;
    let hint = answer["id_token"].as_str().unwrap();
    let left =
        browser.get(&logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", uri), ("state", "s")])).await;
    assert_eq!((left.status.as_u16(), left.header("location")), (200, None));
    assert!(left.body.contains("You are signed out") && left.body.contains("post_logout_redirect_uri"), "{left:?}");
    app.introspect("api", &tokens.access).await.assert_inactive();
}

#[tokio::test]
async fn a_request_that_says_two_things_is_answered_by_a_page() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (tokens, answer) = signed_in(&browser, "openid").await;
    let hint = answer["id_token"].as_str().unwrap();
    for wrong in [
        logout(&[("id_token_hint", hint), ("client_id", "web"), ("post_logout_redirect_uri", BYE)]),
        logout(&[("id_token_hint", hint), ("state", "a"), ("state", "b"), ("post_logout_redirect_uri", BYE)]),
        "/oauth/logout?state=%ff".to_owned(),
    ] {
        let page = browser.get(&wrong).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (400, None), "{wrong}");
    }
    assert!(app.is_active("api", &tokens.access).await);
}

/// RPIL-2-a: the form of another site, which the browser sends without the cookie, comes once more from here.
#[tokio::test]
async fn a_form_from_an_application_is_sent_once_more() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (tokens, answer) = signed_in(&browser, "openid").await;
    let hint = answer["id_token"].as_str().unwrap();
    let form = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "\"><s>")];
    let cross_site =
        app.request(reqwest::Method::POST, "/oauth/logout").header("sec-fetch-site", "cross-site").form(&form);
    let page = Answer::to(cross_site).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("name=\"again\" value=\"1\"") && !page.body.contains("<s>"), "{page:?}");
    assert!(app.is_active("api", &tokens.access).await);
    let again: Vec<_> = form.into_iter().chain([("again", "1")]).collect();
    // Nobody else can send that one.
    let forged =
        app.request(reqwest::Method::POST, "/oauth/logout").header("sec-fetch-site", "cross-site").form(&again);
    assert_eq!(Answer::to(forged).await.status, 403);
    let left = browser.post("/oauth/logout", &again).await;
    assert_eq!(location(&left), format!("{BYE}?state=%22%3E%3Cs%3E"));
    app.introspect("api", &tokens.access).await.assert_inactive();
}

/// What goes on was not begun by anybody who had signed out.
#[tokio::test]
async fn a_code_that_was_not_exchanged_before_is_dead_whatever_was_approved() {
    let app = app().await;
    let browser = Browser::new(&app);
    let code = browser.approve(&asks("portal", &[("scope", "openid offline_access")])).await.code().to_owned();
    let page = browser.get("/oauth/logout").await;
    let answered = browser.post("/oauth/logout", &[("proof", &proof(&page)), ("answer", "sign_out")]).await;
    assert_eq!(answered.status, 200);
    redeem(&app, "portal", &code).await.assert_error(400, "invalid_grant");
}

/// A session that was begun anew is not the one that the ID token tells of.
#[tokio::test]
async fn an_old_id_token_does_not_end_a_new_session_unasked() {
    let app: App = app().await;
    let browser = Browser::new(&app);
    let (_, answer) = signed_in(&browser, "openid").await;
    let hint = answer["id_token"].as_str().unwrap().to_owned();
    location(&browser.get(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await);
    let (tokens, _) = signed_in(&browser, "openid").await;
    let page = browser.get(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await;
    assert!(page.body.contains("<h1>Sign out?</h1>"), "{page:?}");
    assert!(app.is_active("api", &tokens.access).await);
}
