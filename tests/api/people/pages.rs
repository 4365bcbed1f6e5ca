//! The pages on which people sign in and approve: what they show, and what may be done to them.

use std::num::NonZeroU32;

use atropos::domain::authority::PerMinute;
use rstest::rstest;

use super::authorization::assert_page;
use super::browser::{Back, Browser, CALLBACK, app, asks, authorize, location, redeemed, setup};
use crate::answer::Answer;
use crate::spawn::{App, Setup};

#[tokio::test]
async fn the_pages_say_who_wants_what() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[("scope", "read write"), ("login_hint", "al\"ice<")])).await;
    let page = browser.get(&path).await;
    assert_page(&page, 200);
    assert!(page.body.contains("<title>Sign in</title>") && page.body.contains("Web &#60;Shop&#62;"), "{}", page.body);
    assert!(page.body.contains("value=\"al&#34;ice&#60;\""), "what was sent is text: {}", page.body);
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    let page = browser.get(&path).await;
    assert_page(&page, 200);
    for told in
        ["Web &#60;Shop&#62;", "alice", "see things", "<code>write</code>", "web.example", "https://api.example"]
    {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://web.example"), "{policy}");
}

/// RFC9700-4.12-k: the password stays here.
#[tokio::test]
async fn after_a_form_comes_a_303() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    assert_eq!(browser.sign_in(&path, "alice", "wonderland").await.status, 303);
    assert_eq!(browser.post(&path, &[("answer", "allow")]).await.status, 303);
}

/// Who there is, is not told.
#[rstest]
#[case("alice", "builder")]
#[case("alice", "Wonderland")]
#[case("nobody", "wonderland")]
#[case("mallory", "builder")]
#[tokio::test]
async fn a_wrong_password_is_told_alike_for_everybody(#[case] name: &str, #[case] password: &str) {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let answer = browser.sign_in(&path, name, password).await;
    assert_page(&answer, 403);
    assert!(answer.body.contains("do not belong together") && answer.body.contains("role=\"alert\""));
    assert!(!answer.body.contains(password));
    assert_eq!(browser.cookie("__Host-atropos-session"), None);
    location(&browser.sign_in(&path, "alice", "wonderland").await);
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_is_shown_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    assert_page(&browser.sign_in(&path, "alice", "").await, 400);
    assert_page(&browser.sign_in(&path, "", "wonderland").await, 400);
    for form in [&[][..], &[("answer", "")], &[("answer", "perhaps")], &[("answer", "allow"), ("answer", "deny")]] {
        assert_page(&browser.post(&path, form).await, 403);
    }
}

/// Guesses are counted; a person who knows the password elsewhere is not kept out by them.
#[tokio::test]
async fn guessing_is_slowed_down() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = browser.sign_in(&path, "alice", "guess").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("not for ever");
    assert_page(&refused, 429);
    assert!(refused.header("retry-after").is_some());
    location(&browser.sign_in(&path, "bob", "builder").await);
}

/// The person said no, before or after signing in.
#[tokio::test]
async fn who_denies_is_sent_back_without_a_code() {
    let app = app().await;
    for signs_in in [false, true] {
        let browser = Browser::new(&app);
        let path = browser.begin(&asks("web", &[])).await;
        if signs_in {
            location(&browser.sign_in(&path, "alice", "wonderland").await);
        }
        let back = Back::of(&browser.post(&path, &[("answer", "deny")]).await);
        back.assert_error("access_denied");
        assert_eq!((back.uri.as_str(), back.told["state"].as_str()), (CALLBACK, "af0ifjsldkj"));
        assert_page(&browser.get(&path).await, 410);
    }
}

/// A double submit, the back button, a reload: what was answered is answered.
#[tokio::test]
async fn a_request_is_answered_once() {
    let app = app().await;
    let browser = Browser::new(&app);
    let path = browser.begin(&asks("web", &[])).await;
    // Before anybody is signed in, there is nothing to approve.
    let early = browser.post(&path, &[("answer", "allow")]).await;
    assert_page(&early, 200);
    assert!(early.body.contains("type=\"password\""));
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    // The form once more, by the back button.
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    let back = Back::of(&browser.post(&path, &[("answer", "allow")]).await);
    for again in [
        browser.post(&path, &[("answer", "allow")]).await,
        browser.post(&path, &[("answer", "deny")]).await,
        browser.sign_in(&path, "alice", "wonderland").await,
        browser.get(&path).await,
    ] {
        assert_page(&again, 410);
    }
    redeemed(&app, "web", back.code()).await;
}

#[tokio::test]
async fn two_tabs_do_not_disturb_one_another() {
    let app = app().await;
    let browser = Browser::new(&app);
    let (one, other) =
        (browser.begin(&asks("web", &[("state", "1")])).await, browser.begin(&asks("web", &[("state", "2")])).await);
    location(&browser.sign_in(&one, "alice", "wonderland").await);
    // Its form was on the screen before.
    location(&browser.sign_in(&other, "alice", "wonderland").await);
    let second = Back::of(&browser.post(&other, &[("answer", "allow")]).await);
    // The first is approved by now as well.
    let first = Back::of(&browser.get(&one).await);
    assert_eq!((first.told["state"].as_str(), second.told["state"].as_str()), ("1", "2"));
    for back in [first, second] {
        redeemed(&app, "web", back.code()).await;
    }
}

/// Login CSRF and stolen URLs: what waits, waits for the browser that brought it.
#[tokio::test]
async fn another_browser_cannot_go_on_with_it() {
    let app = app().await;
    let (mine, theirs) = (Browser::new(&app), Browser::new(&app));
    let path = mine.begin(&asks("web", &[])).await;
    assert_page(&theirs.get(&path).await, 410);
    theirs.begin(&asks("web", &[])).await;
    assert_page(&theirs.get(&path).await, 410);
    assert_page(&theirs.sign_in(&path, "alice", "wonderland").await, 410);
    assert_eq!(theirs.cookie("__Host-atropos-session"), None);
    for nonsense in ["/login/x", "/login/%00", "/login/AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_page(&mine.get(nonsense).await, 410);
    }
    let forged = app.post(&path, &[("answer", "deny")]).header("sec-fetch-site", "cross-site");
    assert_page(&Answer::to(forged).await, 403);
    location(&mine.sign_in(&path, "alice", "wonderland").await);
}

/// A cookie that was tampered with is one that is not there.
#[tokio::test]
async fn a_forged_session_is_none() {
    let app = app().await;
    let browser = Browser::new(&app);
    let code = browser.approve(&asks("web", &[])).await;
    let tokens = redeemed(&app, "web", code.code()).await;
    let cookie = browser.cookie("__Host-atropos-session").unwrap();
    for wrong in [crate::spawn::forged(&cookie), tokens.access.clone(), tokens.refresh().to_owned(), "x".to_owned()] {
        let other = Browser::new(&app);
        other.set_cookie("__Host-atropos-session", &wrong);
        let path = other.begin(&asks("web", &[])).await;
        assert!(other.get(&path).await.body.contains("type=\"password\""), "{wrong}");
    }
}

/// Somebody else at the same browser: what was granted in the session before ends with it.
#[tokio::test]
async fn somebody_else_signs_in_and_the_session_before_ends() {
    let app = app().await;
    let browser = Browser::new(&app);
    let alices = redeemed(&app, "web", browser.approve(&asks("web", &[])).await.code()).await;
    let path = browser.begin(&asks("web", &[("prompt", "select_account")])).await;
    let page = browser.post(&path, &[("answer", "switch")]).await;
    assert!(page.body.contains("type=\"password\"") && !page.body.contains("value=\"alice\""));
    location(&browser.sign_in(&path, "bob", "builder").await);
    let page = browser.get(&path).await;
    assert!(page.body.contains("<b>bob</b>"), "{page:?}");
    let bobs = redeemed(&app, "web", Back::of(&browser.post(&path, &[("answer", "allow")]).await).code()).await;
    assert_eq!(app.introspect("api", &bobs.access).await.json()["sub"], "bob-1");
    app.introspect("api", &alices.access).await.assert_inactive();
    app.refresh("web", alices.refresh()).await.assert_error(400, "invalid_grant");
}

/// OAuth 2.0 Form Post Response Mode
#[tokio::test]
async fn an_answer_may_travel_in_a_form() {
    let app = app().await;
    let browser = Browser::new(&app);
    let parameters = asks("web", &[("response_mode", "form_post"), ("state", "\"><script>")]);
    let path = browser.begin(&parameters).await;
    location(&browser.sign_in(&path, "alice", "wonderland").await);
    let page = browser.post(&path, &[("answer", "allow")]).await;
    assert_page(&page, 200);
    assert!(page.body.contains(&format!("action=\"{CALLBACK}\"")) && page.body.contains("name=\"iss\""));
    assert!(page.body.contains("value=\"&#34;&#62;&#60;script&#62;\""), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action https://web.example") && policy.contains("script-src 'sha256-"), "{policy}");
    let code = page.body.split("name=\"code\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    redeemed(&app, "web", code).await;
    let error = browser.get(&authorize(&asks("web", &[("response_mode", "form_post"), ("scope", "admin")]))).await;
    assert_page(&error, 200);
    assert!(error.body.contains("name=\"error\" value=\"invalid_scope\""));
}

/// What anybody can make wait is limited, by where it comes from; whoever is signed in and has approved waits for nothing.
#[tokio::test]
async fn not_any_number_of_requests_may_wait() {
    let per_minute = PerMinute { waiting: NonZeroU32::new(2), ..PerMinute::default() };
    let app = App::with(Setup { per_minute, ..setup() }).await;
    let browser = Browser::new(&app);
    browser.approve(&asks("web", &[])).await.code();
    let stranger = Browser::new(&app);
    stranger.begin(&asks("web", &[])).await;
    let refused = stranger.get(&authorize(&asks("web", &[]))).await;
    assert_page(&refused, 429);
    assert!(refused.header("retry-after").is_some());
    Back::of(&browser.get(&authorize(&asks("web", &[]))).await).code();
    stranger.begin(&asks("web-jwt", &[])).await;
}
