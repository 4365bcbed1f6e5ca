//! The layers that settings come from, laid over one another.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::problem::Problems;

/// The lowest layer, which is also the documentation: it has every key.
pub(super) const DEFAULT: &str = include_str!("../../config/default.toml");
pub(super) const DEV: &str = include_str!("../../config/dev.toml");

const PREFIX: &str = "ATROPOS__";

/// A file that is part of the program.
pub(super) fn built_in(text: &str) -> Table {
    text.parse().expect("the files in config/ are compiled in, and tests load them")
}

/// The operator's file; `None`, with a problem, if it cannot be read.
pub(super) fn file(path: &Path, problems: &mut Problems) -> Option<Table> {
    let name = path.display().to_string();
    let text =
        fs::read_to_string(path).map_err(|error| problems.add(&name, format!("cannot be read: {error}"))).ok()?;
    let refuse = |error: toml::de::Error| {
        // Not the error's own display: that quotes the line, and a secret may stand in it.
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        problems.add(&name, format!("is not TOML at line {line}: {}", error.message()));
    };
    text.parse().map_err(refuse).ok()
}

/// The variables of the environment that are meant for us.
pub(super) fn environment(
    variables: impl Iterator<Item = (String, String)>,
    defaults: &Table,
    problems: &mut Problems,
) -> Table {
    let mut ours: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    ours.sort();
    let mut table = Table::new();
    for (name, text) in ours {
        let key = name[PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
        set(&mut table, &key, &name, text, defaults, problems);
    }
    table
}

/// What the command line gave, by dotted keys.
pub(super) fn overrides(pairs: &[(&str, String)], defaults: &Table, problems: &mut Problems) -> Table {
    let mut table = Table::new();
    for (key, text) in pairs {
        set(&mut table, key, key, text.clone(), defaults, problems);
    }
    table
}

/// `name` is what the key is called where it was given.
fn set(table: &mut Table, key: &str, name: &str, text: String, defaults: &Table, problems: &mut Problems) {
    let (section, leaf) = key.split_once('.').unwrap_or(("", key));
    let scope = if section.is_empty() { Some(defaults) } else { defaults.get(section).and_then(Value::as_table) };
    match scope.and_then(|scope| scope.get(leaf)) {
        None | Some(Value::Table(_)) => problems.add(name, "names no setting; config/default.toml has them all"),
        Some(default) => {
            let value = typed(text, default);
            if section.is_empty() {
                table.insert(leaf.to_owned(), value);
            } else if let Value::Table(inner) = table.entry(section).or_insert_with(|| Value::Table(Table::new())) {
                inner.insert(leaf.to_owned(), value);
            }
        }
    }
}

/// Where the default is a text, so is the value, whatever it looks like: a password may be all digits. Elsewhere it is
/// read as TOML, and left a text if it is not.
fn typed(text: String, default: &Value) -> Value {
    if default.is_str() { Value::String(text) } else { text.parse().unwrap_or(Value::String(text)) }
}

/// Sections are laid over one another key by key; everything else replaces what was there.
pub(super) fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
