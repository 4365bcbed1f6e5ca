//! Universal auth, and what the possession of a token is enough for.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::fields::Fields;
use super::refusal::Refused;
use super::{REVOKED, is_ours, ok};
use crate::domain::authority::{AuthenticationMethod, Presented, Renewable};
use crate::domain::error::{ClientFault, Error};
use crate::http::state::State;
use crate::http::{body, client_auth, source};

pub(in crate::http) async fn log_in(request: HttpRequest, payload: Payload) -> HttpResponse {
    try_log_in(&request, payload).await.unwrap_or_else(|refused| refused.answer(&request))
}

async fn try_log_in(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let object = body::read_json(request, payload).await?;
    let mut fields = Fields::of(&object);
    let (client_id, secret) = (fields.required("clientId"), fields.required("clientSecret"));
    // The later name of it, and the earlier one.
    let organizations = [fields.slug("organizationSlug"), fields.slug("subOrganizationName")];
    fields.checked()?;
    let method = AuthenticationMethod::ClientSecretPost;
    let caller = client_auth::prove(request, Presented::Secret { method, client_id, secret }).await?;
    if !organizations.into_iter().all(|organization| is_ours(request, organization)) {
        // As if the credentials were not known there, which they are not.
        return Err(Error::InvalidClient(ClientFault::UnknownClient).into());
    }
    let issued = State::of(request).authority.log_in_machine(&caller).await?;
    Ok(ok(&TokenResponse::of(&issued)))
}

pub(in crate::http) async fn renew(request: HttpRequest, payload: Payload) -> HttpResponse {
    try_renew(&request, payload).await.unwrap_or_else(|refused| refused.answer(&request))
}

async fn try_renew(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let token = shown(request, payload).await?;
    let renewed = State::of(request).authority.renew(&token, source::address(request)).await?;
    Ok(ok(&TokenResponse::of(&renewed)))
}

pub(in crate::http) async fn revoke(request: HttpRequest, payload: Payload) -> HttpResponse {
    try_revoke(&request, payload).await.unwrap_or_else(|refused| refused.answer(&request))
}

async fn try_revoke(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let token = shown(request, payload).await?;
    State::of(request).authority.revoke_by_possession(&token, source::address(request)).await?;
    Ok(ok(&REVOKED))
}

/// The token in the body, which is all that proves anything there.
async fn shown(request: &HttpRequest, payload: Payload) -> Result<String, Refused> {
    let object = body::read_json(request, payload).await?;
    let mut fields = Fields::of(&object);
    let token = fields.required("accessToken").to_owned();
    fields.checked()?;
    Ok(token)
}

/// A token as it is handed out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenResponse<'a> {
    access_token: &'a str,
    expires_in: u64,
    #[serde(rename = "accessTokenMaxTTL")]
    longest: u64,
    token_type: &'static str,
}

impl<'a> TokenResponse<'a> {
    pub(super) fn of(renewable: &'a Renewable) -> Self {
        Self {
            access_token: renewable.issued.access_token.expose(),
            expires_in: renewable.issued.expires_in,
            longest: renewable.longest.as_secs(),
            token_type: "Bearer",
        }
    }
}
