//! Every call there is, as clients of each surface make it, and what may be said to it without a store.

mod people;

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub(super) use self::people::LOGIN_APPLICATION;
use crate::node::Node;

/// Whose words a refusal is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Standard,
    Kajabi,
    Anghami,
    Infisical,
    /// A page for a person.
    Page,
}

/// What is said when the store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    /// 503, in these words.
    Unavailable(Words),
    /// The same as ever: nothing has to be read to know it.
    Same,
}

#[derive(Clone, Debug)]
enum Body {
    None,
    Form(Vec<(&'static str, String)>),
    Json(Value),
}

/// One call: where the description of the server has it, and how it is made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    /// As `/openapi.json` writes it.
    pub(super) template: &'static str,
    path: String,
    /// A client with its secret, or a bearer token.
    basic: Option<&'static str>,
    bearer: Option<String>,
    cookie: Option<String>,
    query: Vec<(&'static str, String)>,
    body: Body,
    pub(super) without: Without,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    retry_after: bool,
}

const IDENTITY: &str = "5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01";
const GARBAGE: &str = "at_nothing";

fn call(method: Method, template: &'static str, without: Without) -> Call {
    let path = template.to_owned();
    let (query, body) = (Vec::new(), Body::None);
    Call { method, template, path, basic: None, bearer: None, cookie: None, query, body, without }
}

fn post(template: &'static str, words: Words) -> Call {
    call(Method::POST, template, Without::Unavailable(words))
}

fn get(template: &'static str) -> Call {
    call(Method::GET, template, Without::Same)
}

impl Call {
    fn form(mut self, form: &[(&'static str, &str)]) -> Self {
        self.body = Body::Form(form.iter().map(|&(name, value)| (name, value.to_owned())).collect());
        self
    }

    fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    fn of(mut self, client: &'static str) -> Self {
        self.basic = Some(client);
        self
    }

    fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    fn cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    /// Of two of one name the later counts.
    fn query(mut self, query: &[(&'static str, &str)]) -> Self {
        self.query.retain(|(known, _)| query.iter().all(|(name, _)| name != known));
        self.query.extend(query.iter().map(|&(name, value)| (name, value.to_owned())));
        self
    }

    fn same(mut self) -> Self {
        self.without = Without::Same;
        self
    }

    fn at(mut self, names: &[(&str, &str)]) -> Self {
        for (name, value) in names {
            self.path = self.path.replace(name, value);
        }
        self
    }

    pub(super) fn is(&self, method: &str, path: &str) -> bool {
        self.template == path && self.method.as_str().eq_ignore_ascii_case(method)
    }

    pub(super) fn is_the_same(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }

    pub(super) async fn send(&self, client: &Client, node: &Node) -> Result<Answer> {
        let mut request = client.request(self.method.clone(), node.url(&self.path));
        if let Some(name) = self.basic {
            request = request.basic_auth(name, Some(format!("{name}-secret")));
        }
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if !self.query.is_empty() {
            request = request.query(&self.query);
        }
        request = match &self.body {
            Body::None => request,
            Body::Form(form) => request.form(form),
            Body::Json(json) => request.json(json),
        };
        let answer = request.send().await.with_context(|| format!("{} was not answered", self.template))?;
        let (status, retry_after) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        Ok(Answer { status, retry_after, body: answer.text().await? })
    }
}

impl Answer {
    /// But for the number of the request, which some repeat in the body.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let without_number = |answer: &Self| {
            let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            body.as_object_mut().map(|body| body.remove("reqId"));
            if body.is_null() { Value::from(answer.body.clone()) } else { body }
        };
        self.status == other.status && without_number(self) == without_number(other)
    }

    /// Whether it is 503, says when to come again, and says it in these words and no other.
    pub(super) fn is_unavailable(&self, words: Words) -> bool {
        if words == Words::Page {
            return self.status == 503 && self.retry_after && self.body.contains("<title>Not now</title>");
        }
        let Ok(body) = serde_json::from_str::<Value>(&self.body) else { return false };
        let members: Vec<_> = body.as_object().into_iter().flat_map(|object| object.keys()).collect();
        let shaped = match words {
            Words::Standard => members == ["error", "error_description"],
            Words::Kajabi => members == ["error", "error_description", "errors"],
            Words::Anghami => members == ["message"],
            Words::Infisical => body["statusCode"] == 503 && body["error"] == "ServiceUnavailable",
            Words::Page => false,
        };
        self.status == 503 && self.retry_after && shaped
    }
}

/// Every call there is, with tokens that are alive.
pub(super) async fn calls(client: &Client, node: &Node) -> Result<Vec<Call>> {
    let mut calls = standard(node).await?;
    calls.extend(kajabi(client, node).await?);
    calls.extend(anghami(client, node).await?);
    calls.extend(infisical(client, node).await?);
    calls.extend(people::people(client, node).await?);
    calls.extend([
        get("/.well-known/oauth-authorization-server"),
        get("/.well-known/openid-configuration"),
        get("/oauth/jwks"),
        get("/openapi.json"),
        get("/docs"),
        get("/health/live"),
        call(Method::GET, "/health/ready", Without::Unavailable(Words::Standard)),
    ]);
    Ok(calls)
}

async fn standard(node: &Node) -> Result<Vec<Call>> {
    const TOKEN: &str = "/oauth/token";
    const REVOKE: &str = "/oauth/revoke";
    const INTROSPECT: &str = "/oauth/introspect";
    const CLIENT: &str = "demo-session";
    let session = node.issue().await.told().context("no session is issued")?;
    let at = |path| post(path, Words::Standard).of(CLIENT);
    let refresh = |token: &str| at(TOKEN).form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
    Ok(vec![
        at(TOKEN).form(&[("grant_type", "client_credentials")]),
        at(TOKEN).of("demo-session-jwt").form(&[("grant_type", "client_credentials")]),
        refresh(&session.refresh),
        refresh("rt_nothing").same(),
        at(INTROSPECT).form(&[("token", &session.access)]),
        at(INTROSPECT).of("demo-api").form(&[("token", &session.access)]),
        at(INTROSPECT).form(&[("token", GARBAGE)]).same(),
        at(INTROSPECT).of("demo-nobody").form(&[("token", &session.access)]).same(),
        at(REVOKE).form(&[("token", &session.access)]),
        at(REVOKE).form(&[("token", &session.refresh)]),
        at(REVOKE).form(&[("token", GARBAGE)]).same(),
    ])
}

async fn kajabi(client: &Client, node: &Node) -> Result<Vec<Call>> {
    const TOKEN: &str = "/v1/oauth/token";
    const REVOKE: &str = "/v1/oauth/revoke";
    let at = |path| post(path, Words::Kajabi);
    let key = [("client_id", "demo-kajabi"), ("client_secret", "demo-kajabi-secret")];
    let begin = at(TOKEN).form(&[&[("grant_type", "client_credentials")][..], &key].concat());
    let person = [("grant_type", "password"), ("username", "alice"), ("password", "wonderland")];
    let session = told(&begin, client, node).await?;
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| session[name].as_str().unwrap_or_default());
    Ok(vec![
        at(TOKEN).form(&[&person[..], &key].concat()),
        at(TOKEN).form(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]),
        at(TOKEN).form(&[("grant_type", "refresh_token"), ("refresh_token", "rt_nothing")]).same(),
        at(REVOKE).bearer(access).form(&[("token", access)]),
        at(REVOKE).bearer(access).form(&[("token", refresh)]),
        at(REVOKE).bearer(GARBAGE).form(&[("token", access)]).same(),
        begin,
    ])
}

async fn anghami(client: &Client, node: &Node) -> Result<Vec<Call>> {
    const REFRESH: &str = "/v1/auth/token/refresh";
    const REVOKE: &str = "/v1/auth/token/revoke";
    const CLIENT: &str = "demo-anghami";
    let at = |path| post(path, Words::Anghami);
    let refresh = |token: &str| at(REFRESH).json(json!({ "refreshToken": token, "clientId": CLIENT }));
    let revoke = |token: &str| at(REVOKE).json(json!({ "token": token, "clientId": CLIENT }));
    let printed = node.stdout();
    let mut lines = printed.lines().skip_while(|line| !line.contains("client demo-anghami;"));
    let begun = told(&refresh(lines.nth(1).context("its refresh token is printed")?.trim()), client, node).await?;
    let [access, next] = ["accessToken", "refreshToken"].map(|name| begun["token"][name].as_str().unwrap_or_default());
    let code = json!({ "code": "x", "clientId": CLIENT });
    Ok(vec![
        refresh(next),
        refresh("rt_nothing").same(),
        revoke(next),
        revoke(access),
        revoke(GARBAGE).same(),
        at("/v1/auth/token").json(code).same(),
    ])
}

async fn infisical(client: &Client, node: &Node) -> Result<Vec<Call>> {
    const LOGIN: &str = "/api/v1/auth/universal-auth/login";
    const OF_IDENTITY: &str = "/api/v1/auth/token-auth/identities/{identityId}";
    const TOKENS: &str = "/api/v1/auth/token-auth/identities/{identityId}/tokens";
    const TOKEN: &str = "/api/v1/auth/token-auth/tokens/{tokenId}";
    let at = |method, path| call(method, path, Without::Unavailable(Words::Infisical));
    let login =
        |id: &str| at(Method::POST, LOGIN).json(json!({ "clientId": id, "clientSecret": format!("{id}-secret") }));
    let text = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let own = text(&told(&login("demo-identity"), client, node).await?, "accessToken");
    let admin = text(&told(&login("demo-identity-admin"), client, node).await?, "accessToken");
    let managing = |method, path| at(method, path).bearer(&admin).at(&[("{identityId}", IDENTITY)]);
    told(&managing(Method::POST, OF_IDENTITY).json(json!({})), client, node).await?;
    let made = told(&managing(Method::POST, TOKENS).json(json!({})), client, node).await?;
    let id = made["tokenData"]["id"].as_str().context("a token that is made has an id")?;
    let of_token = |method, path| managing(method, path).at(&[("{tokenId}", id)]);
    let holding = |path, token: &str| at(Method::POST, path).json(json!({ "accessToken": token }));
    Ok(vec![
        login("demo-identity"),
        holding("/api/v1/auth/token/renew", &own),
        holding("/api/v1/auth/token/renew", GARBAGE).same(),
        holding("/api/v1/auth/token/revoke", &own),
        managing(Method::GET, OF_IDENTITY),
        managing(Method::POST, OF_IDENTITY).json(json!({})),
        managing(Method::PATCH, OF_IDENTITY).json(json!({})),
        managing(Method::GET, TOKENS),
        managing(Method::POST, TOKENS).json(json!({})),
        of_token(Method::GET, "/api/v1/auth/token-auth/identities/{identityId}/tokens/{tokenId}"),
        of_token(Method::GET, TOKEN),
        of_token(Method::PATCH, TOKEN).json(json!({ "name": "other" })),
        of_token(Method::POST, "/api/v1/auth/token-auth/tokens/{tokenId}/revoke"),
        managing(Method::DELETE, OF_IDENTITY),
    ])
}

async fn told(call: &Call, client: &Client, node: &Node) -> Result<Value> {
    let answer = call.send(client, node).await?;
    ensure!(answer.status == 200, "{} of a store that answers is answered {answer:?}", call.template);
    Ok(serde_json::from_str(&answer.body)?)
}
