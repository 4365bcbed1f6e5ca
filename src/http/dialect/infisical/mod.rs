//! Infisical's machine identities: what a machine does with its own credentials, and what others do to the tokens of those
//! that they may manage.

pub(in crate::http) mod identities;
pub(in crate::http) mod login;
pub(in crate::http) mod tokens;

mod fields;
mod refusal;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use actix_web::web::Payload;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

#[cfg(test)]
pub(in crate::http) use self::refusal::about;
use self::refusal::{Refused, refuse};
use super::Dialect;
use crate::domain::authority::{Bearer, ManagedIdentity};
use crate::domain::client::Surface;
use crate::domain::error::{Error, ManagementFault};
use crate::http::error::Failure;
use crate::http::state::State;
use crate::http::{bearer, body, source};

pub(in crate::http) const DIALECT: Dialect = Dialect { surface: Surface::Infisical, prefix: "/api/v1/auth/", refuse };

/// Who asks. Before anything else of the request is looked at, as the vendor has it.
async fn authenticate(request: &HttpRequest) -> Result<Bearer, Error> {
    let token = bearer::token(request.headers())?;
    let bearer = State::of(request).authority.machine_bearer(token, source::address(request)).await?;
    request.extensions_mut().insert(bearer.client.id.clone());
    Ok(bearer)
}

/// The identity that the path names, for somebody who asks to `action` it. What is no UUID names none.
fn identity(request: &HttpRequest, bearer: &Bearer, action: &'static str) -> Result<ManagedIdentity, Refused> {
    let id = request.match_info().query("identity");
    let unknown = || Error::Management(ManagementFault::UnknownIdentity);
    let found = uuid::Uuid::try_parse(id).map_err(|_| unknown());
    let found = found.and_then(|id| State::of(request).authority.identity(&bearer.client, id));
    found.map_err(|error| Refused::about(error, id, action))
}

/// Where all members are optional, so is the body.
async fn read_optional(request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Failure> {
    let headers = request.headers();
    let is_empty = headers.get(CONTENT_LENGTH).is_none_or(|length| length == "0");
    if is_empty && !headers.contains_key(TRANSFER_ENCODING) && !headers.contains_key(CONTENT_TYPE) {
        return Ok(Map::new());
    }
    body::read_json(request, payload).await
}

/// There is one organisation here; if it has a name, nobody may ask for another.
fn is_ours(request: &HttpRequest, organization: Option<&str>) -> bool {
    let ours = State::of(request).options.infisical_organization.as_deref();
    organization.is_none_or(|slug| ours.is_none_or(|ours| ours == slug))
}

fn ok(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body)
}

#[derive(Serialize)]
struct Done {
    message: &'static str,
}

const REVOKED: Done = Done { message: "Successfully revoked access token" };
