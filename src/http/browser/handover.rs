//! To the operator's own login application, where people sign in, and back from it.

use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::answer::{answer, see_other};
use super::fault::Fault;
use super::login::signed_in;
use super::{agent, cookies};
use crate::domain::authority::{Back, GoesOn, Next};
use crate::domain::authorization::parameters::Parameters;
use crate::http::state::State;
use crate::http::{form, path};

/// The name of the verifier in the URL to which a browser comes back.
const VERIFIER: &str = "login_verifier";

/// Whether people sign in elsewhere, and not by our own form.
pub(super) fn is_elsewhere(state: &State) -> bool {
    state.authority.login_application.is_some()
}

/// Where the login application is to send the browser.
pub(in crate::http) fn back_to(issuer: &str, verifier: &str) -> String {
    format!("{}/login?{VERIFIER}={verifier}", issuer.trim_end_matches('/'))
}

pub(in crate::http) async fn returned(request: HttpRequest) -> HttpResponse {
    come_back(&request).await.unwrap_or_else(|fault| fault.answer())
}

async fn come_back(request: &HttpRequest) -> Result<HttpResponse, Fault> {
    let authority = &State::of(request).authority;
    let query = request.query_string().as_bytes();
    let parameters = Parameters::new(form_urlencoded::parse(query));
    let verifier =
        parameters.get(VERIFIER).filter(|_| form::is_well_formed(query) && !parameters.is_repeated(VERIFIER));
    let (Some(verifier), Some(browser)) = (verifier, cookies::browser(request)) else { return Err(Fault::NotWaiting) };
    let (agent, cookie) = (agent::name(request), cookies::session_text(request));
    let back = authority.come_back(verifier, &browser, agent.as_deref(), cookie.as_deref()).await?;
    match back.ok_or(Fault::NotWaiting)? {
        Back::SignedIn(session, cookie, goes_on) => signed_in(authority, &session, &cookie, &place(request, &goes_on)),
        Back::Again(goes_on) => Ok(see_other(&place(request, &goes_on))),
        Back::Rejected(GoesOn::Request(id)) => deny(request, &id, &browser).await,
        Back::Rejected(account @ GoesOn::Account) => {
            Ok(see_other(&format!("{}?done=rejected", place(request, &account))))
        }
    }
}

fn place(request: &HttpRequest, goes_on: &GoesOn) -> String {
    let below = path(State::of(request).authority.issuer());
    match goes_on {
        GoesOn::Request(id) => format!("{below}/login/{id}"),
        GoesOn::Account => format!("{below}/account"),
    }
}

/// The request is answered as if the person had said no.
async fn deny(request: &HttpRequest, id: &str, browser: &str) -> Result<HttpResponse, Fault> {
    let authority = &State::of(request).authority;
    let pending = authority.pending(id, browser).await?.ok_or(Fault::NotWaiting)?;
    match authority.decide(id, &pending, None, false).await?.ok_or(Fault::NotWaiting)? {
        Next::Answer(done) => Ok(answer(&done, authority.issuer())),
        Next::Unanswerable(why) => Err(Fault::Unanswerable(why)),
        Next::SignIn | Next::Approve => Err(Fault::NotWaiting),
    }
}
