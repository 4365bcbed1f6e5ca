//! Refusals: what is wrong with the fields of a request, or one sentence.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::fields::Violation;
use crate::domain::error::Error;
use crate::http::error::{Failure, refusal, seconds};
use crate::telemetry::{Ending, Outcome};

/// Why a call was not done.
pub(super) enum Refused {
    /// What is wrong with the request, field by field, in the order of the schema.
    Violations(Vec<Violation>),
    /// The token is of another client, who is not to be harmed: 403, where a grant that is refused is 401.
    Foreign(Error),
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl Refused {
    pub(super) fn answer(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Failure(failure) => failure.answer(request),
            Self::Foreign(error) => {
                let text = "the token was issued to another client";
                refusal(message(StatusCode::FORBIDDEN, text), (&error).into())
            }
            Self::Violations(violations) => {
                let ending = Ending { cause: Some("violations".into()), ..Ending::new(Outcome::InvalidRequest) };
                refusal(violated(&violations), ending)
            }
        }
    }
}

/// For tests that know all errors and not who answers them.
#[cfg(test)]
pub(in crate::http) fn foreign(error: &Error, request: &HttpRequest) -> HttpResponse {
    Refused::Foreign(error.clone()).answer(request)
}

#[derive(Serialize)]
struct ErrorBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    message: &'static str,
}

fn message(status: StatusCode, message: &'static str) -> HttpResponse {
    HttpResponse::build(status).json(ErrorBody { code: None, message })
}

fn violated(violations: &[Violation]) -> HttpResponse {
    HttpResponse::BadRequest().json(serde_json::json!({ "violations": violations }))
}

/// 400 is for what is wrong with the fields, and 401 for whatever is wrong with a client or a grant.
pub(super) fn refuse(failure: &Failure, _: &HttpRequest) -> HttpResponse {
    let told = failure.told();
    let unauthorized = |text| message(StatusCode::UNAUTHORIZED, text);
    match failure {
        Failure::Domain(Error::InvalidRequest(_) | Error::InvalidScope | Error::InvalidTarget)
        | Failure::Rejected(StatusCode::BAD_REQUEST) => {
            violated(&[Violation { field: "body", description: told.error_description }])
        }
        // That a client exists, but not for this, is nobody's business who cannot prove to be it.
        Failure::Domain(Error::InvalidClient(_) | Error::UnauthorizedClient) => {
            unauthorized("this client is unknown here")
        }
        Failure::Domain(Error::UnsupportedGrantType) => unauthorized("this is not granted here"),
        Failure::Domain(Error::InvalidGrant(_) | Error::InvalidToken(_)) => {
            unauthorized("the token is invalid, expired or revoked")
        }
        Failure::Domain(Error::TooMany { limit, retry_after }) => HttpResponse::TooManyRequests()
            .insert_header(("x-ratelimit-limit", HeaderValue::from(*limit)))
            .insert_header(("x-ratelimit-remaining", "0"))
            .insert_header(("x-ratelimit-reset", seconds(*retry_after)))
            .json(ErrorBody { code: Some("ERROR_CODE_RATE_LIMITED"), message: told.error_description }),
        Failure::Domain(Error::Management(_) | Error::Unavailable(_))
        | Failure::BodyTooLarge
        | Failure::BodyTooSlow
        | Failure::NotFound
        | Failure::MethodNotAllowed { .. }
        | Failure::Misdirected
        | Failure::Draining
        | Failure::Rejected(_) => message(told.status, told.error_description),
    }
}
