use super::*;
use crate::fuzz::{split, target};
use crate::http::json;

/// What was sent is somebody's, and perhaps a secret: an issue names the member, and what was expected of it.
fn repeats(issues: &[Issue], object: &Map<String, Value>) -> bool {
    let told = serde_json::to_string(issues).expect("issues are JSON");
    let texts = object.values().filter_map(Value::as_str).filter(|text| text.contains("hunter2"));
    texts.into_iter().any(|text| told.contains(text))
}

#[test]
fn a_member_is_within_its_bounds_or_an_issue() {
    target("infisical", |bytes| {
        let (query, body) = split(bytes, b'\n');
        if let Ok((offset, limit)) = str::from_utf8(query).map_or(Err(()), |query| page(query).map_err(drop)) {
            assert!(offset <= 100 && (1..=100).contains(&limit));
        }
        let Ok(object) = json::object(body) else { return };
        let mut fields = Fields::of(&object);
        let client = fields.required("clientId");
        let name = fields.name();
        let slug = fields.slug("organizationSlug");
        let seconds = fields.seconds("accessTokenTTL");
        let limit = fields.limit("accessTokenNumUsesLimit");
        let networks = fields.networks("accessTokenTrustedIps");
        assert!(!repeats(&fields.issues, &object));
        let Ok(networks) = networks else { return };
        if fields.checked().is_err() {
            return;
        }
        assert_eq!(object["clientId"], client);
        assert_eq!((object.get("name").and_then(Value::as_str), object.contains_key("name")), (name, name.is_some()));
        assert!(name.is_none_or(|name| name.len() <= LONGEST_NAME));
        assert!(slug.is_none_or(|slug| !slug.is_empty() && slug.len() <= LONGEST_SLUG));
        #[expect(clippy::cast_precision_loss, reason = "nothing above 2^53 is taken")]
        let is =
            |name: &str, number: Option<u64>| object.get(name).and_then(Value::as_f64) == number.map(|it| it as f64);
        assert!(is("accessTokenTTL", seconds.map(|it| it.as_secs())) && is("accessTokenNumUsesLimit", limit));
        assert!(seconds.is_none_or(|it| it.as_secs() <= LONGEST) && limit.is_none_or(|it| it <= MOST));
        let named = object.get("accessTokenTrustedIps").and_then(Value::as_array).map(Vec::len);
        assert_eq!(networks.as_ref().map(Vec::len), named);
        for network in networks.iter().flatten() {
            assert_eq!(format!("{}/{}", network.address, network.prefix).parse(), Ok(*network));
        }
    });
}
