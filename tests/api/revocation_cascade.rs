//! Revocation (RFC 7009 section 2.1): what goes along.

use std::time::Duration;

use rstest::rstest;

use crate::spawn::App;

/// RFC7009-2.1-ba, INV-1
#[rstest]
#[tokio::test]
async fn a_refresh_token_takes_all_access_tokens_of_its_grant(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let first = app.issue(client).await;
    let second = app.refreshed(client, first.refresh()).await;
    let third = app.refreshed(client, second.refresh()).await;
    app.revoke(client, third.refresh()).await.assert_revoked();
    for token in [&first.access, &second.access, &third.access] {
        app.introspect("api", token).await.assert_inactive();
    }
    app.refresh(client, third.refresh()).await.assert_error(400, "invalid_grant");
}

/// RFC7009-2.1-bb
#[tokio::test]
async fn a_refresh_token_long_spent_takes_the_current_one() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    let second = app.refreshed("session", first.refresh()).await;
    let third = app.refreshed("session", second.refresh()).await;
    app.revoke("session", first.refresh()).await.assert_revoked();
    app.introspect("session", third.refresh()).await.assert_inactive();
    app.introspect("session", &third.access).await.assert_inactive();
}

/// RFC7009-2.1-bc, S25
#[rstest]
#[tokio::test]
async fn an_access_token_goes_alone(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let first = app.issue(client).await;
    let second = app.refreshed(client, first.refresh()).await;
    app.revoke(client, &first.access).await.assert_revoked();
    app.introspect(client, &first.access).await.assert_inactive();
    assert!(app.is_active(client, &second.access).await && app.is_active(client, second.refresh()).await);
}

/// RFC7009-2.1-bc
#[tokio::test]
async fn an_access_token_takes_its_family_where_the_client_is_set_so() {
    let app = App::spawn().await;
    let first = app.issue("wide").await;
    let second = app.refreshed("wide", first.refresh()).await;
    app.revoke("wide", &first.access).await.assert_revoked();
    for token in [&first.access, &second.access, second.refresh()] {
        app.introspect("wide", token).await.assert_inactive();
    }
}

/// RFC7009-2.1-bd, S25
#[tokio::test]
async fn another_grant_of_the_same_person_and_client_lives_on() {
    let app = App::spawn().await;
    let (one, two) = (app.log_in("spa", "alice").await, app.log_in("spa", "alice").await);
    app.revoke("spa", one.refresh()).await.assert_revoked();
    app.introspect("api", &one.access).await.assert_inactive();
    assert!(app.is_active("api", &two.access).await);
    app.refreshed("spa", two.refresh()).await;
}

/// RFC7009-2.2-c: what is taken does not depend on whether the presented token is still alive.
#[tokio::test]
async fn an_idle_refresh_token_still_takes_its_access_tokens() {
    let app = App::spawn().await;
    let first = app.issue("session").await;
    app.clock.advance(Duration::from_hours(30 * 24 - 1));
    let second = app.refreshed("session", first.refresh()).await;
    app.clock.advance(Duration::from_mins(30));
    app.revoke("session", first.refresh()).await.assert_revoked();
    app.introspect("session", &second.access).await.assert_inactive();
    app.refresh("session", second.refresh()).await.assert_error(400, "invalid_grant");
}

/// RFC7009-2.1-bh: one entry and two trips, whatever hangs from it.
#[tokio::test]
async fn a_cascade_costs_the_same_however_much_it_takes() {
    let app = App::spawn().await;
    let small = app.issue("session").await;
    let mut large = app.issue("session").await;
    let mut taken = Vec::new();
    for _ in 0..60 {
        let next = app.refreshed("session", large.refresh()).await;
        taken.push(std::mem::replace(&mut large, next).access);
    }
    for (entries, tokens) in [(1, &small), (2, &large)] {
        app.store.trips();
        app.revoke("session", tokens.refresh()).await.assert_revoked();
        assert_eq!(app.store.trips(), 2);
        let follower = &app.authority().follower;
        assert_eq!(follower.shards().map(|shard| follower.denylist(shard).len()).sum::<usize>(), entries);
    }
    for token in taken {
        app.introspect("api", &token).await.assert_inactive();
    }
}
