//! One line per request, and its counters.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use uuid::Uuid;

use super::histogram::Durations;
use crate::domain::client::{ClientId, Surface};
use crate::domain::error::Error;

/// How a request ended, as far as operators count it. More than one status and less than one error code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Done as asked. An introspection that found nothing alive was done as asked.
    Done,
    InvalidRequest,
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget,
    InvalidGrant,
    InvalidToken,
    /// There is no such identity or token, or not for whoever asked, or it is not so that this could be done.
    NotManaged,
    TooMany,
    /// The store could not be relied on.
    Unavailable,
    NotFound,
    MethodNotAllowed,
    /// The body exceeded its limit.
    TooLarge,
    /// The client, or we, took too long.
    TimedOut,
    /// A fault of this server.
    Fault,
}

impl Outcome {
    pub(super) const ALL: [Self; 17] = [
        Self::Done,
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::InvalidGrant,
        Self::InvalidToken,
        Self::NotManaged,
        Self::TooMany,
        Self::Unavailable,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::TimedOut,
        Self::Fault,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidToken => "invalid_token",
            Self::NotManaged => "not_managed",
            Self::TooMany => "too_many",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::TimedOut => "timed_out",
            Self::Fault => "fault",
        }
    }
}

impl From<&Error> for Outcome {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidRequest(_) => Self::InvalidRequest,
            Error::InvalidClient(_) => Self::InvalidClient,
            Error::UnauthorizedClient => Self::UnauthorizedClient,
            Error::UnsupportedGrantType => Self::UnsupportedGrantType,
            Error::InvalidScope => Self::InvalidScope,
            Error::InvalidTarget => Self::InvalidTarget,
            Error::InvalidGrant(_) => Self::InvalidGrant,
            Error::InvalidToken(_) => Self::InvalidToken,
            Error::Management(_) => Self::NotManaged,
            Error::TooMany { .. } => Self::TooMany,
            Error::Unavailable(_) => Self::Unavailable,
        }
    }
}

tokio::task_local! {
    static CURRENT: Uuid;
}

/// Handles a request, [`Route::finish`] included: audit events within name the request, and where traces are sent one is
/// made of it, or that of the caller is continued if there is a `traceparent` (W3C Trace Context).
///
/// Without traces there is no span: to open one and to print it with each event costs as much as the line itself.
pub async fn within<F: Future>(id: Uuid, traceparent: Option<&str>, handle: F) -> F::Output {
    let handle = CURRENT.scope(id, handle);
    #[cfg(feature = "otel")]
    let handle = tracing::Instrument::instrument(handle, super::otlp::span(id, traceparent));
    #[cfg(not(feature = "otel"))]
    let _ = traceparent;
    handle.await
}

/// The request that this task handles.
pub fn current() -> Option<Uuid> {
    CURRENT.try_with(|id| *id).ok()
}

/// What a handler knows of how its request ended. Kept with the answer until the line is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub outcome: Outcome,
    /// The reason that stands in the log and never on the wire. Must not repeat anything that a client sent.
    pub cause: Option<Cow<'static, str>>,
    /// Only a client that is registered: what a stranger calls itself is no name.
    pub client: Option<ClientId>,
}

impl Ending {
    pub const fn new(outcome: Outcome) -> Self {
        Self { outcome, cause: None, client: None }
    }

    #[must_use]
    pub fn by(self, client: ClientId) -> Self {
        Self { client: Some(client), ..self }
    }
}

impl From<&Error> for Ending {
    fn from(error: &Error) -> Self {
        let cause = match error {
            Error::InvalidRequest(text) => Some(Cow::Borrowed(*text)),
            Error::InvalidClient(fault) => Some(Cow::Borrowed(fault.as_str())),
            Error::InvalidGrant(fault) => Some(Cow::Borrowed(fault.as_str())),
            Error::InvalidToken(fault) => Some(Cow::Borrowed(fault.as_str())),
            Error::Management(fault) => Some(Cow::Borrowed(fault.as_str())),
            Error::Unavailable(unavailable) => Some(Cow::Owned(unavailable.0.clone())),
            Error::UnauthorizedClient
            | Error::UnsupportedGrantType
            | Error::InvalidScope
            | Error::InvalidTarget
            | Error::TooMany { .. } => None,
        };
        Self { outcome: error.into(), cause, client: None }
    }
}

/// A URL pattern that is served, with its counters, fetched once when it is mounted. Clones count together.
#[derive(Clone)]
pub struct Route {
    pub(super) surface: &'static str,
    pub(super) pattern: &'static str,
    /// In the order of [`Outcome::ALL`].
    pub(super) requests: [Counter; Outcome::ALL.len()],
    pub(super) durations: Durations,
}

impl Route {
    /// What routes of no surface (health, keys, metadata) are counted under.
    pub(super) const NO_SURFACE: &'static str = "none";

    pub(super) fn surface_label(surface: Option<Surface>) -> &'static str {
        surface.map_or(Self::NO_SURFACE, Surface::as_str)
    }

    /// Writes the line of a request that has been answered, and counts it. The path is told by its pattern alone: no
    /// query string, no body.
    pub fn finish(&self, id: Uuid, ending: &Ending, took: Duration) {
        #[cfg(feature = "otel")]
        super::otlp::describe(self.surface, self.pattern, ending.outcome);
        self.requests[ending.outcome as usize].inc();
        self.durations.observe(took);
        tracing::info!(
            target: "request",
            %id,
            surface = self.surface,
            route = self.pattern,
            client = ending.client.as_ref().map(ClientId::as_str),
            outcome = ending.outcome.as_str(),
            cause = ending.cause.as_deref(),
            milliseconds = milliseconds(took),
            "answered"
        );
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({} {})", self.surface, self.pattern)
    }
}

/// To the microsecond: more digits would be noise.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}
