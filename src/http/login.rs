//! What the operator's own login application asks and says of people who were handed over to it
//! (`crate::domain::authority::LoginApplication`).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::browser::handover::back_to;
use super::error::Failure;
use super::form::Form;
use super::state::State;
use super::{body, client_auth};
use crate::domain::authority::{Caller, LoginAsked};

pub(super) async fn look_up(request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(&request, payload, async |state, caller, form| {
        let asked = state.authority.look_up_login(caller, form.login_challenge.value()).await?;
        Ok(json(&LookupResponse::of(state, &asked)))
    })
    .await
}

pub(super) async fn accept(request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(&request, payload, async |state, caller, form| {
        let (challenge, subject) = (form.login_challenge.value(), form.subject.value());
        Ok(redirect(state, &state.authority.accept_login(caller, challenge, subject).await?))
    })
    .await
}

pub(super) async fn reject(request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(&request, payload, async |state, caller, form| {
        Ok(redirect(state, &state.authority.reject_login(caller, form.login_challenge.value()).await?))
    })
    .await
}

async fn answer(
    request: &HttpRequest,
    payload: Payload,
    ask: impl AsyncFnOnce(&State, &Caller, &Form<'_>) -> Result<HttpResponse, Failure>,
) -> HttpResponse {
    let outcome = async {
        let body = body::read_form(request, payload).await?;
        let form = Form::parse(&body)?;
        let caller = client_auth::authenticate(request, &form).await?;
        ask(State::of(request), &caller, &form).await
    };
    outcome.await.unwrap_or_else(|failure: Failure| failure.answer(request))
}

fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body)
}

fn redirect(state: &State, verifier: &str) -> HttpResponse {
    json(&RedirectResponse { redirect_to: back_to(state.authority.issuer(), verifier) })
}

#[derive(Serialize)]
struct RedirectResponse {
    redirect_to: String,
}

/// Without a member where there is nothing to tell.
#[derive(Serialize)]
struct LookupResponse<'a> {
    /// Seconds.
    expires_in: u64,
    #[serde(flatten)]
    request: Option<Request<'a>>,
    /// How the person is to be asked, in the words of the authorization endpoint.
    #[serde(skip_serializing_if = "String::is_empty")]
    prompt: String,
    /// Who is signed in, and has to prove it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
}

/// What an application asks for.
#[derive(Serialize)]
struct Request<'a> {
    client_id: &'a str,
    client_name: &'a str,
    scope: &'a str,
    scopes: Vec<Meaning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
}

#[derive(Serialize)]
struct Meaning<'a> {
    scope: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    means: &'a str,
}

impl<'a> LookupResponse<'a> {
    fn of(state: &'a State, asked: &'a LoginAsked) -> Self {
        let words = asked.request.iter().flat_map(|request| request.prompts.words());
        let words: Vec<_> = words.chain(asked.wants_another.then_some("select_account")).collect();
        let request = asked.request.as_ref().map(|request| {
            let client = state.authority.clients.find(request.client.as_str());
            let asks = state.pages.asks(&request.scope).into_iter();
            Request {
                client_id: request.client.as_str(),
                client_name: client.map_or(request.client.as_str(), |client| client.called()),
                scope: request.scope.as_str(),
                scopes: asks.map(|ask| Meaning { scope: ask.scope, means: ask.meaning }).collect(),
                // An ID token of the application says it better than a hint.
                login_hint: request.subject.as_deref().or(request.login_hint.as_deref()),
                max_age: request.max_age,
            }
        });
        let (expires_in, subject) = (asked.expires_in.as_secs(), asked.signed_in.as_deref());
        Self { expires_in, request, prompt: words.join(" "), subject }
    }
}
