//! Starts the program, asks it, and runs its other commands.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use atropos_testbed::Binary;
use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_atropos");

/// `dev` in a data folder, on free ports, with further arguments.
pub(crate) async fn dev(data: &Path, more: &[&str]) -> Binary {
    let mut command = Command::new(PROGRAM);
    command.args(["dev", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more);
    Binary::start_command(command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0")).await
}

/// Runs one of the other commands to its end, with `input` on its standard input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it printed, if it did what it was told.
pub(crate) fn done(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What it said, if it refused.
pub(crate) fn refused(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// Posts a form as one of the sample clients.
pub(crate) async fn post(server: &Binary, path: &str, client: &str, form: &[(&str, &str)]) -> reqwest::Response {
    let request = reqwest::Client::new().post(server.url(path));
    request.basic_auth(client, Some(format!("{client}-secret"))).form(form).send().await.unwrap()
}

pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

pub(crate) async fn session(server: &Binary, client: &str) -> Session {
    let answer = post(server, "/oauth/token", client, &[("grant_type", "client_credentials")]).await;
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    Session { access: text("access_token"), refresh: text("refresh_token") }
}

/// What `dev` has begun for a public client, and has printed.
pub(crate) fn printed_refresh_token(server: &Binary, client: &str) -> String {
    let printed = server.stdout();
    let mut lines = printed.lines().skip_while(|line| !line.contains(&format!("client {client};")));
    lines.nth(1).unwrap().trim().to_owned()
}

pub(crate) async fn is_active(server: &Binary, token: &str) -> bool {
    let answer = post(server, "/oauth/introspect", "demo-api", &[("token", token)]).await;
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    body["active"].as_bool().unwrap()
}
