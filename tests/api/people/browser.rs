//! A browser: it keeps cookies, follows redirects as far as the server under test, and fills in forms.

use std::collections::BTreeMap;
use std::sync::Mutex;

use atropos::domain::user::{User, Users};
use reqwest::Method;
use url::Url;

use crate::answer::Answer;
use crate::spawn::{App, ISSUER, Setup, Tokens, tokens};

pub(super) const CALLBACK: &str = "https://web.example/callback";
/// RFC 7636 appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// `alice`, enabled or not, and `bob`; `mallory` is disabled.
pub(super) fn people(alice: bool) -> Users {
    let user = |name: &str, password: &str, enabled| User {
        name: name.into(),
        subject: format!("{name}-1").into(),
        password: password.parse().expect("a hash"),
        full_name: Some(format!("{name} of the tests").into()),
        email: Some(format!("{name}@example.com").into()),
        enabled,
    };
    let wonderland =
        "$argon2id$v=19$m=19456,t=2,p=1$gOXVfFWc8KEzCKUjR7Umpg$zU7JTCbDmhZFpgJ9uJt1I/bK/5A2+uRzIq0Bh3bfjJI";
    let builder = "$argon2id$v=19$m=19456,t=2,p=1$CNLb6hNryPNZr9ENL0Dbmw$O6HihNB4NDCOAru85AMJ1K5l1dmCTaXCqr5vnIyNHuk";
    Users::new([user("alice", wonderland, alice), user("bob", builder, true), user("mallory", builder, false)])
}

pub(super) fn setup() -> Setup {
    Setup { users: people(true), ..Setup::default() }
}

pub(super) async fn app() -> App {
    App::with(setup()).await
}

/// The parameters of a request that nothing is wrong with.
pub(super) fn asks<'a>(client: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", "af0ifjsldkj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all
}

pub(super) fn authorize(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oauth/authorize?{query}")
}

pub(super) struct Browser<'a> {
    pub(super) app: &'a App,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, cookies: Mutex::default() }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("no panic").get(name).cloned()
    }

    pub(super) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().expect("no panic").insert(name.to_owned(), value.to_owned());
    }

    pub(super) async fn send(&self, method: Method, path: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let mut request = self.app.request(method, path);
        let jar = self.cookies.lock().expect("no panic").clone();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        if let Some(form) = form {
            request = request.form(form);
        }
        let answer = Answer::to(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().expect("ASCII").split_once("; ").expect("attributes");
            for needed in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
                assert!(attributes.contains(needed), "{attributes}");
            }
            let (name, value) = pair.split_once('=').expect("a value");
            assert!(name.starts_with("__Host-"), "{name}");
            self.set_cookie(name, value);
        }
        answer
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, Some(form)).await
    }

    /// The path of the page on which a request waits.
    pub(super) async fn begin(&self, parameters: &[(&str, &str)]) -> String {
        let answer = self.get(&authorize(parameters)).await;
        let location = location(&answer);
        assert!(location.starts_with("/login/"), "{answer:?}");
        location
    }

    pub(super) async fn sign_in(&self, path: &str, name: &str, password: &str) -> Answer {
        self.post(path, &[("answer", "sign_in"), ("username", name), ("password", password)]).await
    }

    /// All the way, as alice: signs in and approves as far as she is asked.
    pub(super) async fn approve(&self, parameters: &[(&str, &str)]) -> Back {
        let answer = self.get(&authorize(parameters)).await;
        let path = location(&answer);
        if !path.starts_with("/login/") {
            return Back::of(&answer);
        }
        let mut page = self.get(&path).await;
        if page.body.contains("type=\"password\"") {
            let answer = self.sign_in(&path, "alice", "wonderland").await;
            assert_eq!(location(&answer), path, "{answer:?}");
            page = self.get(&path).await;
        }
        if page.status == 303 {
            return Back::of(&page);
        }
        assert!(page.body.contains("value=\"allow\""), "{page:?}");
        Back::of(&self.post(&path, &[("answer", "allow")]).await)
    }
}

/// Where an answer sends a browser, without the host if that is the server's.
#[track_caller]
pub(super) fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").expect("a Location").to_owned()
}

/// What an application is told.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) uri: String,
    pub(super) told: BTreeMap<String, String>,
}

impl Back {
    #[track_caller]
    pub(super) fn of(answer: &Answer) -> Self {
        let url = Url::parse(&location(answer)).expect("a URL");
        let told: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let count = told.len();
        let told: BTreeMap<_, _> = told.into_iter().collect();
        assert_eq!(told.len(), count, "nothing is told twice: {url}");
        // RFC9207-2-i
        assert_eq!(told.get("iss").map(String::as_str), Some(ISSUER));
        let uri = url.as_str().split('?').next().expect("a part").to_owned();
        Self { uri, told }
    }

    #[track_caller]
    pub(super) fn code(&self) -> &str {
        self.told.get("code").unwrap_or_else(|| panic!("no code: {self:?}"))
    }

    #[track_caller]
    pub(super) fn assert_error(&self, error: &str) {
        assert_eq!(self.told.get("error").map(String::as_str), Some(error), "{self:?}");
        assert!(!self.told.contains_key("code"));
    }
}

pub(super) fn exchange<'a>(code: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all
}

pub(super) async fn redeem(app: &App, client: &str, code: &str) -> Answer {
    app.by(client, "/oauth/token", &exchange(code, &[])).await
}

pub(super) async fn redeemed(app: &App, client: &str, code: &str) -> Tokens {
    tokens(&redeem(app, client, code).await)
}
