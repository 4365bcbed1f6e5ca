use super::problem::Problems;
use super::*;
use crate::fuzz::target;

/// A secret that an operator may have written anywhere, and nobody is to read in the log of a start that failed.
const SECRET: &str = "hunter2";

/// Whether it stands only where secrets stand.
fn is_only_secret(table: &Table) -> bool {
    let is_told = |name: &str| !["password", "secrets", "url", "jwks"].contains(&name) && !name.contains("password");
    let told = |value: &Value| value.to_string().contains(SECRET);
    // Of a URL, what stands before the last `@` is secret, and the host is not.
    let is_place = |name: &str, value: &Value| {
        let text = value.as_str().unwrap_or_default();
        name == "url" && text.rsplit('@').next().is_some_and(|place| place.contains(SECRET))
    };
    let is_known = |(name, value): (&String, &Value)| {
        name.contains(SECRET) || is_told(name) && told(value) || is_place(name, value)
    };
    let inner = |value: &Value| match value {
        Value::Table(table) => !table.iter().any(is_known),
        Value::Array(list) => list.iter().all(|item| {
            let rows = item.as_table();
            rows.is_some_and(|row| !row.iter().any(is_known))
        }),
        other => !told(other),
    };
    table.iter().all(|(name, value)| !name.contains(SECRET) && inner(value))
}

#[test]
fn a_file_holds_or_what_is_wrong_with_it_is_told_without_its_secrets() {
    let defaults = layer::built_in(layer::DEFAULT);
    target("settings", |bytes| {
        let Some(table) = str::from_utf8(bytes).ok().and_then(|text| text.parse::<Table>().ok()) else { return };
        let is_secret = is_only_secret(&table);
        for mode in [Mode::Dev, Mode::Serve] {
            let (mut merged, mut problems) = (defaults.clone(), Problems::default());
            layer::overlay(&mut merged, table.clone());
            let defaults = defaults.clone();
            let settings = Reader { merged, defaults, problems: &mut problems }.settings(mode);
            assert!(settings.is_some() || !problems.is_empty(), "refused without a word");
            let told = format!("{problems} {settings:?}");
            assert!(!is_secret || !told.contains(SECRET), "a secret is told");
        }
    });
}
