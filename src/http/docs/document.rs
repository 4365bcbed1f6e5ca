//! The `OpenAPI` document of one server: the parts that it speaks, put together.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::client::Surface;
use crate::http;

/// Everything in the order in which it was written.
type Ordered<'a, T> = IndexMap<&'a str, T>;
type Raw<'a> = &'a RawValue;

#[derive(Deserialize)]
struct Shared<'a> {
    openapi: &'a str,
    #[serde(borrow)]
    info: Raw<'a>,
    #[serde(rename = "jsonSchemaDialect")]
    dialect: &'a str,
    components: Ordered<'a, Ordered<'a, Raw<'a>>>,
}

/// What one surface adds.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    tags: Vec<Raw<'a>>,
    paths: Ordered<'a, Raw<'a>>,
    components: Ordered<'a, Ordered<'a, Raw<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    openapi: &'a str,
    info: Raw<'a>,
    json_schema_dialect: &'a str,
    servers: [Server<'a>; 1],
    tags: Vec<Raw<'a>>,
    paths: IndexMap<String, Box<RawValue>>,
    components: Ordered<'a, Ordered<'a, Raw<'a>>>,
}

#[derive(Serialize)]
struct Server<'a> {
    url: &'a str,
}

const SHARED: &str = include_str!(concat!(env!("OUT_DIR"), "/shared.json"));

fn source(surface: Surface) -> &'static str {
    match surface {
        Surface::Standard => include_str!(concat!(env!("OUT_DIR"), "/standard.json")),
        Surface::Kajabi => include_str!(concat!(env!("OUT_DIR"), "/kajabi.json")),
        Surface::Anghami => include_str!(concat!(env!("OUT_DIR"), "/anghami.json")),
        Surface::Infisical => include_str!(concat!(env!("OUT_DIR"), "/infisical.json")),
    }
}

/// The document of a server of this issuer, which speaks `surfaces` besides the standard.
pub(super) fn assemble(issuer: &str, surfaces: &BTreeSet<Surface>) -> Vec<u8> {
    let shared: Shared<'_> = serde_json::from_str(SHARED).expect(WRITTEN);
    let mut document = Document {
        openapi: shared.openapi,
        info: shared.info,
        json_schema_dialect: shared.dialect,
        servers: [Server { url: issuer }],
        tags: Vec::new(),
        paths: IndexMap::new(),
        components: shared.components,
    };
    let others = surfaces.iter().copied().filter(|surface| *surface != Surface::Standard);
    for surface in [Surface::Standard].into_iter().chain(others) {
        let part: Part<'_> = serde_json::from_str(source(surface)).expect(WRITTEN);
        document.tags.extend(part.tags);
        for (path, item) in part.paths {
            place(&mut document.paths, path, item, issuer);
        }
        for (kind, components) in part.components {
            document.components.entry(kind).or_default().extend(components);
        }
    }
    serde_json::to_vec(&document).expect("text serializes")
}

const WRITTEN: &str = "it was made of openapi/ when this was built, and every test reads it";

/// Paths are below the issuer, which is the server's URL. If that has a path, some are not: as `configure` mounts them.
fn place(paths: &mut IndexMap<String, Box<RawValue>>, path: &str, item: &RawValue, issuer: &str) {
    let below = http::path(issuer);
    let is_health = path.starts_with("/health/");
    if below.is_empty() || !(is_health || path.starts_with("/.well-known/")) {
        paths.insert(path.to_owned(), item.to_owned());
        return;
    }
    let mut elsewhere: Value = serde_json::from_str(item.get()).expect(WRITTEN);
    elsewhere["servers"] = serde_json::json!([{ "url": issuer.strip_suffix(&below).unwrap_or(issuer) }]);
    if path.ends_with("/openid-configuration") {
        paths.insert(path.to_owned(), item.to_owned());
        // The same once more, and a name names one operation.
        elsewhere["get"].as_object_mut().and_then(|get| get.remove("operationId"));
    }
    let suffix = if is_health { "" } else { &below };
    paths.insert(format!("{path}{suffix}"), to_raw_value(&elsewhere).expect("JSON serializes"));
}
