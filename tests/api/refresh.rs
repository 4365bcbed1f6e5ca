//! Refreshing (RFC 6749 section 6, RFC 9700 section 4.14).

use std::time::Duration;

use atropos::domain::client::Client;
use rstest::rstest;

use crate::answer::Answer;
use crate::clients::scope;
use crate::spawn::{App, Setup, basic, tokens};

const PATH: &str = "/oauth/token";

fn form<'a>(token: &'a str, scope: &'a str) -> [(&'a str, &'a str); 3] {
    [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]
}

/// RFC6749-5.1-a, RFC9700-4.14.2-a
#[rstest]
#[tokio::test]
async fn a_refresh_gives_new_tokens_of_the_same_scope(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let first = app.issue(client).await;
    let answer = app.refresh(client, first.refresh()).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json()["scope"], "read write");
    let second = tokens(&answer);
    assert_ne!((&first.access, &first.refresh), (&second.access, &second.refresh));
    assert!(app.is_active("api", &second.access).await && app.is_active(client, second.refresh()).await);
    app.introspect(client, first.refresh()).await.assert_inactive();
}

/// RFC9700-4.14.2-a
#[tokio::test]
async fn a_public_client_gets_another_refresh_token_each_time() {
    let app = App::spawn().await;
    let first = app.log_in("spa", "alice").await;
    let second = app.refreshed("spa", first.refresh()).await;
    assert_ne!(first.refresh, second.refresh);
}

/// RFC6749-6-a, S14
#[rstest]
#[case("session", "other")]
#[case("session", "spa")]
#[case("spa", "mobile")]
#[case("spa", "session")]
#[tokio::test]
async fn another_client_can_neither_use_nor_spend_nor_end_it(#[case] owner: &str, #[case] thief: &str) {
    let app = App::spawn().await;
    let first = if owner == "spa" { app.log_in("spa", "alice").await } else { app.issue(owner).await };
    app.refresh(thief, first.refresh()).await.assert_error(400, "invalid_grant");
    let second = app.refreshed(owner, first.refresh()).await;
    app.clock.advance(Duration::from_secs(11));
    app.refresh(thief, first.refresh()).await.assert_error(400, "invalid_grant");
    assert!(app.is_active("api", &second.access).await, "a spent one in other hands ends nothing either");
}

/// RFC6749-6-b
#[tokio::test]
async fn a_scope_may_be_narrowed_for_once_and_never_widened() {
    let app = App::spawn().await;
    let first = app.by("session", PATH, &[("grant_type", "client_credentials"), ("scope", "read")]).await;
    let first = tokens(&first);
    app.by("session", PATH, &form(first.refresh(), "read write")).await.assert_error(400, "invalid_scope");
    app.refreshed("session", first.refresh()).await;

    let wide = app.issue("session").await;
    let narrow = app.by("session", PATH, &form(wide.refresh(), "read")).await;
    assert_eq!(narrow.json()["scope"], "read");
    let narrow = tokens(&narrow);
    assert_eq!(app.introspect("api", &narrow.access).await.json()["scope"], "read");
    let again = app.by("session", PATH, &form(narrow.refresh(), "")).await;
    assert_eq!(again.json()["scope"], "read write");
}

/// RFC9700-4.14.2-b
#[rstest]
#[tokio::test]
async fn a_spent_refresh_token_ends_its_family(#[values("session", "session-jwt", "spa")] client: &str) {
    let app = App::spawn().await;
    let first = if client == "spa" { app.log_in("spa", "alice").await } else { app.issue(client).await };
    let second = app.refreshed(client, first.refresh()).await;
    app.clock.advance(Duration::from_secs(11));
    app.refresh(client, first.refresh()).await.assert_error(400, "invalid_grant");
    app.refresh(client, second.refresh()).await.assert_error(400, "invalid_grant");
    for token in [&first.access, &second.access] {
        app.introspect("api", token).await.assert_inactive();
    }
}

/// RFC9700-4.14.2-b, RFC6749-6-b: whatever is asked for with it.
#[tokio::test]
async fn what_was_spent_is_no_less_spent_for_a_wider_scope() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let second = app.refreshed("session", first.refresh()).await;
    app.by("session", PATH, &form(first.refresh(), "read admin")).await.assert_error(400, "invalid_grant");
    assert!(app.is_active("api", &second.access).await, "it may have been lost, so nothing ends yet");
    app.by("other", PATH, &form(second.refresh(), "read admin")).await.assert_error(400, "invalid_grant");
    app.clock.advance(Duration::from_secs(11));
    app.by("session", PATH, &form(first.refresh(), "read admin")).await.assert_error(400, "invalid_grant");
    app.introspect("api", &second.access).await.assert_inactive();
}

/// RFC9700-4.14.2-c, S18
#[tokio::test]
async fn a_lost_answer_is_given_again() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let answer = app.refresh("session", first.refresh()).await;
    app.clock.advance(Duration::from_secs(9));
    for _ in 0..10 {
        let again = tokens(&app.refresh("session", first.refresh()).await);
        assert_eq!((again.access, again.refresh), (tokens(&answer).access, tokens(&answer).refresh));
    }
    app.refreshed("session", tokens(&answer).refresh()).await;
}

/// RFC9700-4.14.2-c
#[tokio::test]
async fn within_the_window_another_request_is_refused_and_ends_nothing() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let second = app.refreshed("session", first.refresh()).await;
    app.by("session", PATH, &form(first.refresh(), "read")).await.assert_error(400, "invalid_grant");
    app.refresh("other", first.refresh()).await.assert_error(400, "invalid_grant");
    // The same secret, sent otherwise, is another authentication.
    let in_body = [("client_id", "session"), ("client_secret", "session-secret")];
    let request = app.post(PATH, &[&form(first.refresh(), "")[..], &in_body].concat());
    Answer::to(request).await.assert_error(400, "invalid_grant");
    assert!(app.is_active("session", &second.access).await && app.is_active("session", second.refresh()).await);
}

/// RFC9700-4.14.2-c: a lost answer is not given again once its tokens are not what they were.
#[tokio::test]
async fn within_the_window_a_revoked_successor_is_not_given_again() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let second = app.refreshed("session", first.refresh()).await;
    app.revoke("session", &second.access).await.assert_revoked();
    app.refresh("session", first.refresh()).await.assert_error(400, "invalid_grant");
    app.introspect("session", &second.access).await.assert_inactive();
    app.refreshed("session", second.refresh()).await;
}

/// RFC9700-4.14.2-c
#[tokio::test]
async fn a_token_older_than_the_one_just_spent_is_reuse_at_once() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let second = app.refreshed("session", first.refresh()).await;
    let third = app.refreshed("session", second.refresh()).await;
    app.refresh("session", first.refresh()).await.assert_error(400, "invalid_grant");
    app.introspect("session", &third.access).await.assert_inactive();
    app.refresh("session", third.refresh()).await.assert_error(400, "invalid_grant");
}

/// S6: five within one moment, and every one is told from the others.
#[rstest]
#[tokio::test]
async fn each_of_several_rotations_in_one_moment_is_remembered(#[values(0, 1, 2, 3)] replayed: usize) {
    let app = App::spawn().await;
    let mut given = vec![app.issue("session").await];
    for turn in 0..5 {
        given.push(app.refreshed("session", given[turn].refresh()).await);
    }
    app.refresh("session", given[replayed].refresh()).await.assert_error(400, "invalid_grant");
    for tokens in &given {
        app.introspect("session", &tokens.access).await.assert_inactive();
    }
    app.refresh("session", given[5].refresh()).await.assert_error(400, "invalid_grant");
}

/// INV-2, S4
#[rstest]
#[tokio::test]
async fn whatever_a_refresh_gave_is_dead_once_a_racing_revocation_is_answered(
    #[values("session", "session-jwt")] client: &str,
) {
    let app = App::spawn().await;
    for _ in 0..50 {
        let first = app.issue(client).await;
        let (refreshed, revoked) =
            tokio::join!(app.refresh(client, first.refresh()), app.revoke(client, first.refresh()));
        revoked.assert_revoked();
        app.introspect("api", &first.access).await.assert_inactive();
        if refreshed.status.is_success() {
            let second = tokens(&refreshed);
            app.introspect("api", &second.access).await.assert_inactive();
            app.refresh(client, second.refresh()).await.assert_error(400, "invalid_grant");
        }
    }
}

/// RFC9700-4.14.2-d, S3
#[tokio::test]
async fn of_many_at_once_one_branch_remains() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let answers = futures_util::future::join_all((0..200).map(|_| app.refresh("session", first.refresh()))).await;
    let mut given: Vec<_> = answers.iter().map(|answer| tokens(answer).refresh).collect();
    given.dedup();
    assert_eq!(given.len(), 1, "the same answer for all");
    app.refreshed("session", given[0].as_deref().expect("a refresh token")).await;
}

/// RFC9700-4.14.2-e
#[tokio::test]
async fn a_refresh_token_expires_unused_and_its_family_however_used() {
    let app = App::spawn().await;
    let idle = app.issue("session").await;
    let mut used = app.issue("session").await;
    for _ in 0..4 {
        app.clock.advance(Duration::from_hours(20 * 24));
        used = app.refreshed("session", used.refresh()).await;
    }
    app.refresh("session", idle.refresh()).await.assert_error(400, "invalid_grant");
    app.clock.advance(Duration::from_hours(10 * 24));
    app.refresh("session", used.refresh()).await.assert_error(400, "invalid_grant");
    app.introspect("session", &used.access).await.assert_inactive();
}

/// RFC9700-4.14-h
#[tokio::test]
async fn a_tampered_refresh_token_is_unknown_and_ends_nothing() {
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let text = tokens.refresh();
    for at in [4, text.len() / 2, text.len() - 1] {
        let changed = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        let tampered = format!("{}{changed}{}", &text[..at], &text[at + 1..]);
        app.refresh("session", &tampered).await.assert_error(400, "invalid_grant");
    }
    app.refreshed("session", text).await;
}

/// RFC9700-4.14-g, INV-4: what was taken from a client is not given again, and introspection says no other.
#[rstest]
#[case::scope_retired(|client: &mut Client| client.scope = scope("read"), "invalid_grant")]
#[case::grant_type_withdrawn(|client: &mut Client| client.grant_types.clear(), "unauthorized_client")]
#[tokio::test]
async fn a_session_that_the_client_could_not_have_any_more_is_not_gone_on_with(
    #[case] change: fn(&mut Client),
    #[case] code: &str,
    #[values("session", "spa")] client: &str,
) {
    let app = App::spawn().await;
    let tokens = app.log_in(client, "alice").await;
    let changed = app.beside(Setup::but(client, change)).await;
    changed.refresh(client, tokens.refresh()).await.assert_error(400, code);
    if client == "session" {
        changed.introspect(client, tokens.refresh()).await.assert_inactive();
    }
    assert!(changed.is_active("api", &tokens.access).await, "it was given while it might be");
    // Nothing was ended or spent: a slip of the operator's costs nobody his session.
    app.refreshed(client, tokens.refresh()).await;
}

/// RFC9700-4.14-g, RFC7662-4-m: a client that is disabled, or is no more, fails before its tokens are looked at; nobody is
/// told that they are good.
#[rstest]
#[tokio::test]
async fn a_disabled_client_has_no_tokens(
    #[values("session", "session-jwt", "spa")] client: &str,
    #[values(true, false)] removed: bool,
) {
    let app = App::spawn().await;
    let tokens = app.log_in(client, "alice").await;
    let mut setup = Setup::but(client, |client| client.enabled = false);
    if removed {
        setup.clients.retain(|it| it.id.as_str() != client);
    }
    let without = app.beside(setup).await;
    without.introspect("api", &tokens.access).await.assert_inactive();
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
    let request = if client == "spa" {
        without.post(PATH, &[&form[..], &[("client_id", client)]].concat())
    } else {
        without.post(PATH, &form).header("authorization", basic(client))
    };
    Answer::to(request).await.assert_error(401, "invalid_client");
    app.refreshed(client, tokens.refresh()).await;
}

/// INV-6: why a refresh token is not taken is not told, whatever the reason was.
#[tokio::test]
async fn why_a_refresh_token_is_refused_is_not_told() {
    let app = App::spawn().await;
    let idle = app.issue("session").await;
    app.clock.advance(Duration::from_hours(30 * 24));
    let [spent, ended, live] = [app.issue("session").await, app.issue("session").await, app.issue("session").await];
    let next = app.refreshed("session", spent.refresh()).await;
    app.refreshed("session", next.refresh()).await;
    app.revoke("session", ended.refresh()).await.assert_revoked();
    let first = app.refresh("session", "garbage").await;
    first.assert_error(400, "invalid_grant");
    let first = first.lasting();
    // By the same keys, and no store here has its record.
    let lost = App::spawn().await.issue("session").await;
    for token in [idle.refresh(), ended.refresh(), lost.refresh(), spent.refresh(), next.refresh(), &live.access] {
        assert_eq!(app.refresh("session", token).await.lasting(), first);
    }
    assert_eq!(app.refresh("other", live.refresh()).await.lasting(), first);
    app.refreshed("session", live.refresh()).await;
}
