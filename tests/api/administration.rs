//! What an operator ends, seen from the wire.

use std::time::Duration;

use atropos::domain::keys::{KeyKind, SigningAlgorithm};
use atropos::domain::{Cause, KeyId, Target};
use jsonwebtoken::decode_header;
use rstest::rstest;

use crate::spawn::{App, Setup, Tokens};

#[derive(Clone, Copy, Debug)]
enum End {
    Family,
    Subject,
    Client,
    Everything,
}

async fn end(app: &App, end: End, client: &str, tokens: &Tokens) {
    let id = app.authority().token_id(&tokens.access).await.expect("the store answers").expect("a token of ours");
    let target = match end {
        End::Family => Target::Family(id.family),
        End::Subject => Target::Subject("alice".into()),
        End::Client => Target::Client(client.into()),
        End::Everything => Target::Everything,
    };
    app.authority().revoke_target(target, Cause::Administrator).await.expect("the store answers");
}

async fn assert_dead(app: &App, client: &str, tokens: &Tokens) {
    app.introspect("api", &tokens.access).await.assert_inactive();
    app.introspect(client, tokens.refresh()).await.assert_inactive();
    app.refresh(client, tokens.refresh()).await.assert_error(400, "invalid_grant");
}

async fn assert_alive(app: &App, client: &str, tokens: &Tokens) {
    assert!(app.is_active("api", &tokens.access).await);
    app.refreshed(client, tokens.refresh()).await;
}

/// RFC7662-4-m, RFC9700-4.14-g, RFC9700-4.14.2-f, CASC-c, S15, S25, S29
#[rstest]
#[tokio::test]
async fn what_an_operator_ends_is_dead_at_once_and_what_comes_after_lives(
    #[values("session", "session-jwt")] client: &str,
    #[values(End::Family, End::Subject, End::Client, End::Everything)] what: End,
) {
    let app = App::spawn().await;
    let (alice, bob) = (app.log_in(client, "alice").await, app.log_in("other", "bob").await);
    end(&app, what, client, &alice).await;
    assert_dead(&app, client, &alice).await;
    match what {
        End::Everything => assert_dead(&app, "other", &bob).await,
        End::Family | End::Subject | End::Client => assert_alive(&app, "other", &bob).await,
    }
    // In the same moment: the clock stands still.
    let again = app.log_in(client, "alice").await;
    assert_alive(&app, client, &again).await;
    app.clock.advance(Duration::from_secs(1));
    app.introspect("api", &alice.access).await.assert_inactive();
}

/// RFC7662-4-n, RFC7662-4-m
#[tokio::test]
async fn a_jwt_of_a_retired_key_is_dead_and_the_key_is_published_no_more() {
    let app = App::spawn().await;
    let tokens = app.issue("session-jwt").await;
    let kid = decode_header(&tokens.access).expect("a header").kid.expect("a kid");
    assert!(app.is_active("api", &tokens.access).await);
    app.authority().retire_key(kid.parse::<KeyId>().expect("a key id")).await.expect("the store answers");
    app.introspect("api", &tokens.access).await.assert_inactive();
    app.introspect("session-jwt", &tokens.access).await.assert_inactive();
    assert!(!app.get("/oauth/jwks").await.body.contains(&kid));
    let next = app.refreshed("session-jwt", tokens.refresh()).await;
    assert!(app.is_active("api", &next.access).await, "the refresh token was not signed by it");
}

/// INV-5: another key makes the next tokens, and of those that there are it changes nothing.
#[rstest]
#[tokio::test]
async fn a_new_key_revives_nothing_and_ends_nothing(#[values("session", "session-jwt")] client: &str) {
    let app = App::spawn().await;
    let [alone, ended, cut, live] = [
        app.issue(client).await,
        app.issue(client).await,
        app.log_in(client, "alice").await,
        app.log_in(client, "bob").await,
    ];
    app.revoke(client, &alone.access).await.assert_revoked();
    app.revoke(client, ended.refresh()).await.assert_revoked();
    end(&app, End::Subject, client, &cut).await;
    for kind in [KeyKind::Mac, KeyKind::Signing(SigningAlgorithm::Es256)] {
        app.authority().rotate_key(kind, true).await.expect("the store answers");
    }
    let restarted = app.beside(Setup::default()).await;
    for node in [&app, &restarted] {
        node.introspect("api", &alone.access).await.assert_inactive();
        assert!(node.is_active(client, alone.refresh()).await, "an access token went alone");
        assert_dead(node, client, &ended).await;
        assert_dead(node, client, &cut).await;
        assert!(node.is_active("api", &live.access).await);
    }
    let next = app.refreshed(client, live.refresh()).await;
    assert_alive(&restarted, client, &next).await;
}
