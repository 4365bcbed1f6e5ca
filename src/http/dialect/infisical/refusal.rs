//! Refusals: one envelope for all of them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::fields::Issue;
use crate::domain::error::{BearerFault, Error, ManagementFault};
use crate::http::error::{Failure, refusal};
use crate::telemetry::request::current;
use crate::telemetry::{Ending, Outcome};

/// Why a call was not done.
pub(super) enum Refused {
    /// What is wrong with the request, member by member.
    Invalid(Vec<Issue>),
    /// Something about an identity or a token, by the id that stood in the path.
    About {
        fault: ManagementFault,
        id: String,
        action: &'static str,
    },
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl Refused {
    /// `id` as it was sent, if it can be one; `action` is what was asked to be done, in the vendor's word for it.
    pub(super) fn about(error: Error, id: &str, action: &'static str) -> Self {
        // What is longer than any id may be a token that was put into a path, and is not repeated.
        let id = if id.len() > Hyphenated::LENGTH { "(none)" } else { id };
        match error {
            Error::Management(fault) => Self::About { fault, id: id.to_owned(), action },
            error => Self::Failure(error.into()),
        }
    }

    pub(super) fn answer(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Failure(failure) => failure.answer(request),
            Self::About { fault, id, action } => {
                refusal(managed(fault, &id, action), (&Error::Management(fault)).into())
            }
            Self::Invalid(issues) => {
                let ending = Ending { cause: Some("validation".into()), ..Ending::new(Outcome::InvalidRequest) };
                refusal(envelope(422, "ValidationFailure", json!(issues), None), ending)
            }
        }
    }
}

/// For tests that know all errors and not who answers them.
#[cfg(test)]
pub(in crate::http) fn about(error: &Error, id: &str, request: &HttpRequest) -> HttpResponse {
    Refused::about(error.clone(), id, "edit").answer(request)
}

/// No other member is declared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    /// As the log and `X-Request-Id` have it.
    req_id: Uuid,
    status_code: u16,
    message: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
    error: &'static str,
}

fn envelope(status: u16, error: &'static str, message: Value, details: Option<Value>) -> HttpResponse {
    let req_id = current().unwrap_or_default();
    let known = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(known).json(ErrorBody { req_id, status_code: known.as_u16(), message, details, error })
}

fn managed(fault: ManagementFault, id: &str, action: &str) -> HttpResponse {
    let bad = |text: &str| envelope(400, "BadRequest", text.into(), None);
    let unknown = |text: String| envelope(404, "NotFound", text.into(), None);
    match fault {
        ManagementFault::UnknownIdentity => unknown(format!("Failed to find identity with ID {id}")),
        ManagementFault::UnknownToken => unknown(format!("Token with ID {id} not found or already revoked")),
        ManagementFault::NotPermitted => {
            let text = format!("You are not allowed to {action} on identity");
            let details = json!([{ "action": action, "subject": "identity", "inverted": true }]);
            envelope(403, "PermissionDenied", text.into(), Some(details))
        }
        ManagementFault::NotConfigured => bad("The identity does not have Token Auth"),
        ManagementFault::AlreadyConfigured => bad("Failed to add Token Auth to already configured identity"),
        ManagementFault::Disabled => bad("The identity is disabled"),
        ManagementFault::LifetimeBeyondLongest => bad("Access token TTL cannot be greater than max TTL"),
    }
}

pub(super) fn refuse(failure: &Failure, _: &HttpRequest) -> HttpResponse {
    let told = failure.told();
    let name = match failure {
        Failure::Domain(Error::InvalidToken(fault)) => return unproven(*fault),
        Failure::Domain(Error::Management(fault)) => return managed(*fault, "", "edit"),
        Failure::Domain(Error::InvalidClient(_) | Error::UnauthorizedClient | Error::InvalidGrant(_)) => {
            return envelope(401, "UnauthorizedError", "Invalid credentials".into(), None);
        }
        Failure::Domain(
            Error::InvalidRequest(_) | Error::UnsupportedGrantType | Error::InvalidScope | Error::InvalidTarget,
        )
        | Failure::Rejected(_) => "BadRequest",
        Failure::Domain(Error::TooMany { .. }) => "RateLimitExceeded",
        Failure::Domain(Error::Unavailable(_)) | Failure::Draining => "ServiceUnavailable",
        Failure::BodyTooLarge => "PayloadTooLarge",
        Failure::BodyTooSlow => "RequestTimeout",
        Failure::NotFound => "NotFound",
        Failure::MethodNotAllowed { .. } => "MethodNotAllowed",
        Failure::Misdirected => "MisdirectedRequest",
    };
    envelope(told.status.as_u16(), name, told.error_description.into(), None)
}

/// A text that is no token of this surface is 403, one that was revoked 401: the vendor's clients know it so.
fn unproven(fault: BearerFault) -> HttpResponse {
    let (status, error, text) = match fault {
        BearerFault::Missing => (401, "UnauthorizedError", "Token missing"),
        BearerFault::Ended => (401, "UnauthorizedError", "No identity access token found"),
        BearerFault::Expired => (403, "TokenError", "Your token has expired. Please re-authenticate."),
        BearerFault::Malformed | BearerFault::Unknown | BearerFault::NoAccessToken | BearerFault::OtherSurface => (
            403,
            "TokenError",
            "The provided access token is malformed. Please use a valid token or generate a new one and try again.",
        ),
        BearerFault::InsufficientScope => (403, "ForbiddenError", "You are not allowed to access this resource"),
        BearerFault::UntrustedAddress => {
            (403, "ForbiddenError", "You are not allowed to access this resource from the current IP address")
        }
    };
    envelope(status, error, text.into(), None)
}
