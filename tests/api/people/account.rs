//! "Where you are signed in".

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;

use super::authorization::assert_page;
use super::browser::{Back, Browser, app, asks, authorize, location, redeemed};
use crate::answer::Answer;

/// What follows a name in a form of a page.
fn field<'a>(page: &'a Answer, after: &str, name: &str) -> &'a str {
    let part = page.body.split(after).nth(1).unwrap_or_else(|| panic!("no {after}: {}", page.body));
    part.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next()).expect("a field")
}

impl Browser<'_> {
    async fn visit(&self) -> Answer {
        let page = self.get("/account").await;
        assert_page(&page, 200);
        page
    }

    /// Presses a button of the account's page.
    async fn press(&self, page: &Answer, answer: &str, which: &str) -> Answer {
        let proof = field(page, "<form", "proof").to_owned();
        self.post("/account", &[("proof", &proof), ("answer", answer), ("which", which)]).await
    }

    async fn sign_in_here(&self, name: &str, password: &str) -> Answer {
        let page = self.visit().await;
        let proof = field(&page, "<form", "proof").to_owned();
        let form = [("proof", proof.as_str()), ("answer", "sign_in"), ("username", name), ("password", password)];
        self.post("/account", &form).await
    }

    async fn with_agent(&self, path: &str, agent: &str, form: &[(&str, &str)]) -> Answer {
        let cookie = format!("__Host-atropos-browser={}", self.cookie("__Host-atropos-browser").expect("it has one"));
        let request = self.app.request(Method::POST, path).header("cookie", cookie).header("user-agent", agent);
        Answer::to(request.form(form)).await
    }
}

#[tokio::test]
async fn a_person_sees_where_it_is_signed_in_and_what_acts_in_its_name() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = browser.visit().await;
    assert!(page.body.contains("type=\"password\""));
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    app.clock.advance(Duration::from_mins(90));
    app.refreshed("web", tokens.refresh()).await;
    let page = browser.visit().await;
    for told in [
        "<b>alice</b>",
        "this one",
        "Web &#60;Shop&#62;",
        "see things",
        "since <time datetime=\"2027-01-15T08:00:00Z\">2027-01-15, 08:00 UTC",
    ] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    assert!(page.body.contains("last used <time datetime=\"2027-01-15T09:30:00Z\">"), "{}", page.body);
    // Another person sees nothing of it.
    let other = Browser::new(&app);
    location(&other.sign_in_here("bob", "builder").await);
    let page = other.visit().await;
    assert!(page.body.contains("None acts in your name.") && !page.body.contains("Shop"), "{}", page.body);
}

#[tokio::test]
async fn a_browser_is_called_by_its_name() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = browser.visit().await;
    let proof = field(&page, "<form", "proof").to_owned();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let form = [("proof", proof.as_str()), ("answer", "sign_in"), ("username", "alice"), ("password", "wonderland")];
    let answer = browser.with_agent("/account", agent, &form).await;
    let cookie = answer.header("set-cookie").expect("a session").split(';').next().unwrap().to_owned();
    browser.set_cookie("__Host-atropos-session", cookie.split_once('=').unwrap().1);
    assert!(browser.visit().await.body.contains("Firefox on Linux"));
}

/// INV-1, RPIL-P-d: what was granted in a session ends with it, at the next request; other sessions live on.
#[tokio::test]
async fn signing_out_ends_the_session_and_what_was_granted_in_it() {
    let app = app().await;
    let (one, other) = (Browser::new(&app), Browser::new(&app));
    let first = redeemed(&app, "web", one.approve(&asks("web", &[])).await.code()).await;
    let jwt = redeemed(&app, "web-jwt", one.approve(&asks("web-jwt", &[])).await.code()).await;
    app.clock.advance(Duration::from_secs(1));
    let second = redeemed(&app, "web", other.approve(&asks("web", &[])).await.code()).await;
    let page = one.visit().await;
    let this = field(&page, "this one", "which").to_owned();
    assert_eq!(location(&one.press(&page, "sign_out", &this).await), "/account?done=sign_out");
    for token in [&first.access, &jwt.access] {
        app.introspect("api", token).await.assert_inactive();
    }
    app.refresh("web", first.refresh()).await.assert_error(400, "invalid_grant");
    assert!(one.get("/account?done=sign_out").await.body.contains("Signed out."));
    let silent = one.get(&authorize(&asks("web", &[("prompt", "none")]))).await;
    Back::of(&silent).assert_error("login_required");
    assert!(app.is_active("api", &second.access).await);
    Back::of(&other.get(&authorize(&asks("web", &[("prompt", "none")]))).await).code();
}

#[tokio::test]
async fn another_browser_is_signed_out_from_here() {
    let app = app().await;
    let (mine, lost) = (Browser::new(&app), Browser::new(&app));
    let stolen = redeemed(&app, "web", lost.approve(&asks("web", &[])).await.code()).await;
    app.clock.advance(Duration::from_mins(1));
    let kept = redeemed(&app, "web", mine.approve(&asks("web", &[])).await.code()).await;
    let third = Browser::new(&app);
    location(&third.sign_in_here("alice", "wonderland").await);
    let page = mine.visit().await;
    assert_eq!(page.body.matches("value=\"sign_out\"").count(), 3);
    location(&mine.press(&page, "others", "").await);
    app.introspect("api", &stolen.access).await.assert_inactive();
    for gone in [&lost, &third] {
        assert!(gone.visit().await.body.contains("type=\"password\""));
    }
    assert!(app.is_active("api", &kept.access).await);
    assert_eq!(mine.visit().await.body.matches("value=\"sign_out\"").count(), 1);
}

/// RFC7009-2.1-bf: what was approved goes as well; other applications stay.
#[tokio::test]
async fn an_application_that_is_disconnected_has_to_ask_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let gone = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let also = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let waiting = browser.approve(&asks("web", &[])).await;
    let stays = redeemed(&app, "web-jwt", browser.approve(&asks("web-jwt", &[])).await.code()).await;
    let page = browser.visit().await;
    location(&browser.press(&page, "disconnect", "web").await);
    for tokens in [gone, also] {
        app.introspect("api", &tokens.access).await.assert_inactive();
    }
    super::browser::redeem(&app, "web", waiting.code()).await.assert_error(400, "invalid_grant");
    assert!(app.is_active("api", &stays.access).await);
    let silent = browser.get(&authorize(&asks("web", &[("prompt", "none")]))).await;
    Back::of(&silent).assert_error("consent_required");
    // Again, or what was never connected: nothing to do.
    let page = browser.visit().await;
    for which in ["web", "session", "nobody"] {
        location(&browser.press(&page, "disconnect", which).await);
    }
}

/// Every browser, every application, all that was approved.
#[tokio::test]
async fn everything_can_be_ended_at_once() {
    let app = app().await;
    let (one, other) = (Browser::new(&app), Browser::new(&app));
    let mut all = Vec::new();
    for browser in [&one, &other] {
        all.push(redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await);
    }
    let bobs = Browser::new(&app);
    location(&bobs.sign_in_here("bob", "builder").await);
    let page = one.visit().await;
    location(&one.press(&page, "everything", "").await);
    for tokens in &all {
        app.introspect("api", &tokens.access).await.assert_inactive();
    }
    for browser in [&one, &other] {
        assert!(browser.visit().await.body.contains("type=\"password\""));
    }
    let path = one.begin(&asks("web", &[])).await;
    location(&one.sign_in(&path, "alice", "wonderland").await);
    assert!(one.get(&path).await.body.contains("value=\"allow\""), "what was approved is gone");
    assert!(bobs.visit().await.body.contains("<b>bob</b>"));
}

/// Nobody ends what is another's, and no other site presses a button.
#[rstest]
#[case("sign_out", "not-an-id")]
#[case("sign_out", "")]
#[case("disconnect", "")]
#[case("explode", "x")]
#[case("", "")]
#[tokio::test]
async fn what_is_no_answer_changes_nothing(#[case] answer: &str, #[case] which: &str) {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let page = browser.visit().await;
    assert_page(&browser.press(&page, answer, which).await, 403);
    assert!(app.is_active("api", &tokens.access).await);
}

#[tokio::test]
async fn a_form_that_was_not_made_here_changes_nothing() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let page = browser.visit().await;
    let proof = field(&page, "<form", "proof").to_owned();
    let stranger = Browser::new(&app);
    let theirs = field(&stranger.visit().await, "<form", "proof").to_owned();
    for proof in ["", "x", &crate::spawn::forged(&proof), &theirs] {
        assert_page(&browser.post("/account", &[("answer", "everything"), ("proof", proof)]).await, 403);
    }
    assert_page(&browser.post("/account", &[("answer", "everything")]).await, 403);
    let twice = [("answer", "everything"), ("proof", proof.as_str()), ("proof", proof.as_str())];
    assert_page(&browser.post("/account", &twice).await, 403);
    // With the right proof, but from a page of somebody else's.
    let cookies = ["session", "browser"].map(|name| {
        let name = format!("__Host-atropos-{name}");
        format!("{name}={}", browser.cookie(&name).unwrap())
    });
    let forged = app.post("/account", &[("answer", "everything"), ("proof", &proof)]);
    let forged = forged.header("cookie", cookies.join("; ")).header("sec-fetch-site", "cross-site");
    assert_page(&Answer::to(forged).await, 403);
    assert!(app.is_active("api", &tokens.access).await);
    // Bob names alice's session: it is not his.
    let alices = field(&page, "this one", "which").to_owned();
    let bob = Browser::new(&app);
    location(&bob.sign_in_here("bob", "builder").await);
    let his = bob.visit().await;
    location(&bob.press(&his, "sign_out", &alices).await);
    assert!(browser.visit().await.body.contains("<b>alice</b>"));
}

/// INV-7
#[tokio::test]
async fn without_a_store_nothing_is_said_to_have_ended() {
    let app = app().await;
    let browser = Browser::new(&app);
    let tokens = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let page = browser.visit().await;
    app.store.cut();
    assert_page(&browser.get("/account").await, 503);
    for (answer, which) in [("disconnect", "web"), ("everything", ""), ("others", "")] {
        let answer = browser.press(&page, answer, which).await;
        assert_page(&answer, 503);
        assert!(answer.header("retry-after").is_some());
    }
    app.store.mend();
    assert!(app.is_active("api", &tokens.access).await);
    location(&browser.press(&page, "disconnect", "web").await);
    app.introspect("api", &tokens.access).await.assert_inactive();
}

#[rstest]
#[case("alice", "wrong", 403)]
#[case("", "wonderland", 400)]
#[tokio::test]
async fn who_cannot_sign_in_here_is_told_so(#[case] name: &str, #[case] password: &str, #[case] status: u16) {
    let app = app().await;
    let browser = Browser::new(&app);
    let answer = browser.sign_in_here(name, password).await;
    assert_page(&answer, status);
    assert!(answer.body.contains("role=\"alert\""));
    assert_eq!(browser.cookie("__Host-atropos-session"), None);
}
