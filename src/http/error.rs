//! What a refusal looks like (RFC 6749 section 5.2): the domain's facts on one side, status, code and headers on the
//! other.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::bearer;
use super::dialect::{self, Dialect};
use crate::domain::error::{BearerFault, ClientFault, Error, GrantFault};
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
pub(super) struct ErrorBody {
    pub(super) error: &'static str,
    pub(super) error_description: &'static str,
}

/// What a client is told of a failure.
pub(super) struct Told {
    pub status: StatusCode,
    pub error: &'static str,
    pub error_description: &'static str,
}

impl Failure {
    /// The answer to `request`, in the words of the API that its path belongs to.
    pub(super) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        self.answer_in(dialect::at(request), request)
    }

    fn answer_in(&self, dialect: Option<&Dialect>, request: &HttpRequest) -> HttpResponse {
        let mut response = match dialect {
            Some(dialect) => (dialect.refuse)(self, request),
            None => self.standard(request.headers()),
        };
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        refusal(response, self.ending())
    }

    /// In the words of RFC 6749.
    fn standard(&self, request: &HeaderMap) -> HttpResponse {
        let Told { status, error, error_description } = self.told();
        let mut response = HttpResponse::build(status);
        // Elsewhere a browser would ask its user for a password.
        if let Self::Domain(Error::InvalidClient(fault)) = self
            && (*fault == ClientFault::Missing || request.contains_key(header::AUTHORIZATION))
        {
            response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"atropos\""));
        }
        response.json(ErrorBody { error, error_description })
    }

    /// What every API tells by the same header.
    pub(super) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::MethodNotAllowed { allow } => Some((header::ALLOW, HeaderValue::from_static(allow))),
            Self::Domain(Error::InvalidToken(fault)) => Some((header::WWW_AUTHENTICATE, bearer::challenge(*fault))),
            Self::Domain(Error::TooMany { retry_after, .. }) => Some((header::RETRY_AFTER, seconds(*retry_after))),
            Self::Domain(Error::Unavailable(_)) | Self::Draining => {
                Some((header::RETRY_AFTER, seconds(RETRY_UNAVAILABLE)))
            }
            Self::Domain(_)
            | Self::BodyTooLarge
            | Self::BodyTooSlow
            | Self::NotFound
            | Self::Misdirected
            | Self::Rejected(_) => None,
        }
    }

    /// Status, code and words of each failure in RFC 6749. The words are for the developer of a client: they never repeat
    /// what was sent, tell nothing of tokens or other clients, and keep to the characters of RFC 6749 section 5.2.
    pub(super) fn told(&self) -> Told {
        match self {
            Self::Domain(error) => of_domain(error),
            Self::BodyTooLarge => refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::BodyTooSlow => refused(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"),
            Self::NotFound => refused(StatusCode::NOT_FOUND, "there is nothing at this path"),
            Self::MethodNotAllowed { .. } => {
                refused(StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed here; see the Allow header")
            }
            Self::Misdirected => refused(
                StatusCode::MISDIRECTED_REQUEST,
                "in development mode this server answers only to loopback names such as localhost",
            ),
            Self::Draining => unavailable("this server is shutting down; ask another one"),
            Self::Rejected(status) => refused(*status, "the request is not acceptable here"),
        }
    }

    pub(super) fn ending(&self) -> Ending {
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

fn of_domain(error: &Error) -> Told {
    match error {
        Error::InvalidRequest(text) => refused(StatusCode::BAD_REQUEST, text),
        Error::InvalidClient(_) => told(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "client authentication failed; send the registered credentials by the registered method",
        ),
        Error::InvalidToken(BearerFault::InsufficientScope) => told(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "the access token is alive, but what is asked for here was not granted with it",
        ),
        Error::InvalidToken(_) => told(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "a live access token is needed: the one that was sent, if any, is invalid, expired or revoked",
        ),
        Error::UnauthorizedClient => bad("unauthorized_client", "this client is not registered for this"),
        Error::UnsupportedGrantType => {
            bad("unsupported_grant_type", "see grant_types_supported in the metadata for the grant types there are")
        }
        Error::InvalidScope => {
            bad("invalid_scope", "the scope is malformed, or wider than what this client or grant may have")
        }
        Error::InvalidTarget => {
            bad("invalid_target", "the resource is not one, or these are not, that this client may have a token for")
        }
        Error::InvalidGrant(GrantFault::NotWaiting) => {
            bad("invalid_grant", "nobody waits by this login_challenge: it is unknown, expired, used or revoked")
        }
        Error::InvalidGrant(GrantFault::OtherAnswer) => {
            bad("invalid_grant", "this login_challenge was answered otherwise before")
        }
        Error::InvalidGrant(_) => {
            bad("invalid_grant", "the token is invalid, expired or revoked, or was issued to another client")
        }
        Error::Management(_) => told(StatusCode::NOT_FOUND, "invalid_request", "there is nothing to manage here"),
        Error::TooMany { .. } => told(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "nothing was done; try again after the time in Retry-After",
        ),
        Error::Unavailable(_) => unavailable("nothing can be relied on; try again after the time in Retry-After"),
    }
}

fn told(status: StatusCode, error: &'static str, error_description: &'static str) -> Told {
    Told { status, error, error_description }
}

fn bad(code: &'static str, description: &'static str) -> Told {
    told(StatusCode::BAD_REQUEST, code, description)
}

fn refused(status: StatusCode, description: &'static str) -> Told {
    told(status, "invalid_request", description)
}

fn unavailable(description: &'static str) -> Told {
    told(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
}

/// A refusal as it goes out. What the log is to say goes along with it, unseen.
pub(super) fn refusal(mut response: HttpResponse, ending: Ending) -> HttpResponse {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(ending);
    response
}

/// Whole seconds, at least one: `Retry-After: 0` invites a storm.
pub(super) fn seconds(duration: Duration) -> HeaderValue {
    HeaderValue::from(duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1))
}

#[cfg(test)]
mod every;
#[cfg(test)]
mod tests;
