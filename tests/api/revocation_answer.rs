//! Revocation (RFC 7009): what is answered, whatever the token was.

use std::time::Duration;

use atropos::domain::authority::PerMinute;
use atropos::http::Options;
use rstest::rstest;

use crate::answer::Answer;
use crate::spawn::{App, Setup, basic, basic_with, options};

const PATH: &str = "/oauth/revoke";

/// RFC7009-2.2-a, RFC7009-2.2-b, RFC7009-2.2-c, RFC7009-2.2-d, RFC7009-2.2-e, RFC7009-2.2-f, S11, S12
#[tokio::test]
async fn whatever_the_token_was_the_answer_is_the_same() {
    let app = App::spawn().await;
    let expired = app.issue("session").await;
    let expired_jwt = app.issue("session-jwt").await;
    app.clock.advance(Duration::from_secs(3601));
    let (live, jwt) = (app.issue("session").await, app.issue("session-jwt").await);
    let first = app.revoke("session", &live.access).await;
    first.assert_revoked();
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(first.header("set-cookie"), None);
    let first = first.lasting();
    let forged = format!("{}AAAA", &jwt.access[..jwt.access.len() - 4]);
    let foreign = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.AAAA";
    let truncated = &jwt.access[..jwt.access.len() / 2];
    for token in [&*live.access, &expired.access, "x", "not a token", &forged, foreign, truncated, "a.b.c", "\u{0}"] {
        assert_eq!(app.revoke("session", token).await.lasting(), first, "{token}");
    }
    assert_eq!(app.revoke("session-jwt", &expired_jwt.access).await.lasting(), first);
    assert!(app.is_active("session-jwt", &jwt.access).await, "what only looks like it revokes nothing");
}

/// RFC7009-2.2-d
#[tokio::test]
async fn a_thousand_revocations_of_one_token_are_one() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let first = app.revoke("session", tokens.refresh()).await.lasting();
    for _ in 0..1000 {
        assert_eq!(app.revoke("session", tokens.refresh()).await.lasting(), first);
    }
}

/// RFC7009-2.1-j
#[rstest]
#[case("a".to_owned())]
#[case("a".repeat(16 * 1024))]
#[case("\u{0}\u{1}\u{7f}".to_owned())]
#[case("\u{0}".repeat(16 * 1024))]
#[case("\u{e9}\u{4e16}\u{1f600}".to_owned())]
#[case(format!("at_{}", "A".repeat(16 * 1024)))]
#[tokio::test]
async fn strange_tokens_are_unknown_ones(#[case] token: String) {
    let app = App::spawn().await;
    app.revoke("session", &token).await.assert_revoked();
    app.introspect("session", &token).await.assert_inactive();
    app.refresh("session", &token).await.assert_error(400, "invalid_grant");
}

/// RFC7009-2.2.1-d, INV-7, S2
#[tokio::test]
async fn a_store_that_does_not_answer_is_never_success() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    app.store.cut();
    let answers = [
        app.revoke("session", &tokens.access).await,
        app.revoke("session", tokens.refresh()).await,
        app.introspect("session", &tokens.access).await,
        app.refresh("session", tokens.refresh()).await,
        app.by("session", "/oauth/token", &[("grant_type", "client_credentials")]).await,
    ];
    for answer in answers {
        answer.assert_error(503, "temporarily_unavailable");
        let seconds: u64 = answer.header("retry-after").expect("when to come again").parse().expect("seconds");
        assert!(seconds >= 1);
        assert!(!answer.body.contains("cut off"), "what the store says is not for strangers");
    }
    app.store.mend();
    assert!(app.is_active("session", &tokens.access).await, "nothing was half done");
    app.revoke("session", tokens.refresh()).await.assert_revoked();
    app.introspect("session", &tokens.access).await.assert_inactive();
}

/// How the store lets a revocation down.
#[derive(Clone, Copy, Debug)]
enum Outage {
    /// Before the trip of this number, counted from zero.
    Before(usize),
    /// The write is done, and its answer is lost.
    AnswerLost,
}

/// RFC7009-2.2.1-d, S2, INV-1: wherever it fails, nothing is half done, and asking again does it.
#[rstest]
#[tokio::test]
async fn a_revocation_that_fails_halfway_is_no_success_and_no_half(
    #[values(Outage::Before(0), Outage::Before(1), Outage::AnswerLost)] outage: Outage,
    #[values("session", "session-jwt")] client: &str,
    #[values(true, false)] access: bool,
) {
    let app = App::spawn().await;
    let first = app.issue(client).await;
    let second = app.refreshed(client, first.refresh()).await;
    let token = if access { &second.access } else { second.refresh() };
    match outage {
        Outage::Before(trips) => app.store.cut_after(trips),
        Outage::AnswerLost => app.store.lose_answers(),
    }
    let answer = app.revoke(client, token).await;
    answer.assert_error(503, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    app.store.mend();
    let is_done = matches!(outage, Outage::AnswerLost);
    let ends_all = !access;
    assert_eq!(app.is_active("api", &first.access).await, !(is_done && ends_all));
    assert_eq!(app.is_active("api", &second.access).await, !is_done);
    assert_eq!(app.is_active(client, second.refresh()).await, !(is_done && ends_all));
    app.revoke(client, token).await.assert_revoked();
    app.introspect("api", &second.access).await.assert_inactive();
    assert_eq!(app.is_active("api", &first.access).await, !ends_all);
}

/// RFC7009-2.2.1-d, S2: what was found to be revoked is looked for once more, so a repetition can fail as well.
#[tokio::test]
async fn a_repetition_that_cannot_make_sure_is_no_success() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    app.revoke("session", tokens.refresh()).await.assert_revoked();
    for trips in 0..2 {
        app.store.cut_after(trips);
        app.revoke("session", tokens.refresh()).await.assert_error(503, "temporarily_unavailable");
        app.store.mend();
    }
    app.store.trips();
    app.revoke("session", tokens.refresh()).await.assert_revoked();
    assert_eq!(app.store.trips(), 2, "or the outages above were not all there are");
}

/// What the text alone tells needs no store.
#[tokio::test]
async fn garbage_is_garbage_while_the_store_is_down() {
    let app = App::spawn().await;
    app.store.cut();
    app.revoke("session", "garbage").await.assert_revoked();
    app.introspect("session", "garbage").await.assert_inactive();
}

/// RFC7009-2.1-p, RFC7009-2.1-q, S10
#[tokio::test]
async fn a_failed_authentication_tells_nothing_of_the_token() {
    let app = App::spawn().await;
    let (live, dead) = (app.issue("session").await, app.issue("session").await);
    app.revoke("session", dead.refresh()).await.assert_revoked();
    let wrong = |token: String| {
        let request = app.post(PATH, &[("token", &token)]).header("authorization", basic_with("session", "wrong"));
        Answer::to(request)
    };
    let answer = wrong(live.access.clone()).await;
    answer.assert_error(401, "invalid_client");
    assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"atropos\""));
    let answer = answer.lasting();
    for token in [dead.access, "garbage".to_owned(), String::new()] {
        assert_eq!(wrong(token).await.lasting(), answer);
    }
    assert!(app.is_active("session", &live.access).await);
}

/// RFC7009-2.2.1-e, RFC7009-5-a, S26
#[tokio::test]
async fn a_flood_in_a_clients_name_does_not_keep_it_from_revoking() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let mut limited = None;
    for _ in 0..100 {
        let request = app.post(PATH, &[("token", "x")]).header("authorization", basic_with("session", "wrong"));
        let answer = Answer::to(request).await;
        if answer.status.as_u16() == 429 {
            limited = Some(answer);
            break;
        }
        answer.assert_error(401, "invalid_client");
    }
    let limited = limited.expect("guessing is limited");
    limited.assert_error(429, "too_many_requests");
    assert!(limited.header("retry-after").is_some());
    app.revoke("session", tokens.refresh()).await.assert_revoked();
    app.introspect("session", &tokens.access).await.assert_inactive();
}

/// RFC7009-5-a, RFC7662-4-o
#[tokio::test]
async fn guessing_tokens_is_limited_and_revoking_ones_own_is_not() {
    let per_minute = PerMinute { misses: Some(5.try_into().unwrap()), ..PerMinute::default() };
    let app = App::with(Setup { per_minute, ..Setup::default() }).await;
    let tokens = app.issue("session").await;
    for _ in 0..5 {
        app.introspect("session", "garbage").await.assert_inactive();
    }
    let answer = app.introspect("session", "garbage").await;
    answer.assert_error(429, "too_many_requests");
    assert!(answer.header("retry-after").is_some());
    app.revoke("session", "garbage").await.assert_error(429, "too_many_requests");
    app.introspect("other", "garbage").await.assert_inactive();
    assert!(app.is_active("session", &tokens.access).await);
    app.revoke("session", &tokens.access).await.assert_revoked();
    app.introspect("session", &tokens.access).await.assert_inactive();
    app.clock.advance(Duration::from_mins(1));
    app.introspect("session", "garbage").await.assert_inactive();
}

/// S26, RFC7009-2.2.1-e: who floods in a public client's name, which everybody knows, is slowed down where he is.
#[tokio::test]
async fn a_flood_in_a_public_clients_name_keeps_nobody_from_revoking() {
    let per_minute = PerMinute { misses: Some(5.try_into().unwrap()), ..PerMinute::default() };
    let options = Options { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..options() };
    let app = App::with(Setup { options, per_minute, ..Setup::default() }).await;
    let [here, there] = [app.log_in("spa", "alice").await, app.log_in("spa", "bob").await];
    let revoke = |token: String, from: &'static str| {
        let form = [("token", token.as_str()), ("client_id", "spa")];
        Answer::to(app.post(PATH, &form).header("x-forwarded-for", from))
    };
    for turn in 0..50 {
        let answer = revoke(format!("guess {turn}"), "192.0.2.1").await;
        assert_eq!(answer.status.as_u16(), if turn < 5 { 200 } else { 429 });
    }
    revoke("a slip".to_owned(), "198.51.100.7").await.assert_revoked();
    for (tokens, from) in [(&here, "192.0.2.1"), (&there, "198.51.100.7")] {
        revoke(tokens.refresh().to_owned(), from).await.assert_revoked();
        app.introspect("api", &tokens.access).await.assert_inactive();
    }
}

/// S10: a secret that is left out, empty or wrong, by header and by form, and what a public client would send.
#[rstest]
#[case(None, "")]
#[case(None, "client_id=session")]
#[case(None, "client_id=session&client_secret=")]
#[case(None, "client_id=session&client_secret=wrong")]
#[case(Some(basic_with("session", "")), "")]
#[case(Some(basic_with("session", "wrong")), "")]
#[case(Some(basic_with("session", "SESSION-SECRET")), "")]
#[case(Some("Bearer session-secret".to_owned()), "client_id=session")]
#[tokio::test]
async fn without_its_secret_a_client_revokes_nothing(#[case] authorization: Option<String>, #[case] credentials: &str) {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    for token in [&*tokens.access, tokens.refresh()] {
        let mut request = app.post(PATH, &[]).body(format!("token={token}&{credentials}"));
        if let Some(authorization) = &authorization {
            request = request.header("authorization", authorization);
        }
        Answer::to(request).await.assert_error(401, "invalid_client");
    }
    assert!(app.is_active("session", &tokens.access).await && app.is_active("session", tokens.refresh()).await);
}

/// RFC7009-2.1-c: who asks comes first, what is asked after.
#[tokio::test]
async fn authentication_comes_before_the_token_is_looked_for() {
    let app = App::spawn().await;
    Answer::to(app.post(PATH, &[])).await.assert_error(401, "invalid_client");
    Answer::to(app.post(PATH, &[]).header("authorization", basic("session")))
        .await
        .assert_error(400, "invalid_request");
}
