//! "Where you are signed in": what a person sees and ends (`crate::domain::authority::account`).

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answer::see_other;
use super::cookies::{self, Browser};
use super::fault::Fault;
use super::handover;
use super::login::{enter, is_from_elsewhere, sign_in};
use super::page::{self, BrowserLine, Moment};

use crate::domain::FamilyId;
use crate::domain::authority::{Connected, Leaving, Session, SignedIn};
use crate::domain::client::ClientId;
use crate::http::form::Parameter;
use crate::http::state::State;
use crate::http::{body, path, source};

/// What a person sends.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Sent<'a> {
    answer: Parameter<'a>,
    /// That the form was made here, for this browser.
    proof: Parameter<'a>,
    which: Parameter<'a>,
    username: Parameter<'a>,
    password: Parameter<'a>,
}

struct Visit<'a> {
    state: &'a State,
    request: &'a HttpRequest,
    action: String,
    session: Option<Session>,
}

pub(in crate::http) async fn show(request: HttpRequest) -> HttpResponse {
    let outcome = async {
        let visit = Visit::begin(&request).await?;
        let done = done(request.query_string());
        match &visit.session {
            Some(session) => visit.overview(session, done).await,
            None if handover::is_elsewhere(visit.state) => visit.send_away(done).await,
            None => visit.ask_who("", None, done, StatusCode::OK),
        }
    };
    outcome.await.unwrap_or_else(|fault: Fault| fault.answer())
}

pub(in crate::http) async fn answered(request: HttpRequest, payload: Payload) -> HttpResponse {
    let outcome = async {
        if is_from_elsewhere(&request) {
            return Err(Fault::Forged);
        }
        let body = body::read_form(&request, payload).await?;
        let sent: Sent<'_> = serde_urlencoded::from_bytes(&body).map_err(|_| Fault::Forged)?;
        let visit = Visit::begin(&request).await?;
        if !visit.made(&sent) {
            return Err(Fault::Forged);
        }
        visit.answer(&sent).await
    };
    outcome.await.unwrap_or_else(|fault: Fault| fault.answer())
}

/// What was done, told after the redirect that follows each form.
fn done(query: &str) -> &'static str {
    match query {
        "done=sign_out" => "Signed out.",
        "done=others" => "Signed out of all other browsers.",
        "done=disconnect" => "Disconnected. It has to ask you again.",
        "done=everything" => "Everything was ended.",
        "done=rejected" => "You were not signed in.",
        _ => "",
    }
}

impl<'a> Visit<'a> {
    async fn begin(request: &'a HttpRequest) -> Result<Self, Fault> {
        let state = State::of(request);
        let session = cookies::session(request).await?;
        let action = format!("{}/account", path(state.authority.issuer()));
        Ok(Self { state, request, action, session })
    }

    /// Whether the form was made here, for this browser and this session. The one to sign in by may have been on the screen
    /// when somebody signed in by another.
    fn made(&self, sent: &Sent<'_>) -> bool {
        let known = cookies::browser(self.request);
        let (Some(browser), Some(proof)) = (known, sent.proof.value()) else { return false };
        let session = self.session.as_ref().filter(|_| sent.answer.value() != Some("sign_in"));
        self.state.authority.is_form_proof(proof, &browser, session)
    }

    async fn answer(&self, sent: &Sent<'_>) -> Result<HttpResponse, Fault> {
        let authority = &self.state.authority;
        let what = sent.answer.value().unwrap_or_default();
        if what == "sign_in" {
            return self.sign_in(sent).await;
        }
        // Signed out meanwhile, in another tab or by another browser.
        let Some(session) = &self.session else { return Ok(see_other(&self.action)) };
        match (what, sent.which.value()) {
            ("sign_out", Some(which)) => {
                let other = which.parse::<FamilyId>().map_err(|_| Fault::Forged)?;
                authority.sign_out(session, other).await?;
            }
            ("others", _) => authority.sign_out_elsewhere(session).await?,
            ("disconnect", Some(which)) => authority.disconnect(session, &ClientId::new(which)).await?,
            ("everything", _) => authority.end_everything(session).await?,
            _ => return Err(Fault::Forged),
        }
        Ok(see_other(&format!("{}?done={what}", self.action)))
    }

    async fn sign_in(&self, sent: &Sent<'_>) -> Result<HttpResponse, Fault> {
        if handover::is_elsewhere(self.state) {
            return Err(Fault::Forged);
        }
        let username = sent.username.value().unwrap_or_default();
        let user = match sign_in(self.request, sent.username.value(), sent.password.value()).await? {
            Ok(user) => user,
            Err((fault, status)) => return self.ask_who(username, Some(fault), "", status),
        };
        enter(self.request, &user, self.session.as_ref(), &self.action).await
    }

    /// To where people sign in. Not at once after they have signed out: they would be signed in again by nothing that they
    /// did.
    async fn send_away(&self, done: &str) -> Result<HttpResponse, Fault> {
        let pages = &self.state.pages;
        if !done.is_empty() {
            let page = page::SignedOut { action: &self.action, done, style: page::style() };
            return Ok(pages.own_form(StatusCode::OK, &page));
        }
        let browser = Browser::of(self.request);
        let leaving = Leaving {
            request: None,
            browser: &browser.text,
            session: None,
            wants_another: false,
            source: source::address(self.request),
        };
        let url = self.state.authority.send_to_login(leaving).await?.ok_or(Fault::NotWaiting)?;
        browser.answer(see_other(&url))
    }

    fn ask_who(
        &self,
        username: &str,
        fault: Option<&str>,
        done: &str,
        status: StatusCode,
    ) -> Result<HttpResponse, Fault> {
        let authority = &self.state.authority;
        let browser = Browser::of(self.request);
        let (action, proof, style) = (&*self.action, &*authority.form_proof(&browser.text, None), page::style());
        let page = page::SignInHere { action, proof, username, fault, done, style };
        browser.answer(self.state.pages.own_form(status, &page))
    }

    async fn overview(&self, session: &Session, done: &str) -> Result<HttpResponse, Fault> {
        let authority = &self.state.authority;
        let browser = Browser::of(self.request);
        let account = authority.account(session).await?;
        let this = session.family().id;
        let person = authority.name_of(session);
        let page = page::Account {
            action: &self.action,
            proof: &authority.form_proof(&browser.text, Some(session)),
            person,
            done,
            browsers: account.browsers.iter().map(|browser| BrowserLine::new(browser, this)).collect(),
            applications: account.applications.iter().map(|application| self.application(application)).collect(),
            is_cut_short: account.is_cut_short,
            style: page::style(),
        };
        browser.answer(self.state.pages.own_form(StatusCode::OK, &page))
    }

    fn application<'b>(&'b self, application: &'b Connected) -> page::ApplicationLine<'b> {
        let client = self.state.authority.clients.find(application.client.as_str());
        page::ApplicationLine {
            id: application.client.as_str(),
            name: client.map_or(application.client.as_str(), |client| client.called()),
            since: Moment::of(application.since),
            last: Moment::of(application.last),
            asks: self.state.pages.asks(&application.scope),
        }
    }
}

impl<'a> BrowserLine<'a> {
    fn new(browser: &'a SignedIn, this: FamilyId) -> Self {
        Self {
            id: browser.session.to_string(),
            name: browser.agent.as_deref().unwrap_or("A browser"),
            is_this: browser.session == this,
            since: Moment::of(browser.since),
        }
    }
}
