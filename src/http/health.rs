//! What whoever operates this server asks it.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ContentType};
use actix_web::{HttpRequest, HttpResponse};

use super::error::Failure;
use super::host;
use super::state::State;
use crate::domain::error::Error;
use crate::telemetry::Metrics;

/// This process answers. Says nothing of the store: restarting the process would not mend it.
pub(super) async fn live() -> HttpResponse {
    ok(r#"{"status":"live"}"#)
}

/// Requests can be sent here: the store answers, and this node is not about to leave.
pub(super) async fn ready(request: HttpRequest) -> HttpResponse {
    let state = State::of(&request);
    if state.is_draining() {
        return Failure::Draining.answer(&request);
    }
    match state.authority.ready().await {
        Ok(()) => ok(r#"{"status":"ready"}"#),
        Err(unavailable) => Failure::from(Error::from(unavailable)).answer(&request),
    }
}

fn ok(json: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).insert_header((CACHE_CONTROL, "no-store")).body(json)
}

/// For the listener of its own.
pub(super) async fn metrics(request: HttpRequest) -> HttpResponse {
    let state = State::of(&request);
    if state.options.loopback_only && !host::names_loopback(&request) {
        return Failure::Misdirected.answer(&request);
    }
    let text = state.metrics.render();
    HttpResponse::Ok().insert_header((CONTENT_TYPE, Metrics::CONTENT_TYPE)).body(text)
}
