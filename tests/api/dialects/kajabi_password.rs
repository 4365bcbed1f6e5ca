//! A name and a password at Kajabi's API, where somebody turned that on: KAJ-16.

use std::sync::LazyLock;
use std::time::Duration;

use atropos::domain::authenticate::hash_secret;
use atropos::domain::chance::SystemChance;
use atropos::domain::client::GrantType;
use atropos::domain::user::{User, Users};
use atropos::domain::{Cause, Target};
use rstest::rstest;
use serde_json::json;

use crate::answer::Answer;
use crate::clients::clients;
use crate::spawn::{App, Setup, options, tokens};

/// They cost something, by design.
static HASHES: LazyLock<[String; 2]> =
    LazyLock::new(|| ["wonderland", "builder"].map(|password| hash_secret(password, &SystemChance)));

fn setup() -> Setup {
    let user = |name: &str, hash: &str, enabled| User {
        name: name.into(),
        subject: format!("u-{name}").into(),
        password: hash.parse().expect("a hash"),
        full_name: None,
        email: None,
        enabled,
    };
    let users = [user("alice", &HASHES[0], true), user("bob", &HASHES[1], true), user("gone", &HASHES[1], false)];
    let mut clients = clients();
    for client in clients.iter_mut().filter(|client| client.id.as_str() == "kajabi") {
        client.grant_types.insert(GrantType::Password);
    }
    let mut options = options();
    options.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    Setup { options, clients, users: Users::new(users), ..Setup::default() }
}

async fn sign_in(app: &App, name: &str, password: &str) -> Answer {
    Answer::to(app.post("/v1/oauth/token", &[("username", name), ("password", password)])).await
}

#[rstest]
#[case::as_the_vendor_has_it(&[])]
#[case::as_the_rfc_had_it(&[("grant_type", "password")])]
#[tokio::test]
async fn a_person_signs_in_by_name_and_password(#[case] more: &[(&str, &str)]) {
    let app = App::with(setup()).await;
    let form = [&[("username", "alice"), ("password", "wonderland")], more].concat();
    let answer = Answer::to(app.post("/v1/oauth/token", &form)).await;
    let session = tokens(&answer);
    let body = answer.json();
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "token_type"]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let seen = app.introspect("kajabi", &session.access).await.json();
    assert_eq!(
        (&seen["active"], &seen["sub"], &seen["client_id"]),
        (&json!(true), &json!("u-alice"), &json!("kajabi"))
    );

    let next = tokens(&app.kajabi_refresh(session.refresh()).await);
    app.kajabi_revoke(&next.access, next.refresh()).await.assert_revoked();
    app.assert_dead("kajabi", &next).await;
}

#[tokio::test]
async fn json_is_read_like_a_form() {
    let app = App::with(setup()).await;
    let body = json!({ "username": "bob", "password": "builder", "scope": "read" });
    let session = tokens(&Answer::to(app.post_json("/v1/oauth/token", &body)).await);
    assert_eq!(app.introspect("kajabi", &session.access).await.json()["scope"], "read");
}

/// INV-6: which of them it was is nobody's business.
#[rstest]
#[case::wrong("alice", "builder")]
#[case::unknown("nobody", "builder")]
#[case::disabled("gone", "builder")]
#[case::another_name("Alice", "wonderland")]
#[tokio::test]
async fn what_is_not_right_is_refused_alike(#[case] name: &str, #[case] password: &str) {
    let app = App::with(setup()).await;
    let answer = sign_in(&app, name, password).await;
    answer.assert_kajabi(401, "invalid_grant");
    let other = sign_in(&app, "alice", "wrong").await;
    assert_eq!(answer.body, other.body);
    assert_eq!(answer.json()["error_description"], "the user name or the password is wrong");
}

/// Nobody who guesses keeps the owner out, or anybody else.
#[tokio::test]
async fn guesses_are_limited_by_name_and_source() {
    let app = App::with(setup()).await;
    let from = async |source: &str, name: &str, password: &str| {
        let request = app.post("/v1/oauth/token", &[("username", name), ("password", password)]);
        Answer::to(request.header("x-forwarded-for", source)).await
    };
    for guess in 0..10 {
        from("192.0.2.1", "alice", &guess.to_string()).await.assert_kajabi(401, "invalid_grant");
    }
    let limited = from("192.0.2.1", "alice", "wonderland").await;
    limited.assert_kajabi(429, "too_many_requests");
    let wait = limited.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
    tokens(&from("192.0.2.2", "alice", "wonderland").await);
    tokens(&from("192.0.2.1", "bob", "builder").await);
    app.clock.advance(Duration::from_secs(wait));
    tokens(&from("192.0.2.1", "alice", "wonderland").await);
}

#[rstest]
#[case(&[("username", "alice")], 400, "invalid_request")]
#[case(&[("password", "wonderland")], 400, "invalid_request")]
#[case(&[("username", "alice"), ("password", "wonderland"), ("password", "x")], 400, "invalid_request")]
#[case(&[("username", "alice"), ("password", "wonderland"), ("scope", "admin")], 400, "invalid_scope")]
#[tokio::test]
async fn what_is_missing_or_too_much_is_told(#[case] form: &[(&str, &str)], #[case] status: u16, #[case] code: &str) {
    let app = App::with(setup()).await;
    Answer::to(app.post("/v1/oauth/token", form)).await.assert_kajabi(status, code);
}

/// RFC9700-2.4-f
#[tokio::test]
async fn passwords_mean_nothing_to_the_standard() {
    let app = App::with(setup()).await;
    let form = [("grant_type", "password"), ("username", "alice"), ("password", "wonderland")];
    app.by("kajabi", "/oauth/token", &form).await.assert_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn a_persons_sessions_end_with_the_person() {
    let app = App::with(setup()).await;
    let alice = tokens(&sign_in(&app, "alice", "wonderland").await);
    let bob = tokens(&sign_in(&app, "bob", "builder").await);
    app.authority().revoke_target(Target::Subject("u-alice".into()), Cause::Administrator).await.expect("revoked");
    app.assert_dead("kajabi", &alice).await;
    app.assert_alive("kajabi", &bob).await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_503() {
    let app = App::with(setup()).await;
    app.store.cut();
    let answer = sign_in(&app, "alice", "wonderland").await;
    answer.assert_kajabi(503, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
}
