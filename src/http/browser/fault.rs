//! What a person is told when something is wrong that no application can be told.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::page;
use crate::domain::authorization::check::Unanswerable;
use crate::domain::error::Error;
use crate::http::error::{Failure, refusal};

/// Why there is a page in place of what was asked for.
pub(super) enum Fault {
    Unanswerable(Unanswerable),
    /// A request to sign out that cannot be read, or names two applications.
    Logout,
    /// The request does not wait any more, or never did, or waits for another browser.
    NotWaiting,
    /// A form that this server did not make.
    Forged,
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl Fault {
    pub(super) fn answer(&self) -> HttpResponse {
        match self {
            Self::Unanswerable(Unanswerable::Client) => page::notice(
                StatusCode::BAD_REQUEST,
                "This application is not known here",
                "The page you came from sent you here in the name of an application that this server does not know.",
                "For its developer: client_id is missing, repeated, unknown or disabled, or may not use this.",
            ),
            Self::Unanswerable(Unanswerable::RedirectUri) => page::notice(
                StatusCode::BAD_REQUEST,
                "This request cannot be answered",
                "The page you came from named a place to send you back to that does not belong to the application.",
                "For its developer: redirect_uri must be one of those registered, byte for byte.",
            ),
            Self::Unanswerable(Unanswerable::Object(error)) => page::notice(
                StatusCode::BAD_REQUEST,
                "This request cannot be answered",
                "What the application asks in your name is not to be believed, and nothing says where to send you back to.",
                &format!("For its developer: {}.", error.description()),
            ),
            Self::Unanswerable(Unanswerable::RequestUri) => page::notice(
                StatusCode::BAD_REQUEST,
                "This request has been used, or has waited too long",
                "Go back to the application and start again from there.",
                "For its developer: request_uri names no request that this client has pushed and that was not used yet.",
            ),
            Self::Logout => page::notice(
                StatusCode::BAD_REQUEST,
                "You are not signed out",
                "The page you came from asked for it in a way that cannot be understood.",
                "For its developer: a parameter is malformed or repeated, or client_id is not whom id_token_hint is for.",
            ),
            Self::NotWaiting => page::notice(
                StatusCode::GONE,
                "This has been answered, or has waited too long",
                "Go back to the application and start again from there.",
                "",
            ),
            Self::Forged => page::notice(
                StatusCode::FORBIDDEN,
                "This did not come from here",
                "Go back to the application and start again from there.",
                "",
            ),
            Self::Failure(failure) => of_failure(failure),
        }
    }
}

/// With status and headers as programs are told them.
fn of_failure(failure: &Failure) -> HttpResponse {
    let (title, text) = match failure {
        Failure::Domain(Error::TooMany { .. }) => {
            ("Too many tries", "Wait a minute, then go back and try again. Nothing was done.")
        }
        Failure::Domain(Error::Unavailable(_)) | Failure::Draining => {
            ("Not now", "This server cannot answer at the moment. Wait a few seconds and load this page again.")
        }
        Failure::BodyTooLarge => ("Too much was sent", "Go back and try again."),
        _ => ("This cannot be done", "Go back to the application and start again from there."),
    };
    let mut response = page::notice(failure.told().status, title, text, "");
    if let Some((name, value)) = failure.header() {
        response.headers_mut().insert(name, value);
    }
    refusal(response, failure.ending())
}
