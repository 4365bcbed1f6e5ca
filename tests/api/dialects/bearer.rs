//! An access token as the proof of who asks (RFC 6750), at the one endpoint so far that takes it: Kajabi's revoke.

use std::time::Duration;

use atropos::domain::{Cause, Target};
use rstest::rstest;

use crate::answer::Answer;
use crate::spawn::{App, Setup, basic, options, tokens};

const PATH: &str = "/v1/oauth/revoke";

/// RFC6750-2.1-a
#[rstest]
#[case("Bearer")]
#[case("bEaReR")]
#[tokio::test]
async fn a_live_access_token_proves_who_asks(#[case] scheme: &str) {
    let app = App::spawn().await;
    for client in ["kajabi", "kajabi-jwt"] {
        let session = app.kajabi_session(client).await;
        let request = app.post(PATH, &[("token", "unknown")]);
        let request = request.header("authorization", format!("{scheme} {}", session.access));
        Answer::to(request).await.assert_revoked();
    }
}

/// RFC6750-3-e
#[tokio::test]
async fn who_shows_nothing_is_told_only_what_is_wanted() {
    let app = App::spawn().await;
    let answer = Answer::to(app.post(PATH, &[("token", "x")])).await;
    answer.assert_kajabi(401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"atropos\""));
}

/// RFC6750-2.3-b, RFC6750-2.2-c, RFC6750-3.1-d: in the URL or the body it counts for nothing, and beside the header it is
/// one too many.
#[tokio::test]
async fn a_token_elsewhere_than_in_the_header_is_none() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    let access = &*session.access;
    let in_url = format!("{PATH}?access_token={access}");
    let in_body = [("token", access), ("access_token", access)];
    for request in [app.post(&in_url, &[("token", access)]), app.post(PATH, &in_body)] {
        let answer = Answer::to(request).await;
        answer.assert_kajabi(401, "invalid_token");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"atropos\""));
    }
    for request in [app.post(&in_url, &[("token", access)]), app.post(PATH, &in_body)] {
        Answer::to(request.bearer_auth(access)).await.assert_kajabi(400, "invalid_request");
    }
    let twice = app.post(PATH, &[("token", access)]).bearer_auth(access).header("authorization", basic("kajabi"));
    Answer::to(twice).await.assert_kajabi(400, "invalid_request");
    assert!(app.is_active("kajabi", access).await);
}

/// RFC6750-3.1-f, RFC6750-3-h, RFC6750-5.3-i
#[tokio::test]
async fn revoked_expired_and_malformed_are_one_answer() {
    let app = App::spawn().await;
    let [revoked, mut old, refresh] =
        [app.kajabi_session("kajabi").await, app.kajabi_session("kajabi").await, app.kajabi_session("kajabi").await];
    app.revoke("kajabi", &revoked.access).await.assert_revoked();
    let expired = app.kajabi_session("kajabi-jwt").await;
    app.clock.advance(Duration::from_mins(10));
    let mut answers = vec![
        app.kajabi_revoke(&revoked.access, "x").await,
        app.kajabi_revoke(&expired.access, "x").await,
        app.kajabi_revoke("garbage", "x").await,
        app.kajabi_revoke(refresh.refresh(), "x").await,
        app.kajabi_revoke(&app.issue("session").await.access, "x").await,
    ];
    app.clock.advance(Duration::from_mins(51));
    answers.push(app.kajabi_revoke(&old.access, "x").await);
    old.access.pop();
    answers.push(app.kajabi_revoke(&old.access, "x").await);
    let answers: Vec<_> = answers.into_iter().inspect(Answer::assert_invalid_token).map(Answer::lasting).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

/// INV-4: what introspection says of a token is what happens to whoever shows it.
#[rstest]
#[tokio::test]
async fn introspection_and_the_resource_agree(#[values("kajabi", "kajabi-jwt")] client: &str) {
    let app = App::spawn().await;
    let expired = app.kajabi_session(client).await;
    app.clock.advance(Duration::from_hours(1));
    let [live, alone, ended, cut, replayed] = [
        app.kajabi_session(client).await,
        app.kajabi_session(client).await,
        app.kajabi_session(client).await,
        app.kajabi_session(client).await,
        app.kajabi_session(client).await,
    ];
    let next = tokens(&app.kajabi_refresh(replayed.refresh()).await);
    app.kajabi_refresh(replayed.refresh()).await.assert_kajabi(401, "invalid_grant");
    app.revoke(client, &alone.access).await.assert_revoked();
    app.revoke(client, ended.refresh()).await.assert_revoked();
    let family = app.authority().token_id(&cut.access).await.expect("the store answers").expect("ours").family;
    app.authority().revoke_target(Target::Family(family), Cause::Administrator).await.expect("the store answers");
    for (tokens, alive) in [
        (&live, true),
        (&alone, false),
        (&ended, false),
        (&cut, false),
        (&replayed, false),
        (&next, false),
        (&expired, false),
    ] {
        assert_eq!(app.is_active(client, &tokens.access).await, alive);
        assert_eq!(app.is_active("api", &tokens.access).await, alive);
        assert_eq!(app.kajabi_revoke(&tokens.access, "unknown").await.status.is_success(), alive);
    }
}

/// One trip, whatever is found; none for what its own text condemns.
#[tokio::test]
async fn a_bearer_costs_one_trip() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    let dead = app.kajabi_session("kajabi").await;
    app.revoke("kajabi", dead.refresh()).await.assert_revoked();
    for (bearer, trips) in [(&*session.access, 1), (&dead.access, 1), ("garbage", 0), (session.refresh(), 0)] {
        app.store.trips();
        app.kajabi_revoke(bearer, "unknown").await;
        assert_eq!(app.store.trips(), trips, "{bearer}");
    }
    app.store.cut();
    let cut = app.kajabi_revoke(&session.access, "unknown").await;
    cut.assert_kajabi(503, "temporarily_unavailable");
    assert_eq!(cut.header("retry-after"), Some("2"));
    app.store.mend();
    app.kajabi_revoke(&session.access, "unknown").await.assert_revoked();
}

/// Who guesses is slowed down, and keeps nobody out who need not guess.
#[tokio::test]
async fn guessing_is_limited_and_a_live_token_never() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    let mut limited = false;
    for _ in 0..50 {
        limited |= app.kajabi_revoke("garbage", "x").await.status.as_u16() == 429;
    }
    assert!(limited);
    let answer = app.kajabi_revoke("garbage", "x").await;
    answer.assert_kajabi(429, "too_many_requests");
    assert!(answer.header("retry-after").is_some());
    app.kajabi_revoke(&session.access, &session.access).await.assert_revoked();
}

/// Whether somebody stands behind a token is asked anew each time.
#[tokio::test]
async fn a_token_of_a_client_that_was_disabled_proves_nothing() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    let mut setup = Setup { options: options(), ..Setup::default() };
    for client in setup.clients.iter_mut().filter(|client| client.id.as_str() == "kajabi") {
        client.enabled = false;
    }
    let restarted = app.beside(setup).await;
    restarted.kajabi_revoke(&session.access, session.refresh()).await.assert_invalid_token();
    restarted.kajabi_refresh(session.refresh()).await.assert_kajabi(401, "invalid_grant");
    assert!(app.is_active("kajabi", &session.access).await, "nothing was ended");
}
