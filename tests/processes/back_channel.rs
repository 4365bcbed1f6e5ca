//! What an application hears of a logout, over real HTTP, of a server that is killed in between.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use atropos::domain::authority::{Delivery, Messenger as _, TokenText};
use atropos::outbound::HttpMessenger;
use atropos_testbed::{Binary, Flavor, RedisServer, until};
use rstest::rstest;

use crate::program::dev;

/// An application that answers each request with one of these, the last for ever, and tells what it was sent.
struct Application {
    address: SocketAddr,
    heard: Receiver<String>,
}

impl Application {
    fn answering(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = mpsc::channel();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (mut stream, mut request) = (stream.unwrap(), Vec::new());
                let mut part = [0; 4096];
                while !is_whole(&request) {
                    let length = stream.read(&mut part).unwrap();
                    assert!(length > 0, "half a request");
                    request.extend_from_slice(&part[..length]);
                }
                if tell.send(String::from_utf8(request).unwrap()).is_err() {
                    return;
                }
                let answer = answers[number.min(answers.len() - 1)];
                let rest = "Cache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                // Whoever asked may have been killed since.
                let _ = write!(stream, "HTTP/1.1 {answer}\r\n{rest}");
            }
        });
        Self { address, heard }
    }

    fn url(&self) -> String {
        format!("http://{}/out", self.address)
    }

    fn hears(&self) -> String {
        self.heard.recv_timeout(Duration::from_secs(30)).expect("the application is told")
    }
}

/// Whether the body has all that the head announced.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    length.is_none_or(|length| body.len() >= length.parse::<usize>().unwrap())
}

/// BCL-2.8-c
#[rstest]
#[case("200 OK", Delivery::Done)]
#[case("204 No Content", Delivery::Done)]
#[case("400 Bad Request", Delivery::Refused)]
#[case("401 Unauthorized", Delivery::Failed)]
#[case("500 Internal Server Error", Delivery::Failed)]
#[case("302 Found\r\nLocation: http://127.0.0.1:9/", Delivery::Failed)]
#[tokio::test]
async fn an_answer_is_taken_as_it_is_meant(#[case] answer: &'static str, #[case] expected: Delivery) {
    let application = Application::answering(vec![answer].leak());
    let messenger = HttpMessenger::new(Duration::from_secs(5)).unwrap();
    let delivery = messenger.deliver(&application.url(), &TokenText::new("a.b.c".to_owned())).await;
    assert_eq!(delivery, expected);
    let heard = application.hears();
    assert!(heard.starts_with("POST /out HTTP/1.1\r\n"), "{heard}");
    assert!(heard.to_lowercase().contains("content-type: application/x-www-form-urlencoded\r\n"), "{heard}");
    assert!(heard.ends_with("\r\n\r\nlogout_token=a.b.c"), "{heard}");
}

#[tokio::test]
async fn who_hangs_or_is_not_there_has_not_been_told() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let messenger = HttpMessenger::new(Duration::from_millis(200)).unwrap();
    let token = TokenText::new("a.b.c".to_owned());
    let hangs = format!("http://{}/out", silent.local_addr().unwrap());
    assert_eq!(messenger.deliver(&hangs, &token).await, Delivery::Failed);
    drop(silent);
    assert_eq!(messenger.deliver(&hangs, &token).await, Delivery::Failed);
}

/// A person's browser, and the application's server.
struct Web<'a> {
    server: &'a Binary,
    http: reqwest::Client,
    cookies: String,
}

impl<'a> Web<'a> {
    fn new(server: &'a Binary) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { server, http, cookies: String::new() }
    }

    async fn follow(&mut self, request: reqwest::RequestBuilder) -> String {
        let answer = request.header("cookie", self.cookies.clone()).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            self.cookies += cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookies += "; ";
        }
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// An ID token of alice.
    async fn sign_in(&mut self) -> String {
        let asks = [
            ("client_id", "shop"),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let page = self.follow(self.http.get(self.server.url("/oauth/authorize")).query(&asks)).await;
        let page = self.server.url(&page);
        let sign_in = [("answer", "sign_in"), ("username", "alice"), ("password", "wonderland")];
        self.follow(self.http.post(&page).form(&sign_in)).await;
        let back = self.follow(self.http.post(&page).form(&[("answer", "allow")])).await;
        let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let form = [
            ("client_id", "shop"),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ];
        let tokens = self.http.post(self.server.url("/oauth/token")).form(&form).send().await.unwrap();
        let tokens: serde_json::Value = tokens.json().await.unwrap();
        tokens["id_token"].as_str().unwrap().to_owned()
    }

    async fn sign_out(&mut self, id_token: &str) {
        let asks = [("id_token_hint", id_token), ("post_logout_redirect_uri", "https://shop.example/bye")];
        let left = self.follow(self.http.get(self.server.url("/oauth/logout")).query(&asks)).await;
        assert_eq!(left, "https://shop.example/bye");
    }
}

/// The outbox is in the commit of the revocation: whoever is killed right after it has lost nothing.
#[rstest]
#[case(None)]
#[case(Some(Flavor::Redis))]
#[tokio::test]
async fn an_application_hears_of_a_logout_though_the_server_was_killed(#[case] flavor: Option<Flavor>) {
    let store = match flavor {
        Some(flavor) => Some(RedisServer::start(flavor, &[]).await),
        None => None,
    };
    // At first it cannot be told.
    let application = Application::answering(&["503 Service Unavailable", "200 OK"]);
    let data = tempfile::tempdir().unwrap();
    let settings = data.path().join("shop.toml");
    let client = format!(
        "[[clients]]\nid = 'shop'\npublic = true\ngrant_types = ['authorization_code']\nscope = 'openid'
        redirect_uris = ['https://shop.example/callback']\npost_logout_redirect_uris = ['https://shop.example/bye']
        backchannel_logout_uri = '{}'",
        application.url()
    );
    std::fs::write(&settings, client).unwrap();
    let mut more = vec!["--config".to_owned(), settings.display().to_string(), "--issuer=http://as.example".to_owned()];
    more.extend(store.as_ref().map(|store| format!("--store={}", store.url())));
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut server = dev(data.path(), &more).await;
    let mut web = Web::new(&server);
    let id_token = web.sign_in().await;
    web.sign_out(&id_token).await;
    assert!(application.hears().contains("logout_token="));
    server.kill().await;
    let server = dev(data.path(), &more).await;
    let heard = application.hears();
    assert!(heard.contains("logout_token="), "{heard}");
    // No token of any kind is in what it said of it.
    let told = || server.stderr().contains("\"delivered\"") || server.stderr().contains("outcome=\"delivered\"");
    until("it says that it was delivered", async || told()).await;
    assert!(!server.stderr().contains("logout_token") && !server.stderr().contains("eyJ"));
}
