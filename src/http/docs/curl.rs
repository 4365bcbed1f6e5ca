//! Operations as somebody would try them in a shell.

use std::fmt::Write as _;

use indexmap::IndexMap;
use url::form_urlencoded::byte_serialize;

use super::fields::text;
use super::model::{Components, Json, MediaType, Operation, PathItem};

/// Where, and by which method.
pub(super) struct Target<'a> {
    pub server: &'a str,
    pub path: &'a str,
    pub method: &'static str,
}

/// A command for each example of a body, with what is said of it; one if there are none.
pub(super) fn commands(
    components: &Components,
    target: &Target<'_>,
    item: &PathItem,
    operation: &Operation,
) -> Vec<(String, String)> {
    let head = head(components, target, item, operation);
    let content = operation.request_body.iter().flat_map(|body| &body.content);
    let bodies = content.flat_map(|(kind, media)| of_body(&head, kind, media));
    let commands: Vec<_> = bodies.collect();
    match (commands.is_empty(), target.method) {
        (false, _) => commands,
        (true, "GET") => vec![(String::new(), head)],
        // Curl posts what it is given a body for, and here is none.
        (true, method) => vec![(String::new(), format!("{head} \\\n  -X {method}"))],
    }
}

fn head(components: &Components, target: &Target<'_>, item: &PathItem, operation: &Operation) -> String {
    let mut path = target.path.to_owned();
    for parameter in item.parameters.iter().map(|parameter| components.parameter(parameter)) {
        if let Some(example) = &parameter.example {
            path = path.replace(&format!("{{{}}}", parameter.name), &text(example));
        }
    }
    let mut command = format!("curl {}{path}", target.server);
    if asks(operation, "client_secret_basic") {
        command.push_str(" \\\n  -u \"$CLIENT_ID:$CLIENT_SECRET\"");
    }
    if asks(operation, "bearer") {
        command.push_str(" \\\n  -H \"Authorization: Bearer $ACCESS_TOKEN\"");
    }
    if target.method != "GET" && target.method != "POST" && operation.request_body.is_some() {
        let _ = write!(command, " \\\n  -X {}", target.method);
    }
    command
}

fn asks(operation: &Operation, scheme: &str) -> bool {
    operation.security.iter().any(|needed| needed.contains_key(scheme))
}

fn of_body(head: &str, kind: &str, media: &MediaType) -> Vec<(String, String)> {
    media
        .each()
        .map(|(summary, value)| {
            let mut command = head.to_owned();
            if kind == "application/json" {
                let _ = write!(command, " \\\n  -H 'Content-Type: application/json' \\\n  -d '{value}'");
            } else {
                let members = if let Json::Object(form) = value { form } else { &IndexMap::new() };
                for (name, value) in members {
                    let _ = write!(command, " \\\n  -d {name}={}", encoded(value));
                }
            }
            (summary.to_owned(), command)
        })
        .collect()
}

fn encoded(value: &Json) -> String {
    match value {
        Json::Other(value) => byte_serialize(text(value).as_bytes()).collect(),
        Json::Object(_) | Json::List(_) => byte_serialize(value.to_string().as_bytes()).collect(),
    }
}
