use serde_json::Value;

use super::*;
use crate::domain::authenticate::signed::LEEWAY;
use crate::domain::authenticate::signed::testing::{CLIENT, ISSUER, NOW, keys, signed};
use crate::domain::authorization::parameters::KNOWN;
use crate::fuzz::{split, target};

fn sent(request: &str) -> Result<Parameters<'static>, &'static str> {
    verify(request, CLIENT, keys(), ISSUER, NOW)
}

/// What the second, slow reader finds: a text as it is, a number as it is written.
fn expected(name: &str, claims: &Value) -> Option<String> {
    match (name, &claims[name]) {
        ("max_age", Value::Number(seconds)) => Some(seconds.to_string()),
        ("max_age", Value::String(_)) => panic!("a number that is no number"),
        (_, Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
        (_, Value::Null) => None,
        (_, other) => panic!("a shape that is none of {name}: {other}"),
    }
}

/// RFC9101-6-a
#[test]
fn a_request_object_is_read_as_its_client_wrote_it_and_only_here_and_now() {
    target("object", |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert!(sent(text).is_err(), "somebody else signed for the client");
        }
        let (header, claims) = split(bytes, b'\n');
        let Ok(parameters) = sent(&signed(header, claims)) else { return };
        let typ = serde_json::from_slice::<Value>(header).ok().and_then(|header| Some(header.get("typ")?.clone()));
        let typ = typ.filter(|typ| !typ.is_null()).map(|typ| typ.as_str().expect("a text").to_ascii_lowercase());
        let types = ["jwt", "oauth-authz-req+jwt", "application/jwt", "application/oauth-authz-req+jwt"];
        assert!(typ.is_none_or(|typ| types.contains(&typ.as_str())));
        // Into texts that are ignored nobody has looked: they may be none.
        let Ok(claims) = serde_json::from_slice::<Value>(claims) else { return };
        for name in KNOWN {
            assert_eq!(parameters.get(name).map(str::to_owned), expected(name, &claims), "{name}");
            assert!(!parameters.is_repeated(name));
        }
        let resources: Vec<_> = match &claims["resource"] {
            Value::Array(all) => all.iter().map(|one| one.as_str().expect("a text")).collect(),
            one => one.as_str().into_iter().collect(),
        };
        assert!(parameters.all("resource").eq(resources.into_iter().filter(|one| !one.is_empty())));
        assert_eq!((&claims["iss"], &claims["client_id"]), (&CLIENT.into(), &CLIENT.into()));
        assert_ne!(claims["sub"], CLIENT);
        let audience = &claims["aud"];
        assert!(audience == ISSUER || audience.as_array().is_some_and(|all| all.contains(&ISSUER.into())));
        let (now, leeway) = (1_800_000_000.0, LEEWAY.as_secs_f64());
        let exp = claims["exp"].as_f64().expect("a number");
        assert!(exp > now - leeway && exp <= now + LONGEST_LIFE.as_secs_f64() + leeway + 0.001);
        for begun in ["nbf", "iat"] {
            assert!(claims.get(begun).and_then(Value::as_f64).is_none_or(|begun| begun < now + leeway + 0.001));
        }
    });
}
