//! The way of a person: away, and back.

use std::num::NonZeroU32;
use std::time::Duration;

use atropos::domain::authority::PerMinute;
use rstest::rstest;
use serde_json::json;

use super::{SESSION, app, challenge, elsewhere};
use crate::people::authorization::assert_page;
use crate::people::browser::{Back, Browser, asks, authorize, location, redeemed};
use crate::spawn::{App, Setup};

#[tokio::test]
async fn who_signs_in_elsewhere_approves_here() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[("scope", "read write"), ("login_hint", "carol"), ("max_age", "9")])).await;
    let sent = challenge(&browser.get(&path).await);
    app.clock.advance(Duration::from_mins(10));
    let told = json!({
        "expires_in": 1200,
        "client_id": "web",
        "client_name": "Web <Shop>",
        "scope": "read write",
        "scopes": [{ "scope": "read", "means": "see things" }, { "scope": "write" }],
        "login_hint": "carol",
        "max_age": 9,
    });
    assert_eq!(app.look_up(&sent).await, told);
    let back = app.accepted(&sent, "carol: é").await;
    assert!(back.starts_with("/login?login_verifier="), "{back}");
    assert_eq!(location(&browser.get(&back).await), path);
    let page = browser.get(&path).await;
    assert!(page.body.contains("<b>carol: é</b>") && page.body.contains("value=\"allow\""), "{page:?}");
    // Browsers let a form lead only to where its page says: it may lead to where people sign in.
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://web.example https://login.example"), "{policy}");
    let code = Back::of(&browser.post(&path, &[("answer", "allow")]).await);
    let tokens = redeemed(&app, "web", code.code()).await;
    assert_eq!(app.introspect("api", &tokens.access).await.json()["sub"], "carol: é");
    Back::of(&browser.get(&authorize(&asks("web", &[("prompt", "none")]))).await).code();
    let account = browser.get("/account").await;
    assert_page(&account, 200);
    assert!(account.body.contains("<b>carol: é</b>"));
}

#[tokio::test]
async fn our_own_form_is_neither_shown_nor_taken() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    assert_page(&browser.sign_in(&path, "alice", "wonderland").await, 403);
    let sent = challenge(&browser.get("/account").await);
    assert_eq!(app.look_up(&sent).await, json!({ "expires_in": 1800 }));
    let form = [("answer", "sign_in"), ("username", "alice"), ("password", "wonderland"), ("proof", "x")];
    assert_page(&browser.post("/account", &form).await, 403);
    assert_eq!(browser.cookie(SESSION), None);
    assert_eq!(location(&browser.get(&app.accepted(&sent, "alice-1").await).await), "/account");
    // The directory here knows a name for that subject.
    assert!(browser.get("/account").await.body.contains("<b>alice</b>"));
}

/// Or it might be signed in again by nothing that it did.
#[tokio::test]
async fn who_signs_out_is_not_sent_away_at_once() {
    let app = app().await;
    let browser = Browser::new(&app);
    let sent = challenge(&browser.get("/account").await);
    location(&browser.get(&app.accepted(&sent, "carol").await).await);
    let page = browser.get("/account").await.body;
    let field = |name: &str| {
        let part = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("a field");
        part.split('"').next().expect("a value").to_owned()
    };
    let (proof, which) = (field("proof"), field("which"));
    let form = [("answer", "sign_out"), ("proof", proof.as_str()), ("which", which.as_str())];
    let done = location(&browser.post("/account", &form).await);
    let page = browser.get(&done).await;
    assert_page(&page, 200);
    assert!(page.body.contains("Signed out.") && page.body.contains("<a href=\"/account\">Sign in</a>"), "{page:?}");
    challenge(&browser.get("/account").await);
}

#[rstest]
#[case(&[("prompt", "login consent")], "login consent")]
#[case(&[("max_age", "60")], "")]
#[tokio::test]
async fn who_has_to_prove_it_again_is_sent_again(#[case] more: &[(&str, &str)], #[case] prompt: &str) {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let sent = challenge(&browser.get(&path).await);
    location(&browser.get(&app.accepted(&sent, "carol").await).await);
    let code = Back::of(&browser.post(&path, &[("answer", "allow")]).await);
    let tokens = redeemed(&app, "web", code.code()).await;
    let cookie = browser.cookie(SESSION);
    app.clock.advance(Duration::from_secs(61));
    let path = browser.begin(&asks("web", more)).await;
    let sent = challenge(&browser.get(&path).await);
    let told = app.look_up(&sent).await;
    assert_eq!((&told["subject"], told["prompt"].as_str().unwrap_or_default()), (&json!("carol"), prompt));
    assert_eq!(location(&browser.get(&app.accepted(&sent, "carol").await).await), path);
    assert_ne!(browser.cookie(SESSION), cookie);
    let page = browser.get(&path).await;
    let answer = if page.status == 303 { page } else { browser.post(&path, &[("answer", "allow")]).await };
    Back::of(&answer).code();
    assert!(app.is_active("api", &tokens.access).await, "she stays in the session");
}

#[tokio::test]
async fn somebody_else_may_sign_in() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let sent = challenge(&browser.get(&path).await);
    location(&browser.get(&app.accepted(&sent, "carol").await).await);
    let sent = challenge(&browser.post(&path, &[("answer", "switch")]).await);
    let told = app.look_up(&sent).await;
    assert_eq!((&told["subject"], &told["prompt"]), (&json!("carol"), &json!("select_account")));
    location(&browser.get(&app.accepted(&sent, "dave").await).await);
    assert!(browser.get(&path).await.body.contains("<b>dave</b>"));
}

#[tokio::test]
async fn who_is_rejected_goes_back_without_a_code() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let sent = challenge(&browser.get(&path).await);
    let back = app.rejected(&sent).await;
    assert_page(&Browser::new(&app).get(&back).await, 410);
    Back::of(&browser.get(&back).await).assert_error("access_denied");
    for again in [&back, &path] {
        assert_page(&browser.get(again).await, 410);
    }
    app.login("lookup", &[("login_challenge", &sent)]).await.assert_error(400, "invalid_grant");
    let sent = challenge(&browser.get("/account").await);
    let page = browser.get(&location(&browser.get(&app.rejected(&sent).await).await)).await;
    assert_page(&page, 200);
    assert!(page.body.contains("You were not signed in."));
    assert_eq!(browser.cookie(SESSION), None);
}

/// Login CSRF: a link signs in nobody but who was sent away.
#[tokio::test]
async fn another_browser_cannot_come_back() {
    let app = app().await;
    let (mine, theirs) = (Browser::new(&app), Browser::new(&app));
    theirs.begin(&asks("web", &[])).await;
    let path = mine.begin(&asks("web", &[])).await;
    for path in ["/account", &path] {
        let sent = challenge(&mine.get(path).await);
        let back = app.accepted(&sent, "mallory-2").await;
        assert_page(&theirs.get(&back).await, 410);
        assert_page(&app.get(&back).await, 410);
        assert_eq!(theirs.cookie(SESSION), None);
        // It was not used up by that.
        assert_eq!(location(&mine.get(&back).await), path);
        assert!(mine.cookie(SESSION).is_some());
        mine.set_cookie(SESSION, "");
    }
}

/// The back button, a double submit, a second tab: a verifier is good once, and afterwards leads to what is left to do.
#[tokio::test]
async fn who_comes_back_twice_is_where_it_was() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    // Reloading sends with another challenge; both are good.
    let (first, second) = (challenge(&browser.get(&path).await), challenge(&browser.get(&path).await));
    assert_ne!(first, second);
    let back = app.accepted(&first, "carol").await;
    location(&browser.get(&back).await);
    let cookie = browser.cookie(SESSION);
    assert_eq!(location(&browser.get(&back).await), path);
    assert_eq!(browser.cookie(SESSION), cookie, "nothing was begun");
    // Without the session that came of it, the old URL brings nobody back.
    browser.set_cookie(SESSION, "");
    assert_eq!(location(&browser.get(&back).await), path);
    challenge(&browser.get(&path).await);
    location(&browser.get(&app.accepted(&second, "carol").await).await);
    Back::of(&browser.post(&path, &[("answer", "allow")]).await).code();
    assert_page(&browser.get(&location(&browser.get(&back).await)).await, 410);
}

/// INV-7
#[tokio::test]
async fn without_a_store_nobody_is_signed_in() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let (sent, other) = (challenge(&browser.get(&path).await), challenge(&browser.get(&path).await));
    let back = app.accepted(&sent, "carol").await;
    app.store.cut();
    for call in ["lookup", "accept", "reject"] {
        let answer = app.login(call, &[("login_challenge", &other), ("subject", "carol")]).await;
        answer.assert_error(503, "temporarily_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    for path in [&back, &path, "/account"] {
        assert_page(&browser.get(path).await, 503);
    }
    // Wherever it breaks off: what is left to do is shown, and can be done.
    for trips in 1.. {
        app.store.cut_after(trips);
        let answer = browser.get(&back).await;
        app.store.mend();
        if answer.status == 303 {
            break;
        }
        assert_page(&answer, 503);
        assert_eq!(browser.cookie(SESSION), None);
    }
    assert_eq!(location(&browser.get(&back).await), path);
    location(&browser.get(&app.accepted(&other, "carol").await).await);
    Back::of(&browser.post(&path, &[("answer", "allow")]).await).code();
}

#[tokio::test]
async fn not_any_number_of_people_is_sent_away() {
    let per_minute = PerMinute { waiting: NonZeroU32::new(2), ..PerMinute::default() };
    let app = App::with(Setup { per_minute, ..elsewhere() }).await;
    let browser = Browser::new(&app);
    for _ in 0..2 {
        challenge(&browser.get("/account").await);
    }
    assert_page(&browser.get("/account").await, 429);
}
