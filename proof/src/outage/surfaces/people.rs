//! What a browser asks, by somebody who is signed in, and what the login application does where that was done.

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method, Response};
use serde_json::Value;

use super::{Call, Without, Words, call, post};
use crate::node::Node;

/// Of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://127.0.0.1:9/callback";

const CLIENT: &str = "demo-web";
const AUTHORIZE: &str = "/oauth/authorize";
const LOGIN: &str = "/login/{request}";
const RETURN: &str = "/login";

/// The client that says who people are.
pub(in crate::outage) const LOGIN_APPLICATION: &str = "demo-web";

fn asks<'a>(client: &'a str, scope: &'a str) -> [(&'static str, &'a str); 7] {
    [
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ]
}

fn page(method: Method, template: &'static str) -> Call {
    call(method, template, Without::Unavailable(Words::Page))
}

pub(super) async fn people(client: &Client, node: &Node) -> Result<Vec<Call>> {
    let mut browser = Browser { client, node, cookies: Vec::new() };
    let waits = browser.ask("read").await?;
    let (looked_up, accepted) = (browser.challenge(&waits).await?, browser.challenge(&waits).await?);
    let verifier = browser.accept(&accepted).await?;
    let used = browser.challenge(&waits).await?;
    let back = browser.accept(&used).await?;
    browser.visit(&format!("{RETURN}?login_verifier={back}")).await?;
    let code = browser.approve("read").await?;
    let access = browser.redeem("openid").await?;
    let cookies = browser.cookies.join("; ");
    let id = waits.rsplit('/').next().unwrap_or_default();
    let asked = |template, client| page(Method::GET, template).cookie(&cookies).query(&asks(client, "read"));
    let login = |path, challenge: &str| {
        post(path, Words::Standard).of(LOGIN_APPLICATION).form(&[("login_challenge", challenge), ("subject", "alice")])
    };
    let returns = |verifier| page(Method::GET, RETURN).cookie(&cookies).query(&[("login_verifier", verifier)]);
    let exchange = |code: &str| {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        post("/oauth/token", Words::Standard).of(CLIENT).form(&[&form[..], &[("code_verifier", VERIFIER)]].concat())
    };
    Ok(vec![
        asked(AUTHORIZE, CLIENT),
        asked(AUTHORIZE, "nobody").same(),
        asked(AUTHORIZE, "demo-spa").query(&[("scope", "admin")]).same(),
        asked("/v1/auth/authorize", "demo-anghami"),
        page(Method::POST, AUTHORIZE).cookie(&cookies).form(&asks(CLIENT, "read")),
        page(Method::GET, LOGIN).at(&[("{request}", id)]).cookie(&cookies),
        page(Method::GET, LOGIN).at(&[("{request}", id)]).same(),
        page(Method::POST, LOGIN).at(&[("{request}", id)]).cookie(&cookies).form(&[("answer", "allow")]),
        call(Method::GET, "/oauth/userinfo", Without::Unavailable(Words::Standard)).bearer(&access),
        call(Method::POST, "/oauth/userinfo", Without::Unavailable(Words::Standard)).bearer(&access),
        page(Method::GET, "/oauth/logout").cookie(&cookies),
        page(Method::GET, "/oauth/logout").same(),
        page(Method::POST, "/oauth/logout").cookie(&cookies).form(&[("again", "1")]),
        page(Method::GET, "/account").cookie(&cookies),
        page(Method::POST, "/account").cookie(&cookies).form(&[("answer", "everything")]),
        post("/oauth/par", Words::Standard).of(CLIENT).form(&asks(CLIENT, "read")),
        login("/oauth/login/lookup", &looked_up),
        login("/oauth/login/lookup", "nothing").same(),
        login("/oauth/login/lookup", &looked_up).of("demo-api").same(),
        login("/oauth/login/accept", &looked_up),
        login("/oauth/login/reject", &looked_up),
        returns(&verifier),
        returns("nothing").same(),
        exchange(&code),
        exchange("ac_nothing").same(),
    ])
}

struct Browser<'a> {
    client: &'a Client,
    node: &'a Node,
    cookies: Vec<String>,
}

impl Browser<'_> {
    /// The path of the page on which a request waits.
    async fn ask(&mut self, scope: &str) -> Result<String> {
        let request = self.client.get(self.node.url(AUTHORIZE)).query(&asks(CLIENT, scope));
        let answer = request.header("cookie", self.cookies.join("; ")).send().await?;
        self.follow(&answer)
    }

    /// A code for what is approved.
    async fn approve(&mut self, scope: &str) -> Result<String> {
        let waits = self.ask(scope).await?;
        let back = self.say(&waits, &[("answer", "allow")]).await?;
        let code = back.split("code=").nth(1).and_then(|rest| rest.split('&').next());
        code.map(str::to_owned).context("a code")
    }

    /// An access token for what is approved.
    async fn redeem(&mut self, scope: &str) -> Result<String> {
        let code = self.approve(scope).await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let request = self.client.post(self.node.url("/oauth/token")).basic_auth(CLIENT, Some("demo-web-secret"));
        let tokens: Value = request.form(&form).send().await?.json().await?;
        tokens["access_token"].as_str().map(str::to_owned).context("an access token")
    }

    /// With which it is sent to the login application.
    async fn challenge(&mut self, path: &str) -> Result<String> {
        last_value(&self.visit(path).await?)
    }

    /// The verifier with which it may come back.
    async fn accept(&self, challenge: &str) -> Result<String> {
        let request = self.client.post(self.node.url("/oauth/login/accept"));
        let request = request.basic_auth(LOGIN_APPLICATION, Some(format!("{LOGIN_APPLICATION}-secret")));
        let answer = request.form(&[("login_challenge", challenge), ("subject", "alice")]).send().await?;
        let told: Value = answer.json().await?;
        last_value(told["redirect_to"].as_str().context("a login that is accepted leads somewhere")?)
    }

    async fn visit(&mut self, path: &str) -> Result<String> {
        let request = self.client.get(self.node.url(path)).header("cookie", self.cookies.join("; "));
        let answer = request.send().await?;
        self.follow(&answer)
    }

    async fn say(&mut self, path: &str, form: &[(&str, &str)]) -> Result<String> {
        let request = self.client.post(self.node.url(path)).form(form);
        let answer = request.header("cookie", self.cookies.join("; ")).send().await?;
        self.follow(&answer)
    }

    fn follow(&mut self, answer: &Response) -> Result<String> {
        let set = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        self.cookies.extend(set.filter_map(|cookie| cookie.split(';').next()).map(str::to_owned));
        ensure!(answer.status() == 303, "a browser was answered {}", answer.status());
        let location = answer.headers().get("location").context("a redirect leads somewhere")?;
        Ok(location.to_str()?.to_owned())
    }
}

/// Of the last parameter of a URL.
fn last_value(url: &str) -> Result<String> {
    Ok(url.rsplit_once('=').context("a URL has a parameter")?.1.to_owned())
}
