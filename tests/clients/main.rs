//! Clients that others wrote, unmodified, pointed at the server that `dev` starts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod authlib;
mod infisical;
mod login_application;
mod oauth2_crate;
mod oauth4webapi;
mod openid_client;
mod pages;
mod relying_party;
mod schemathesis;

use std::path::{Path, PathBuf};
use std::process::Command;

use atropos_testbed::{Binary, Flavor, RedisServer};
use tempfile::TempDir;

/// A server, and the ground it stands on.
pub(crate) struct Dev {
    pub(crate) server: Binary,
    _store: Option<RedisServer>,
    _data: TempDir,
}

impl Dev {
    pub(crate) async fn embedded() -> Self {
        Self::start(None, &[]).await
    }

    pub(crate) async fn on_redis() -> Self {
        Self::start(Some(RedisServer::start(Flavor::Redis, &[]).await), &[]).await
    }

    pub(crate) async fn start(store: Option<RedisServer>, environment: &[(&str, &str)]) -> Self {
        Self::start_with(store, &[], environment).await
    }

    pub(crate) async fn start_with(store: Option<RedisServer>, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().to_str().unwrap();
        let mut arguments = vec!["dev".to_owned(), "--listen=127.0.0.1:0".to_owned(), format!("--data={folder}")];
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        arguments.extend(store.as_ref().map(|store| format!("--store={}", store.url())));
        let mut command = Command::new(env!("CARGO_BIN_EXE_atropos"));
        command.args(arguments).env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").envs(environment.iter().copied());
        Self { server: Binary::start_command(&mut command).await, _store: store, _data: data }
    }
}

/// Runs a script of this folder with a client from npm against the server.
pub(crate) fn node(script: &str, dev: &Dev) {
    node_with(script, dev, &[]);
}

pub(crate) fn node_with(script: &str, dev: &Dev, more: &[&str]) {
    assert!(folder().join("node_modules").exists(), "run `npm ci` in tests/clients first; ./check does");
    run(Path::new("node"), script, dev, more);
}

/// The same with a client from `PyPI`.
pub(crate) fn python(script: &str, dev: &Dev) {
    run(&tool("python"), script, dev, &[]);
}

/// A program of the Python environment: where `./check` has made one, or else on the `PATH`.
pub(crate) fn tool(name: &str) -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin").join(name);
    if installed.exists() { installed } else { name.into() }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Where it is, or where it would be installed.
pub(crate) fn chromium() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where their browser is")]
    let named = std::env::var_os("TEST_CHROMIUM").map(PathBuf::from);
    named.unwrap_or_else(|| "/usr/bin/chromium".into())
}

fn run(program: &Path, script: &str, dev: &Dev, more: &[&str]) {
    let mut command = Command::new(program);
    let output = command.arg(script).arg(dev.server.url("")).args(more).current_dir(folder()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}; ./check installs it", program.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
