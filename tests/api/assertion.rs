//! Client assertions (RFC 7523 section 2.2), signed by a key that is made anew for each run.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::spawn::{App, ISSUER};

pub(crate) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

static KEY: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"));

/// What the clients `key` and `web-key` have registered.
pub(crate) fn public_jwk() -> Value {
    let (x, y) = KEY.public_key().as_ref()[1..].split_at(32);
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "1",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    })
}

/// The claims of a good assertion of the client `key`, for this once.
pub(crate) fn claims(app: &App) -> Value {
    let now = app.now();
    json!({
        "iss": "key", "sub": "key", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": Uuid::new_v8(random()),
    })
}

/// The good claims with one of them changed.
pub(crate) fn claims_but(app: &App, name: &str, value: Value) -> Value {
    let mut claims = claims(app);
    claims[name] = value;
    claims
}

pub(crate) fn sign(claims: &Value) -> String {
    sign_with(&json!({"alg": "ES256", "kid": "1", "typ": "client-authentication+jwt"}), claims)
}

pub(crate) fn sign_with(header: &Value, claims: &Value) -> String {
    sign_text(header, &claims.to_string())
}

pub(crate) fn sign_text(header: &Value, claims: &str) -> String {
    let signed = [&header.to_string(), claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    format!("{signed}.{}", signature(&signed))
}

pub(crate) fn signature(signed: &str) -> String {
    URL_SAFE_NO_PAD.encode(KEY.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature"))
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("chance");
    bytes
}
