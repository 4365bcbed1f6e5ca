//! README's tour, and those of docs/dialects, as they are printed there.

use std::fs;
use std::path::Path;
use std::process::Command;

use atropos_testbed::{Binary, Flavor, RedisServer};

use crate::program::{dev, printed_refresh_token};

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

#[tokio::test]
async fn the_tour_of_other_surfaces_works_as_printed_on_the_embedded_store() {
    let data = tempfile::tempdir().unwrap();
    walk_elsewhere(&dev(data.path(), &[]).await);
}

#[tokio::test]
async fn the_tour_of_other_surfaces_works_as_printed_on_redis() {
    let (data, redis) = (tempfile::tempdir().unwrap(), RedisServer::start(Flavor::Redis, &[]).await);
    walk_elsewhere(&dev(data.path(), &["--store", &redis.url()]).await);
}

/// RFC7636-4.6-a, OA21-7.5.2-d: with a browser, from the address that `dev` prints.
#[tokio::test]
async fn the_tour_in_a_browser_works_as_printed() {
    let data = tempfile::tempdir().unwrap();
    let server = dev(data.path(), &[]).await;
    let code = approved(&server).await;
    let output = shell(&block_after("README.md", "### In a browser", &server).replace("CODE", &code));
    assert_eq!(states(&output), [true, false], "{output}");
    assert!(output.contains(r#""error":"invalid_grant""#), "{output}");
}

/// Opens the address, signs in, allows, and reads the code off the address where a browser would be.
async fn approved(server: &Binary) -> String {
    let printed = server.stdout();
    let address =
        printed.lines().find(|line| line.contains("/oauth/authorize?")).expect("an address").trim().to_owned();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut cookies = Vec::new();
    let mut last = http.get(address).send().await.unwrap();
    let forms =
        [&[("answer", "sign_in"), ("username", "alice"), ("password", "wonderland")][..], &[("answer", "allow")][..]];
    let page = server.url(last.headers()["location"].to_str().unwrap());
    for form in forms {
        let set = last.headers().get_all("set-cookie").iter();
        cookies.extend(set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned()));
        last = http.post(&page).header("cookie", cookies.join("; ")).form(form).send().await.unwrap();
        assert_eq!(last.status(), 303);
    }
    let address = last.headers()["location"].to_str().unwrap();
    assert!(address.starts_with("http://127.0.0.1:9/callback?"), "{address}");
    address.split("code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code").to_owned()
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
    let server = dev(data.path(), &[]).await;
    let output = shell(&block_after("docs/dialects/infisical.md", "## Try it", &server));
    assert_eq!(states(&output), [true, false], "{output}");
    assert_eq!(output.matches(r#"{"message":"Successfully revoked access token"}"#).count(), 2, "{output}");
    assert_eq!(output.matches(r#""statusCode":404"#).count(), 1, "{output}");
    assert_eq!(output.matches(r#"{"tokens":[{"id":""#).count(), 1, "{output}");
}

fn walk(server: &Binary) {
    let output = shell(&block_after("README.md", "## A tour", server));
    assert_eq!(states(&output), [true, false], "{output}");
    assert_eq!(output.matches(r#""refresh_token":"rt_"#).count(), 2, "{output}");
    assert!(output.contains("HTTP/1.1 200 OK"), "{output}");
}

/// Kajabi's, Anghami's, Infisical's by value, and by id before and after.
fn walk_elsewhere(server: &Binary) {
    let tour = block_after("README.md", "### The same on other surfaces", server);
    let output = shell(&tour.replace("REFRESH_TOKEN", &printed_refresh_token(server, "demo-anghami")));
    assert_eq!(states(&output), [false, false, false, true, false], "{output}");
    assert_eq!(output.matches("Successfully revoked access token").count(), 2, "{output}");
    assert!(output.contains("HTTP/1.1 200 OK") && output.contains("\n{}\n"), "{output}");
}

/// The first script that stands in this document below this heading, for this server.
fn block_after(document: &str, heading: &str, server: &Binary) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let part = text.split(heading).nth(1).unwrap().split("```sh").nth(1).unwrap();
    part.split("```").next().unwrap().replace("http://127.0.0.1:8080", &server.url(""))
}

/// What introspection said, one time after another.
fn states(output: &str) -> Vec<bool> {
    output.split(r#""active":"#).skip(1).map(|rest| rest.starts_with("true")).collect()
}

fn shell(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh").args(["-euc", script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
