//! JWTs as attackers make them, without our keys.

use std::time::Duration;

use atropos::domain::keys::Keys;
use atropos::domain::token::Reading;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::setting::{JWT_LIFE, NOW, claims, clock, is_garbage, jwt, open, token_id};

struct Parts {
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl Parts {
    fn of(text: &str) -> Self {
        let parts: Vec<Vec<u8>> = text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        let json = |at: usize| serde_json::from_slice(&parts[at]).unwrap();
        Self { header: json(0), claims: json(1), signature: parts[2].clone() }
    }

    fn message(&self) -> String {
        [&self.header, &self.claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
    }

    fn text(&self) -> String {
        format!("{}.{}", self.message(), URL_SAFE_NO_PAD.encode(&self.signature))
    }
}

fn jwks(keys: &Keys) -> Value {
    serde_json::from_str(keys.ring().jwks()).unwrap()
}

/// RFC9068-4-h.
#[tokio::test]
async fn a_header_that_names_another_algorithm_is_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let genuine = Parts::of(&jwt(&keys, &clock));
    for (alg, signature) in [("none", vec![]), ("None", vec![]), ("ES384", genuine.signature.clone())] {
        let mut forged = Parts { signature, ..Parts::of(&jwt(&keys, &clock)) };
        forged.header["alg"] = json!(alg);
        assert!(is_garbage(&keys.read(&forged.text())), "{alg}");
    }
    let unsigned = Parts { signature: vec![], ..genuine };
    assert!(is_garbage(&keys.read(&unsigned.text())));
}

/// RFC9068-4-h: whatever form of the public key an HMAC is keyed with.
#[tokio::test]
async fn hs256_by_a_public_key_is_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let jwks = jwks(&keys);
    let own = jwks["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "EC").unwrap();
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(own[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    for secret in [point, own.to_string().into_bytes(), own["x"].as_str().unwrap().as_bytes().to_vec()] {
        let mut forged = Parts::of(&jwt(&keys, &clock));
        forged.header["alg"] = json!("HS256");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        forged.signature = hmac::sign(&key, forged.message().as_bytes()).as_ref().to_vec();
        assert!(is_garbage(&keys.read(&forged.text())));
    }
}

/// S12: somebody's real `jti`, and a signature by nobody.
#[tokio::test]
async fn a_changed_claim_is_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    for (claim, value) in [
        ("jti", json!(token_id(3).to_string())),
        ("exp", json!(NOW.as_secs() + 9999)),
        ("scope", json!("read write")),
        ("client_id", json!("other")),
    ] {
        let mut forged = Parts::of(&jwt(&keys, &clock));
        forged.claims[claim] = value;
        assert!(is_garbage(&keys.read(&forged.text())), "{claim}");
    }
}

/// S1: (r, n − s) signs what (r, s) signs. Both texts are one token.
#[tokio::test]
async fn a_twin_signature_is_the_same_token() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let text = jwt(&keys, &clock);
    let (message, signature) = text.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    negate(&mut signature[32..]);
    let twin = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert_ne!(text, twin);
    let id = |text: &str| match keys.read(text) {
        Reading::Jwt(jwt) => jwt.claims.id,
        other => panic!("{other:?}"),
    };
    assert_eq!(id(&text), id(&twin));
}

/// n − s for the order n of P-256.
fn negate(s: &mut [u8]) {
    const N: [u64; 4] = [0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xbce6_faad_a717_9e84, 0xf3b9_cac2_fc63_2551];
    let mut borrow = false;
    for (limb, n) in s.chunks_mut(8).zip(N).rev() {
        let (less, first) = n.overflowing_sub(u64::from_be_bytes((&*limb).try_into().unwrap()));
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        borrow = first || second;
        limb.copy_from_slice(&less.to_be_bytes());
    }
}

/// S1: padding, unused bits, another alphabet, another spelling of the JSON.
#[tokio::test]
async fn twin_encodings_are_garbage() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let text = jwt(&keys, &clock);
    let parts: Vec<&str> = text.split('.').collect();
    let bytes: Vec<Vec<u8>> = parts.iter().map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    let mut twins = vec![
        format!("{text}="),
        format!("{text}=="),
        format!("{text}."),
        format!(".{text}"),
        format!("{text}\n"),
        format!(" {text}"),
        format!("{}..{}", parts[0], parts[2]),
    ];
    for at in 0..3 {
        let other = |spelling: String| {
            let mut parts: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
            parts[at] = spelling;
            parts.join(".")
        };
        for engine in [URL_SAFE, STANDARD, STANDARD_NO_PAD] {
            twins.push(other(engine.encode(&bytes[at])));
        }
        twins.push(other(with_unused_bits(parts[at])));
        if at < 2 {
            let json: Value = serde_json::from_slice(&bytes[at]).unwrap();
            twins.push(other(URL_SAFE_NO_PAD.encode(serde_json::to_string_pretty(&json).unwrap())));
        }
    }
    // Some spellings are the token's own, where it has no place for the difference.
    twins.retain(|twin| *twin != text);
    assert!(twins.len() > 10, "{}", twins.len());
    for twin in twins {
        assert!(is_garbage(&keys.read(&twin)), "{twin}");
    }
}

/// The last character of a group of two or three has bits that no byte takes.
fn with_unused_bits(part: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut part = part.as_bytes().to_vec();
    if !part.len().is_multiple_of(4) {
        let last = part.last_mut().unwrap();
        let value = ALPHABET.iter().position(|digit| digit == last).unwrap();
        *last = ALPHABET[value ^ 1];
    }
    String::from_utf8(part).unwrap()
}

#[tokio::test]
async fn an_expired_token_is_read_and_says_so() {
    let (store, clock) = (Memory::new(), clock());
    let keys = open(&store, &clock).await;
    let text = jwt(&keys, &clock);
    let expired = |now| match keys.read(&text) {
        Reading::Jwt(jwt) => jwt.is_expired(now),
        other => panic!("{other:?}"),
    };
    assert!(!expired(NOW.plus(JWT_LIFE).minus(Duration::from_millis(1))));
    // Once while it is remembered, and once when it is not any more.
    assert!(expired(NOW.plus(JWT_LIFE)));
    clock.advance(JWT_LIFE);
    assert!(expired(NOW.plus(JWT_LIFE)));
    assert_eq!(claims(&clock).issued_at, NOW.plus(JWT_LIFE));
}
