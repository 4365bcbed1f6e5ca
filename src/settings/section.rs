//! From tables to typed sections, with everything that is wrong told at once.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::problem::Problems;

/// Reads a table as `T`, which denies unknown fields. What is wrong is noted, replaced by what stands in `defaults`, or
/// taken out, until the rest can be read: serde stops at the first fault, operators want to know all.
///
/// `None` only if `T` cannot be read from `defaults`.
pub(super) fn read<T: DeserializeOwned>(
    name: &str,
    mut table: Table,
    defaults: &Table,
    problems: &mut Problems,
) -> Option<T> {
    loop {
        let error = match serde_path_to_error::deserialize(table.clone()) {
            Ok(section) => return Some(section),
            Err(error) => error,
        };
        problems.add(format!("{name}.{}", error.path()), sentence(error.inner().message()));
        let path = error.path().to_string();
        let wrong = path.split(['.', '[']).next().unwrap_or_default();
        match (defaults.get(wrong), table.remove(wrong)) {
            (Some(default), Some(found)) if *default != found => drop(table.insert(wrong.to_owned(), default.clone())),
            (None, Some(_)) => {}
            // Nothing was gained: the fault is not in one key.
            _ => return None,
        }
    }
}

/// Reads `[[name]]`, a list of tables. In problems each is called by what stands at its key `id`, or else by its place,
/// counted from 1: `name[…]`.
pub(super) fn list<T: DeserializeOwned>(
    name: &str,
    id: &str,
    list: Option<Value>,
    problems: &mut Problems,
) -> Vec<(String, T)> {
    let Some(Value::Array(list)) = list else {
        problems.add(name, format!("must be a list of tables, each begun with [[{name}]]"));
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (place, value) in (1..).zip(list) {
        let Value::Table(table) = value else {
            problems.add(format!("{name}[{place}]"), "must be a table");
            continue;
        };
        let called = match table.get(id).and_then(Value::as_str) {
            Some(id) if !id.is_empty() => format!("{name}[{id}]"),
            _ => format!("{name}[{place}]"),
        };
        let entry = read(&called, table, &Table::new(), problems);
        entries.extend(entry.map(|entry| (called, entry)));
    }
    entries
}

/// Our own types tell what is wrong in our words. Serde's are turned into ours, without the value: where a table or a
/// list was expected, a secret may have been written.
fn sentence(message: &str) -> String {
    let message = message.trim_end();
    if message.starts_with("unknown field") {
        return "is not a setting; config/default.toml and config/clients.toml have them all".into();
    }
    if let Some(choice) = message.strip_prefix("unknown variant ") {
        return format!("is {}", choice.replacen(", expected", "; it must be", 1));
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {}", in_words(expected)),
        None => message.into(),
    }
}

fn in_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a string" => "a text",
        "a nonzero usize" => "a whole number above zero",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative and not too large",
        _ if expected.starts_with("struct ") || expected == "a map" => "a table",
        _ => expected,
    }
}
