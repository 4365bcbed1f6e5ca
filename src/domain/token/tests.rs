//! JWTs that nobody but the holder of our keys could make, and that are wrong all the same.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::jwt::{AccessClaims, sign};
use super::verify::{Verdict, Verified, is_media_type};
use crate::domain::client::ClientId;
use crate::domain::keys::{KeyKind, KeyRing, SigningAlgorithm, testing};
use crate::domain::scope::Scope;
use crate::domain::{FamilyId, KeyId, Link, Position, Shard, Timestamp, TokenId};

const ISSUER: &str = "https://as.example";
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn token_id(serial: u32) -> TokenId {
    TokenId { family: FamilyId::new(Shard::default(), NOW, 7), serial, nonce: u64::MAX }
}

fn claims() -> AccessClaims {
    AccessClaims {
        id: token_id(3),
        client: ClientId::new("client"),
        subject: Some("person".into()),
        scope: Scope::parse("read write").unwrap(),
        audience: vec!["https://api.example".into(), "https://other.example".into()],
        issued_at: NOW,
        expires_at: Timestamp::from_secs(NOW.as_secs() + 300),
        epoch: Position(1_800_000_000_000_000),
        is_managed: false,
        ancestors: vec![Link { token: token_id(1), client: "outer".into(), key: KeyId(0xab) }],
    }
}

async fn ring(algorithm: SigningAlgorithm) -> KeyRing {
    testing::ring(&[KeyKind::Mac, KeyKind::Signing(algorithm)]).await.unwrap()
}

const SIGNING: KeyId = KeyId(2);

fn header(alg: &str) -> Value {
    json!({ "typ": "at+jwt", "alg": alg, "kid": "00000002" })
}

fn wire() -> Value {
    json!({
        "iss": ISSUER, "sub": "person", "aud": "https://api.example", "client_id": "client", "iat": 1_800_000_000u64,
        "exp": 1_800_000_300u64, "jti": token_id(3).to_string(), "scope": "read", "atropos": { "epoch": 5 },
    })
}

/// Signed by our key, whatever it says.
fn raw(ring: &KeyRing, header: &str, claims: &str) -> String {
    let key = ring.find_signing(SIGNING).unwrap();
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding, key.algorithm.jose()).unwrap();
    format!("{message}.{signature}")
}

fn verdict(ring: &KeyRing, text: &str) -> Verdict {
    Verified::new(8).verify(text, ISSUER, ring, NOW)
}

fn is_ours(ring: &KeyRing, text: &str) -> bool {
    matches!(verdict(ring, text), Verdict::Ours(_))
}

fn is_garbage(ring: &KeyRing, text: &str) -> bool {
    matches!(verdict(ring, text), Verdict::Garbage)
}

#[tokio::test]
async fn what_was_signed_is_read_back_by_every_algorithm() {
    use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
    for algorithm in [Es256, Rs256, EdDsa, Ps256] {
        let ring = ring(algorithm).await;
        let text = sign(&Arc::from(ISSUER), &claims(), ring.find_signing(SIGNING).unwrap());
        let Verdict::Ours(jwt) = verdict(&ring, text.expose()) else { panic!("{algorithm:?}") };
        assert_eq!((jwt.key, &jwt.claims), (SIGNING, &claims()));
    }
}

/// RFC9068-2.1-a, RFC9068-2.2-b, RFC9068-2.2-f.
#[tokio::test]
async fn a_token_says_what_rfc_9068_asks_for() {
    let ring = ring(SigningAlgorithm::Es256).await;
    let own =
        AccessClaims { subject: None, audience: vec!["https://api.example".into()], ancestors: vec![], ..claims() };
    let text = sign(&Arc::from(ISSUER), &own, ring.find_signing(SIGNING).unwrap());
    let parts: Vec<Value> = text
        .expose()
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], header("ES256"));
    let expected = json!({
        "iss": ISSUER, "sub": "client", "aud": "https://api.example", "client_id": "client", "iat": 1_800_000_000u64,
        "exp": 1_800_000_300u64, "jti": own.id.to_string(), "scope": "read write",
        "atropos": { "epoch": 1_800_000_000_000_000u64 },
    });
    assert_eq!(parts[1], expected);
    let Verdict::Ours(jwt) = verdict(&ring, text.expose()) else { panic!("not ours") };
    assert_eq!(jwt.claims, own);
}

/// By which whoever follows the denylist tells whether an entry about an identity takes it.
#[tokio::test]
async fn a_token_that_somebody_manages_says_so() {
    let ring = ring(SigningAlgorithm::Es256).await;
    for is_managed in [true, false] {
        let own = AccessClaims { is_managed, ..claims() };
        let text = sign(&Arc::from(ISSUER), &own, ring.find_signing(SIGNING).unwrap());
        let Verdict::Ours(jwt) = verdict(&ring, text.expose()) else { panic!("not ours") };
        assert_eq!(jwt.claims, own);
        assert_eq!(jwt.claims.credential(SIGNING).is_managed, is_managed);
    }
}

/// RFC9068-2.1-a, RFC9068-4-h.
#[tokio::test]
async fn the_header_of_an_access_token_is_the_only_one_taken() {
    let ring = ring(SigningAlgorithm::Rs256).await;
    let wire = wire().to_string();
    assert!(is_ours(&ring, &raw(&ring, &header("RS256").to_string(), &wire)));
    for typ in ["application/at+jwt", "AT+JWT", "Application/At+Jwt"] {
        let header = json!({ "typ": typ, "alg": "RS256", "kid": "00000002" });
        assert!(is_ours(&ring, &raw(&ring, &header.to_string(), &wire)), "{typ}");
    }
    for wrong in [
        json!({ "typ": "JWT", "alg": "RS256", "kid": "00000002" }),
        json!({ "typ": "dpop+jwt", "alg": "RS256", "kid": "00000002" }),
        json!({ "alg": "RS256", "kid": "00000002" }),
        json!({ "typ": "at+jwt", "alg": "RS256" }),
        json!({ "typ": "at+jwt", "alg": "RS256", "kid": "2" }),
        // The mac key's id.
        json!({ "typ": "at+jwt", "alg": "RS256", "kid": "00000001" }),
        json!({ "typ": "at+jwt", "kid": "00000002" }),
        json!({ "typ": "at+jwt", "alg": "RS256", "kid": "00000002", "crit": ["exp"], "exp": 9 }),
        json!({ "typ": "at+jwt", "alg": "RS256", "kid": "00000002", "crit": [] }),
        json!({ "typ": "at+jwt", "alg": "RS256", "kid": "00000002", "crit": ["b64"], "b64": false }),
    ] {
        assert!(is_garbage(&ring, &raw(&ring, &wrong.to_string(), &wire)), "{wrong}");
    }
    let twice = r#"{"typ":"at+jwt","alg":"RS256","kid":"00000002","kid":"00000002"}"#;
    assert!(is_garbage(&ring, &raw(&ring, twice, &wire)));
}

/// The signature is of the key's own algorithm, and the header names another: RS256 and PS256 share keys of one kind.
#[tokio::test]
async fn the_header_cannot_choose_the_algorithm() {
    let ring = ring(SigningAlgorithm::Ps256).await;
    assert!(is_ours(&ring, &raw(&ring, &header("PS256").to_string(), &wire().to_string())));
    for alg in ["RS256", "PS384", "ES256", "HS256", "none", "ps256"] {
        assert!(is_garbage(&ring, &raw(&ring, &header(alg).to_string(), &wire().to_string())), "{alg}");
    }
}

/// RFC9068-2.2-c, S29 and RFC 7519 section 4.
#[tokio::test]
async fn claims_that_are_not_ours_are_garbage() {
    let ring = ring(SigningAlgorithm::Es256).await;
    let header = header("ES256").to_string();
    for (claim, value) in [
        ("iss", json!("https://as.example/")),
        ("iss", json!([ISSUER])),
        ("iss", Value::Null),
        ("sub", Value::Null),
        ("aud", json!(7)),
        ("client_id", Value::Null),
        ("iat", json!("1800000000")),
        ("iat", Value::Null),
        ("exp", json!(-1)),
        ("exp", Value::Null),
        ("jti", json!("not-one-of-ours")),
        ("jti", json!(format!("{}=", token_id(3)))),
        ("scope", json!("\"")),
        ("atropos", json!({})),
        ("atropos", json!({ "epoch": 5, "ancestors": [{ "jti": token_id(1), "client_id": "c", "kid": "1" }] })),
    ] {
        let mut wire = wire();
        wire[claim] = value.clone();
        assert!(is_garbage(&ring, &raw(&ring, &header, &wire.to_string())), "{claim} {value}");
    }
    for claim in ["iss", "sub", "exp", "jti", "atropos"] {
        let twice = wire().to_string().replacen('{', &format!(r#"{{"{claim}":{},"#, wire()[claim]), 1);
        assert!(is_garbage(&ring, &raw(&ring, &header, &twice)), "{twice}");
    }
    assert!(is_garbage(&ring, &raw(&ring, &header, "[]")));
    assert!(is_garbage(&ring, &raw(&ring, &header, &format!("{} {{}}", wire()))));
}

#[tokio::test]
async fn only_what_claims_to_be_ours_is_worth_asking_the_store_for() {
    let ring = ring(SigningAlgorithm::Es256).await;
    let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": "deadbeef" }).to_string();
    let text = raw(&ring, &header, &wire().to_string());
    assert!(matches!(verdict(&ring, &text), Verdict::UnknownKey(KeyId(0xdead_beef))));
    let mut foreign = wire();
    foreign["iss"] = json!("https://another.example");
    assert!(is_garbage(&ring, &raw(&ring, &header, &foreign.to_string())));
}

#[test]
fn a_media_type_is_compared_as_one() {
    assert!(is_media_type("application/at+jwt", "at+jwt") && is_media_type("aT+jWt", "at+jwt"));
    assert!(!is_media_type("application/", "at+jwt") && !is_media_type("text/at+jwt", "at+jwt"));
    assert!(!is_media_type("application/application/at+jwt", "at+jwt"));
}
