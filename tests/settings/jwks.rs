//! The public keys of clients that sign their assertions (RFC 7517, RFC 7523).

use atropos::domain::client::Authentication;
use rstest::rstest;

use crate::{only_problem, serve};

const X_Y: &str =
    r#""x":"6BGPAIUV4fiyRtxeGNFJ50HUmUTgquHbjk1Ve3TVL3Q","y":"iO_S8ICiOdgW1w4BJpzRxUjO4Dw2cN9CHdETPRoLhVg""#;

/// A set of P-256 keys, each with these other members.
fn set(members: &[&str]) -> String {
    let keys: Vec<String> = members.iter().map(|more| format!(r#"{{"kty":"EC","crv":"P-256",{X_Y}{more}}}"#)).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn rsa(bytes: usize) -> String {
    format!(r#"{{"keys":[{{"kty":"RSA","alg":"RS256","e":"AQAB","n":"{}"}}]}}"#, "_".repeat(bytes * 4 / 3))
}

#[rstest]
#[case::plain(set(&[""]))]
#[case::with_algorithm(set(&[r#","alg":"ES256","use":"sig""#]))]
#[case::two(set(&[r#","kid":"1""#, r#","kid":"2""#]))]
#[case::rsa(rsa(258))]
fn public_keys_that_sign_are_taken(#[case] set: String) {
    let text = format!("[[clients]]\nid = 'a'\ngrant_types = ['client_credentials']\njwks = '{set}'");
    let clients = serve(&text).unwrap().clients;
    let Authentication::PrivateKeyJwt(keys) = &clients.find("a").unwrap().authentication else { panic!("{clients:?}") };
    assert!(keys.iter().all(|key| !key.algorithms().is_empty()));
}

/// RFC 9101 section 10.5
#[test]
fn a_client_with_keys_may_have_to_sign_its_requests() {
    let signs = |more: &str| {
        let grant = "grant_types = ['authorization_code']\nredirect_uris = ['https://a.example/']";
        let text = format!("[[clients]]\nid = 'a'\n{grant}\njwks = '{}'\n{more}", set(&[""]));
        serve(&text).unwrap().clients.find("a").unwrap().must_sign
    };
    assert!(signs("require_signed_request_object = true"));
    assert!(!signs(""));
}

#[rstest]
#[case::not_json("keys".into(), "is no JSON")]
#[case::not_a_set("{}".into(), "must be a JWK set")]
#[case::empty(set(&[]), "must be a JWK set")]
#[case::not_a_key(r#"{"keys":["EC"]}"#.into(), "has a key, number 1, that is no JWK")]
#[case::half_a_key(r#"{"keys":[{"kty":"EC","alg":"ES256"}]}"#.into(), "has a key, number 1, that is no public key")]
#[case::bad_coordinate(set(&[""]).replace("6BGP", "****"), "has a key, number 1, that is no public key")]
#[case::another_algorithm(set(&[r#","alg":"RS256""#]), "has a key, number 1, that cannot sign assertions")]
#[case::another_curve(set(&[r#","alg":"ES384""#]), "has a key, number 1, that cannot sign assertions")]
#[case::for_encryption(set(&[r#","use":"enc""#]), "has a key, number 1, that cannot sign assertions")]
#[case::short(rsa(255), "has a key, number 1, that is shorter than 2048 bits")]
#[case::private(set(&[r#","d":"c2VjcmV0""#]), "has a key, number 1, that is private or symmetric")]
#[case::symmetric(r#"{"keys":[{"kty":"oct","k":"c2V"}]}"#.into(), "has a key, number 1, that is private or symmetric")]
#[case::second(set(&[r#","kid":"1""#, r#","kid":"2","d":"c2V""#]), "has a key, number 2, that is private or symmetric")]
#[case::one_kid(set(&[r#","kid":"1""#, r#","kid":"1""#]), "has several keys; each needs a \"kid\" of its own")]
#[case::no_kid(set(&[r#","kid":"1""#, ""]), "has several keys; each needs a \"kid\" of its own")]
fn other_keys_are_not(#[case] set: String, #[case] problem: &str) {
    let text = format!("[[clients]]\nid = 'a'\ngrant_types = ['client_credentials']\njwks = '{set}'");
    let found = only_problem(serve(&text));
    assert!(found.starts_with(&format!("clients[a].jwks: {problem}")), "{found}");
}
