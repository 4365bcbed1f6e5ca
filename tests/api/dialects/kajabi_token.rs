//! How sessions of Kajabi's API begin, go on, and depend on the key: KAJ-13 to KAJ-16.

use atropos::domain::client::{Authentication, SecretHash};
use rstest::rstest;
use serde_json::json;

use crate::answer::Answer;
use crate::spawn::{App, Setup, Tokens, secret_of, tokens};

fn with_secrets(client: &str, secrets: &[&str]) -> Setup {
    let mut setup = Setup::default();
    let hashes: Vec<_> = secrets.iter().map(|secret| SecretHash::of_generated(secret)).collect();
    for registered in setup.clients.iter_mut().filter(|registered| registered.id.as_str() == client) {
        registered.authentication = Authentication::Secret(hashes.clone());
    }
    setup
}

/// KAJ-13, KAJ-15: a key that was rotated or deleted takes its sessions along, and no others.
#[rstest]
#[tokio::test]
async fn a_session_dies_with_the_key_that_began_it(#[values("kajabi", "kajabi-jwt")] client: &str) {
    let app = App::spawn().await;
    let (one, two) = (app.kajabi_session(client).await, app.kajabi_session(client).await);
    let by_the_standard = app.issue(client).await;
    app.kajabi_revoke(&one.access, one.refresh()).await.assert_revoked();
    app.assert_alive(client, &two).await;

    let old = secret_of(client);
    let both = app.beside(with_secrets(client, &[&old, "the new key"])).await;
    assert!(both.is_active(client, &two.access).await);
    let by_new = tokens(&both.kajabi_token(client, "the new key").await);
    let two = Tokens { refresh: tokens(&both.kajabi_refresh(two.refresh()).await).refresh, ..two };

    let rotated = app.beside(with_secrets(client, &["the new key"])).await;
    rotated.kajabi_refresh(two.refresh()).await.assert_kajabi(401, "invalid_grant");
    rotated.kajabi_revoke(&two.access, two.refresh()).await.assert_invalid_token();
    rotated.introspect("api", &two.access).await.assert_inactive();
    let alive = rotated.introspect("api", &by_new.access).await;
    assert_eq!(alive.json()["active"], true);
    assert_eq!(rotated.introspect("api", &by_the_standard.access).await.json()["active"], true);
    rotated.kajabi_revoke(&by_new.access, by_new.refresh()).await.assert_revoked();
}

/// KAJ-14. Without a refresh token where the client is set so.
#[tokio::test]
async fn client_credentials_come_with_a_refresh_token() {
    let app = App::spawn().await;
    let answer = app.kajabi_token("kajabi", &secret_of("kajabi")).await;
    answer.assert_ok();
    let body = answer.json();
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "token_type"]);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(app.kajabi_token("abroad", &secret_of("abroad")).await.json().get("refresh_token").is_none());
}

/// Public clients send either.
#[tokio::test]
async fn json_is_read_like_a_form() {
    let app = App::spawn().await;
    let body = json!({ "grant_type": "client_credentials", "client_id": "kajabi", "client_secret": "kajabi-secret" });
    let session = tokens(&Answer::to(app.post_json("/v1/oauth/token", &body)).await);
    let body = json!({ "grant_type": "refresh_token", "refresh_token": session.refresh() });
    let next = tokens(&Answer::to(app.post_json("/v1/oauth/token", &body)).await);
    let body = json!({ "token": session.refresh() });
    Answer::to(app.post_json("/v1/oauth/revoke", &body).bearer_auth(&next.access)).await.assert_revoked();
    app.assert_dead("kajabi", &next).await;
}

/// KAJ-15
#[rstest]
#[tokio::test]
async fn a_refresh_token_works_once_by_itself(#[values("kajabi", "kajabi-jwt")] client: &str) {
    let app = App::spawn().await;
    let session = app.kajabi_session(client).await;
    app.store.trips();
    let next = tokens(&app.kajabi_refresh(session.refresh()).await);
    assert_eq!(app.store.trips(), 2);
    assert!(next.access != session.access && next.refresh() != session.refresh());
    app.assert_alive(client, &next).await;
    // In the same instant: there is no window in which a lost answer would be given again.
    app.kajabi_refresh(session.refresh()).await.assert_kajabi(401, "invalid_grant");
    app.assert_dead(client, &next).await;
}

/// RFC6749-6-b: nor does it give more to whoever holds it.
#[tokio::test]
async fn a_refresh_token_widens_no_scope() {
    let app = App::spawn().await;
    let session = app.kajabi_session("kajabi").await;
    let form = |scope| [("grant_type", "refresh_token"), ("refresh_token", session.refresh()), ("scope", scope)];
    let wide = Answer::to(app.post("/v1/oauth/token", &form("read admin"))).await;
    wide.assert_kajabi(400, "invalid_scope");
    let next = tokens(&Answer::to(app.post("/v1/oauth/token", &form("read"))).await);
    assert_eq!(app.introspect("kajabi", &next.access).await.json()["scope"], "read");
}

/// KAJ-15, DIA-6: on this surface alone, neither here with others' nor elsewhere with these.
#[tokio::test]
async fn refresh_tokens_stay_on_their_surface() {
    let app = App::spawn().await;
    let (here, there) = (app.kajabi_session("kajabi").await, app.issue("kajabi").await);
    app.kajabi_refresh(there.refresh()).await.assert_kajabi(401, "invalid_grant");
    app.refresh("kajabi", here.refresh()).await.assert_error(400, "invalid_grant");
    app.assert_alive("kajabi", &here).await;
    app.assert_alive("kajabi", &there).await;
    app.kajabi_refresh("rt_garbage").await.assert_kajabi(401, "invalid_grant");
    app.kajabi_refresh(&here.access).await.assert_kajabi(401, "invalid_grant");
}

/// KAJ-16: passwords are for where somebody turned them on, and nothing else is known at all.
#[rstest]
#[case(&[("username", "ann"), ("password", "secret")])]
#[case(&[("password", "secret")])]
#[case(&[("grant_type", "password"), ("username", "ann"), ("password", "secret")])]
#[case(&[("grant_type", "authorization_code"), ("code", "x")])]
#[tokio::test]
async fn other_grants_are_not_supported(#[case] form: &[(&str, &str)]) {
    let app = App::spawn().await;
    let key = [("client_id", "kajabi"), ("client_secret", "kajabi-secret")];
    for form in [form.to_vec(), [form, &key].concat()] {
        Answer::to(app.post("/v1/oauth/token", &form)).await.assert_kajabi(400, "unsupported_grant_type");
    }
}

#[rstest]
#[case("kajabi", "wrong", "invalid_client")]
#[case("nobody", "nobody-secret", "invalid_client")]
#[case("disabled", "disabled-secret", "invalid_client")]
#[case("session", "session-secret", "unauthorized_client")]
#[case("key", "key-secret", "invalid_client")]
#[tokio::test]
async fn a_key_that_is_not_right_is_401(#[case] client: &str, #[case] secret: &str, #[case] code: &str) {
    let app = App::spawn().await;
    app.kajabi_token(client, secret).await.assert_kajabi(401, code);
}

#[rstest]
#[case(&[], 400, "invalid_request")]
#[case(&[("grant_type", "")], 400, "invalid_request")]
#[case(&[("grant_type", "refresh_token")], 400, "invalid_request")]
#[case(&[("grant_type", "client_credentials")], 401, "invalid_client")]
#[case(&[("grant_type", "client_credentials"), ("client_id", "kajabi")], 401, "invalid_client")]
#[case(&[("grant_type", "client_credentials"), ("client_id", "spa")], 401, "unauthorized_client")]
#[case(&[("grant_type", "client_credentials"), ("client_secret", "x")], 400, "invalid_request")]
#[case(&[("grant_type", "client_credentials"), ("client_id", "kajabi"), ("client_secret", "kajabi-secret"),
    ("scope", "admin")], 400, "invalid_scope")]
#[tokio::test]
async fn what_is_missing_or_too_much_is_told(#[case] form: &[(&str, &str)], #[case] status: u16, #[case] code: &str) {
    let app = App::spawn().await;
    Answer::to(app.post("/v1/oauth/token", form)).await.assert_kajabi(status, code);
}
