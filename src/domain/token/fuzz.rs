//! Texts that somebody presents as tokens.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::OpaqueKind;
use super::jwt::sign;
use super::opaque::{Unverified, mint};
use super::verify::{Verdict, Verified};
use crate::domain::keys::{KeyKind, KeyRing, MacKey, SigningAlgorithm, SigningKey, testing};
use crate::domain::{KeyId, Timestamp, TokenId};
use crate::fuzz::{change, split, target};

const ISSUER: &str = "https://as.example";
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const KINDS: [OpaqueKind; 3] = [OpaqueKind::Access, OpaqueKind::Refresh, OpaqueKind::Code];

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let kinds = [KeyKind::Mac, KeyKind::Signing(SigningAlgorithm::EdDsa)];
    runtime.block_on(testing::ring(&kinds)).expect("a ring")
});

fn mac() -> &'static MacKey {
    RING.find_mac(KeyId(1)).expect("the first key")
}

fn signing() -> &'static SigningKey {
    RING.find_signing(KeyId(2)).expect("the second key")
}

fn is_ours(token: &Unverified) -> bool {
    RING.find_mac(token.key).is_some_and(|key| token.verifies(ISSUER, key))
}

/// The one text of what was read: prefix, key, id, and a MAC that nothing is known of.
fn head(token: &Unverified) -> Vec<u8> {
    [&token.key.0.to_be_bytes()[..], &token.id.to_bytes()].concat()
}

#[test]
fn an_opaque_token_has_one_spelling_and_one_maker() {
    target("opaque", |bytes| {
        // As it comes. Its key is drawn anew for each process: nothing of a corpus can be genuine.
        if let Some(token) = std::str::from_utf8(bytes).ok().and_then(Unverified::parse) {
            assert!(!is_ours(&token), "somebody else made a token");
            let text = mint(token.kind, ISSUER, &MacKey { id: token.key, key: mac().key.clone() }, token.id);
            assert_eq!(text.expose().len(), bytes.len());
            // 32 bytes of key and id are 42 whole characters, and two bits more.
            assert_eq!(text.expose().as_bytes()[..45], bytes[..45], "there is another spelling");
            assert_eq!(URL_SAFE_NO_PAD.decode(&bytes[3..]).expect("it was decoded")[..32], head(&token));
        }
        // A genuine one, for the id that comes, and what becomes of it by the changes that come.
        let Some((id, changes)) = bytes.split_first_chunk::<{ TokenId::LEN }>() else { return };
        let Some(id) = TokenId::from_bytes(id) else { return };
        let kind = KINDS[changes.len() % KINDS.len()];
        let genuine = mint(kind, ISSUER, mac(), id);
        let read = Unverified::parse(genuine.expose()).expect("it is a token");
        assert_eq!((read.kind, read.key, read.id), (kind, mac().id, id));
        assert!(read.verifies(ISSUER, mac()) && !read.verifies("https://as.example/", mac()));
        let mended = change(genuine.expose().as_bytes(), changes);
        let taken = std::str::from_utf8(&mended).ok().and_then(Unverified::parse);
        let is_ours = taken.is_some_and(|token| is_ours(&token));
        assert_eq!(is_ours, mended == genuine.expose().as_bytes(), "a changed token is taken for ours");
    });
}

fn verify(text: &str) -> Verdict {
    Verified::new(2).verify(text, ISSUER, &RING, NOW)
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let key = signing();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding, key.algorithm.jose());
    format!("{message}.{}", signature.expect("a parsed key signs"))
}

/// RFC9068-2.1-a, RFC9068-2.2-c, RFC9068-4-h
#[test]
fn a_jwt_is_ours_only_as_we_write_it() {
    target("jwt", |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert!(!matches!(verify(text), Verdict::Ours(_)), "somebody else made a token");
        }
        // As if our key signed whatever comes: a header, and claims.
        let (header, claims) = split(bytes, b'\n');
        let text = signed(header, claims);
        let jwt = match verify(&text) {
            Verdict::Ours(jwt) => jwt,
            Verdict::UnknownKey(key) => return assert_ne!(key, signing().id),
            Verdict::Garbage => return,
        };
        // A member that is not looked at may be one that another reader refuses.
        let (Ok(header), Ok(claims)) = (serde_json::from_slice(header), serde_json::from_slice(claims)) else { return };
        let (header, claims): (Value, Value) = (header, claims);
        assert_eq!((&header["alg"], &header["kid"]), (&"EdDSA".into(), &"00000002".into()));
        assert!(header.get("crit").is_none_or(Value::is_null), "an extension is not understood");
        assert_eq!((&claims["iss"], &claims["jti"]), (&ISSUER.into(), &jwt.claims.id.to_string().into()));
        assert_eq!(jwt.is_expired(NOW), jwt.claims.expires_at <= NOW);
        // What was read says the same when we write it; a time so late that no millisecond has it is the last there is.
        if [&claims["iat"], &claims["exp"]].iter().all(|time| time.as_u64().is_some_and(|time| time <= u64::MAX / 1000))
        {
            let ours = sign(&Arc::from(ISSUER), &jwt.claims, signing());
            let Verdict::Ours(again) = verify(ours.expose()) else { panic!("what we write is not ours") };
            assert_eq!(again.claims, jwt.claims);
        }
        let mended = change(text.as_bytes(), bytes);
        let is_ours = std::str::from_utf8(&mended).is_ok_and(|text| matches!(verify(text), Verdict::Ours(_)));
        assert_eq!(is_ours, mended == text.as_bytes(), "a changed token is taken for ours");
    });
}
