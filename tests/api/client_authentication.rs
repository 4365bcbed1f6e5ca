//! Client authentication (RFC 6749 section 2.3, RFC 7523, RFC 10070), the same at every endpoint that wants it.

use atropos::domain::client::{Authentication, SecretHash};
use atropos::domain::{Cause, Target};
use rstest::rstest;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::assertion::{self, claims, claims_but, sign, sign_with};
use crate::spawn::{App, ISSUER, Setup, basic, basic_with, secret_of, tokens};

const TOKEN: &str = "/oauth/token";

/// What each endpoint needs beside the client.
const ENDPOINTS: [(&str, (&str, &str)); 3] = [
    (TOKEN, ("grant_type", "client_credentials")),
    ("/oauth/revoke", ("token", "unknown")),
    ("/oauth/introspect", ("token", "unknown")),
];

/// RFC6749-2.3.1-a
#[tokio::test]
async fn secrets_come_by_header_or_body() {
    let app = App::spawn().await;
    for (path, parameter) in ENDPOINTS {
        Answer::to(app.post(path, &[parameter]).header("authorization", basic("session"))).await.assert_ok();
        let secret = secret_of("session");
        let body = [parameter, ("client_id", "session"), ("client_secret", &secret)];
        Answer::to(app.post(path, &body)).await.assert_ok();
    }
}

/// RFC6749-B-f
#[tokio::test]
async fn any_character_may_be_in_a_secret() {
    let app = App::spawn().await;
    let strange = secret_of("strange: ä+%");
    let encode = |half: &str| url::form_urlencoded::byte_serialize(half.as_bytes()).collect::<String>();
    let authorization = basic_with(&encode("strange: ä+%"), &encode(&strange));
    let grant = ("grant_type", "client_credentials");
    Answer::to(app.post(TOKEN, &[grant]).header("authorization", authorization)).await.assert_ok();
    let body = [grant, ("client_id", "strange: ä+%"), ("client_secret", &strange)];
    Answer::to(app.post(TOKEN, &body)).await.assert_ok();
}

/// RFC6749-2.3-b, RFC7009-2.1-t
#[tokio::test]
async fn two_methods_at_once_are_refused() {
    let app = App::spawn().await;
    let secret = secret_of("session");
    for (path, parameter) in ENDPOINTS {
        let both = [parameter, ("client_id", "session"), ("client_secret", &*secret)];
        let request = app.post(path, &both).header("authorization", basic("session"));
        Answer::to(request).await.assert_error(400, "invalid_request");
        let assertion = sign(&claims(&app));
        let both = [parameter, ("client_assertion", &*assertion), ("client_assertion_type", assertion::TYPE)];
        let request = app.post(path, &both).header("authorization", basic("session"));
        Answer::to(request).await.assert_error(400, "invalid_request");
    }
}

/// RFC7009-2.1-w
#[tokio::test]
async fn a_client_id_beside_basic_must_be_the_same() {
    let app = App::spawn().await;
    for (path, parameter) in ENDPOINTS {
        app.by("session", path, &[parameter, ("client_id", "session")]).await.assert_ok();
        let other = [parameter, ("client_id", "other")];
        app.by("session", path, &other).await.assert_error(400, "invalid_request");
    }
}

/// RFC6749-5.2-c, RFC6749-3.2.1-d, RFC7009-2.1-o, RFC7009-2.1-s, RFC7009-2.1-u, RFC6749-2.3-f, S10
#[rstest]
#[case(None, "", true)]
#[case(None, "client_id=session", false)]
#[case(None, "client_id=session&client_secret=wrong", false)]
#[case(None, "client_id=session&client_secret=", false)]
#[case(None, "client_id=nobody&client_secret=x", false)]
#[case(None, "client_id=spa&client_secret=x", false)]
#[case(None, "client_id=key&client_secret=key-secret", false)]
#[case(Some(basic_with("session", "wrong")), "", true)]
#[case(Some(basic_with("session", "")), "", true)]
#[case(Some(basic_with("nobody", "x")), "", true)]
#[case(Some(basic_with("spa", "")), "", true)]
#[case(Some(basic("disabled")), "", true)]
#[case(Some("Basic !".to_owned()), "", true)]
#[case(Some("Bearer x".to_owned()), "", true)]
#[case(Some("Negotiate x".to_owned()), "client_id=spa", true)]
#[tokio::test]
async fn every_failure_is_the_same_answer(
    #[case] authorization: Option<String>,
    #[case] credentials: &str,
    #[case] challenged: bool,
) {
    let app = App::spawn().await;
    for (path, (name, value)) in ENDPOINTS {
        let mut request = app.post(path, &[]).body(format!("{name}={value}&{credentials}"));
        if let Some(authorization) = &authorization {
            request = request.header("authorization", authorization);
        }
        let answer = Answer::to(request).await;
        answer.assert_error(401, "invalid_client");
        let challenge = challenged.then_some("Basic realm=\"atropos\"");
        assert_eq!(answer.header("www-authenticate"), challenge, "{path}");
    }
}

async fn by_assertion(app: &App, path: &str, parameter: (&str, &str), assertion: &str) -> Answer {
    let form = [parameter, ("client_assertion", assertion), ("client_assertion_type", assertion::TYPE)];
    Answer::to(app.post(path, &form)).await
}

/// RFC10070-3-b, RFC7009-2.1-v, RFC10070-3.2-c
#[tokio::test]
async fn an_assertion_for_this_issuer_is_accepted_everywhere() {
    let app = App::spawn().await;
    for (path, parameter) in ENDPOINTS {
        by_assertion(&app, path, parameter, &sign(&claims(&app))).await.assert_ok();
        let one = claims_but(&app, "aud", json!([ISSUER]));
        by_assertion(&app, path, parameter, &sign(&one)).await.assert_ok();
        for header in [json!({"alg": "ES256"}), json!({"alg": "ES256", "typ": "JWT"})] {
            by_assertion(&app, path, parameter, &sign_with(&header, &claims(&app))).await.assert_ok();
        }
    }
}

/// RFC10070-3-b, RFC7009-2.1-v, RFC7523-3-d
#[rstest]
#[case("aud", json!("https://as.example/oauth/revoke"))]
#[case("aud", json!("https://as.example/oauth/token"))]
#[case("aud", json!("https://as.example/"))]
#[case("aud", json!([ISSUER, "https://as.example/oauth/token"]))]
#[case("aud", json!([]))]
#[case("iss", json!("session"))]
#[case("sub", json!("session"))]
#[case("exp", json!(1_700_000_000))]
#[case("exp", json!(1_800_000_000 + 3600))]
#[case("exp", Value::Null)]
#[case("nbf", json!(1_800_000_000 + 3600))]
#[case("jti", Value::Null)]
#[tokio::test]
async fn an_assertion_with_one_wrong_claim_is_refused(#[case] name: &str, #[case] value: Value) {
    let app = App::spawn().await;
    for (path, parameter) in ENDPOINTS {
        let assertion = sign(&claims_but(&app, name, value.clone()));
        by_assertion(&app, path, parameter, &assertion).await.assert_error(401, "invalid_client");
    }
}

/// RFC10070-3.2-c
#[rstest]
#[case(json!({"alg": "ES256", "typ": "at+jwt"}))]
#[case(json!({"alg": "ES256", "typ": "dpop+jwt"}))]
#[case(json!({"alg": "none"}))]
#[case(json!({"alg": "HS256"}))]
#[case(json!({"alg": "ES256", "crit": ["x"]}))]
#[case(json!({"alg": "ES256", "kid": "unknown"}))]
#[tokio::test]
async fn an_assertion_of_another_kind_is_refused(#[case] header: Value) {
    let app = App::spawn().await;
    let assertion = sign_with(&header, &claims(&app));
    by_assertion(&app, TOKEN, ENDPOINTS[0].1, &assertion).await.assert_error(401, "invalid_client");
}

/// RFC7523-3-d, S28
#[tokio::test]
async fn an_assertion_serves_once_and_a_refused_one_uses_up_nothing() {
    let app = App::spawn().await;
    let good = claims(&app);
    let mut elsewhere = good.clone();
    elsewhere["aud"] = json!("https://other.example");
    by_assertion(&app, TOKEN, ENDPOINTS[0].1, &sign(&elsewhere)).await.assert_error(401, "invalid_client");
    by_assertion(&app, TOKEN, ENDPOINTS[0].1, &sign(&good)).await.assert_ok();
    for (path, parameter) in ENDPOINTS {
        by_assertion(&app, path, parameter, &sign(&good)).await.assert_error(401, "invalid_client");
    }
}

/// RFC 7521 section 4.2.
#[tokio::test]
async fn half_an_assertion_is_an_invalid_request() {
    let app = App::spawn().await;
    let assertion = sign(&claims(&app));
    for (path, parameter) in ENDPOINTS {
        let alone = app.post(path, &[parameter, ("client_assertion", &*assertion)]);
        Answer::to(alone).await.assert_error(400, "invalid_request");
        let form = [parameter, ("client_assertion", &*assertion), ("client_assertion_type", "urn:other")];
        Answer::to(app.post(path, &form)).await.assert_error(401, "invalid_client");
    }
}

/// RFC6749-2.3.1-e, S26
#[tokio::test]
async fn guessing_is_limited_and_the_right_secret_stays_right() {
    let app = App::spawn().await;
    let guess = || async {
        let request = app.post(TOKEN, &[ENDPOINTS[0].1]).header("authorization", basic_with("session", "wrong"));
        Answer::to(request).await.status.as_u16()
    };
    let mut statuses = Vec::new();
    for _ in 0..50 {
        statuses.push(guess().await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    app.issue("session").await;
}

/// RFC7009-2.1-u, RFC7009-2.1-a, S13: a client that signs ends what it has, by signing.
#[tokio::test]
async fn a_client_that_signs_revokes_by_signing() {
    let app = App::spawn().await;
    let signed = || sign(&claims(&app));
    let given = tokens(&by_assertion(&app, TOKEN, ENDPOINTS[0].1, &signed()).await);
    for token in [&*given.access, given.refresh()] {
        by_assertion(&app, "/oauth/revoke", ("token", token), &signed()).await.assert_revoked();
        by_assertion(&app, "/oauth/introspect", ("token", token), &signed()).await.assert_inactive();
    }
}

/// RFC6749-2.3-g: beyond the overlap an old secret is none; what was got by it lives on until the client is cut.
#[tokio::test]
async fn a_secret_that_was_replaced_is_refused_and_what_it_got_dies_by_a_cut() {
    let with = |secrets: &[&str]| {
        let hashes: Vec<_> = secrets.iter().map(|secret| SecretHash::of_generated(secret)).collect();
        Setup::but("session", move |client| client.authentication = Authentication::Secret(hashes.clone()))
    };
    let grant = [ENDPOINTS[0].1];
    let by = |app: &App, secret: &str| {
        Answer::to(app.post(TOKEN, &grant).header("authorization", basic_with("session", secret)))
    };
    let app = App::with(with(&["old"])).await;
    let old = tokens(&by(&app, "old").await);
    let overlap = app.beside(with(&["old", "new"])).await;
    by(&overlap, "old").await.assert_ok();
    by(&overlap, "new").await.assert_ok();
    let after = app.beside(with(&["new"])).await;
    by(&after, "old").await.assert_error(401, "invalid_client");
    assert!(after.is_active("api", &old.access).await);
    let target = Target::Client("session".into());
    after.authority().revoke_target(target, Cause::Administrator).await.expect("the store answers");
    after.introspect("api", &old.access).await.assert_inactive();
    let new = tokens(&by(&after, "new").await);
    assert!(after.is_active("api", &new.access).await);
}

/// S7: an assertion may have the id of a token, alive or revoked, and neither is taken for the other.
#[tokio::test]
async fn the_id_of_an_assertion_is_no_id_of_a_token() {
    let app = App::spawn().await;
    let [revoked, live] = [app.issue("service-jwt").await.access, app.issue("service-jwt").await.access];
    let mut signed = Vec::new();
    for token in [&revoked, &live] {
        signed.push(sign(&claims_but(&app, "jti", app.introspect("api", token).await.json()["jti"].clone())));
    }
    app.revoke("service-jwt", &revoked).await.assert_revoked();
    for assertion in &signed {
        by_assertion(&app, TOKEN, ENDPOINTS[0].1, assertion).await.assert_ok();
        by_assertion(&app, TOKEN, ENDPOINTS[0].1, assertion).await.assert_error(401, "invalid_client");
    }
    app.introspect("api", &revoked).await.assert_inactive();
    assert!(app.is_active("api", &live).await);
}

/// RFC6749-3.2.1-d, S10: a refresh token is no credential of a client that has one.
#[rstest]
#[case("", None)]
#[case("client_id=session", None)]
#[case("client_id=session&client_secret=wrong", None)]
#[case("client_id=session&client_secret=", None)]
#[case("", Some(basic_with("session", "wrong")))]
#[tokio::test]
async fn without_its_secret_a_client_refreshes_nothing(
    #[case] credentials: &str,
    #[case] authorization: Option<String>,
) {
    let app = App::spawn().await;
    let given = app.issue("session").await;
    let body = format!("grant_type=refresh_token&refresh_token={}&{credentials}", given.refresh());
    let mut request = app.post(TOKEN, &[]).body(body);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    Answer::to(request).await.assert_error(401, "invalid_client");
    assert!(app.is_active("session", given.refresh()).await, "it was not spent");
    app.refreshed("session", given.refresh()).await;
}
