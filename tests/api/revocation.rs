//! Revocation (RFC 7009): what is asked, how, and by whom.

use std::time::Duration;

use atropos::domain::{Cause, Target};
use reqwest::Method;
use rstest::rstest;

use crate::answer::Answer;
use crate::ground::BEGINNING;
use crate::raw;
use crate::spawn::{App, Setup, basic};

const PATH: &str = "/oauth/revoke";

/// RFC7009-2.1-a, RFC7009-2.1-b, RFC7009-2-c, RFC7009-2.1-ab, INV-1
#[rstest]
#[tokio::test]
async fn what_a_client_revokes_is_dead(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let tokens = app.issue(client).await;
    app.revoke(client, &tokens.access).await.assert_revoked();
    app.introspect(client, &tokens.access).await.assert_inactive();
    app.introspect("api", &tokens.access).await.assert_inactive();
    app.revoke(client, tokens.refresh()).await.assert_revoked();
    app.introspect(client, tokens.refresh()).await.assert_inactive();
    app.refresh(client, tokens.refresh()).await.assert_error(400, "invalid_grant");
}

/// RFC7009-2.1-r
#[tokio::test]
async fn a_public_client_revokes_its_own_by_its_name() {
    let app = App::spawn().await;
    let tokens = app.log_in("spa", "alice").await;
    app.revoke("spa", tokens.refresh()).await.assert_revoked();
    app.introspect("api", &tokens.access).await.assert_inactive();
    app.refresh("spa", tokens.refresh()).await.assert_error(400, "invalid_grant");
}

/// RFC7009-2.1-c, RFC7009-2.1-d
#[rstest]
#[tokio::test]
async fn a_request_without_a_token_is_invalid(#[values("", "token=", "token", "colour=red")] body: &str) {
    let app = App::spawn().await;
    let request = app.post(PATH, &[]).header("authorization", basic("session")).body(body.to_owned());
    Answer::to(request).await.assert_error(400, "invalid_request");
}

/// RFC7009-2.1-e, RFC7009-2.1-f
#[tokio::test]
async fn a_repeated_parameter_revokes_nothing() {
    let app = App::spawn().await;
    let (one, two) = (app.issue("session").await, app.issue("session").await);
    let repeated = [("token", &*one.access), ("token", &*two.access)];
    app.by("session", PATH, &repeated).await.assert_error(400, "invalid_request");
    let same = [("token", &*one.access), ("token", &*one.access)];
    app.by("session", PATH, &same).await.assert_error(400, "invalid_request");
    let hints = [("token", &*one.access), ("token_type_hint", "access_token"), ("token_type_hint", "access_token")];
    app.by("session", PATH, &hints).await.assert_error(400, "invalid_request");
    assert!(app.is_active("session", &one.access).await && app.is_active("session", &two.access).await);
}

/// RFC7009-2.1-g, RFC7009-2.1-k, RFC7009-2.1-l, RFC7009-2.2-m, RFC7009-2.1-n, S13
#[rstest]
#[tokio::test]
async fn no_hint_saves_a_token(
    #[values("session", "session-jwt", "spa")] client: &str,
    #[values(None, Some("access_token"), Some("refresh_token"), Some("urn:nonsense"), Some("id_token"), Some(""))]
    hint: Option<&str>,
    #[values(true, false)] access: bool,
) {
    let app = App::spawn().await;
    let tokens = app.log_in(client, "alice").await;
    let token = if access { &tokens.access } else { tokens.refresh() };
    let mut form = vec![("token", token), ("colour", "red")];
    form.extend(hint.map(|hint| ("token_type_hint", hint)));
    app.by(client, PATH, &form).await.assert_revoked();
    if access {
        app.introspect("api", token).await.assert_inactive();
    } else {
        app.refresh(client, token).await.assert_error(400, "invalid_grant");
        app.introspect("api", &tokens.access).await.assert_inactive();
    }
}

/// RFC7009-2.1-h
#[tokio::test]
async fn only_forms_are_read() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let send = |content_type: &'static str, body: String| {
        let request = app.request(Method::POST, PATH).header("authorization", basic("session"));
        Answer::to(request.header("content-type", content_type).body(body))
    };
    let form = format!("token={}", tokens.access);
    let json = format!(r#"{{"token":"{}"}}"#, tokens.access);
    send("application/json", json).await.assert_error(400, "invalid_request");
    for other in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=latin1"]
    {
        send(other, form.clone()).await.assert_error(400, "invalid_request");
    }
    let bare = app.request(Method::POST, PATH).header("authorization", basic("session")).body(form.clone());
    Answer::to(bare).await.assert_error(400, "invalid_request");
    assert!(app.is_active("session", &tokens.access).await);
    send("Application/X-WWW-Form-Urlencoded; Charset=\"UTF-8\"", form).await.assert_revoked();
    app.introspect("session", &tokens.access).await.assert_inactive();
}

/// RFC7009-2.1-i
#[tokio::test]
async fn broken_encoding_is_refused_and_plus_is_a_space() {
    let app = App::spawn().await;
    for body in [&b"token=%zz"[..], b"token=%F", b"token=%FF", b"token=\xff\xfe", b"token=x&y=%"] {
        let answer = raw::exchange(app.address, &raw::form(PATH, &basic("session"), body)).await;
        assert_eq!(raw::status(&answer), 400, "{answer}");
        assert!(answer.contains(r#""error":"invalid_request""#), "{answer}");
    }
    let token = app.issue("session").await.access;
    let spaced = format!("token={token}+");
    let request = app.post(PATH, &[]).header("authorization", basic("session")).body(spaced);
    Answer::to(request).await.assert_revoked();
    assert!(app.is_active("session", &token).await, "a token with a space is another one");
}

/// RFC7009-2-d, RFC7009-2.3-c
#[rstest]
#[tokio::test]
async fn other_methods_revoke_nothing(
    #[values(Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD)] method: Method,
) {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let path = format!("{PATH}?token={}&callback=f", tokens.access);
    let answer = Answer::to(app.request(method, &path).header("authorization", basic("session"))).await;
    assert_eq!(answer.status.as_u16(), 405);
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(!answer.body.contains("f(") && !answer.body.contains(&tokens.access));
    assert!(app.is_active("session", &tokens.access).await);
}

/// RFC7009-2-e
#[tokio::test]
async fn a_token_in_the_url_is_refused_and_not_repeated() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let path = format!("{PATH}?token={}", tokens.access);
    let other = app.issue("session").await.access;
    for form in [&[][..], &[("token", &*other)]] {
        let answer = Answer::to(app.post(&path, form).header("authorization", basic("session"))).await;
        answer.assert_error(400, "invalid_request");
        assert!(!answer.body.contains(&tokens.access));
    }
    assert!(app.is_active("session", &tokens.access).await && app.is_active("session", &other).await);
}

/// RFC7009-2.1-x
#[tokio::test]
async fn a_proof_of_possession_is_neither_needed_nor_looked_at() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let request = app.post(PATH, &[("token", &tokens.access)]).header("authorization", basic("session"));
    Answer::to(request.header("dpop", "no proof at all")).await.assert_revoked();
    app.introspect("session", &tokens.access).await.assert_inactive();
}

/// RFC7009-2.1-y, RFC7009-2.1-z, RFC7009-2.1-aa, S9
#[rstest]
#[tokio::test]
async fn another_clients_token_lives_on_and_its_state_is_not_told(
    #[values("session", "session-jwt")] owner: &str,
    #[values("other", "spa", "api")] stranger: &str,
) {
    let app = App::spawn().await;
    let tokens = app.issue(owner).await;
    let alive = app.revoke(stranger, &tokens.access).await;
    alive.assert_error(400, "invalid_grant");
    app.revoke(stranger, tokens.refresh()).await.assert_error(400, "invalid_grant");
    assert!(app.is_active(owner, &tokens.access).await && app.is_active(owner, tokens.refresh()).await);
    let spent = app.refreshed(owner, tokens.refresh()).await;
    let alive = alive.lasting();
    assert_eq!(app.revoke(stranger, tokens.refresh()).await.lasting(), alive, "spent");
    app.clock.advance(Duration::from_secs(3601));
    assert_eq!(app.revoke(stranger, &tokens.access).await.lasting(), alive, "expired");
    app.revoke(owner, spent.refresh()).await.assert_revoked();
    for dead in [&tokens.access, tokens.refresh(), &spent.access, spent.refresh()] {
        assert_eq!(app.revoke(stranger, dead).await.lasting(), alive, "revoked");
    }
}

/// S8, RFC7009-2.2-b: each issuer has its own tokens, on one store and with the same keys, too.
#[rstest]
#[tokio::test]
async fn a_token_of_another_issuer_is_unknown_here_and_lives_on_there(
    #[values("session", "session-jwt")] client: &str,
) {
    let app = App::spawn().await;
    let other = app.beside(Setup { issuer: "https://other.example", ..Setup::default() }).await;
    let theirs = other.issue(client).await;
    for token in [&theirs.access, theirs.refresh()] {
        app.introspect(client, token).await.assert_inactive();
        app.revoke(client, token).await.assert_revoked();
    }
    app.refresh(client, theirs.refresh()).await.assert_error(400, "invalid_grant");
    assert!(other.is_active("api", &theirs.access).await && other.is_active(client, theirs.refresh()).await);
}

/// S22: a person's sessions of different lengths, of which the longer began first.
#[tokio::test]
async fn a_person_is_taken_with_the_longest_of_his_sessions() {
    let app = App::with(Setup::but("spa", |client| client.tokens.family_lifetime = Duration::from_hours(1))).await;
    let long = app.log_in("session", "alice").await;
    let short = app.log_in("spa", "alice").await;
    app.clock.advance(Duration::from_hours(2));
    app.refresh("spa", short.refresh()).await.assert_error(400, "invalid_grant");
    let subject = Target::Subject("alice".into());
    app.authority().revoke_target(subject, Cause::Administrator).await.expect("the store answers");
    app.refresh("session", long.refresh()).await.assert_error(400, "invalid_grant");
    let family = app.authority().token_id(long.refresh()).await.expect("the store answers").expect("ours").family;
    let end = app.authority().family(family).await.expect("the store answers").expect("a record").family.expires_at;
    // While the refresh token would still be good, and in the last moment of what it could beget; asked of a node that has
    // seen nothing, and reads what the store remembers.
    app.clock.advance(Duration::from_hours(29 * 24));
    app.authority().follower.sweep().await.expect("the store answers");
    let again = app.beside(Setup::default()).await;
    again.refresh("session", long.refresh()).await.assert_error(400, "invalid_grant");
    app.clock.set(end.minus(Duration::from_secs(1)));
    again.authority().follower.sweep().await.expect("the store answers");
    assert!(!again.authority().follower.denylist(family.shard()).is_empty());
}

/// INV-5: a clock that is set back brings nothing to life that was revoked or spent.
#[rstest]
#[tokio::test]
async fn a_clock_that_steps_back_revives_nothing(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let [access, family, subject] =
        [app.issue(client).await, app.issue(client).await, app.log_in(client, "alice").await];
    let spent = app.issue(client).await;
    app.clock.advance(Duration::from_mins(4));
    app.revoke(client, &access.access).await.assert_revoked();
    app.revoke(client, family.refresh()).await.assert_revoked();
    let target = Target::Subject("alice".into());
    app.authority().revoke_target(target, Cause::Administrator).await.expect("the store answers");
    let next = app.refreshed(client, spent.refresh()).await;
    app.clock.set(BEGINNING.minus(Duration::from_mins(10)));
    let restarted = app.beside(Setup::default()).await;
    for app in [&app, &restarted] {
        for token in [&access.access, &family.access, family.refresh(), &subject.access, subject.refresh()] {
            app.introspect(client, token).await.assert_inactive();
        }
        app.refresh(client, family.refresh()).await.assert_error(400, "invalid_grant");
        app.refresh(client, subject.refresh()).await.assert_error(400, "invalid_grant");
        app.introspect(client, spent.refresh()).await.assert_inactive();
        assert!(app.is_active(client, next.refresh()).await);
    }
}
