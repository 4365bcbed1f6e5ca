//! README's tour, as it is printed there.

use std::fs;
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

fn walk(server: &Binary) {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let tour = readme.split("## A tour").nth(1).unwrap().split("```sh").nth(1).unwrap().split("```").next().unwrap();
    let output = shell(&tour.replace("http://127.0.0.1:8080", &server.url("")));
    let states: Vec<bool> = output.split(r#""active":"#).skip(1).map(|rest| rest.starts_with("true")).collect();
    assert_eq!(states, [true, false], "{output}");
    assert_eq!(output.matches(r#""refresh_token":"rt_"#).count(), 2, "{output}");
    assert!(output.contains("HTTP/1.1 200 OK"), "{output}");
}

fn shell(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh").args(["-euc", script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
