//! `[[scopes]]`: what scopes mean, for people who are asked to approve them.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

use super::problem::Problems;
use super::section;
use crate::domain::scope::Scope;

/// What one scope means.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Entry {
    scope: String,
    means: String,
}

pub(super) fn read(list: Option<Value>, problems: &mut Problems) -> BTreeMap<String, String> {
    let entries: Vec<(String, Entry)> = section::list("scopes", "scope", list, problems);
    let mut meanings = BTreeMap::new();
    for (called, Entry { scope, means }) in entries {
        let is_one = Scope::parse(&scope).is_ok_and(|parsed| parsed.as_str() == scope && parsed.tokens().count() == 1);
        problems.require(is_one, &format!("{called}.scope"), "is no scope token (RFC 6749 section 3.3)");
        problems.require(!means.trim().is_empty(), &format!("{called}.means"), "is missing");
        let is_new = meanings.insert(scope, means).is_none();
        problems.require(is_new, &format!("{called}.scope"), "is told twice");
    }
    meanings
}
