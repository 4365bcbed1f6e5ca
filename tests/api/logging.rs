//! What the log says of a request, and what it never says.

use std::io::{self, Write};
use std::sync::{Mutex, Once};

use reqwest::Method;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::answer::Answer;
use crate::spawn::{App, basic, basic_with};

/// Everything that any server in this process has logged since the first test listened, one JSON object a line.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().expect("no writer panics").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt().json().with_max_level(LevelFilter::DEBUG).with_writer(|| Log).init();
    });
}

pub(crate) fn log() -> String {
    String::from_utf8(LOG.lock().expect("no writer panics").clone()).expect("UTF-8")
}

/// The fields of the one line about this request.
pub(crate) fn line_of(answer: &Answer) -> Value {
    let id = answer.header("x-request-id").expect("a name");
    let log = log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut about = lines.filter(|line| line["target"] == "request" && line["fields"]["id"] == id);
    let line = about.next().expect("a line");
    assert_eq!(about.next(), None, "only one");
    line["fields"].clone()
}

/// A line is written before the answer goes out.
#[tokio::test]
async fn each_request_has_one_line() {
    listen();
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let revoked = app.revoke("session", &tokens.access).await;
    let line = line_of(&revoked);
    assert!(line["milliseconds"].as_f64().is_some_and(|took| took > 0.0));
    let told = |line: &Value| ["surface", "route", "client", "outcome", "cause"].map(|name| line[name].clone());
    let expected = [json!("standard"), json!("/oauth/revoke"), json!("session"), json!("done"), Value::Null];
    assert_eq!(told(&line), expected);
    let foreign = line_of(&app.revoke("other", &tokens.access).await);
    let expected = ["standard", "/oauth/revoke", "other", "invalid_grant", "other_client"].map(Value::from);
    assert_eq!(told(&foreign), expected);
    let guess = app.post("/oauth/token", &[]).header("authorization", basic_with("session", "wrong"));
    let guess = line_of(&Answer::to(guess).await);
    assert_eq!((&guess["outcome"], &guess["cause"]), (&json!("invalid_client"), &json!("wrong_secret")));
    app.store.cut();
    let cut = line_of(&app.introspect("session", tokens.refresh()).await);
    assert_eq!((&cut["outcome"], &cut["cause"]), (&json!("unavailable"), &json!("cut off")));
}

/// Which of the reasons refused a refresh stands in the log, and on the wire there is one answer.
#[tokio::test]
async fn the_reason_of_a_refused_refresh_stands_in_the_log_alone() {
    listen();
    let app = App::spawn().await;
    let (spent, ended) = (app.issue("session").await, app.issue("session").await);
    app.refreshed("session", app.refreshed("session", spent.refresh()).await.refresh()).await;
    app.revoke("session", ended.refresh()).await.assert_revoked();
    let answers = [
        (app.refresh("session", "rt_unknown").await, "unknown"),
        (app.refresh("other", ended.refresh()).await, "other_client"),
        (app.refresh("session", ended.refresh()).await, "ended"),
        (app.refresh("session", spent.refresh()).await, "reused"),
    ];
    for (answer, cause) in &answers {
        assert_eq!(line_of(answer)["cause"], *cause);
        assert!(!answer.body.contains(cause), "{}", answer.body);
    }
    let mut bodies: Vec<_> = answers.iter().map(|(answer, _)| &answer.body).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

/// RFC7009-2-e, RFC7009-5-b, RFC6750-5.3-i
#[tokio::test]
async fn no_secret_token_or_query_is_ever_logged() {
    listen();
    let app = App::spawn().await;
    let tokens = app.issue("session").await;
    let jwt = app.issue("service-jwt").await.access;
    let next = app.refreshed("session", tokens.refresh()).await;
    let in_query = format!("/oauth/revoke?token={}&state=9d1c7f", next.access);
    let wrong = basic_with("session", "a wrong secret 5f0b2e");
    let unknown = "an unknown token 77c1aa";
    let requests = [
        app.post(&in_query, &[]).header("authorization", basic("session")),
        app.request(Method::GET, &in_query),
        app.request(Method::GET, &format!("/nowhere/{}", next.access)),
        app.post("/oauth/revoke", &[("token", unknown)]).header("authorization", basic("session")),
        app.post("/oauth/introspect", &[("token", &jwt)]).header("authorization", basic("api")),
        app.post("/oauth/token", &[("grant_type", "a grant type e4b913")]).header("authorization", basic("session")),
        app.post("/oauth/token", &[]).header("authorization", wrong.clone()),
        app.post("/oauth/token", &[("client_id", "a client 3ad8f0"), ("client_secret", "a secret 1b66cd")]),
    ];
    for request in requests {
        line_of(&Answer::to(request).await);
    }
    app.revoke("session", next.refresh()).await.assert_revoked();
    let log = log();
    let parts_of_jwt: Vec<_> = jwt.split('.').skip(1).collect();
    let secrets =
        [&*tokens.access, tokens.refresh(), &next.access, next.refresh(), &basic("session")[6..], &wrong[6..]];
    let typed = ["session-secret", "9d1c7f", "5f0b2e", "77c1aa", "e4b913", "3ad8f0", "1b66cd"];
    for secret in secrets.into_iter().chain(typed).chain(parts_of_jwt) {
        assert!(!log.contains(secret), "{:?}", log.lines().find(|line| line.contains(secret)));
    }
}
