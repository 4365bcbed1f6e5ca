//! For which resources a token is asked (RFC 8707, RFC 9068 section 3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clients::{API, BILLING};
use crate::spawn::{App, Setup, tokens};

const PATH: &str = "/oauth/token";
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// `session-jwt` and `session` get tokens for both resources, of which `billing` knows `write` alone.
async fn for_both(client: &str) -> App {
    App::with(Setup::but(client, |client| client.audience = vec![API.into(), BILLING.into()])).await
}

async fn ask(app: &App, client: &str, more: &[(&str, &str)]) -> Answer {
    app.by(client, PATH, &[&[GRANT][..], more].concat()).await
}

fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// RFC9068-3-d, RFC9068-2.2.3-e: the audience is what was asked for, and the scope what has a meaning there.
#[tokio::test]
async fn a_jwt_is_for_the_resource_that_was_asked_for() {
    let app = for_both("session-jwt").await;
    for (resource, scope) in [(API, "read write"), (BILLING, "write")] {
        let answer =
            ask(&app, "session-jwt", &[("resource", resource), ("resource", resource), ("resource", "")]).await;
        assert_eq!(answer.json()["scope"], scope);
        let given = tokens(&answer);
        let next = app.refreshed("session-jwt", given.refresh()).await;
        for token in [&given.access, &next.access] {
            let claims = claims(token);
            assert_eq!((&claims["aud"], &claims["scope"]), (&json!(resource), &json!(scope)));
            assert_eq!(app.is_active("api", token).await, resource == API);
            assert_eq!(app.is_active("billing", token).await, resource == BILLING);
        }
    }
    let default = tokens(&ask(&app, "session-jwt", &[]).await);
    assert_eq!(claims(&default.access)["aud"], json!([API, BILLING]));
}

/// RFC9068-3-d: at two resources `write` would mean two things, and a JWT says all of its scope to each. An opaque token
/// says to each what is its own.
#[tokio::test]
async fn a_jwt_whose_scope_would_be_ambiguous_is_refused() {
    let both = [("resource", API), ("resource", BILLING)];
    let app = for_both("session-jwt").await;
    ask(&app, "session-jwt", &both).await.assert_error(400, "invalid_target");
    let told_apart = ask(&app, "session-jwt", &[&both[..], &[("scope", "read")]].concat()).await;
    assert_eq!(claims(&tokens(&told_apart).access)["aud"], json!([API, BILLING]));
    let app = for_both("session").await;
    let token = tokens(&ask(&app, "session", &both).await).access;
    assert_eq!(app.introspect("billing", &token).await.json()["scope"], "write");
}

#[rstest]
#[case("https://unknown.example")]
#[case("https://api.example/")]
#[case("https://api.example#fragment")]
#[case("api.example")]
#[case(" ")]
#[tokio::test]
async fn what_its_tokens_are_not_for_a_client_cannot_ask_for(
    #[case] resource: &str,
    #[values("session", "session-jwt")] client: &str,
) {
    let app = App::spawn().await;
    ask(&app, client, &[("resource", resource)]).await.assert_error(400, "invalid_target");
    ask(&app, client, &[("resource", API), ("resource", resource)]).await.assert_error(400, "invalid_target");
}

/// A scope that means nothing at the resource is none there.
#[tokio::test]
async fn no_token_is_given_for_nothing() {
    let app = for_both("session").await;
    let form = [("resource", BILLING), ("scope", "read")];
    ask(&app, "session", &form).await.assert_error(400, "invalid_scope");
}

/// What was granted for one resource is refreshed for that one; a refused refresh spends nothing.
#[tokio::test]
async fn a_refresh_does_not_change_the_resource() {
    let app = for_both("session").await;
    let first = tokens(&ask(&app, "session", &[("resource", BILLING)]).await);
    let refresh = |token: String, resource: &'static str| {
        let app = &app;
        async move {
            let form = [("grant_type", "refresh_token"), ("refresh_token", &*token), ("resource", resource)];
            app.by("session", PATH, &form).await
        }
    };
    for other in [API, "https://unknown.example"] {
        refresh(first.refresh().to_owned(), other).await.assert_error(400, "invalid_target");
    }
    let second = tokens(&refresh(first.refresh().to_owned(), BILLING).await);
    assert!(app.is_active("billing", &second.access).await && !app.is_active("api", &second.access).await);
}

/// RFC6749-6-b: what was not granted is not left out because the resource does not know it; and nothing is spent.
#[tokio::test]
async fn a_refresh_for_a_resource_widens_no_scope() {
    let app = for_both("session").await;
    let first = tokens(&ask(&app, "session", &[]).await);
    let form = |scope| {
        [("grant_type", "refresh_token"), ("refresh_token", first.refresh()), ("resource", BILLING), ("scope", scope)]
    };
    app.by("session", PATH, &form("write admin")).await.assert_error(400, "invalid_scope");
    assert_eq!(app.by("session", PATH, &form("read write")).await.json()["scope"], "write");
}

/// RFC8707-2-b: one access token is for fewer; the refresh token keeps what was granted, and gives all of it again.
#[rstest]
#[case("session")]
#[case("session-jwt")]
#[tokio::test]
async fn a_refresh_may_ask_for_fewer_resources(#[case] client: &str) {
    let app = for_both(client).await;
    let first = tokens(&ask(&app, client, &[]).await);
    let form = [("grant_type", "refresh_token"), ("refresh_token", first.refresh()), ("resource", BILLING)];
    let answer = app.by(client, PATH, &form).await;
    assert_eq!(answer.json()["scope"], "write");
    let narrow = tokens(&answer);
    assert!(app.is_active("billing", &narrow.access).await && !app.is_active("api", &narrow.access).await);
    assert_eq!(app.introspect(client, &narrow.access).await.json()["aud"], json!(BILLING));
    // RFC9700-4.14.2-c: the same again, and nothing for another resource.
    assert_eq!(tokens(&app.by(client, PATH, &form).await).refresh, narrow.refresh);
    let other = [("grant_type", "refresh_token"), ("refresh_token", first.refresh()), ("resource", API)];
    app.by(client, PATH, &other).await.assert_error(400, "invalid_grant");
    let wide = app.refreshed(client, narrow.refresh()).await;
    assert!(app.is_active("billing", &wide.access).await && app.is_active("api", &wide.access).await);
    if client == "session-jwt" {
        assert_eq!(claims(&narrow.access)["aud"], json!(BILLING));
        assert_eq!(claims(&wide.access)["aud"], json!([API, BILLING]));
    }
}
