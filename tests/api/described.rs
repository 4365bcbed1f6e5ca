//! `/openapi.json` and `/docs`: what is there is described, what is described is there.

mod page;
mod seeds;

use std::collections::{BTreeMap, BTreeSet};

use atropos::domain::client::Surface;
use atropos::http::Options;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::documented::Documented;
use crate::spawn::{App, ISSUER, Setup, options};

pub(crate) async fn with_options(change: impl FnOnce(&mut Options)) -> App {
    let mut options = options();
    change(&mut options);
    App::with(Setup { options, ..Setup::default() }).await
}

pub(crate) async fn document(app: &App) -> Documented {
    Documented::read(app.get("/openapi.json").await.body.as_bytes())
}

/// Path and methods of everything that is described.
fn described(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &Value| {
        let known = |name: &&String| ["get", "post", "put", "patch", "delete"].contains(&name.as_str());
        item.as_object().expect("an item").keys().filter(known).map(|method| method.to_uppercase()).collect()
    };
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// What a path is called does not matter, where its parts are does.
fn nameless(pattern: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The routes that are counted are the routes that are mounted.
async fn mounted(app: &App) -> BTreeSet<String> {
    let metrics = app.metrics("/metrics").await.body;
    let counted = metrics.lines().filter_map(|line| line.strip_prefix("atropos_requests_total{"));
    let routes = counted.filter_map(|line| line.split("route=\"").nth(1)?.split('"').next());
    routes.filter(|route| *route != "(none)").map(nameless).collect()
}

#[rstest]
#[case(&[])]
#[case(&[Surface::Kajabi])]
#[case(&[Surface::Anghami, Surface::Infisical])]
#[case(&[Surface::Kajabi, Surface::Anghami, Surface::Infisical])]
#[tokio::test]
async fn every_route_is_described_and_nothing_else(#[case] surfaces: &[Surface]) {
    let app = with_options(|options| options.surfaces = surfaces.iter().copied().collect()).await;
    let document = document(&app).await.document;
    let paths: BTreeSet<_> = described(&document).keys().map(|path| nameless(path)).collect();
    assert_eq!(paths, mounted(&app).await);
    let vendors =
        |name: &str| document["components"]["schemas"].as_object().unwrap().keys().any(|it| it.starts_with(name));
    for (surface, name) in
        [(Surface::Kajabi, "Kajabi"), (Surface::Anghami, "Anghami"), (Surface::Infisical, "Infisical")]
    {
        assert_eq!(vendors(name), surfaces.contains(&surface), "{name}");
    }
}

/// By every method that is described, and by none that is not.
#[tokio::test]
async fn every_method_that_is_allowed_is_described() {
    let app = App::spawn().await;
    for (path, mut methods) in described(&document(&app).await.document) {
        let answer = Answer::to(app.request(Method::OPTIONS, &path)).await;
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        methods.insert("OPTIONS".to_owned());
        let allowed = answer.header("allow").expect("methods").split(", ").map(str::to_owned).collect();
        assert_eq!(methods, allowed, "{path}");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let request = app.request(method.parse().expect("a method"), &path);
            let is_allowed = Answer::to(request).await.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_allowed, methods.contains(method), "{method} {path}");
        }
    }
}

/// RFC 8414 section 3.1 and the rest of what an issuer with a path moves.
#[tokio::test]
async fn an_issuer_with_a_path_is_described_as_it_is() {
    let issuer = "https://as.example/tenant/one";
    let app = App::with(Setup { issuer, ..Setup::default() }).await;
    let document: Value = serde_json::from_str(&app.get("/tenant/one/openapi.json").await.body).expect("JSON");
    assert_eq!(document["servers"], json!([{ "url": issuer }]));
    for (path, methods) in described(&document) {
        let server = document["paths"][&path]["servers"][0]["url"].as_str().unwrap_or(issuer);
        let base = server.strip_prefix(ISSUER).expect("at the host of the issuer");
        for method in methods {
            let request = app.request(method.parse().expect("a method"), &format!("{base}{path}"));
            let status = Answer::to(request).await.status;
            assert!(![404, 405].contains(&status.as_u16()), "{method} {base}{path}: {status}");
        }
    }
    assert_eq!(app.get("/openapi.json").await.status.as_u16(), 404);
    app.get("/tenant/one/docs").await.assert_ok();
}

/// DIA-5: examples are what people copy.
#[tokio::test]
async fn every_example_is_an_example_of_its_schema() {
    let app = App::spawn().await;
    let documented = document(&app).await;
    let mut seen = 0;
    visit(&documented.document, &mut |value| {
        let named = value["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
        for example in value.get("example").into_iter().chain(named).filter(|_| value.get("schema").is_some()) {
            let fits = documented.validate(&value["schema"], example);
            assert!(fits.is_ok(), "{example}: {fits:?}");
            seen += 1;
        }
    });
    assert!(seen > 60, "{seen}");
}

fn visit<'a>(value: &'a Value, each: &mut impl FnMut(&'a Value)) {
    each(value);
    let members = value.as_object().into_iter().flat_map(|object| object.values());
    for inner in members.chain(value.as_array().into_iter().flatten()) {
        visit(inner, each);
    }
}

/// Whatever is referred to is there, and every operation has a name of its own.
#[tokio::test]
async fn references_lead_somewhere_and_names_are_unique() {
    let app = App::spawn().await;
    let documented = document(&app).await;
    let (mut names, mut references) = (Vec::new(), 0);
    visit(&documented.document, &mut |value| {
        if value["$ref"].is_string() {
            documented.resolve(value);
            references += 1;
        }
        names.extend(value["operationId"].as_str().filter(|_| value.get("responses").is_some()));
    });
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    assert!(references > 300 && names.len() > 25, "{references}, {names:?}");
}

/// What holds every answer of these tests to the document would notice.
#[tokio::test]
async fn an_answer_that_is_not_as_described_is_noticed() {
    let app = App::spawn().await;
    let documented = document(&app).await;
    let good = app.get("/health/live").await;
    let wrong = |path: &str, change: fn(&mut Answer)| {
        let mut answer = Answer { status: good.status, headers: good.headers.clone(), body: good.body.clone() };
        change(&mut answer);
        documented.check(&Method::GET, path, &answer).expect_err("noticed")
    };
    assert_eq!(documented.check(&Method::GET, "/health/live", &good), Ok(()));
    for (change, told) in [
        ((|it| it.status = StatusCode::IM_A_TEAPOT) as fn(&mut Answer), "a status that is not documented"),
        (|it| it.body.push('x'), "a body that is no JSON"),
        (|it| it.body = r#"{"status":"dead"}"#.to_owned(), "\"live\" was expected at /status"),
        (|it| it.body = r#"{"status":"live","more":1}"#.to_owned(), "Additional properties are not allowed"),
        (|it| drop(it.headers.remove("cache-control")), "no Cache-Control"),
        (|it| drop(it.headers.insert("cache-control", "public".parse().unwrap())), "Cache-Control: \"no-store\" was"),
        (|it| drop(it.headers.insert("x-secret", "1".parse().unwrap())), "x-secret is not documented"),
        (|it| it.headers = HeaderMap::new(), "no "),
    ] {
        let said = wrong("/health/live", change);
        assert!(said.contains(told), "{said}, {told}");
    }
    assert_eq!(wrong("/nowhere", |_| ()), "neither documented, nor not found, nor not allowed");
}
