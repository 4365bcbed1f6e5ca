//! Schemathesis from `PyPI`: it reads `/openapi.json`, sends what that allows and what it forbids, and holds every answer to
//! it. `schemathesis.toml` tells how.

use std::process::Command;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::{Dev, folder, tool};

/// It guesses, and is to be answered as somebody who does not.
const UNLIMITED: [(&str, &str); 3] = [
    ("ATROPOS__LIMITS__FAILED_AUTHENTICATIONS", "0"),
    ("ATROPOS__LIMITS__UNKNOWN_TOKENS", "0"),
    ("ATROPOS__LIMITS__ISSUES", "0"),
];

#[tokio::test]
async fn schemathesis_finds_nothing() {
    let dev = Dev::start(None, &UNLIMITED).await;
    let machine = json!({ "clientId": "demo-identity-admin", "clientSecret": "demo-identity-admin-secret" });
    let log_in = Client::new().post(dev.server.url("/api/v1/auth/universal-auth/login")).json(&machine);
    let key =
        [("grant_type", "client_credentials"), ("client_id", "demo-kajabi"), ("client_secret", "demo-kajabi-secret")];
    let begin = Client::new().post(dev.server.url("/v1/oauth/token")).form(&key);
    // It leaves what it remembers where it is run.
    let leavings = tempfile::tempdir().unwrap();
    let output = Command::new(tool("schemathesis"))
        .args(["--no-color", "--config-file"])
        .arg(folder().join("schemathesis.toml"))
        .args(["run", "--checks=all", &dev.server.url("/openapi.json")])
        .env("ACCESS_TOKEN", member(log_in, "accessToken").await)
        .env("KAJABI_ACCESS_TOKEN", member(begin, "access_token").await)
        .current_dir(leavings.path())
        .output()
        .expect("schemathesis is installed: ./check does that, or have it on the PATH");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("No issues found"), "{said}");
}

async fn member(request: RequestBuilder, name: &str) -> String {
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer[name].as_str().unwrap().to_owned()
}
