//! `oauth4webapi` from npm: `oauth4webapi.mjs` is what it does.

use std::path::Path;
use std::process::Command;

use crate::Dev;

#[tokio::test]
async fn oauth4webapi_goes_through_a_session_on_the_embedded_store() {
    run(&Dev::embedded().await);
}

#[tokio::test]
async fn oauth4webapi_goes_through_a_session_on_redis() {
    run(&Dev::on_redis().await);
}

fn run(dev: &Dev) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    assert!(folder.join("node_modules/oauth4webapi").exists(), "run `npm ci` in tests/clients first; ./check does");
    let output = Command::new("node").arg("oauth4webapi.mjs").arg(dev.server.url("")).current_dir(folder).output();
    let output = output.expect("node is on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
