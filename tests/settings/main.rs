//! What the server accepts as its settings, and what it refuses to start with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in a function it shares, too")]

mod accepted;
mod clients;
mod jwks;
mod login;
mod openid;
mod refused;
mod secrets;
mod users;

use std::path::Path;

use atropos::settings::{Mode, Problems, Settings};

/// The least that `serve` needs.
const PRODUCTION: &str = r#"
    server.issuer = "https://as.example"
    store.durability = "fsync"
    keys.master_secret = "correct horse battery staple, and then some"
"#;

/// Loads a file with this text, and an environment of these variables.
fn load(mode: Mode, text: &str, variables: &[(&str, &str)]) -> Result<Settings, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("atropos.toml");
    std::fs::write(&path, text).unwrap();
    load_file(mode, Some(&path), variables)
}

fn load_file(mode: Mode, file: Option<&Path>, variables: &[(&str, &str)]) -> Result<Settings, Problems> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(mode, file, &[], variables)
}

/// `serve` with what it needs and this text besides.
fn serve(text: &str) -> Result<Settings, Problems> {
    load(Mode::Serve, &format!("{PRODUCTION}\n{text}"), &[])
}

fn dev(text: &str) -> Result<Settings, Problems> {
    load(Mode::Dev, text, &[])
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// The one thing that is wrong.
fn only_problem(result: Result<Settings, Problems>) -> String {
    let mut lines = lines(&result.expect_err("the settings were accepted"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}
