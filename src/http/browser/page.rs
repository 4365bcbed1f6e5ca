//! Pages: made on the server, of one style sheet, with nothing from elsewhere and without need of a script.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::domain::Timestamp;
use crate::domain::authority::LoginApplication;
use crate::domain::authorization::answer::ReturnTo;
use crate::domain::client::Client;
use crate::domain::openid;
use crate::domain::scope::Scope;

const STYLE: &str = include_str!("../../../templates/person.css");
/// Sends the one form of its page; who has no scripts presses the button.
const SEND: &str = "document.forms[0].submit()";

/// By what every page's policy knows them.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));
static SEND_HASH: LazyLock<String> = LazyLock::new(|| hash(SEND));

/// What people are told beside what is asked: made once.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    /// What scopes mean, in the operator's words.
    pub(crate) meanings: BTreeMap<String, String>,
    /// Where else people sign in, for a policy: a form may lead to there.
    login: String,
}

/// An application, as people know it.
pub(super) struct Application {
    pub(super) name: String,
    /// Where the answer goes.
    pub(super) host: String,
    /// The same, for a policy.
    source: String,
}

impl Application {
    pub(super) fn new(client: &Client, return_to: &ReturnTo) -> Self {
        let uri = &*return_to.redirect.uri;
        let url = Url::parse(uri).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or(uri).to_owned();
        let name = client.called().to_owned();
        Self { name, host, source: url.map(|url| source(&url)).unwrap_or_default() }
    }
}

/// Browsers let a form be redirected only to where its page may send forms.
fn source(url: &Url) -> String {
    match url.origin() {
        url::Origin::Tuple(scheme, url::Host::Ipv6(_), _) => format!("{scheme}:"),
        origin @ url::Origin::Tuple(..) => origin.ascii_serialization(),
        url::Origin::Opaque(_) => format!("{}:", url.scheme()),
    }
}

/// One scope, and what it means.
pub(in crate::http) struct Ask<'a> {
    pub(in crate::http) scope: &'a str,
    pub(in crate::http) meaning: &'a str,
}

impl Pages {
    pub(crate) fn new(scopes: &BTreeMap<String, String>, login: Option<&LoginApplication>) -> Self {
        let mut meanings: BTreeMap<_, _> = openid::MEANINGS.map(|(scope, means)| (scope.into(), means.into())).into();
        meanings.extend(scopes.clone());
        Self { meanings, login: login.map(|login| source(&login.url)).unwrap_or_default() }
    }

    /// First who the person is, and last how long it goes on.
    pub(in crate::http) fn asks<'a>(&'a self, scope: &'a Scope) -> Vec<Ask<'a>> {
        let meaning = |scope| self.meanings.get(scope).map_or("", String::as_str);
        let place = |scope: &str| match openid::MEANINGS.iter().position(|(known, _)| *known == scope) {
            Some(_) if scope == openid::OFFLINE_ACCESS => usize::MAX,
            Some(place) => place,
            None => openid::MEANINGS.len(),
        };
        let mut asks: Vec<_> = scope.tokens().map(|scope| Ask { scope, meaning: meaning(scope) }).collect();
        asks.sort_by_key(|ask| place(ask.scope));
        asks
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignIn<'a> {
    pub(super) application: &'a Application,
    pub(super) action: &'a str,
    pub(super) username: &'a str,
    pub(super) fault: Option<&'a str>,
    pub(super) style: &'static str,
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct Consent<'a> {
    pub(super) application: &'a Application,
    pub(super) action: &'a str,
    pub(super) person: &'a str,
    pub(super) asks: Vec<Ask<'a>>,
    pub(super) audience: String,
    pub(super) style: &'static str,
}

#[derive(Template)]
#[template(path = "sign_in_here.html")]
pub(super) struct SignInHere<'a> {
    pub(super) action: &'a str,
    pub(super) proof: &'a str,
    pub(super) username: &'a str,
    pub(super) fault: Option<&'a str>,
    pub(super) done: &'a str,
    pub(super) style: &'static str,
}

#[derive(Template)]
#[template(path = "sign_out.html")]
pub(super) struct SignOut<'a> {
    pub(super) action: &'a str,
    pub(super) proof: &'a str,
    pub(super) person: &'a str,
    /// Who asks, if it is known, by its name.
    pub(super) application: Option<&'a str>,
    /// What it said, which the form says again.
    pub(super) client_id: Option<&'a str>,
    pub(super) post_logout_redirect_uri: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    pub(super) style: &'static str,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
pub(super) struct SignedOut<'a> {
    pub(super) action: &'a str,
    pub(super) done: &'a str,
    pub(super) style: &'static str,
}

#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Account<'a> {
    pub(super) action: &'a str,
    pub(super) proof: &'a str,
    pub(super) person: &'a str,
    pub(super) done: &'a str,
    pub(super) browsers: Vec<BrowserLine<'a>>,
    pub(super) applications: Vec<ApplicationLine<'a>>,
    pub(super) is_cut_short: bool,
    pub(super) style: &'static str,
}

pub(super) struct BrowserLine<'a> {
    pub(super) id: String,
    pub(super) name: &'a str,
    pub(super) is_this: bool,
    pub(super) since: Moment,
}

pub(super) struct ApplicationLine<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) since: Moment,
    pub(super) last: Moment,
    pub(super) asks: Vec<Ask<'a>>,
}

/// A time, for programs and for people. Where a person is, no server knows: hence UTC.
pub(super) struct Moment {
    pub(super) machine: String,
    pub(super) human: String,
}

impl Moment {
    pub(super) fn of(at: Timestamp) -> Self {
        let machine = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(at.as_secs())).to_string();
        let human = match (machine.get(..10), machine.get(11..16)) {
            (Some(day), Some(time)) => format!("{day}, {time} UTC"),
            _ => machine.clone(),
        };
        Self { machine, human }
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    title: &'a str,
    text: &'a str,
    detail: &'a str,
    style: &'static str,
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    title: &'a str,
    action: &'a str,
    fields: &'a [(&'static str, &'a str)],
    script: &'static str,
    style: &'static str,
}

pub(super) const fn style() -> &'static str {
    STYLE
}

impl Pages {
    /// A page on which the person answers, for an application that is told of it.
    pub(super) fn form(&self, status: StatusCode, page: &impl Template, application: &Application) -> HttpResponse {
        render(status, page, &format!("form-action 'self' {} {}", application.source, self.login))
    }

    /// A page on which the person answers, who may go on to `uri` then.
    pub(super) fn form_to(&self, status: StatusCode, page: &impl Template, uri: Option<&str>) -> HttpResponse {
        let source = uri.and_then(|uri| Url::parse(uri).ok()).map(|url| source(&url)).unwrap_or_default();
        render(status, page, &format!("form-action 'self' {source} {}", self.login))
    }

    /// A page whose forms come back here.
    pub(super) fn own_form(&self, status: StatusCode, page: &impl Template) -> HttpResponse {
        render(status, page, &format!("form-action 'self' {}", self.login))
    }
}

/// A page that only tells.
pub(super) fn notice(status: StatusCode, title: &str, text: &str, detail: &str) -> HttpResponse {
    render(status, &Notice { title, text, detail, style: STYLE }, "form-action 'none'")
}

/// The end of a session, for whom nobody waits.
pub(super) fn signed_out(is_astray: bool) -> HttpResponse {
    let detail = if is_astray {
        "For the developer of the page you came from: post_logout_redirect_uri is not registered for the application that \
         client_id or id_token_hint names."
    } else {
        ""
    };
    notice(StatusCode::OK, "You are signed out", "You can close this page.", detail)
}

/// A page that sends an answer on (OAuth 2.0 Form Post Response Mode section 2).
pub(super) fn send(action: &str, fields: &[(&'static str, &str)]) -> HttpResponse {
    let source = Url::parse(action).map(|url| source(&url)).unwrap_or_default();
    pass_on("Back to the application", action, fields, &source)
}

/// A page that sends here what came from elsewhere.
pub(super) fn send_here(action: &str, fields: &[(&'static str, &str)]) -> HttpResponse {
    pass_on("Sign out", action, fields, "'self'")
}

fn pass_on(title: &str, action: &str, fields: &[(&'static str, &str)], source: &str) -> HttpResponse {
    let policy = format!("script-src '{}'; form-action {source}", *SEND_HASH);
    render(StatusCode::OK, &FormPost { title, action, fields, script: SEND, style: STYLE }, &policy)
}

fn render(status: StatusCode, page: &impl Template, policy: &str) -> HttpResponse {
    let text = page.render().expect("a page is made of texts and memory does not refuse a write");
    let policy =
        format!("default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'; {policy}", *STYLE_HASH);
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    hardened(HttpResponse::build(status))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .content_type("text/html; charset=utf-8")
        .body(text)
}

/// What every answer to a browser has: it is kept by nobody, framed by nobody, and its URL is told to nobody (RFC 9700
/// sections 4.2.4 and 4.16).
pub(super) fn hardened(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    response
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
