//! Anghami's and OSN+'s SDK: public clients that name themselves, and JSON in the manner of Protocol Buffers.

mod fields;
mod refusal;

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use self::fields::{Fields, Violation};
#[cfg(test)]
pub(in crate::http) use self::refusal::foreign;
use self::refusal::{Refused, refuse};
use super::Dialect;
use crate::domain::authority::{Caller, Exchange, Issued, Presented, Refresh, TokenText};
use crate::domain::client::Surface;
use crate::domain::error::Error;
use crate::http::state::State;
use crate::http::{body, client_auth};

const SURFACE: Surface = Surface::Anghami;
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

pub(in crate::http) const DIALECT: Dialect = Dialect { surface: SURFACE, prefix: "/v1/auth/", refuse };

pub(in crate::http) async fn revoke(request: HttpRequest, payload: Payload) -> HttpResponse {
    try_revoke(&request, payload).await.unwrap_or_else(|refused| refused.answer(&request))
}

async fn try_revoke(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let object = read(request, payload).await?;
    let mut fields = Fields::of(&object);
    let (token, client_id) = (fields.text("token", "token"), fields.text("clientId", "client_id"));
    fields.checked()?;
    let caller = identify(request, client_id).await?;
    match State::of(request).authority.revoke(&caller, SURFACE, token).await {
        Ok(_) => Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Map::new())),
        Err(error @ Error::InvalidGrant(_)) => Err(Refused::Foreign(error)),
        Err(error) => Err(error.into()),
    }
}

pub(in crate::http) async fn refresh(request: HttpRequest, payload: Payload) -> HttpResponse {
    try_refresh(&request, payload).await.unwrap_or_else(|refused| refused.answer(&request))
}

async fn try_refresh(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let object = read(request, payload).await?;
    let mut fields = Fields::of(&object);
    let refresh_token = fields.text("refreshToken", "refresh_token");
    let client_id = fields.text("clientId", "client_id");
    fields.checked()?;
    let caller = identify(request, client_id).await?;
    let refresh = Refresh { surface: SURFACE, refresh_token, scope: None, resources: Vec::new() };
    Ok(render(&State::of(request).authority.refresh(&caller, refresh).await?))
}

pub(in crate::http) async fn exchange(request: HttpRequest, payload: Payload) -> HttpResponse {
    try_exchange(&request, payload).await.unwrap_or_else(|refused| refused.answer(&request))
}

async fn try_exchange(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let object = read(request, payload).await?;
    let mut fields = Fields::of(&object);
    let (code, redirect_uri) = (fields.text("code", "code"), fields.text("redirectUri", "redirect_uri"));
    let client_id = fields.text("clientId", "client_id");
    let verifier = fields.verifier("codeVerifier", "code_verifier");
    fields.checked()?;
    let caller = identify(request, client_id).await?;
    let redirect_uri = Some(redirect_uri);
    let exchange = Exchange { surface: SURFACE, code, redirect_uri, verifier, resources: &[] };
    Ok(render(&State::of(request).authority.exchange_code(&caller, exchange).await?))
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Refused> {
    let headers = request.headers();
    // Neither is a credential here. Both at once is what the vendor refuses everywhere.
    if headers.contains_key(AUTHORIZATION) && headers.contains_key(X_API_KEY) {
        let violation = Violation { field: "X-API-Key", description: "must not be sent together with Authorization" };
        return Err(Refused::Violations(vec![violation]));
    }
    if !body::is_json(request) {
        let violation = Violation { field: "Content-Type", description: "must be application/json" };
        return Err(Refused::Violations(vec![violation]));
    }
    Ok(body::read_json(request, payload).await?)
}

/// A client that can keep no secret says who it is; one that has a secret has nowhere to put it here.
async fn identify(request: &HttpRequest, client_id: &str) -> Result<Caller, Error> {
    client_auth::prove(request, Presented::ClientId(client_id)).await
}

#[derive(Serialize)]
struct TokenResponse<'a> {
    token: TokenSet<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenSet<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scopes: Vec<&'static str>,
}

fn render(issued: &Issued) -> HttpResponse {
    let token = TokenSet {
        access_token: issued.access_token.expose(),
        token_type: "Bearer",
        expires_in: issued.expires_in,
        refresh_token: issued.refresh_token.as_ref().map(TokenText::expose),
        scopes: issued.scope.as_str().split_ascii_whitespace().map(scope).collect(),
    };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(TokenResponse { token })
}

/// The vendor's enumeration is closed; what has no name in it is its zero.
fn scope(scope: &str) -> &'static str {
    match scope {
        "read" => "AUTH_SCOPE_READ",
        "stream" => "AUTH_SCOPE_STREAM",
        _ => "AUTH_SCOPE_UNSPECIFIED",
    }
}
