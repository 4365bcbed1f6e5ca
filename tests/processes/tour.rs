//! README's tour, and those of docs/dialects, as they are printed there.

use std::fs;
use std::path::Path;
use std::process::Command;

use atropos_testbed::{Binary, Flavor, RedisServer};

use crate::program::dev;

#[tokio::test]
async fn the_tour_works_as_printed_on_the_embedded_store() {
    let data = tempfile::tempdir().unwrap();
    walk(&dev(data.path(), &[]).await);
}

#[tokio::test]
async fn the_tour_works_as_printed_on_redis() {
    let (data, redis) = (tempfile::tempdir().unwrap(), RedisServer::start(Flavor::Redis, &[]).await);
    walk(&dev(data.path(), &["--store", &redis.url()]).await);
}

/// What `dev` prints can be pasted.
#[tokio::test]
async fn the_lines_that_dev_prints_work_when_pasted() {
    let data = tempfile::tempdir().unwrap();
    let server = dev(data.path(), &[]).await;
    let printed = server.stdout();
    let lines: Vec<&str> = printed.lines().skip_while(|line| !line.contains("token=$(")).take(4).collect();
    let output = shell(&lines.join("\n"));
    assert!(output.contains(r#""active":true"#), "{output}");
    assert!(output.contains("HTTP/1.1 200 OK"), "{output}");
}

/// INF-1, INF-2, INF-12, INF-14
#[tokio::test]
async fn the_life_of_a_token_of_infisical_goes_as_printed() {
    let data = tempfile::tempdir().unwrap();
    let output = printed("docs/dialects/infisical.md", "## Try it", &dev(data.path(), &[]).await);
    let states: Vec<bool> = output.split(r#""active":"#).skip(1).map(|rest| rest.starts_with("true")).collect();
    assert_eq!(states, [true, false], "{output}");
    assert_eq!(output.matches(r#"{"message":"Successfully revoked access token"}"#).count(), 2, "{output}");
    assert_eq!(output.matches(r#""statusCode":404"#).count(), 1, "{output}");
    assert_eq!(output.matches(r#"{"tokens":[{"id":""#).count(), 1, "{output}");
}

fn walk(server: &Binary) {
    let output = printed("README.md", "## A tour", server);
    let states: Vec<bool> = output.split(r#""active":"#).skip(1).map(|rest| rest.starts_with("true")).collect();
    assert_eq!(states, [true, false], "{output}");
    assert_eq!(output.matches(r#""refresh_token":"rt_"#).count(), 2, "{output}");
    assert!(output.contains("HTTP/1.1 200 OK"), "{output}");
}

/// What the first lines for a shell do that stand in this document below this heading.
fn printed(document: &str, heading: &str, server: &Binary) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let below = text.split(heading).nth(1).unwrap();
    let lines = below.split("```sh").nth(1).unwrap().split("```").next().unwrap();
    shell(&lines.replace("http://127.0.0.1:8080", &server.url("")))
}

fn shell(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh").args(["-euc", script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
