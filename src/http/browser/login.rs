//! The person's side of an authorization request: who is it, and is it willing?
//!
//! One URL for each request that waits, which shows what is left to do at any time: reloading, going back and a second tab
//! all lead to the same place. That URL is a secret of the browser's, so that no other site can send a form to it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::web::{Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answer::{answer, see_other};
use super::fault::Fault;
use super::page::{self, Application};
use super::{agent, cookies, handover};
use crate::domain::authority::{Authority, Leaving, Next, Pending, Session, TokenText};
use crate::domain::client::ClientId;
use crate::domain::error::{Error, GrantFault};
use crate::http::form::Parameter;
use crate::http::state::State;
use crate::http::{body, path, source};

/// What a person sends.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Sent<'a> {
    answer: Parameter<'a>,
    username: Parameter<'a>,
    password: Parameter<'a>,
}

/// A request that waits, and who is there to answer it.
struct Waiting<'a> {
    request: &'a HttpRequest,
    state: &'a State,
    id: &'a str,
    action: String,
    browser: String,
    pending: Pending,
    session: Option<Session>,
}

pub(in crate::http) async fn show(request: HttpRequest, id: Path<String>) -> HttpResponse {
    let outcome = async {
        let waiting = Waiting::find(&request, &id).await?;
        let next = waiting.state.authority.resume(&id, &waiting.pending, waiting.session.as_ref()).await?;
        waiting.next(next.ok_or(Fault::NotWaiting)?).await
    };
    outcome.await.unwrap_or_else(|fault| fault.answer())
}

pub(in crate::http) async fn answered(request: HttpRequest, id: Path<String>, payload: Payload) -> HttpResponse {
    let outcome = async {
        if is_from_elsewhere(&request) {
            return Err(Fault::Forged);
        }
        let body = body::read_form(&request, payload).await?;
        let waiting = Waiting::find(&request, &id).await?;
        let sent: Sent<'_> = serde_urlencoded::from_bytes(&body).map_err(|_| Fault::Forged)?;
        match sent.answer.value() {
            Some("sign_in") if handover::is_elsewhere(waiting.state) => Err(Fault::Forged),
            Some("sign_in") => waiting.sign_in(&sent).await,
            Some("switch") => waiting.have_sign_in(true, "").await,
            Some("allow") => waiting.decide(true).await,
            Some("deny") => waiting.decide(false).await,
            _ => Err(Fault::Forged),
        }
    };
    outcome.await.unwrap_or_else(|fault| fault.answer())
}

/// The person whose name and password these are, or what to tell instead. Whether there is such a person is not told.
pub(super) async fn sign_in(
    request: &HttpRequest,
    username: Option<&str>,
    password: Option<&str>,
) -> Result<Result<Arc<str>, (&'static str, StatusCode)>, Fault> {
    let (Some(username), Some(password)) = (username, password) else {
        return Ok(Err(("Type both your name and your password.", StatusCode::BAD_REQUEST)));
    };
    let authority = &State::of(request).authority;
    let (source, device) = (source::address(request), cookies::device(request));
    match authority.authenticator.sign_in(username, password, source, device.as_deref()).await {
        Ok(user) => Ok(Ok(Arc::clone(&user.subject))),
        Err(Error::InvalidGrant(GrantFault::WrongPassword | GrantFault::UserDisabled)) => {
            Ok(Err(("This name and this password do not belong together.", StatusCode::FORBIDDEN)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Begins a session of this person's in the browser, or goes on with the one that there is, and sends it on. The browser has
/// shown the right password, and is known by that from now on.
pub(super) async fn enter(
    request: &HttpRequest,
    subject: &str,
    current: Option<&Session>,
    to: &str,
) -> Result<HttpResponse, Fault> {
    let authority = &State::of(request).authority;
    let (session, cookie) = authority.begin(subject, agent::name(request).as_deref(), current).await?;
    let mut response = signed_in(authority, &session, &cookie, to)?;
    let device = authority.authenticator.known_device(subject, &*authority.chance);
    response.add_cookie(&cookies::of_device(authority.issuer(), device)).map_err(|_| Fault::Forged)?;
    Ok(response)
}

/// Gives the browser its cookie, and sends it on.
pub(super) fn signed_in(
    authority: &Authority,
    session: &Session,
    cookie: &TokenText,
    to: &str,
) -> Result<HttpResponse, Fault> {
    let mut response = see_other(to);
    let cookie = cookies::of_session(authority.issuer(), session, cookie, authority.clock.now());
    response.add_cookie(&cookie).map_err(|_| Fault::Forged)?;
    Ok(response)
}

/// As browsers tell it that tell it (Fetch Metadata).
pub(super) fn is_from_elsewhere(request: &HttpRequest) -> bool {
    let site = request.headers().get(HeaderName::from_static("sec-fetch-site"));
    site.is_some_and(|site| site != "same-origin")
}

impl<'a> Waiting<'a> {
    async fn find(request: &'a HttpRequest, id: &'a str) -> Result<Self, Fault> {
        let state = State::of(request);
        let authority = &state.authority;
        let browser = cookies::browser(request).ok_or(Fault::NotWaiting)?;
        let pending = authority.pending(id, &browser).await?.ok_or(Fault::NotWaiting)?;
        request.extensions_mut().insert::<ClientId>(pending.request.client.clone());
        let session = cookies::session(request).await?;
        let action = format!("{}/login/{id}", path(authority.issuer()));
        Ok(Self { request, state, id, action, browser, pending, session })
    }

    fn application(&self) -> Option<Application> {
        let request = &self.pending.request;
        let client = self.state.authority.clients.find(request.client.as_str())?;
        Some(Application::new(client, &request.return_to))
    }

    async fn next(&self, next: Next) -> Result<HttpResponse, Fault> {
        Ok(match next {
            Next::Answer(done) => answer(&done, self.state.authority.issuer()),
            Next::Unanswerable(why) => return Err(Fault::Unanswerable(why)),
            Next::SignIn => {
                let hint = self.pending.request.login_hint.as_deref();
                let known = self.session.as_ref().map(|session| self.state.authority.name_of(session));
                return self.have_sign_in(false, known.or(hint).unwrap_or_default()).await;
            }
            Next::Approve => {
                let session = self.session.as_ref().ok_or(Fault::NotWaiting)?;
                let application = self.application().ok_or(Fault::NotWaiting)?;
                let request = &self.pending.request;
                let page = page::Consent {
                    application: &application,
                    action: &self.action,
                    person: self.state.authority.name_of(session),
                    asks: self.state.pages.asks(&request.scope),
                    audience: request.audience.join(", "),
                    style: page::style(),
                };
                self.state.pages.form(StatusCode::OK, &page, &application)
            }
        })
    }

    /// Has the person sign in, here or elsewhere; `wants_another`: not as the one who is signed in.
    async fn have_sign_in(&self, wants_another: bool, username: &str) -> Result<HttpResponse, Fault> {
        let leaving = Leaving {
            request: Some((self.id, &self.pending)),
            browser: &self.browser,
            session: self.session.as_ref(),
            wants_another,
            source: source::address(self.request),
        };
        match self.state.authority.send_to_login(leaving).await? {
            Some(url) => Ok(see_other(&url)),
            None => Ok(self.ask_who(username, None, StatusCode::OK)),
        }
    }

    fn ask_who(&self, username: &str, fault: Option<&str>, status: StatusCode) -> HttpResponse {
        let Some(application) = self.application() else { return Fault::NotWaiting.answer() };
        let (action, style) = (&*self.action, page::style());
        let page = page::SignIn { application: &application, action, username, fault, style };
        self.state.pages.form(status, &page, &application)
    }

    async fn sign_in(&self, sent: &Sent<'_>) -> Result<HttpResponse, Fault> {
        let username = sent.username.value().unwrap_or_default();
        let user = match sign_in(self.request, sent.username.value(), sent.password.value()).await? {
            Ok(user) => user,
            Err((fault, status)) => return Ok(self.ask_who(username, Some(fault), status)),
        };
        enter(self.request, &user, self.session.as_ref(), &self.action).await
    }

    async fn decide(&self, allow: bool) -> Result<HttpResponse, Fault> {
        let next = self.state.authority.decide(self.id, &self.pending, self.session.as_ref(), allow).await?;
        self.next(next.ok_or(Fault::NotWaiting)?).await
    }
}
