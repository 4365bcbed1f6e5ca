//! Browsers in which somebody has signed in before: who guesses elsewhere keeps nobody out there.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;

use super::authorization::assert_page;
use super::browser::{Browser, app, asks, location};
use crate::spawn::{App, forged};

const DEVICE: &str = "__Host-atropos-device";

/// A browser that is asked who is there, which shows this.
async fn browser<'a>(app: &'a App, device: Option<&str>) -> (Browser<'a>, String) {
    let browser = Browser::new(app);
    if let Some(device) = device {
        browser.set_cookie(DEVICE, device);
    }
    let path = browser.begin(&asks("web", &[])).await;
    (browser, path)
}

/// What a browser has in which this person has just signed in; so long ago that nothing else remembers it.
async fn known(app: &App, name: &str, password: &str) -> String {
    let (browser, path) = browser(app, None).await;
    location(&browser.sign_in(&path, name, password).await);
    app.clock.advance(Duration::from_mins(2));
    browser.cookie(DEVICE).expect("it is known from now on")
}

/// Guesses until nothing is looked at any more; how often it was.
async fn guess(app: &App, device: Option<&str>) -> usize {
    let (browser, path) = browser(app, device).await;
    for tries in 0..100 {
        let answer = browser.sign_in(&path, "alice", "guess").await;
        if answer.status == 429 {
            assert_page(&answer, 429);
            assert!(answer.header("retry-after").is_some());
            return tries;
        }
        assert_page(&answer, 403);
    }
    panic!("guessing is limited")
}

#[tokio::test]
async fn who_guesses_behind_the_same_address_keeps_no_known_browser_out() {
    let app = app().await;
    let device = known(&app, "alice", "wonderland").await;
    assert_eq!(guess(&app, None).await, 10);
    let (stranger, path) = browser(&app, None).await;
    assert_page(&stranger.sign_in(&path, "alice", "wonderland").await, 429);
    let (mine, path) = browser(&app, Some(&device)).await;
    assert_page(&mine.sign_in(&path, "alice", "wonderlamd").await, 403);
    location(&mine.sign_in(&path, "alice", "wonderland").await);
    assert_ne!(mine.cookie(DEVICE), Some(device), "for another year");
}

/// Also in two places at once, whoever of them is the thief.
#[tokio::test]
async fn a_known_browser_guesses_no_more_than_another() {
    let app = app().await;
    let device = known(&app, "alice", "wonderland").await;
    let (mine, path) = browser(&app, Some(&device)).await;
    assert_page(&mine.sign_in(&path, "alice", "guess").await, 403);
    assert_eq!(guess(&app, Some(&device)).await, 9);
    assert_page(&mine.sign_in(&path, "alice", "wonderland").await, 429);
    // Elsewhere nobody has guessed.
    let (other, there) = browser(&app, None).await;
    location(&other.sign_in(&there, "alice", "wonderland").await);
    app.clock.advance(Duration::from_mins(2));
    location(&mine.sign_in(&path, "alice", "wonderland").await);
}

#[rstest]
#[case::forged(|device: &str| forged(device))]
#[case::another_beginning(|device: &str| format!("{}{}", if device.starts_with('A') { "B" } else { "A" }, &device[1..]))]
#[case::longer(|device: &str| format!("{device}AAAA"))]
#[case::shorter(|device: &str| device[..60].to_owned())]
#[case::empty(|_: &str| String::new())]
#[case::nonsense(|_: &str| "x".repeat(4000))]
#[tokio::test]
async fn what_was_tampered_with_counts_as_none(#[case] change: fn(&str) -> String) {
    let app = app().await;
    let device = known(&app, "alice", "wonderland").await;
    guess(&app, None).await;
    let (browser, path) = browser(&app, Some(&change(&device))).await;
    assert_page(&browser.sign_in(&path, "alice", "wonderland").await, 429);
}

#[tokio::test]
async fn a_browser_is_known_for_one_person_and_a_year() {
    let app = app().await;
    let (alices, bobs) = (known(&app, "alice", "wonderland").await, known(&app, "bob", "builder").await);
    guess(&app, None).await;
    let (browser_of_bob, path) = browser(&app, Some(&bobs)).await;
    assert_page(&browser_of_bob.sign_in(&path, "alice", "wonderland").await, 429);
    app.clock.advance(Duration::from_hours(365 * 24));
    guess(&app, None).await;
    let (late, path) = browser(&app, Some(&alices)).await;
    assert_page(&late.sign_in(&path, "alice", "wonderland").await, 429);
}

/// It signs in nobody, tells nobody whose it is, and costs no trip.
#[tokio::test]
async fn what_a_known_browser_shows_is_no_credential() {
    let app = app().await;
    let device = known(&app, "alice", "wonderland").await;
    let bytes = URL_SAFE_NO_PAD.decode(&device).expect("base64url");
    assert!(!bytes.windows(5).any(|part| part == b"alice"));
    assert_ne!(known(&app, "alice", "wonderland").await, device);
    let (mine, path) = browser(&app, Some(&device)).await;
    assert!(mine.get(&path).await.body.contains("type=\"password\""));
    let (other, there) = browser(&app, None).await;
    app.store.trips();
    assert_page(&other.sign_in(&there, "alice", "guess").await, 403);
    let trips = app.store.trips();
    assert_page(&mine.sign_in(&path, "alice", "guess").await, 403);
    assert_eq!(app.store.trips(), trips);
    let wrong = mine.sign_in(&path, "alice", "guess").await;
    assert_eq!(wrong.header("set-cookie"), None);
}
