//! Metadata (RFC 8414) and keys.

use rstest::rstest;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::spawn::{App, ISSUER, Setup, secret_of};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// RFC9700-2.1.1-g, RFC8414-3-a, BCL-2.1-b, RFC7009-2-a, RFC7009-2.1-u, RFC8414-2-b
#[rstest]
#[tokio::test]
async fn what_is_told_is_true_and_all(#[values(OAUTH, OPENID)] path: &str) {
    let app = App::spawn().await;
    let answer = app.get(path).await;
    answer.assert_ok();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let algorithms = json!(["ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",]);
    let confidential = json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
    let all = json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
    let expected = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://as.example/oauth/authorize",
        "token_endpoint": "https://as.example/oauth/token",
        "pushed_authorization_request_endpoint": "https://as.example/oauth/par",
        "jwks_uri": "https://as.example/oauth/jwks",
        "userinfo_endpoint": "https://as.example/oauth/userinfo",
        "end_session_endpoint": "https://as.example/oauth/logout",
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": ["email", "offline_access", "openid", "profile", "read"],
        "claims_supported":
            ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "sid", "preferred_username", "name", "email"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "request_object_signing_alg_values_supported": algorithms,
        "require_signed_request_object": false,
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": all,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint": "https://as.example/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": all,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint": "https://as.example/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
    });
    assert_eq!(answer.json(), expected);
}

/// RFC7009-2-b, RFC6749-1.6-h: TLS ends at a proxy, so a request is served as it comes; the clear address is told nobody.
#[tokio::test]
async fn what_comes_in_the_clear_is_revoked_and_no_clear_url_is_named() {
    let app = App::spawn().await;
    let token = app.issue("session").await.access;
    let clear = format!("http://{}/oauth/revoke", app.address);
    let form = [("token", token.as_str()), ("client_id", "session"), ("client_secret", &secret_of("session"))];
    Answer::to(reqwest::Client::new().post(clear).form(&form)).await.assert_revoked();
    app.introspect("session", &token).await.assert_inactive();
    for path in [OAUTH, OPENID] {
        assert!(!app.get(path).await.body.contains("http://"));
    }
}

/// RFC8414-3-a
#[tokio::test]
async fn an_issuer_with_a_path_has_it_inserted() {
    let issuer = "https://as.example/tenant/one";
    let app = App::with(Setup { issuer, ..Setup::default() }).await;
    for path in [&format!("{OAUTH}/tenant/one"), &format!("{OPENID}/tenant/one"), &format!("/tenant/one{OPENID}")] {
        let json = app.get(path).await.json();
        assert_eq!(json["issuer"], issuer, "{path}");
        assert_eq!(json["revocation_endpoint"], "https://as.example/tenant/one/oauth/revoke");
    }
    for path in [OAUTH, OPENID, "/oauth/jwks"] {
        assert_eq!(app.get(path).await.status.as_u16(), 404, "{path}");
    }
    app.get("/tenant/one/oauth/jwks").await.assert_ok();
    let form = [("grant_type", "client_credentials")];
    app.by("service", "/tenant/one/oauth/token", &form).await.assert_ok();
}

/// Every endpoint that the metadata names answers.
#[tokio::test]
async fn every_endpoint_that_is_named_exists() {
    let app = App::spawn().await;
    let metadata = app.get(OAUTH).await.json();
    for name in
        ["token_endpoint", "revocation_endpoint", "introspection_endpoint", "pushed_authorization_request_endpoint"]
    {
        let path = metadata[name].as_str().expect("a URL").strip_prefix(ISSUER).expect("below the issuer");
        Answer::to(app.post(path, &[])).await.assert_error(401, "invalid_client");
    }
    let path = metadata["jwks_uri"].as_str().expect("a URL").strip_prefix(ISSUER).expect("below the issuer");
    app.get(path).await.assert_ok();
}

/// RFC9068-2.1-a, RFC8414-2-b
#[tokio::test]
async fn keys_are_published_and_none_is_private() {
    let app = App::spawn().await;
    let answer = app.get("/oauth/jwks").await;
    answer.assert_ok();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let json = answer.json();
    let keys = json["keys"].as_array().expect("keys");
    let algorithms: Vec<_> = keys.iter().map(|key| key["alg"].as_str().expect("alg")).collect();
    assert!(algorithms.contains(&"ES256") && algorithms.contains(&"RS256"), "{algorithms:?}");
    for key in keys {
        assert!(key["kid"].is_string());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None::<&Value>);
        }
    }
}

/// RFC8414-2-b
#[rstest]
#[tokio::test]
async fn an_unknown_path_is_told_in_the_same_shape(
    #[values("/", "/oauth", "/oauth/token/", "//oauth/token", "/.well-known/x", "/metrics", "/%00")] path: &str,
) {
    App::spawn().await.get(path).await.assert_error(404, "invalid_request");
}
