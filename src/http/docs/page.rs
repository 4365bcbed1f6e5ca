//! The page for people: the document, read once, as HTML without a script.

use askama::Template;
use indexmap::IndexMap;
use pulldown_cmark::{Parser, html};

use super::curl::{self, Target};
use super::fields::{self, Field, kind};
use super::model::{Components, Document, Json, MediaType, Operation, Parameter, PathItem, Response, Schema, Tag};

pub(super) const STYLE: &str = include_str!("../../../templates/docs.css");

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    style: &'static str,
    title: &'a str,
    summary: &'a str,
    version: &'a str,
    server: &'a str,
    introduction: String,
    sections: Vec<Section<'a>>,
}

/// What belongs to one tag.
struct Section<'a> {
    anchor: String,
    name: &'a str,
    description: String,
    calls: Vec<Call<'a>>,
}

struct Call<'a> {
    anchor: String,
    method: &'static str,
    path: &'a str,
    summary: &'a str,
    description: String,
    proofs: String,
    parameters: Vec<Field>,
    bodies: Vec<Body>,
    commands: Vec<(String, String)>,
    answers: Vec<Answer>,
    /// Those that go without saying.
    usual: Vec<Answer>,
}

struct Body {
    kind: String,
    fields: Vec<Field>,
}

struct Answer {
    status: String,
    addition: bool,
    description: String,
    headers: Vec<(String, String)>,
    fields: Vec<Field>,
    examples: Vec<(String, String)>,
}

impl Answer {
    fn is_good(&self) -> bool {
        self.status.starts_with('2')
    }

    /// For the style: what kind of answer it is.
    fn class(&self) -> &str {
        self.status.get(..1).unwrap_or_default()
    }
}

/// The page of an `OpenAPI` document of ours.
pub(super) fn render(openapi: &[u8]) -> String {
    let document: Document = serde_json::from_slice(openapi).expect("a document of ours, and every test reads it");
    let server = document.servers.first().map_or("", |server| &server.url);
    let page = Page {
        style: STYLE,
        title: &document.info.title,
        summary: &document.info.summary,
        version: &document.info.version,
        server,
        introduction: markdown(&document.info.description),
        sections: document.tags.iter().map(|tag| section(&document, server, tag)).collect(),
    };
    page.render().expect("writing to a text does not fail")
}

fn section<'a>(document: &'a Document, server: &'a str, tag: &'a Tag) -> Section<'a> {
    let operations = document
        .paths
        .iter()
        .flat_map(|(path, item)| item.operations().map(move |(method, operation)| (path, item, method, operation)));
    let calls = operations.filter(|(.., operation)| operation.tags.contains(&tag.name)).map(
        |(path, item, method, operation)| {
            let server = item.servers.first().map_or(server, |server| &server.url);
            call(&document.components, &Target { server, path, method }, item, operation)
        },
    );
    Section {
        anchor: anchor(&tag.name),
        name: &tag.name,
        description: markdown(&tag.description),
        calls: calls.collect(),
    }
}

fn call<'a>(components: &'a Components, target: &Target<'a>, item: &'a PathItem, operation: &'a Operation) -> Call<'a> {
    let responses = operation.responses.iter().map(|(status, response)| (status, components.response(response)));
    let (usual, special): (Vec<_>, Vec<_>) = responses.partition(|(_, response)| response.everywhere);
    let answers = |these: Vec<(&String, &Response)>| {
        these.into_iter().map(|(status, response)| answer(components, status, response)).collect()
    };
    let parameters = item.parameters.iter().chain(&operation.parameters);
    Call {
        anchor: anchor(&format!("{} {}", target.method, target.path)),
        method: target.method,
        path: target.path,
        summary: &operation.summary,
        description: markdown(&operation.description),
        proofs: proofs(operation),
        parameters: parameters.map(|it| parameter(components, components.parameter(it))).collect(),
        bodies: bodies(components, operation),
        commands: curl::commands(components, target, item, operation),
        answers: answers(special),
        usual: answers(usual),
    }
}

/// How whoever asks proves who he is.
fn proofs(operation: &Operation) -> String {
    let has = |scheme: &str| operation.security.iter().any(|needed| needed.contains_key(scheme));
    let words = if has("bearer") {
        "whoever shows an access token: `Authorization: Bearer`"
    } else if has("client_secret_basic") {
        "a client: `client_secret_basic`, or by parameters of the body"
    } else {
        return String::new();
    };
    markdown(words)
}

fn parameter(components: &Components, parameter: &Parameter) -> Field {
    let schema = components.schema(&parameter.schema);
    let default = schema.default.as_ref().map(|default| format!(" {default} if it is left out.")).unwrap_or_default();
    Field {
        name: parameter.name.clone(),
        kind: format!("{}, {}", parameter.place, kind(components, schema)),
        required: parameter.required,
        description: markdown(&format!("{}{default}", parameter.description)),
    }
}

/// Media types of one schema stand together.
fn bodies(components: &Components, operation: &Operation) -> Vec<Body> {
    let content = operation.request_body.iter().flat_map(|body| &body.content);
    let mut schemas: IndexMap<Option<&str>, (Vec<&str>, &Schema)> = IndexMap::new();
    for (kind, media) in content {
        let same = schemas.entry(media.schema.reference.as_deref()).or_insert((Vec::new(), &media.schema));
        same.0.push(kind);
    }
    let body = |(kinds, schema): (Vec<_>, _)| Body { kind: kinds.join(" or "), fields: fields::of(components, schema) };
    schemas.into_values().map(body).collect()
}

fn answer(components: &Components, status: &str, response: &Response) -> Answer {
    let headers = response.headers.iter().map(|(name, header)| (name, components.header(header)));
    // Those two are said of every answer at the beginning.
    let said = |name: &str| ["X-Request-Id", "X-Content-Type-Options"].contains(&name);
    let media = response.content.values();
    // All refusals of an API have the same members, which are told once, where it begins.
    let good = status.starts_with('2');
    Answer {
        status: status.to_owned(),
        addition: response.addition,
        description: markdown(&response.description),
        headers: headers
            .filter(|(name, _)| !said(name))
            .map(|(name, header)| (name.clone(), markdown(&header.description)))
            .collect(),
        fields: media.clone().filter(|_| good).flat_map(|media| fields::of(components, &media.schema)).collect(),
        examples: media.flat_map(MediaType::each).map(example).collect(),
    }
}

fn example((summary, value): (&str, &Json)) -> (String, String) {
    (summary.to_owned(), serde_json::to_string_pretty(value).expect("JSON serializes"))
}

/// Of our own text, so what it says is trusted.
pub(super) fn markdown(text: &str) -> String {
    let mut page = String::new();
    html::push_html(&mut page, Parser::new(text));
    page
}

/// A name that can stand behind `#`.
fn anchor(name: &str) -> String {
    let words = name.split(|it: char| !it.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}
