//! What a browser asks, by somebody who is signed in.

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method, Response};

use super::{Call, Without, Words, call, post};
use crate::node::Node;

/// Of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://127.0.0.1:9/callback";

const AUTHORIZE: &str = "/oauth/authorize";
const LOGIN: &str = "/login/{request}";

fn asks(client: &str) -> [(&'static str, &str); 7] {
    [
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read"),
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
    let waits = browser.ask().await?;
    browser.say(&waits, &[("answer", "sign_in"), ("username", "alice"), ("password", "wonderland")]).await?;
    let answered = browser.ask().await?;
    let back = browser.say(&answered, &[("answer", "allow")]).await?;
    let code = back.split("code=").nth(1).and_then(|rest| rest.split('&').next()).context("a code")?.to_owned();
    let cookies = browser.cookies.join("; ");
    let id = waits.rsplit('/').next().unwrap_or_default();
    let asked = |template, client| page(Method::GET, template).cookie(&cookies).query(&asks(client));
    let exchange = |code: &str| {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        post("/oauth/token", Words::Standard).of("demo-web").form(&[&form[..], &[("code_verifier", VERIFIER)]].concat())
    };
    Ok(vec![
        asked(AUTHORIZE, "demo-web"),
        asked(AUTHORIZE, "nobody").same(),
        asked(AUTHORIZE, "demo-spa").query(&[("scope", "admin")]).same(),
        asked("/v1/auth/authorize", "demo-anghami"),
        page(Method::POST, AUTHORIZE).cookie(&cookies).form(&asks("demo-web")),
        page(Method::GET, LOGIN).at(&[("{request}", id)]).cookie(&cookies),
        page(Method::GET, LOGIN).at(&[("{request}", id)]).same(),
        page(Method::POST, LOGIN).at(&[("{request}", id)]).cookie(&cookies).form(&[("answer", "allow")]),
        page(Method::GET, "/account").cookie(&cookies),
        page(Method::POST, "/account").cookie(&cookies).form(&[("answer", "everything")]),
        post("/oauth/par", Words::Standard).of("demo-web").form(&asks("demo-web")),
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
    async fn ask(&mut self) -> Result<String> {
        let request = self.client.get(self.node.url(AUTHORIZE)).query(&asks("demo-web"));
        let answer = request.header("cookie", self.cookies.join("; ")).send().await?;
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
