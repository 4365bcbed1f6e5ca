//! The login application that docs/login-application.md shows, with a browser that is sent to it.

use std::process::Command;
use std::sync::Mutex;

use atropos_testbed::Binary;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::{Dev, tool};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/login_application.py");
/// Of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CALLBACK: &str = "http://127.0.0.1:9/callback";
/// Where the server believes the application to be, which listens on a port that nobody knows before.
const ELSEWHERE: &str = "http://127.0.0.1:9/sign-in";
const ASKED: &str = "/oauth/authorize?client_id=demo-spa&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&response_type=code\
    &scope=read&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

struct Browser {
    dev: Dev,
    login: Binary,
    http: Client,
    cookies: Mutex<Vec<String>>,
}

impl Browser {
    async fn open() -> Self {
        let settings = [("ATROPOS__LOGIN__APPLICATION", ELSEWHERE), ("ATROPOS__LOGIN__APPLICATION_CLIENT", "demo-web")];
        let dev = Dev::start(None, &settings).await;
        let mut script = Command::new(tool("python3"));
        script.arg(SCRIPT).env("ATROPOS", dev.server.url("")).env("PORT", "0");
        script.env("CLIENT", "demo-web").env("SECRET", "demo-web-secret");
        let login = Binary::start_command(&mut script).await;
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { dev, login, http, cookies: Mutex::default() }
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let cookies = self.cookies.lock().unwrap().join("; ");
        let answer = request.header("cookie", cookies).send().await.unwrap();
        let set = answer.headers().get_all("set-cookie").iter();
        let set = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        self.cookies.lock().unwrap().extend(set);
        answer
    }

    /// Goes where it is sent, as far as there is somebody. Returns the last place, and what is shown there.
    async fn follow(&self, mut place: String) -> (String, String) {
        loop {
            place = place.replace(ELSEWHERE, &self.login.url("/"));
            if place.starts_with('/') {
                place = self.dev.server.url(&place);
            }
            if place.starts_with(CALLBACK) {
                return (place, String::new());
            }
            let answer = self.send(self.http.get(&place)).await;
            if answer.status() != 303 {
                assert_eq!(answer.status(), 200, "{place}");
                return (place, answer.text().await.unwrap());
            }
            place = location(&answer);
        }
    }

    /// What the login application says to somebody who came with this challenge.
    async fn answer(&self, challenge: &str, name: &str, password: &str, answer: &str) -> Response {
        let form = [("login_challenge", challenge), ("name", name), ("password", password), ("answer", answer)];
        self.http.post(self.login.url("/")).form(&form).send().await.unwrap()
    }

    async fn by(&self, client: &str, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.http.post(self.dev.server.url(path)).form(form);
        request.basic_auth(client, Some(format!("{client}-secret"))).send().await.unwrap().json().await.unwrap()
    }
}

fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), 303, "{answer:?}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn parameter(url: &str, name: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned()
}

#[tokio::test]
async fn somebody_signs_in_at_the_example_and_an_application_gets_tokens() {
    let browser = Browser::open().await;
    let (place, page) = browser.follow(ASKED.to_owned()).await;
    assert!(place.starts_with(&browser.login.url("")) && page.contains("Demo in a browser"), "{page}");
    let challenge = parameter(&place, "login_challenge");
    for (name, password) in [("carol@example.com", "coffee"), ("nobody", "teapot"), ("", "")] {
        let wrong = browser.answer(&challenge, name, password, "accept").await;
        assert_eq!(wrong.status(), 403);
        assert!(wrong.text().await.unwrap().contains("do not belong together"));
    }
    let answer = browser.answer(&challenge, "carol@example.com", "teapot", "accept").await;
    let (place, page) = browser.follow(location(&answer)).await;
    assert!(page.contains("<b>u-1041</b>") && page.contains("value=\"allow\""), "{page}");
    let allowed = browser.send(browser.http.post(&place).form(&[("answer", "allow")])).await;
    let code = parameter(&location(&allowed), "code");
    let form = [
        ("client_id", "demo-spa"),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = browser.http.post(browser.dev.server.url("/oauth/token")).form(&form).send().await.unwrap();
    let tokens: Value = tokens.json().await.unwrap();
    let told =
        browser.by("demo-api", "/oauth/introspect", &[("token", tokens["access_token"].as_str().unwrap())]).await;
    assert_eq!((&told["active"], &told["sub"]), (&true.into(), &"u-1041".into()));
}

#[tokio::test]
async fn who_cancels_at_the_example_goes_back_without_a_code() {
    let browser = Browser::open().await;
    let (place, _) = browser.follow(ASKED.to_owned()).await;
    let challenge = parameter(&place, "login_challenge");
    let answer = browser.answer(&challenge, "", "", "reject").await;
    let (place, _) = browser.follow(location(&answer)).await;
    assert_eq!(parameter(&place, "error"), "access_denied");
    // It is used up, and whoever still has its page is told so.
    let late = browser.answer(&challenge, "carol@example.com", "teapot", "accept").await;
    assert_eq!(late.status(), 400);
    assert!(late.text().await.unwrap().contains("start again"));
}
