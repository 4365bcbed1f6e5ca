//! The token auth of an identity.

use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use uuid::Uuid;

use super::fields::Fields;
use super::refusal::Refused;
use super::tokens::time;
use super::{authenticate, identity, ok, read_optional};
use crate::domain::error::Error;
use crate::domain::network::Network;
use crate::domain::token_auth::{Terms, TermsChange, TokenAuth};
use crate::http::body;
use crate::http::state::State;

/// Thirty days, the vendor's default of both.
const LIFETIME: Duration = Duration::from_hours(30 * 24);

pub(in crate::http) async fn attach(request: HttpRequest, payload: Payload) -> HttpResponse {
    let attached = async {
        let bearer = authenticate(&request).await?;
        let identity = identity(&request, &bearer, "create")?;
        let defaults = Terms { lifetime: LIFETIME, longest: LIFETIME, uses_limit: 0, trusted: everywhere() };
        let change = read(&request, payload, Some(&defaults)).await?;
        let attached = State::of(&request).authority.attach_token_auth(&identity, defaults.changed(change)).await;
        render(&request, identity.id(), "create", attached)
    };
    attached.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

pub(in crate::http) async fn change(request: HttpRequest, payload: Payload) -> HttpResponse {
    let changed = async {
        let bearer = authenticate(&request).await?;
        let identity = identity(&request, &bearer, "edit")?;
        let change = read(&request, payload, None).await?;
        let changed = State::of(&request).authority.change_token_auth(&identity, change).await;
        render(&request, identity.id(), "edit", changed)
    };
    changed.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

pub(in crate::http) async fn show(request: HttpRequest) -> HttpResponse {
    let shown = async {
        let bearer = authenticate(&request).await?;
        let identity = identity(&request, &bearer, "read")?;
        let found = State::of(&request).authority.token_auth(&identity).await;
        render(&request, identity.id(), "read", found)
    };
    shown.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

pub(in crate::http) async fn remove(request: HttpRequest, payload: Payload) -> HttpResponse {
    let removed = async {
        let bearer = authenticate(&request).await?;
        body::ignore(&request, payload).await?;
        let identity = identity(&request, &bearer, "revoke-auth")?;
        let removed = State::of(&request).authority.remove_token_auth(&identity).await;
        render(&request, identity.id(), "revoke-auth", removed)
    };
    removed.await.unwrap_or_else(|refused: Refused| refused.answer(&request))
}

/// `defaults` are what the request means where it says nothing. How what it says fits to what was said before is not to be
/// seen here.
async fn read(request: &HttpRequest, payload: Payload, defaults: Option<&Terms>) -> Result<TermsChange, Refused> {
    let object = read_optional(request, payload).await?;
    let mut fields = Fields::of(&object);
    let change = TermsChange {
        lifetime: fields.seconds("accessTokenTTL"),
        longest: fields.seconds("accessTokenMaxTTL"),
        uses_limit: fields.limit("accessTokenNumUsesLimit"),
        trusted: fields.networks("accessTokenTrustedIps")?,
    };
    let lifetime = change.lifetime.or_else(|| defaults.map(|terms| terms.lifetime));
    let longest = change.longest.or_else(|| defaults.map(|terms| terms.longest)).filter(|longest| !longest.is_zero());
    if longest.is_some_and(|longest| lifetime.is_some_and(|lifetime| lifetime > longest)) {
        fields.note("custom", "accessTokenTTL", "Access Token TTL cannot be greater than Access Token Max TTL.");
    }
    fields.checked()?;
    Ok(change)
}

fn everywhere() -> Vec<Network> {
    let [v4, v6] = [[0; 4].into(), [0_u16; 8].into()];
    vec![Network { address: v4, prefix: 0 }, Network { address: v6, prefix: 0 }]
}

fn render(
    request: &HttpRequest,
    identity_id: Uuid,
    action: &'static str,
    token_auth: Result<TokenAuth, Error>,
) -> Result<HttpResponse, Refused> {
    let id = request.match_info().query("identity");
    let TokenAuth { id, terms, created, updated } = token_auth.map_err(|error| Refused::about(error, id, action))?;
    let trusted = terms.trusted.iter().map(|net| TrustedAddress {
        ip_address: net.address.to_string(),
        prefix: net.prefix,
        kind: if net.address.is_ipv4() { "ipv4" } else { "ipv6" },
    });
    let identity_token_auth = IdentityTokenAuth {
        id,
        access_token_ttl: terms.lifetime.as_secs(),
        access_token_max_ttl: terms.longest.as_secs(),
        access_token_num_uses_limit: terms.uses_limit,
        access_token_trusted_ips: trusted.collect(),
        created_at: time(created),
        updated_at: time(updated),
        identity_id,
    };
    Ok(ok(&TokenAuthResponse { identity_token_auth }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenAuthResponse {
    identity_token_auth: IdentityTokenAuth,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityTokenAuth {
    id: Uuid,
    #[serde(rename = "accessTokenTTL")]
    access_token_ttl: u64,
    #[serde(rename = "accessTokenMaxTTL")]
    access_token_max_ttl: u64,
    access_token_num_uses_limit: u64,
    access_token_trusted_ips: Vec<TrustedAddress>,
    created_at: String,
    updated_at: String,
    identity_id: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrustedAddress {
    ip_address: String,
    prefix: u8,
    #[serde(rename = "type")]
    kind: &'static str,
}
