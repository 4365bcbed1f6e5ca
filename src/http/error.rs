//! What a refusal looks like (RFC 6749 section 5.2): the domain's facts on one side, status, code and headers on the
//! other.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::domain::error::{ClientFault, Error};
use crate::telemetry::{Ending, Outcome};

/// How long a client waits before it asks a server again whose store did not answer: about what a failover takes.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(2);

/// Why a request was not done, or not even asked of the domain.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Domain(Error),
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTooSlow,
    NotFound,
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: &'static str,
    },
    /// `Host` names somebody else (RFC 9110 section 15.5.20).
    Misdirected,
    Draining,
    /// Refused by the web framework or a layer of it: a preflight from a foreign origin, say.
    Rejected(StatusCode),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

/// RFC 6749 section 5.2.
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

/// A failure as it goes out.
struct Rendered {
    status: StatusCode,
    body: ErrorBody,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// The answer to `request`. What the log is to say goes along with it, unseen.
    pub(super) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let Rendered { status, body, header } = self.rendered(request.headers());
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(header) = header {
            response.insert_header(header);
        }
        let mut response = response.json(body);
        response.extensions_mut().insert(self.ending());
        response
    }

    /// Status, code, words and header of each failure. The words are for the developer of a client: they never repeat
    /// what was sent, tell nothing of tokens or other clients, and keep to the characters of RFC 6749 section 5.2.
    fn rendered(&self, request: &HeaderMap) -> Rendered {
        match self {
            Self::Domain(error) => of_domain(error, request),
            Self::BodyTooLarge => refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::BodyTooSlow => refused(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
            Self::NotFound => refused(StatusCode::NOT_FOUND, "there is nothing at this path"),
            Self::MethodNotAllowed { allow } => {
                refused(StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed here; see the Allow header")
                    .with(header::ALLOW, HeaderValue::from_static(allow))
            }
            Self::Misdirected => refused(
                StatusCode::MISDIRECTED_REQUEST,
                "in development mode this server answers only to loopback names such as localhost",
            ),
            Self::Draining => unavailable("this server is shutting down; ask another one"),
            Self::Rejected(status) => refused(*status, "the request is not acceptable here"),
        }
    }

    fn ending(&self) -> Ending {
        match self {
            Self::Domain(error) => error.into(),
            Self::BodyTooLarge => Ending::new(Outcome::TooLarge),
            Self::BodyTooSlow => Ending::new(Outcome::TimedOut),
            Self::NotFound => Ending::new(Outcome::NotFound),
            Self::MethodNotAllowed { .. } => Ending::new(Outcome::MethodNotAllowed),
            Self::Misdirected => because(Outcome::InvalidRequest, "foreign_host"),
            Self::Draining => because(Outcome::Unavailable, "draining"),
            Self::Rejected(_) => because(Outcome::InvalidRequest, "rejected"),
        }
    }
}

fn because(outcome: Outcome, cause: &'static str) -> Ending {
    Ending { cause: Some(cause.into()), ..Ending::new(outcome) }
}

fn of_domain(error: &Error, request: &HeaderMap) -> Rendered {
    match error {
        Error::InvalidRequest(text) => refused(StatusCode::BAD_REQUEST, text),
        Error::InvalidClient(fault) => {
            let rendered = rendered(
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "client authentication failed; send the registered credentials by the registered method",
            );
            // Elsewhere a browser would ask its user for a password.
            if *fault == ClientFault::Missing || request.contains_key(header::AUTHORIZATION) {
                rendered.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"atropos\""))
            } else {
                rendered
            }
        }
        Error::InvalidToken(_) => rendered(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "a live access token is needed: the one that was sent, if any, is invalid, expired or revoked",
        ),
        Error::UnauthorizedClient => bad("unauthorized_client", "this client is not registered for this grant type"),
        Error::UnsupportedGrantType => {
            bad("unsupported_grant_type", "see grant_types_supported in the metadata for the grant types there are")
        }
        Error::InvalidScope => {
            bad("invalid_scope", "the scope is malformed, or wider than what this client or grant may have")
        }
        Error::InvalidGrant(_) => {
            bad("invalid_grant", "the token is invalid, expired or revoked, or was issued to another client")
        }
        Error::TooMany { retry_after, .. } => rendered(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "nothing was done; try again after the time in Retry-After",
        )
        .with(header::RETRY_AFTER, seconds(*retry_after)),
        Error::Unavailable(_) => unavailable("nothing can be relied on; try again after the time in Retry-After"),
    }
}

fn rendered(status: StatusCode, error: &'static str, error_description: &'static str) -> Rendered {
    Rendered { status, body: ErrorBody { error, error_description }, header: None }
}

fn bad(code: &'static str, description: &'static str) -> Rendered {
    rendered(StatusCode::BAD_REQUEST, code, description)
}

fn refused(status: StatusCode, description: &'static str) -> Rendered {
    rendered(status, "invalid_request", description)
}

fn unavailable(description: &'static str) -> Rendered {
    rendered(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
        .with(header::RETRY_AFTER, seconds(RETRY_UNAVAILABLE))
}

impl Rendered {
    fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }
}

/// Whole seconds, at least one: `Retry-After: 0` invites a storm.
fn seconds(duration: Duration) -> HeaderValue {
    HeaderValue::from(duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1))
}

#[cfg(test)]
mod tests;
