//! The revocation endpoint (RFC 7009).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::error::Failure;
use super::form::Form;
use super::state::State;
use super::{body, client_auth};
use crate::domain::client::Surface;
use crate::domain::error::Error;

pub(super) async fn handle(request: HttpRequest, payload: Payload) -> HttpResponse {
    revoke(&request, payload).await.unwrap_or_else(|failure| failure.answer(&request))
}

/// The hint is not looked at: the text of a token says what kind it is, and a wrong hint must not save one (section 2.1).
async fn revoke(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let body = body::read_form(request, payload).await?;
    let form = Form::parse(&body)?;
    let caller = client_auth::authenticate(request, &form).await?;
    let token = form.token.value().ok_or(Error::InvalidRequest("token is missing"))?;
    State::of(request).authority.revoke(&caller, Surface::Standard, token).await?;
    // The same bytes whatever it was (section 2.2): the receipt is for the log.
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish())
}
