//! JWT access tokens (RFC 9068): what they say, and the ones that only look like them.

use std::collections::HashSet;
use std::time::Duration;

use atropos::domain::Shard;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use rstest::rstest;
use serde_json::{Value, json};

use crate::assertion;
use crate::clients::API;
use crate::spawn::{App, ISSUER, Setup, tokens};

async fn key_set(app: &App) -> JwkSet {
    serde_json::from_str(&app.get("/oauth/jwks").await.body).expect("a key set")
}

/// The three parts of a JWT, the first two as JSON.
fn parts(jwt: &str) -> (Value, Value, String) {
    let mut parts = jwt.split('.');
    let mut next = || parts.next().expect("three parts").to_owned();
    let json = |part: String| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    (json(next()), json(next()), next())
}

fn join(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// RFC9068-2.1-a, RFC9068-2.2-b, RFC9068-2.2-c, RFC9068-2.2.3-e, RFC9068-2.2-f, RFC9068-3-d
#[tokio::test]
async fn a_resource_server_can_verify_it_by_the_published_keys() {
    let app = App::spawn().await;
    let token = app.issue("service-jwt").await.access;
    let header = decode_header(&token).expect("a header");
    assert_eq!((header.typ.as_deref(), header.alg), (Some("at+jwt"), Algorithm::ES256));
    let keys = key_set(&app).await;
    let key = keys.find(header.kid.as_deref().expect("a kid")).expect("it is published");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[API]);
    validation.set_issuer(&[ISSUER]);
    // By the server's clock, which stands still.
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(key).expect("a key");
    let claims = decode::<Value>(&token, &key, &validation).expect("a signature of the server's").claims;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("service-jwt"), &json!("service-jwt")));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(app.now()), &json!(app.now() + 300)));
    assert_eq!(claims["scope"], "read write");
    let told = app.introspect("api", &token).await.json();
    for name in ["iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope"] {
        assert_eq!(told[name], claims[name], "{name}");
    }
}

/// RFC9068-2.2-f
#[tokio::test]
async fn of_a_persons_grant_the_person_is_the_subject() {
    let app = App::spawn().await;
    let token = app.log_in("session-jwt", "alice").await.access;
    let (_, claims, _) = parts(&token);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("alice"), &json!("session-jwt")));
}

/// RFC9068-2.2-b: nor in one family, nor after a restart.
#[tokio::test]
async fn no_two_have_the_same_id() {
    let app = App::spawn().await;
    let again = app.beside(Setup::default()).await;
    let mut ids = HashSet::new();
    let mut refresh = app.issue("session-jwt").await;
    for turn in 0..200 {
        let app = if turn % 2 == 0 { &app } else { &again };
        // So that a family never has too many.
        app.clock.advance(Duration::from_secs(10));
        refresh = app.refreshed("session-jwt", refresh.refresh()).await;
        for token in [&app.issue("service-jwt").await.access, &refresh.access] {
            let (_, claims, _) = parts(token);
            assert!(ids.insert(claims["jti"].as_str().expect("a jti").to_owned()));
        }
    }
}

/// RFC9068-4-h, S7, S12
#[rstest]
#[case::algorithm_none(|header: &mut Value, _: &mut Value| header["alg"] = json!("none"))]
#[case::another_algorithm(|header: &mut Value, _: &mut Value| header["alg"] = json!("RS256"))]
#[case::an_unknown_extension(|header: &mut Value, _: &mut Value| header["crit"] = json!(["exp"]))]
#[case::a_foreign_key(|header: &mut Value, _: &mut Value| header["kid"] = json!("deadbeef"))]
#[case::no_key(|header: &mut Value, _: &mut Value| drop(header.as_object_mut().expect("an object").remove("kid")))]
#[case::an_id_token(|header: &mut Value, _: &mut Value| header["typ"] = json!("JWT"))]
#[case::no_type(|header: &mut Value, _: &mut Value| drop(header.as_object_mut().expect("an object").remove("typ")))]
#[case::a_key_of_its_own(|header: &mut Value, _: &mut Value| header["jwk"] = assertion::public_jwk())]
#[case::a_place_for_keys(|header: &mut Value, _: &mut Value| header["jku"] = json!("https://evil.example/jwks"))]
#[case::an_unencoded_payload(|header: &mut Value, _: &mut Value| header["b64"] = json!(false))]
#[case::another_audience(|_: &mut Value, claims: &mut Value| claims["aud"] = json!("https://billing.example"))]
#[case::another_issuer(|_: &mut Value, claims: &mut Value| claims["iss"] = json!("https://other.example"))]
#[case::another_person(|_: &mut Value, claims: &mut Value| claims["sub"] = json!("alice"))]
#[case::more_scope(|_: &mut Value, claims: &mut Value| claims["scope"] = json!("read write admin"))]
#[case::another_client(|_: &mut Value, claims: &mut Value| claims["client_id"] = json!("other"))]
#[case::a_longer_life(|_: &mut Value, claims: &mut Value| claims["exp"] = json!(4_000_000_000_u64))]
#[tokio::test]
async fn what_was_changed_is_not_ours_and_ends_nothing(#[case] change: fn(&mut Value, &mut Value)) {
    let app = App::spawn().await;
    let token = app.issue("session-jwt").await.access;
    let (mut header, mut claims, signature) = parts(&token);
    change(&mut header, &mut claims);
    // Its own, none, and one by a key that the forger has.
    let unsigned = join(&header, &claims, "");
    let by_another = assertion::signature(unsigned.trim_end_matches('.'));
    for signature in [signature.as_str(), "", &by_another] {
        let forged = join(&header, &claims, signature);
        app.introspect("api", &forged).await.assert_inactive();
        app.revoke("session-jwt", &forged).await.assert_revoked();
        app.refresh("session-jwt", &forged).await.assert_error(400, "invalid_grant");
    }
    assert!(app.authority().follower.denylist(Shard::default()).is_empty(), "S7: nothing is noted of it");
    assert!(app.is_active("api", &token).await);
}

/// RFC9068-4-h
#[tokio::test]
async fn a_public_key_is_no_secret_to_sign_with() {
    let app = App::spawn().await;
    let token = app.issue("session-jwt").await.access;
    let (mut header, claims, _) = parts(&token);
    header["alg"] = json!("HS256");
    let jwks = app.get("/oauth/jwks").await;
    let keys = jwks.json()["keys"].as_array().expect("keys").clone();
    for secret in keys.iter().map(Value::to_string).chain([jwks.body]) {
        let signed = join(&header, &claims, "");
        let signed = signed.trim_end_matches('.');
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
        app.introspect("api", &forged).await.assert_inactive();
        app.revoke("session-jwt", &forged).await.assert_revoked();
    }
    assert!(app.is_active("api", &token).await);
}

/// RFC9068-4-h, where one proves who asks: Kajabi's revoke.
#[rstest]
#[case::algorithm_none(|header: &mut Value| header["alg"] = json!("none"))]
#[case::by_the_public_key(|header: &mut Value| header["alg"] = json!("HS256"))]
#[case::an_unknown_extension(|header: &mut Value| header["crit"] = json!(["exp"]))]
#[case::a_foreign_key(|header: &mut Value| header["kid"] = json!("deadbeef"))]
#[case::an_id_token(|header: &mut Value| header["typ"] = json!("JWT"))]
#[case::a_key_of_its_own(|header: &mut Value| header["jwk"] = assertion::public_jwk())]
#[tokio::test]
async fn a_forged_one_proves_nothing(#[case] change: fn(&mut Value)) {
    let app = App::spawn().await;
    let genuine = app.kajabi_session("kajabi-jwt").await.access;
    let (mut header, claims, signature) = parts(&genuine);
    change(&mut header);
    let message = join(&header, &claims, "");
    let message = message.trim_end_matches('.');
    let key = app.get("/oauth/jwks").await.json()["keys"][0].to_string();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), message.as_bytes());
    let by_another = assertion::signature(message);
    for signature in [&*signature, "", &by_another, &URL_SAFE_NO_PAD.encode(tag.as_ref())] {
        app.kajabi_revoke(&format!("{message}.{signature}"), &genuine).await.assert_invalid_token();
    }
    assert!(app.is_active("api", &genuine).await);
    app.kajabi_revoke(&genuine, &genuine).await.assert_revoked();
    app.kajabi_revoke(&genuine, &genuine).await.assert_invalid_token();
}

/// RFC9068-4-h: it is refused from its `exp` on, and for those it is not meant for before.
#[tokio::test]
async fn an_expired_one_or_one_for_another_resource_is_not_active() {
    let app = App::spawn().await;
    let token = app.issue("service-jwt").await.access;
    assert!(app.is_active("api", &token).await);
    app.introspect("billing", &token).await.assert_inactive();
    app.clock.advance(Duration::from_secs(299));
    assert!(app.is_active("api", &token).await);
    app.clock.advance(Duration::from_secs(1));
    app.introspect("api", &token).await.assert_inactive();
}

/// S1: other spellings of a revoked token are revoked, or no tokens at all; revoking by one revokes all.
#[tokio::test]
async fn no_other_spelling_outlives_it() {
    let app = App::spawn().await;
    for revoke_by in 0..2 {
        let token = app.issue("session-jwt").await.access;
        let spellings = spellings(&token);
        assert!(app.is_active("api", &spellings[1]).await, "the twin signature is a signature");
        app.revoke("session-jwt", &spellings[revoke_by]).await.assert_revoked();
        for spelling in &spellings {
            app.introspect("api", spelling).await.assert_inactive();
        }
    }
}

/// The token itself, its twin signature, and encodings that lenient readers take for the same.
fn spellings(token: &str) -> [String; 5] {
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let mut twin = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    negate(&mut twin[32..]);
    let (header, claims, _) = parts(token);
    [
        token.to_owned(),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(&twin)),
        format!("{message}.{}", URL_SAFE.encode(URL_SAFE_NO_PAD.decode(signature).expect("base64url"))),
        format!("{message}.{}", STANDARD.encode(&twin)),
        join(&header, &claims, signature),
    ]
}

/// `n - s` for the order `n` of P-256: with (r, s), (r, n - s) is a signature as well.
fn negate(s: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
        0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut borrow = 0;
    for (digit, of_order) in s.iter_mut().zip(ORDER).rev() {
        let difference = i16::from(of_order) - i16::from(*digit) - borrow;
        borrow = i16::from(difference < 0);
        *digit = difference.rem_euclid(256).to_le_bytes()[0];
    }
}

/// RFC9068-5-j: to a client the one is as good as the other, and it is told no more of the one than of the other.
#[tokio::test]
async fn a_client_cannot_tell_and_need_not_which_form_its_tokens_have() {
    let app = App::spawn().await;
    let form = [("grant_type", "client_credentials")];
    let mut seen = Vec::new();
    for client in ["session", "session-jwt"] {
        let answer = app.by(client, "/oauth/token", &form).await;
        let tokens = tokens(&answer);
        let mut json = answer.json();
        for (member, kind) in [("access_token", "a text"), ("refresh_token", "a text"), ("expires_in", "a number")] {
            assert!(json[member].is_string() || json[member].is_u64());
            json[member] = json!(kind);
        }
        let next = app.refreshed(client, tokens.refresh()).await;
        assert!(app.is_active("api", &next.access).await);
        app.revoke(client, &next.access).await.assert_revoked();
        app.introspect("api", &next.access).await.assert_inactive();
        seen.push(json);
    }
    assert_eq!(seen[0], seen[1]);
}
