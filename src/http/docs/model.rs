//! As much of `OpenAPI` as the page shows, in the order in which it was written.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Document {
    pub info: Info,
    pub servers: Vec<Server>,
    pub tags: Vec<Tag>,
    pub paths: IndexMap<String, PathItem>,
    pub components: Components,
}

#[derive(Deserialize)]
pub(super) struct Info {
    pub title: String,
    pub summary: String,
    pub description: String,
    pub version: String,
}

#[derive(Deserialize)]
pub(super) struct Server {
    pub url: String,
}

#[derive(Deserialize)]
pub(super) struct Tag {
    pub name: String,
    pub description: String,
}

/// One path, with the methods that somebody may use there.
#[derive(Deserialize)]
pub(super) struct PathItem {
    #[serde(default)]
    pub servers: Vec<Server>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub get: Option<Operation>,
    pub post: Option<Operation>,
    pub patch: Option<Operation>,
    pub delete: Option<Operation>,
}

impl PathItem {
    pub(super) fn operations(&self) -> impl Iterator<Item = (&'static str, &Operation)> {
        let all = [("GET", &self.get), ("POST", &self.post), ("PATCH", &self.patch), ("DELETE", &self.delete)];
        all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation {
    pub tags: Vec<String>,
    pub summary: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub security: Vec<IndexMap<String, Vec<String>>>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub request_body: Option<Body>,
    pub responses: IndexMap<String, Response>,
}

#[derive(Deserialize)]
pub(super) struct Body {
    #[serde(default)]
    pub content: IndexMap<String, MediaType>,
}

#[derive(Deserialize)]
pub(super) struct MediaType {
    #[serde(default)]
    pub schema: Schema,
    pub example: Option<Json>,
    #[serde(default)]
    pub examples: IndexMap<String, Example>,
}

#[derive(Deserialize)]
pub(super) struct Example {
    #[serde(default)]
    pub summary: String,
    pub value: Json,
}

/// JSON whose members keep their order.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Json {
    Object(IndexMap<String, Self>),
    List(Vec<Self>),
    Other(Value),
}

impl fmt::Display for Json {
    /// On one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl MediaType {
    /// Every example, with what is said of it.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, &Json)> {
        let named = self.examples.values().map(|example| (example.summary.as_str(), &example.value));
        self.example.iter().map(|value| ("", value)).chain(named)
    }
}

/// What an object can refer to instead of being written out.
#[derive(Deserialize)]
pub(super) struct Components {
    pub schemas: IndexMap<String, Schema>,
    pub responses: IndexMap<String, Response>,
    pub headers: IndexMap<String, Header>,
    #[serde(default)]
    pub parameters: IndexMap<String, Parameter>,
}

#[derive(Default, Deserialize)]
pub(super) struct Parameter {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub name: String,
    #[serde(default, rename = "in")]
    pub place: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub schema: Schema,
    pub example: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Response {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub headers: IndexMap<String, Header>,
    #[serde(default)]
    pub content: IndexMap<String, MediaType>,
    /// Goes without saying.
    #[serde(default, rename = "x-atropos-everywhere")]
    pub everywhere: bool,
    /// The vendor does not declare it.
    #[serde(default, rename = "x-atropos-addition")]
    pub addition: bool,
}

#[derive(Deserialize)]
pub(super) struct Header {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub description: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Schema {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    pub description: String,
    #[serde(rename = "type")]
    pub kind: Value,
    pub format: String,
    #[serde(rename = "enum")]
    pub choices: Vec<Value>,
    #[serde(rename = "const")]
    pub constant: Option<Value>,
    pub default: Option<Value>,
    pub minimum: Option<u64>,
    pub maximum: Option<u64>,
    pub properties: IndexMap<String, Self>,
    pub required: Vec<String>,
    pub items: Option<Box<Self>>,
    pub all_of: Vec<Self>,
    pub one_of: Vec<Self>,
}

impl Components {
    pub(super) fn schema<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        find(&self.schemas, schema.reference.as_deref()).unwrap_or(schema)
    }

    pub(super) fn response<'a>(&'a self, response: &'a Response) -> &'a Response {
        find(&self.responses, response.reference.as_deref()).unwrap_or(response)
    }

    pub(super) fn header<'a>(&'a self, header: &'a Header) -> &'a Header {
        find(&self.headers, header.reference.as_deref()).unwrap_or(header)
    }

    pub(super) fn parameter<'a>(&'a self, parameter: &'a Parameter) -> &'a Parameter {
        find(&self.parameters, parameter.reference.as_deref()).unwrap_or(parameter)
    }
}

fn find<'a, T>(named: &'a IndexMap<String, T>, reference: Option<&str>) -> Option<&'a T> {
    named.get(reference?.rsplit('/').next()?)
}
