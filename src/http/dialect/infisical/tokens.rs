//! The tokens of an identity, by their ids.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use uuid::Uuid;

use super::fields::{Fields, page};
use super::login::TokenResponse;
use super::refusal::Refused;
use super::{REVOKED, authenticate, identity, is_ours, ok, read_optional};
use crate::domain::authority::MachineToken;
use crate::domain::error::{Error, ManagementFault};
use crate::domain::{FamilyId, Timestamp};
use crate::http::body;
use crate::http::state::State;

pub(in crate::http) async fn create(request: HttpRequest, payload: Payload) -> HttpResponse {
    let created = async {
        let bearer = authenticate(&request).await?;
        let identity = identity(&request, &bearer, "edit")?;
        let object = read_optional(&request, payload).await?;
        let mut fields = Fields::of(&object);
        let (name, organization) = (fields.name(), fields.slug("organizationSlug"));
        fields.checked()?;
        let id = request.match_info().query("identity");
        if !is_ours(&request, organization) {
            return Err(Refused::about(Error::Management(ManagementFault::UnknownIdentity), id, "edit"));
        }
        let created = State::of(&request).authority.create_token(&identity, name).await;
        let (renewable, token) = created.map_err(|error| Refused::about(error, id, "edit"))?;
        let (token, token_data) = (TokenResponse::of(&renewable), TokenData::of(&token));
        Ok(ok(&CreateResponse { token, token_data }))
    };
    created.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

pub(in crate::http) async fn list(request: HttpRequest) -> HttpResponse {
    let listed = async {
        let bearer = authenticate(&request).await?;
        let identity = identity(&request, &bearer, "read")?;
        let (offset, limit) = page(request.query_string())?;
        let listed = State::of(&request).authority.tokens_of(&identity, offset, limit).await;
        let id = request.match_info().query("identity");
        let tokens = listed.map_err(|error| Refused::about(error, id, "read"))?;
        Ok(ok(&ListResponse { tokens: tokens.iter().map(TokenData::of).collect() }))
    };
    listed.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

/// Also below the identity, where it stood before; then it must be a token of that one.
pub(in crate::http) async fn show(request: HttpRequest) -> HttpResponse {
    let shown = async {
        let bearer = authenticate(&request).await?;
        let (text, id) = named(&request, "read")?;
        let found = State::of(&request).authority.find_token(&bearer.client, id).await;
        let token = found.map_err(|error| Refused::about(error, text, "read"))?;
        let of = request.match_info().get("identity").map(Uuid::try_parse);
        if of.is_some_and(|of| of != Ok(token.identity)) {
            return Err(Refused::about(UNKNOWN, text, "read"));
        }
        Ok(ok(&ShowResponse { token: TokenData::of(&token) }))
    };
    shown.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

pub(in crate::http) async fn rename(request: HttpRequest, payload: Payload) -> HttpResponse {
    let renamed = async {
        let bearer = authenticate(&request).await?;
        let (text, id) = named(&request, "edit")?;
        let object = read_optional(&request, payload).await?;
        let mut fields = Fields::of(&object);
        let name = fields.name();
        fields.checked()?;
        let authority = &State::of(&request).authority;
        let renamed = match name {
            Some(_) => authority.rename_token(&bearer.client, id, name).await,
            // What is not said stays as it is.
            None => authority.find_token(&bearer.client, id).await,
        };
        let token = renamed.map_err(|error| Refused::about(error, text, "edit"))?;
        Ok(ok(&ShowResponse { token: TokenData::of(&token) }))
    };
    renamed.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

pub(in crate::http) async fn revoke(request: HttpRequest, payload: Payload) -> HttpResponse {
    let revoked = async {
        let bearer = authenticate(&request).await?;
        body::ignore(&request, payload).await?;
        let (text, id) = named(&request, "edit")?;
        let revoked = State::of(&request).authority.revoke_token(&bearer.client, id).await;
        revoked.map_err(|error| Refused::about(error, text, "edit"))?;
        Ok(ok(&REVOKED))
    };
    revoked.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

const UNKNOWN: Error = Error::Management(ManagementFault::UnknownToken);

/// The token that the path names, as it was written and as it is read. What is no id of ours names none.
fn named<'a>(request: &'a HttpRequest, action: &'static str) -> Result<(&'a str, FamilyId), Refused> {
    let text = request.match_info().query("token");
    let id = text.parse().map_err(|_| Refused::about(UNKNOWN, text, action))?;
    Ok((text, id))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateResponse<'a> {
    #[serde(flatten)]
    token: TokenResponse<'a>,
    token_data: TokenData<'a>,
}

#[derive(Serialize)]
struct ListResponse<'a> {
    tokens: Vec<TokenData<'a>>,
}

#[derive(Serialize)]
struct ShowResponse<'a> {
    token: TokenData<'a>,
}

/// All that is told of a token, and never the token. What has no meaning here is always the same.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenData<'a> {
    id: FamilyId,
    #[serde(rename = "accessTokenTTL")]
    access_token_ttl: u64,
    #[serde(rename = "accessTokenMaxTTL")]
    access_token_max_ttl: u64,
    access_token_num_uses: u64,
    access_token_num_uses_limit: u64,
    access_token_last_used_at: Option<String>,
    access_token_last_renewed_at: Option<String>,
    is_access_token_revoked: bool,
    #[serde(rename = "identityUAClientSecretId")]
    identity_ua_client_secret_id: Option<()>,
    identity_id: Uuid,
    created_at: String,
    updated_at: String,
    name: Option<&'a str>,
    auth_method: &'static str,
    access_token_period: u64,
    sub_organization_id: Option<()>,
}

impl<'a> TokenData<'a> {
    fn of(token: &'a MachineToken) -> Self {
        let managed = &token.managed;
        Self {
            id: token.id,
            access_token_ttl: managed.lifetime.as_secs(),
            access_token_max_ttl: token.longest.as_secs(),
            access_token_num_uses: managed.uses,
            access_token_num_uses_limit: managed.uses_limit.map_or(0, u64::from),
            access_token_last_used_at: managed.last_used.map(time),
            access_token_last_renewed_at: managed.last_renewed.map(time),
            is_access_token_revoked: token.is_revoked,
            identity_ua_client_secret_id: None,
            identity_id: token.identity,
            created_at: time(token.created),
            updated_at: time(managed.updated),
            name: managed.name.as_deref(),
            auth_method: "token-auth",
            access_token_period: 0,
            sub_organization_id: None,
        }
    }
}

/// As JavaScript writes it.
pub(super) fn time(at: Timestamp) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(at.as_millis())).to_string()
}
