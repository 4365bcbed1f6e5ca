//! `/docs` for people, and how both documents are served.

use std::collections::BTreeSet;

use atropos::domain::client::Surface;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use rstest::rstest;
use sha2::{Digest as _, Sha256};

use super::{described, document, with_options};
use crate::answer::Answer;
use crate::spawn::App;

#[tokio::test]
async fn the_page_tells_every_call() {
    let app = App::spawn().await;
    let answer = app.get("/docs").await;
    answer.assert_ok();
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    for (path, methods) in described(&document(&app).await.document) {
        for method in methods {
            let call = format!(r#"<b class="{method}">{method}</b> <code>{path}</code>"#);
            assert_eq!(answer.body.matches(&call).count(), 1, "{call}");
        }
    }
    for told in [
        "curl https://as.example/oauth/token \\\n  -u &#34;$CLIENT_ID:$CLIENT_SECRET&#34; \\\n  -d grant_type=client_credentials",
        "-H &#34;Authorization: Bearer $ACCESS_TOKEN&#34; \\\n  -X DELETE",
        "curl https://as.example/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01/tokens",
        "-d &#39;{&#34;clientId&#34;:&#34;demo-identity&#34;",
        "<code>client_assertion</code>",
        // What was written in one order is shown in that order, and what is the same is shown once.
        "-d grant_type=client_credentials \\\n  -d client_id=demo-kajabi \\\n  -d client_secret=",
        "<small>application/x-www-form-urlencoded or application/json</small>",
        r#"<span class="s5">503</span>"#,
        "<code>Retry-After</code>",
        r#"<span class="ours">ours</span>"#,
    ] {
        assert!(answer.body.contains(told), "{told}");
    }
}

/// Every link of the contents leads to a place of the page, and no place is there twice.
#[tokio::test]
async fn links_lead_somewhere() {
    let page = App::spawn().await.get("/docs").await.body;
    let links: BTreeSet<_> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let places: Vec<_> = page.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(links, places.iter().copied().collect());
    assert!(links.len() > 30 && links.len() == places.len(), "{places:?}");
}

/// Nothing is run, and nothing is asked of anybody else.
#[tokio::test]
async fn the_page_is_whole_and_runs_nothing() {
    let answer = App::spawn().await.get("/docs").await;
    let style = answer.body.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
    let page = answer.body.to_lowercase();
    for forbidden in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "<form",
        " src=",
        " style=",
        "javascript:",
        "url(",
        "@import",
        "onclick",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    assert!(
        links.clone().all(|link| link.starts_with('#') || link == "openapi.json"),
        "{:?}",
        links.collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_is_not_spoken_is_not_told_of() {
    let app = with_options(|options| options.surfaces = BTreeSet::from([Surface::Kajabi])).await;
    let page = app.get("/docs").await.body;
    assert!(page.contains("/v1/oauth/revoke") && !page.contains("/v1/auth/token"));
    let app = with_options(|options| options.surfaces = BTreeSet::new()).await;
    let (page, document) = (app.get("/docs").await.body, app.get("/openapi.json").await.body);
    for vendor in ["kajabi", "anghami", "infisical"] {
        assert!(!page.to_lowercase().contains(vendor) && !document.to_lowercase().contains(vendor), "{vendor}");
    }
}

#[rstest]
#[case("/openapi.json")]
#[case("/docs")]
#[tokio::test]
async fn what_is_known_already_is_not_sent_again(#[case] path: &str) {
    let app = App::spawn().await;
    let first = app.get(path).await;
    assert_eq!(first.header("cache-control"), Some("public, max-age=60"));
    let tag = first.header("etag").expect("a tag").to_owned();
    for known in [&tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
        let again = Answer::to(app.request(Method::GET, path).header("if-none-match", known)).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""), "{known}");
        assert_eq!(again.header("etag"), Some(&*tag));
    }
    let other = Answer::to(app.request(Method::GET, path).header("if-none-match", "\"other\"")).await;
    assert_eq!((other.status.as_u16(), other.body), (200, first.body));
    let headed = Answer::to(app.request(Method::HEAD, path)).await;
    assert_eq!((headed.status.as_u16(), headed.body.as_str(), headed.header("etag")), (200, "", Some(&*tag)));
    Answer::to(app.post(path, &[])).await.assert_error(405, "invalid_request");
}

/// Tools in browsers read the document; what they may call is another matter.
#[tokio::test]
async fn pages_of_everywhere_may_read_the_document() {
    let app = App::spawn().await;
    let read = |path: &str| Answer::to(app.request(Method::GET, path).header("origin", "https://editor.example"));
    assert_eq!(read("/openapi.json").await.header("access-control-allow-origin"), Some("*"));
    assert_eq!(read("/docs").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn both_can_be_switched_off() {
    let app = with_options(|options| options.docs = false).await;
    for path in ["/openapi.json", "/docs"] {
        app.get(path).await.assert_error(404, "invalid_request");
    }
    app.issue("session").await;
}
