//! How sessions of Kajabi's API end: KAJ-1 to KAJ-12.

use std::time::Duration;

use atropos::domain::client::Surface;
use rstest::rstest;

use crate::answer::Answer;
use crate::spawn::{App, Tokens, basic, tokens};

impl App {
    pub(super) async fn assert_alive(&self, client: &str, session: &Tokens) {
        assert!(self.is_active(client, &session.access).await);
        assert!(self.is_active(client, session.refresh()).await);
    }

    pub(super) async fn assert_dead(&self, client: &str, session: &Tokens) {
        self.introspect(client, &session.access).await.assert_inactive();
        self.introspect(client, session.refresh()).await.assert_inactive();
        self.kajabi_refresh(session.refresh()).await.assert_kajabi(401, "invalid_grant");
        self.kajabi_revoke(&session.access, "x").await.assert_invalid_token();
    }
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Access,
    Refresh,
}

impl Which {
    fn of(self, session: &Tokens) -> &str {
        match self {
            Self::Access => &session.access,
            Self::Refresh => session.refresh(),
        }
    }
}

/// KAJ-1, KAJ-2, KAJ-3
#[rstest]
#[tokio::test]
async fn either_token_ends_the_session_and_a_second_time_is_401(
    #[values("kajabi", "kajabi-jwt")] client: &str,
    #[values(Which::Access, Which::Refresh)] which: Which,
) {
    let app = App::spawn().await;
    let (session, other) = (app.kajabi_session(client).await, app.kajabi_session(client).await);
    app.kajabi_revoke(&session.access, which.of(&session)).await.assert_revoked();
    app.assert_dead(client, &session).await;
    app.kajabi_revoke(&session.access, which.of(&session)).await.assert_invalid_token();
    app.assert_alive(client, &other).await;
}

/// KAJ-1: the record that the bearer is judged by is the one that is ended: one trip to read it, one to write.
#[tokio::test]
async fn judging_and_ending_is_one_commit() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    app.store.trips();
    app.kajabi_revoke(&session.access, session.refresh()).await.assert_revoked();
    assert_eq!(app.store.trips(), 2);
}

/// KAJ-4
#[tokio::test]
async fn without_a_bearer_nothing_is_revoked() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    let form = [("token", session.refresh())];
    let path = "/v1/oauth/revoke";
    Answer::to(app.post(path, &form)).await.assert_kajabi(401, "invalid_token");
    Answer::to(app.post(path, &[])).await.assert_kajabi(401, "invalid_token");
    for garbled in ["Bearer", "Bearer a b", "Token x", &session.access, &basic("kajabi")] {
        Answer::to(app.post(path, &form).header("authorization", garbled)).await.assert_kajabi(401, "invalid_token");
    }
    let by_key = [form[0], ("client_id", "kajabi"), ("client_secret", "kajabi-secret")];
    Answer::to(app.post(path, &by_key)).await.assert_kajabi(401, "invalid_token");
    app.assert_alive("kajabi", &session).await;
}

/// KAJ-5
#[tokio::test]
async fn an_expired_bearer_ends_nothing() {
    let app = App::spawn().await;
    for (client, lifetime) in [("kajabi", Duration::from_hours(1)), ("kajabi-jwt", Duration::from_mins(5))] {
        let session = app.kajabi_session(client).await;
        app.clock.advance(lifetime);
        app.kajabi_revoke(&session.access, session.refresh()).await.assert_invalid_token();
        assert!(app.is_active(client, session.refresh()).await);
        let next = tokens(&app.kajabi_refresh(session.refresh()).await);
        app.kajabi_revoke(&next.access, session.refresh()).await.assert_revoked();
        app.assert_dead(client, &next).await;
    }
}

/// KAJ-6. There are no tokens bound by `DPoP` yet.
#[tokio::test]
async fn a_refresh_token_is_no_bearer() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    app.kajabi_revoke(session.refresh(), &session.access).await.assert_invalid_token();
    app.assert_alive("kajabi", &session).await;
}

/// KAJ-7
#[tokio::test]
async fn what_is_unknown_or_dead_is_revoked_already() {
    let app = App::spawn().await;
    let (session, dead) = (app.kajabi_session("kajabi").await, app.kajabi_session("kajabi").await);
    app.kajabi_revoke(&dead.access, &dead.access).await.assert_revoked();
    for token in ["x", "\u{0}ä", &"a".repeat(10_000), &session.access[1..], &dead.access, dead.refresh()] {
        app.kajabi_revoke(&session.access, token).await.assert_revoked();
    }
    app.assert_alive("kajabi", &session).await;
}

/// KAJ-8
#[rstest]
#[tokio::test]
async fn another_session_of_the_same_key_can_be_ended(#[values(Which::Access, Which::Refresh)] which: Which) {
    let app = App::spawn().await;
    for client in ["kajabi", "kajabi-jwt"] {
        let (one, two) = (app.kajabi_session(client).await, app.kajabi_session(client).await);
        app.kajabi_revoke(&one.access, which.of(&two)).await.assert_revoked();
        app.assert_dead(client, &two).await;
        app.assert_alive(client, &one).await;
    }
}

/// KAJ-9: alive or dead, the same.
#[rstest]
#[tokio::test]
async fn what_is_another_clients_or_persons_is_refused(#[values(Which::Access, Which::Refresh)] which: Which) {
    let app = App::spawn().await;
    let one = app.kajabi_session("kajabi").await;
    let foreign = app.kajabi_session("kajabi-other").await;
    let alice = app.log_in_at(Surface::Kajabi, "kajabi", "alice").await;
    let bob = app.log_in_at(Surface::Kajabi, "kajabi", "bob").await;
    for (bearer, token) in [(&one, &foreign), (&one, &alice), (&alice, &bob), (&alice, &one)] {
        let answer = app.kajabi_revoke(&bearer.access, which.of(token)).await;
        answer.assert_kajabi(401, "invalid_grant");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"atropos\""));
    }
    app.assert_alive("kajabi-other", &foreign).await;
    for session in [&one, &alice, &bob] {
        app.assert_alive("kajabi", session).await;
    }
    app.kajabi_revoke(&foreign.access, &foreign.access).await.assert_revoked();
    app.kajabi_revoke(&one.access, which.of(&foreign)).await.assert_kajabi(401, "invalid_grant");
    app.assert_alive("kajabi", &one).await;
}

/// KAJ-10
#[tokio::test]
async fn a_token_that_is_missing_empty_or_repeated_revokes_nothing() {
    let app = App::spawn().await;
    let (session, other) = (app.kajabi_session("kajabi").await, app.kajabi_session("kajabi").await);
    let twice = [("token", &*session.access), ("token", &*other.access)];
    for form in [&[][..], &[("token", "")], &twice, &[twice[0], twice[0]]] {
        let answer = Answer::to(app.post("/v1/oauth/revoke", form).bearer_auth(&session.access)).await;
        answer.assert_kajabi(400, "invalid_request");
    }
    app.assert_alive("kajabi", &session).await;
    app.assert_alive("kajabi", &other).await;
}

/// KAJ-11
#[tokio::test]
async fn further_fields_are_ignored() {
    let app = App::spawn().await;
    for which in [Which::Access, Which::Refresh] {
        let session = app.kajabi_session("kajabi").await;
        let form = [
            ("token", which.of(&session)),
            ("token_type_hint", "nonsense"),
            ("client_id", "kajabi-other"),
            ("colour", "red"),
        ];
        Answer::to(app.post("/v1/oauth/revoke", &form).bearer_auth(&session.access)).await.assert_revoked();
        app.assert_dead("kajabi", &session).await;
    }
}

/// KAJ-12
#[tokio::test]
async fn of_two_at_once_one_is_done_at_least() {
    let app = App::spawn().await;
    for _ in 0..50 {
        let session = app.kajabi_session("kajabi").await;
        let revoke = || app.kajabi_revoke(&session.access, &session.access);
        let (one, two) = tokio::join!(revoke(), revoke());
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert!(statuses == [200, 200] || statuses == [200, 401], "{statuses:?}");
        app.assert_dead("kajabi", &session).await;
    }
}
