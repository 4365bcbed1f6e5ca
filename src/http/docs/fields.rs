//! Schemas as rows of a table: a member with all that is in it, one after another.

use serde_json::Value;

use super::model::{Components, Schema};
use super::page::markdown;

/// One member, or parameter.
pub(super) struct Field {
    pub name: String,
    pub kind: String,
    pub required: bool,
    pub description: String,
}

/// The members of an object, those of objects within it below their own.
pub(super) fn of(components: &Components, schema: &Schema) -> Vec<Field> {
    let mut fields = Vec::new();
    add(components, schema, "", &mut fields);
    fields
}

fn add(components: &Components, schema: &Schema, prefix: &str, fields: &mut Vec<Field>) {
    let whole = components.schema(schema);
    for (name, member) in &whole.properties {
        let inner = components.schema(member);
        // What stands beside a reference is said of this member in particular.
        let said = if member.description.is_empty() { &inner.description } else { &member.description };
        fields.push(Field {
            name: format!("{prefix}{name}"),
            kind: kind(components, inner),
            required: whole.required.contains(name),
            description: markdown(said),
        });
        add(components, inner, &format!("{prefix}{name}."), fields);
        if let Some(items) = &inner.items {
            add(components, items, &format!("{prefix}{name}[]."), fields);
        }
    }
    for part in &whole.all_of {
        add(components, part, prefix, fields);
    }
}

/// In a few words.
pub(super) fn kind(components: &Components, schema: &Schema) -> String {
    if let Some(constant) = &schema.constant {
        return text(constant);
    }
    if !schema.choices.is_empty() {
        return schema.choices.iter().map(text).collect::<Vec<_>>().join(" | ");
    }
    let alternatives = || schema.one_of.iter().map(|one| kind(components, components.schema(one)));
    let mut words = match &schema.kind {
        Value::String(kind) if kind == "array" => match &schema.items {
            Some(items) => format!("list of {}", kind_of_item(components, items)),
            None => "list".to_owned(),
        },
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ if schema.one_of.is_empty() => "anything".to_owned(),
        _ => alternatives().collect::<Vec<_>>().join(" or "),
    };
    if !schema.format.is_empty() {
        words = format!("{words} ({})", schema.format);
    }
    match (schema.minimum, schema.maximum) {
        (Some(least), Some(most)) => format!("{words}, {least} to {most}"),
        (Some(least), None) => format!("{words}, at least {least}"),
        (None, Some(most)) => format!("{words}, at most {most}"),
        (None, None) => words,
    }
}

fn kind_of_item(components: &Components, items: &Schema) -> String {
    kind(components, components.schema(items))
}

/// A text without its quotes.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
