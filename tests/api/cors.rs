//! What pages of other origins may do (RFC 7009 section 2.3, RFC 10017).

use atropos::http::Options;
use reqwest::Method;
use rstest::rstest;

use crate::answer::Answer;
use crate::spawn::{App, Setup, basic, basic_with, options};

const PAGE: &str = "https://page.example";

async fn open_to(origins: &[&str]) -> App {
    let cors_origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    let options = Options { cors_origins, ..options() };
    App::with(Setup { options, ..Setup::default() }).await
}

async fn preflight(app: &App, path: &str, origin: &str, method: &str) -> Answer {
    let request = app.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    Answer::to(request.header("access-control-request-headers", "authorization, content-type, dpop")).await
}

/// RFC7009-2.3-a, BBA-a
#[rstest]
#[case("/oauth/token", "POST")]
#[case("/oauth/revoke", "POST")]
#[case("/oauth/jwks", "GET")]
#[case("/.well-known/oauth-authorization-server", "GET")]
#[tokio::test]
async fn a_page_may_ask_where_it_is_configured(
    #[case] path: &str,
    #[case] method: &str,
    #[values(PAGE, "*")] configured: &str,
) {
    let app = open_to(&[configured]).await;
    let answer = preflight(&app, path, PAGE, method).await;
    assert!(answer.status.is_success(), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(configured));
    assert_eq!(answer.header("access-control-allow-methods"), Some(method));
    let headers = answer.header("access-control-allow-headers").expect("headers").to_lowercase();
    for header in ["authorization", "content-type", "dpop"] {
        assert!(headers.contains(header), "{headers}");
    }
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

/// RFC7009-2.3-b
#[tokio::test]
async fn a_page_can_read_errors_too() {
    let app = open_to(&[PAGE]).await;
    let tokens = app.issue("session").await;
    let with_origin = |form: &[(&str, &str)], authorization: String| {
        app.post("/oauth/revoke", form).header("origin", PAGE).header("authorization", authorization)
    };
    let right = || basic("session");
    let mut answers = vec![
        Answer::to(with_origin(&[("token", "x")], right())).await,
        Answer::to(with_origin(&[], right())).await,
        Answer::to(with_origin(&[("token", "x")], basic_with("session", "wrong"))).await,
        Answer::to(app.request(Method::PUT, "/oauth/revoke").header("origin", PAGE)).await,
    ];
    app.store.cut();
    answers.push(Answer::to(with_origin(&[("token", &tokens.access)], right())).await);
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 400, 401, 405, 503]);
    for answer in answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{answer:?}");
        let exposed = answer.header("access-control-expose-headers").expect("headers").to_lowercase();
        assert!(exposed.contains("www-authenticate") && exposed.contains("retry-after"), "{exposed}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn a_foreign_page_is_told_no_in_our_words() {
    let app = open_to(&[PAGE]).await;
    let answer = preflight(&app, "/oauth/token", "https://evil.example", "POST").await;
    answer.assert_error(400, "invalid_request");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let request = app.post("/oauth/revoke", &[]).header("origin", "https://evil.example");
    let answer = Answer::to(request).await;
    answer.assert_error(401, "invalid_client");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let answer = preflight(&app, "/oauth/token", PAGE, "DELETE").await;
    answer.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn introspection_is_for_no_page_and_by_default_nothing_is() {
    let open = open_to(&["*"]).await;
    let answer = preflight(&open, "/oauth/introspect", PAGE, "POST").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let closed = App::spawn().await;
    let answer = preflight(&closed, "/oauth/token", PAGE, "POST").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
}
