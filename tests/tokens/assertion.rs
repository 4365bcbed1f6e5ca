//! `private_key_jwt` (RFC 7523, RFC 10070).

use std::time::Duration;

use atropos::domain::authority::{AuthenticationMethod, Caller, Presented};
use atropos::domain::client::{AssertionKey, Authentication};
use atropos::domain::error::{ClientFault, Error};
use atropos::domain::keys::install;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};

use crate::authenticate::{Desk, client};
use crate::setting::{ISSUER, NOW};

struct Signer {
    key: EncodingKey,
    public: Jwk,
}

impl Signer {
    fn new(kid: Option<&str>) -> Self {
        install();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
        let mut public = Jwk::from_decoding_key(&public, Some(Algorithm::ES256)).unwrap();
        public.common.key_id = kid.map(str::to_owned);
        Self { key: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()), public }
    }

    fn sign(&self, header: &Value, claims: &str) -> String {
        let message = [header.to_string().as_str(), claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    fn assert(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": "ES256" }), &claims.to_string())
    }
}

fn claims(jti: &str) -> Value {
    let now = NOW.as_secs();
    json!({ "iss": "one", "sub": "one", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti })
}

async fn desk(keys: &[&Signer]) -> Desk {
    let keys = keys.iter().map(|signer| AssertionKey(signer.public.clone())).collect();
    let mut disabled = client("disabled", Authentication::PrivateKeyJwt(Clone::clone(&keys)));
    disabled.enabled = false;
    let other = client("two", Authentication::PrivateKeyJwt(Clone::clone(&keys)));
    Desk::patient([client("one", Authentication::PrivateKeyJwt(keys)), other, disabled]).await
}

async fn present(desk: &Desk, assertion: &str) -> Result<Caller, Error> {
    desk.authenticator.authenticate(Presented::Assertion { client_id: None, assertion }, None).await
}

async fn fault(desk: &Desk, assertion: &str) -> ClientFault {
    match present(desk, assertion).await {
        Err(Error::InvalidClient(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

async fn is_refused(desk: &Desk, assertion: &str) -> bool {
    matches!(fault(desk, assertion).await, ClientFault::InvalidAssertion | ClientFault::UnknownClient)
}

#[tokio::test]
async fn a_valid_assertion_proves_its_client_by_the_key_that_signed_it() {
    let (first, second) = (Signer::new(Some("a")), Signer::new(Some("b")));
    let desk = desk(&[&first, &second]).await;
    let by_first = present(&desk, &first.assert(&claims("1"))).await.unwrap();
    assert_eq!((by_first.client.id.as_str(), by_first.method), ("one", AuthenticationMethod::PrivateKeyJwt));
    assert_eq!(by_first.credential, present(&desk, &first.assert(&claims("2"))).await.unwrap().credential);
    assert_ne!(by_first.credential, present(&desk, &second.assert(&claims("3"))).await.unwrap().credential);
}

/// RFC10070-3-b, RFC7009-2.1-v.
#[tokio::test]
async fn the_audience_is_the_issuer_and_nothing_else() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let with = |jti: &str, aud: Value| {
        let mut claims = claims(jti);
        claims["aud"] = aud;
        signer.assert(&claims)
    };
    assert!(present(&desk, &with("1", json!(ISSUER))).await.is_ok());
    assert!(present(&desk, &with("2", json!([ISSUER]))).await.is_ok());
    for aud in [
        json!(format!("{ISSUER}/")),
        json!(format!("{ISSUER}/oauth/token")),
        json!(format!("{ISSUER}/oauth/revoke")),
        json!([ISSUER, format!("{ISSUER}/oauth/token")]),
        json!([ISSUER, ISSUER]),
        json!([[ISSUER]]),
        json!([]),
        Value::Null,
        json!("HTTPS://as.example"),
    ] {
        assert!(is_refused(&desk, &with("3", aud.clone())).await, "{aud}");
    }
    assert_eq!(desk.store.used(), 2, "what is refused uses no jti");
}

/// RFC10070-3.2-c.
#[tokio::test]
async fn no_other_explicit_type_passes_for_an_assertion() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    for (at, typ) in
        ["client-authentication+jwt", "JWT", "jwt", "application/client-authentication+jwt"].iter().enumerate()
    {
        let assertion = signer.sign(&json!({ "alg": "ES256", "typ": typ }), &claims(&at.to_string()).to_string());
        assert!(present(&desk, &assertion).await.is_ok(), "{typ}");
    }
    for typ in ["at+jwt", "dpop+jwt", "token-introspection+jwt", ""] {
        let assertion = signer.sign(&json!({ "alg": "ES256", "typ": typ }), &claims(typ).to_string());
        assert!(is_refused(&desk, &assertion).await, "{typ}");
    }
    let critical = json!({ "alg": "ES256", "crit": ["x"], "x": 1 });
    assert!(is_refused(&desk, &signer.sign(&critical, &claims("x").to_string())).await);
}

/// RFC7523-3-d.
#[tokio::test]
async fn claims_that_do_not_hold_are_refused() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let now = NOW.as_secs();
    for (claim, value) in [
        ("iss", json!("two")),
        ("iss", Value::Null),
        ("sub", json!("two")),
        ("sub", json!("nobody")),
        ("sub", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(now - 30)),
        ("exp", json!(now + 631)),
        ("exp", json!("1800000060")),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("nbf", json!(now + 31)),
        ("iat", json!(now + 31)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!(7)),
    ] {
        let mut claims = claims("1");
        claims[claim] = value.clone();
        assert!(is_refused(&desk, &signer.assert(&claims)).await, "{claim} {value}");
    }
    for twice in ["aud", "sub", "jti", "exp"] {
        let claims = claims("1");
        let twice = claims.to_string().replacen('{', &format!(r#"{{"{twice}":{},"#, claims[twice]), 1);
        assert!(is_refused(&desk, &signer.sign(&json!({ "alg": "ES256" }), &twice)).await, "{twice}");
    }
    assert_eq!(desk.store.used(), 0);
}

#[tokio::test]
async fn clocks_may_differ_by_half_a_minute() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let now = NOW.as_secs();
    for (at, (exp, iat)) in [(now - 29, now - 100), (now + 600, now + 30), (now + 600, now)].into_iter().enumerate() {
        let mut claims = claims(&at.to_string());
        (claims["exp"], claims["iat"], claims["nbf"]) = (json!(exp), json!(iat), json!(iat));
        assert!(present(&desk, &signer.assert(&claims)).await.is_ok(), "{claims}");
    }
    let mut fraction = claims("fraction");
    fraction["exp"] = json!(1_800_000_060.5);
    assert!(present(&desk, &signer.assert(&fraction)).await.is_ok());
}

/// S28, RFC7523-3-d.
#[tokio::test]
async fn an_assertion_is_used_once_for_as_long_as_it_is_valid() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let assertion = signer.assert(&claims("1"));
    assert!(present(&desk, &assertion).await.is_ok());
    assert_eq!(fault(&desk, &assertion).await, ClientFault::ReplayedAssertion);
    assert_eq!(fault(&desk, &signer.assert(&claims("1"))).await, ClientFault::ReplayedAssertion, "another signature");
    assert_eq!(desk.store.lives.lock().unwrap()[0], Duration::from_secs(60 + 30));
}

/// S7: a `jti` is unique for its client only, and nobody can use up another's.
#[tokio::test]
async fn another_client_may_have_the_same_jti() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let forger = Signer::new(None);
    assert!(is_refused(&desk, &forger.assert(&claims("1"))).await);
    let mut other = claims("1");
    (other["iss"], other["sub"]) = (json!("two"), json!("two"));
    assert!(present(&desk, &signer.assert(&other)).await.is_ok());
    assert!(present(&desk, &signer.assert(&claims("1"))).await.is_ok());
}

#[tokio::test]
async fn the_registered_key_decides() {
    let (signer, named) = (Signer::new(Some("a")), Signer::new(Some("b")));
    let desk = desk(&[&signer, &named]).await;
    let header = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    assert!(present(&desk, &signer.sign(&header("ES256", "a"), &claims("1").to_string())).await.is_ok());
    for header in
        [header("ES256", "b"), header("ES256", "c"), header("ES384", "a"), header("none", "a"), header("HS256", "a")]
    {
        assert!(is_refused(&desk, &signer.sign(&header, &claims("2").to_string())).await, "{header}");
    }
}

#[tokio::test]
async fn hs256_by_the_public_key_is_refused() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let jwk = serde_json::to_vec(&signer.public).unwrap();
    let header = jsonwebtoken::Header::new(Algorithm::HS256);
    let forged = jsonwebtoken::encode(&header, &claims("1"), &EncodingKey::from_secret(&jwk)).unwrap();
    assert!(is_refused(&desk, &forged).await);
}

#[tokio::test]
async fn a_client_id_beside_the_assertion_must_agree() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let assertion = signer.assert(&claims("1"));
    let with = |client_id| Presented::Assertion { client_id: Some(client_id), assertion: &assertion };
    let refused = desk.authenticator.authenticate(with("two"), None).await;
    assert!(matches!(refused, Err(Error::InvalidClient(ClientFault::InvalidAssertion))));
    assert!(desk.authenticator.authenticate(with("one"), None).await.is_ok());
}

#[tokio::test]
async fn a_disabled_client_is_refused_and_its_jti_stays_unused() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let mut claims = claims("1");
    (claims["iss"], claims["sub"]) = (json!("disabled"), json!("disabled"));
    assert_eq!(fault(&desk, &signer.assert(&claims)).await, ClientFault::Disabled);
    assert_eq!(desk.store.used(), 0);
}

#[tokio::test]
async fn a_store_that_is_away_is_not_the_clients_fault() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    desk.store.cut(true);
    let assertion = signer.assert(&claims("1"));
    assert!(matches!(present(&desk, &assertion).await, Err(Error::Unavailable(_))));
    assert!(is_refused(&desk, "no assertion").await);
    desk.store.cut(false);
    assert!(present(&desk, &assertion).await.is_ok());
}

#[tokio::test]
async fn what_is_no_jwt_is_refused() {
    let signer = Signer::new(None);
    let desk = desk(&[&signer]).await;
    let valid = signer.assert(&claims("1"));
    for text in ["", ".", "..", "...", &"a".repeat(20_000), &format!("{valid}."), &format!("{valid}="), "\0\u{1f980}"] {
        assert!(is_refused(&desk, text).await, "{text:.60}");
    }
    assert!(present(&desk, &valid).await.is_ok());
}

/// RFC7523-P-e.
#[tokio::test]
async fn a_key_that_is_registered_no_more_proves_nothing() {
    let (kept, removed) = (Signer::new(Some("a")), Signer::new(Some("b")));
    let before = desk(&[&kept, &removed]).await;
    assert!(present(&before, &removed.assert(&claims("1"))).await.is_ok());
    let after = desk(&[&kept]).await;
    assert!(is_refused(&after, &removed.assert(&claims("2"))).await);
    let named = removed.sign(&json!({ "alg": "ES256", "kid": "b" }), &claims("3").to_string());
    assert!(is_refused(&after, &named).await);
    assert_eq!(after.store.used(), 0);
    assert!(present(&after, &kept.assert(&claims("4"))).await.is_ok());
}
