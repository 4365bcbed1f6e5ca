//! The endpoint at which authorization requests are pushed (RFC 9126).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use url::form_urlencoded;

use super::error::{ErrorBody, Failure, refusal};
use super::form::Form;
use super::state::State;
use super::{body, client_auth};
use crate::domain::authorization::parameters::Parameters;
use crate::domain::client::Surface;
use crate::telemetry::{Ending, Outcome};

#[derive(Serialize)]
struct Pushed<'a> {
    request_uri: &'a str,
    expires_in: u64,
}

pub(super) async fn handle(request: HttpRequest, payload: Payload) -> HttpResponse {
    push(&request, payload).await.unwrap_or_else(|failure| failure.answer(&request))
}

async fn push(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let body = body::read_form(request, payload).await?;
    let form = Form::parse(&body)?;
    let caller = client_auth::authenticate(request, &form).await?;
    let parameters = Parameters::new(form_urlencoded::parse(&body));
    Ok(match State::of(request).authority.push(&caller, Surface::Standard, &parameters).await? {
        Ok(uri) => HttpResponse::Created()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(Pushed { request_uri: &uri.text, expires_in: uri.expires_in.as_secs() }),
        Err(error) => {
            let told = ErrorBody { error: error.code(), error_description: error.description() };
            let ending = Ending { cause: Some(error.code().into()), ..Ending::new(Outcome::InvalidRequest) };
            refusal(HttpResponse::BadRequest().json(told), ending)
        }
    })
}
