//! The token endpoint (RFC 6749 section 3.2).

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::error::Failure;
use super::form::{self, Form};
use super::state::State;
use super::{body, client_auth};
use crate::domain::authority::{Caller, ClientCredentials, Exchange, Issued, Refresh, TokenText};
use crate::domain::client::Surface;
use crate::domain::error::Error;
use crate::domain::scope::Scope;

/// What `grant_type` may be here, as the metadata tells.
pub(super) const GRANT_TYPES: [&str; 3] = ["authorization_code", "client_credentials", "refresh_token"];

pub(super) async fn handle(request: HttpRequest, payload: Payload) -> HttpResponse {
    token(&request, payload).await.unwrap_or_else(|failure| failure.answer(&request))
}

async fn token(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let body = body::read_form(request, payload).await?;
    let form = Form::parse(&body)?;
    let caller = client_auth::authenticate(request, &form).await?;
    Ok(render(&issue(State::of(request), &caller, &form, form::resources(&body)).await?))
}

async fn issue(state: &State, caller: &Caller, form: &Form<'_>, resources: Vec<Arc<str>>) -> Result<Issued, Error> {
    let surface = Surface::Standard;
    match form.grant_type.value() {
        Some("authorization_code") => {
            let code = form.code.value().ok_or(Error::InvalidRequest("code is missing"))?;
            let verifier = form.code_verifier.value().ok_or(Error::InvalidRequest("code_verifier is missing"))?;
            let redirect_uri = form.redirect_uri.value();
            let exchange = Exchange { surface, code, redirect_uri, verifier, resources: &resources };
            state.authority.exchange_code(caller, exchange).await
        }
        Some("client_credentials") => {
            let scope = requested_scope(form)?;
            state.authority.client_credentials(caller, ClientCredentials { surface, scope, resources }).await
        }
        Some("refresh_token") => {
            let refresh_token = form.refresh_token.value().ok_or(Error::InvalidRequest("refresh_token is missing"))?;
            let scope = requested_scope(form)?;
            state.authority.refresh(caller, Refresh { surface, refresh_token, scope, resources }).await
        }
        Some(_) => Err(Error::UnsupportedGrantType),
        None => Err(Error::InvalidRequest("grant_type is missing")),
    }
}

/// `None` if nothing is asked for. Spaces alone are no scope (RFC 6749 section 3.3).
pub(super) fn requested_scope(form: &Form<'_>) -> Result<Option<Scope>, Error> {
    let Some(text) = form.scope.value() else { return Ok(None) };
    Scope::parse(text).ok().filter(|scope| !scope.is_empty()).map(Some).ok_or(Error::InvalidScope)
}

/// RFC 6749 section 5.1, `OpenID` Connect Core section 3.1.3.3.
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

fn render(issued: &Issued) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache")).json(
        TokenResponse {
            access_token: issued.access_token.expose(),
            token_type: "Bearer",
            expires_in: issued.expires_in,
            refresh_token: issued.refresh_token.as_ref().map(TokenText::expose),
            id_token: issued.id_token.as_ref().map(TokenText::expose),
            scope: issued.scope.as_str(),
        },
    )
}
