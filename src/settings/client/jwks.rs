//! The keys by which a client signs its assertions: a JWK set (RFC 7517), inline, as JSON.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use serde_json::Value;

use crate::domain::client::AssertionKey;

/// Reads a set. The error is the rest of a sentence that begins with the key, and repeats nothing of what was written:
/// it may be a private key.
pub(super) fn parse(text: &str) -> Result<Vec<AssertionKey>, String> {
    let set: Value = serde_json::from_str(text).map_err(|_| "is no JSON".to_owned())?;
    let keys = set.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
    let keys = keys.ok_or("must be a JWK set, {\"keys\": […]}, with at least one key")?;
    let mut ids = HashSet::new();
    let mut parsed = Vec::new();
    for (number, key) in (1..).zip(keys) {
        let key = public_key(key).map_err(|why| format!("has a key, number {number}, that {why}"))?;
        let id = key.0.common.key_id.clone();
        if !ids.insert(id.clone()) || id.is_none() && keys.len() > 1 {
            return Err("has several keys; each needs a \"kid\" of its own".into());
        }
        parsed.push(key);
    }
    Ok(parsed)
}

fn public_key(key: &Value) -> Result<AssertionKey, &'static str> {
    // RFC 7518 sections 6.2.2, 6.3.2 and 6.4: only private and symmetric keys have these members.
    if key.get("d").is_some() || key.get("k").is_some() {
        return Err("is private or symmetric; only the public half belongs here, and the other is spoiled now");
    }
    let jwk: Jwk = serde_json::from_value(key.clone()).map_err(|_| "is no JWK")?;
    if DecodingKey::from_jwk(&jwk).is_err() {
        return Err("is no public key");
    }
    if matches!(&jwk.algorithm, AlgorithmParameters::RSA(rsa) if modulus_bits(&rsa.n) < 2048) {
        return Err("is shorter than 2048 bits (RFC 7518 section 3.3)");
    }
    let key = AssertionKey(jwk);
    if key.algorithms().is_empty() {
        return Err(
            "cannot sign assertions: its \"kty\", \"crv\", \"alg\" and \"use\" allow no algorithm that is known here",
        );
    }
    Ok(key)
}

fn modulus_bits(n: &str) -> usize {
    let bytes = URL_SAFE_NO_PAD.decode(n).unwrap_or_default();
    let leading = bytes.iter().take_while(|byte| **byte == 0).count();
    (bytes.len() - leading) * 8
}
