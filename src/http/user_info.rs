//! The `UserInfo` endpoint (`OpenID` Connect Core section 5.3): who has let the access token be issued.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::error::Failure;
use super::state::State;
use super::{bearer, source};

/// Section 5.1.
#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

pub(super) async fn handle(request: HttpRequest) -> HttpResponse {
    tell(&request).await.unwrap_or_else(|failure| failure.answer(&request))
}

async fn tell(request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let token = bearer::token(request.headers())?;
    let user = State::of(request).authority.user_info(token, source::address(request)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Claims {
        sub: &user.subject,
        preferred_username: user.username.as_deref(),
        name: user.full_name.as_deref(),
        email: user.email.as_deref(),
    }))
}
