//! RP-Initiated Logout, for browsers: GET and POST alike.
//!
//! A form that another site sends comes without the cookie of the session (`SameSite`), and would find nobody signed in. So
//! it is sent once more, from a page of this server's.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;

use super::answer::see_other;
use super::cookies::{self, Browser};
use super::fault::Fault;
use super::login::is_from_elsewhere;
use super::page;
use crate::domain::authority::{Logout, LogoutRequest, Session};
use crate::domain::client::ClientId;
use crate::http::form::Parameter;
use crate::http::state::State;
use crate::http::{body, form, path};

/// What is sent: by an application, or by the person who was asked.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Sent<'a> {
    id_token_hint: Parameter<'a>,
    client_id: Parameter<'a>,
    post_logout_redirect_uri: Parameter<'a>,
    state: Parameter<'a>,
    /// The person's answer.
    answer: Parameter<'a>,
    /// That the form was made here, for this browser and this session.
    proof: Parameter<'a>,
    /// That it comes from here already.
    again: Parameter<'a>,
}

impl<'a> Sent<'a> {
    /// What cannot be read could be read as something else by somebody else.
    fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        if !form::is_well_formed(text) {
            return Err(Fault::Logout);
        }
        // All values are text, so the only thing that can still be wrong is a parameter met twice.
        serde_urlencoded::from_bytes(text).map_err(|_| Fault::Logout)
    }

    fn request(&self) -> LogoutRequest<'_> {
        LogoutRequest {
            id_token_hint: self.id_token_hint.value(),
            client_id: self.client_id.value(),
            post_logout_redirect_uri: self.post_logout_redirect_uri.value(),
            state: self.state.value(),
        }
    }
}

pub(in crate::http) async fn asked(request: HttpRequest) -> HttpResponse {
    let outcome = async {
        let sent = Sent::parse(request.query_string().as_bytes())?;
        Leaving::find(&request, &sent).await?.leave().await
    };
    outcome.await.unwrap_or_else(|fault: Fault| fault.answer())
}

pub(in crate::http) async fn posted(request: HttpRequest, payload: Payload) -> HttpResponse {
    let outcome = async {
        let body = body::read_form(&request, payload).await?;
        let sent = Sent::parse(&body)?;
        if sent.proof.value().is_none() && sent.again.value().is_none() {
            return Ok(once_more(&request, &sent));
        }
        if is_from_elsewhere(&request) {
            return Err(Fault::Forged);
        }
        let leaving = Leaving::find(&request, &sent).await?;
        match sent.proof.value() {
            Some(proof) => leaving.answered(proof, sent.answer.value()).await,
            None => leaving.leave().await,
        }
    };
    outcome.await.unwrap_or_else(|fault: Fault| fault.answer())
}

fn once_more(request: &HttpRequest, sent: &Sent<'_>) -> HttpResponse {
    let named = [
        ("id_token_hint", &sent.id_token_hint),
        ("client_id", &sent.client_id),
        ("post_logout_redirect_uri", &sent.post_logout_redirect_uri),
        ("state", &sent.state),
    ];
    let fields = named.iter().filter_map(|(name, value)| Some((*name, value.value()?)));
    let fields: Vec<_> = fields.chain([("again", "1")]).collect();
    page::send_here(&action(State::of(request)), &fields)
}

fn action(state: &State) -> String {
    format!("{}/oauth/logout", path(state.authority.issuer()))
}

/// Somebody is about to sign out.
struct Leaving<'a> {
    request: &'a HttpRequest,
    state: &'a State,
    sent: &'a Sent<'a>,
    logout: Logout,
    session: Option<Session>,
}

impl<'a> Leaving<'a> {
    async fn find(request: &'a HttpRequest, sent: &'a Sent<'a>) -> Result<Self, Fault> {
        let state = State::of(request);
        let logout = state.authority.read_logout(sent.request()).map_err(|_| Fault::Logout)?;
        if let Some(client) = &logout.client {
            request.extensions_mut().insert::<ClientId>(client.id.clone());
        }
        let session = cookies::session(request).await?;
        Ok(Self { request, state, sent, logout, session })
    }

    /// At once, if it is certain who is meant, or nobody is there; else the person is asked.
    async fn leave(self) -> Result<HttpResponse, Fault> {
        match &self.session {
            Some(session) if !self.logout.is_certain(session) => self.ask(session),
            Some(session) => {
                self.state.authority.end_session(session).await?;
                self.left()
            }
            None => Ok(self.on()),
        }
    }

    async fn answered(self, proof: &str, answer: Option<&str>) -> Result<HttpResponse, Fault> {
        // Signed out meanwhile, in another tab.
        let Some(session) = &self.session else { return Ok(self.on()) };
        let browser = cookies::browser(self.request).ok_or(Fault::Forged)?;
        if !self.state.authority.is_form_proof(proof, &browser, Some(session)) {
            return Err(Fault::Forged);
        }
        match answer {
            Some("sign_out") => {
                self.state.authority.end_session(session).await?;
                self.left()
            }
            Some("stay") => Ok(see_other(&format!("{}/account", path(self.state.authority.issuer())))),
            _ => Err(Fault::Forged),
        }
    }

    fn ask(&self, session: &Session) -> Result<HttpResponse, Fault> {
        let browser = Browser::of(self.request);
        let asker = self.logout.client.as_ref();
        let page = page::SignOut {
            action: &action(self.state),
            proof: &self.state.authority.form_proof(&browser.text, Some(session)),
            person: self.state.authority.name_of(session),
            application: asker.map(|client| client.called()),
            client_id: asker.map(|client| client.id.as_str()),
            post_logout_redirect_uri: self.sent.post_logout_redirect_uri.value(),
            state: self.sent.state.value(),
            style: page::style(),
        };
        browser.answer(self.state.pages.form_to(StatusCode::OK, &page, self.logout.return_to.as_deref()))
    }

    /// The browser forgets what has ended; nothing else, for what is not shown may be alive.
    fn left(&self) -> Result<HttpResponse, Fault> {
        let mut response = self.on();
        let gone = cookies::of_no_session(self.state.authority.issuer());
        response.add_cookie(&gone).map_err(|_| Fault::Forged)?;
        Ok(response)
    }

    /// To where the application wants the person to go, if that is registered.
    fn on(&self) -> HttpResponse {
        match &self.logout.return_to {
            Some(uri) => see_other(uri),
            None => page::signed_out(self.logout.is_astray),
        }
    }
}
