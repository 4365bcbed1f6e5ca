//! What is done once for every request, whatever its path: its id, the check of `Host`, the headers of every answer, the
//! line in the log.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use uuid::{Builder, Uuid};

use super::error::Failure;
use super::host;
use super::state::State;
use crate::domain::chance::{Chance as _, SystemChance};
use crate::domain::client::ClientId;
use crate::telemetry::request::within;
use crate::telemetry::{Ending, Outcome, Route};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

pub(super) async fn around<B>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<BoxBody>, Error>
where
    B: MessageBody + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let began = Instant::now();
    let id = request_id();
    let traceparent = traceparent(&request);
    let handled = async {
        let response = handle(request, next).await?;
        Ok(finish(response, id, began))
    };
    within(id, traceparent.as_deref(), handled).await
}

async fn handle<B>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse, Error>
where
    B: MessageBody + 'static,
{
    let loopback_only = State::of(request.request()).options.loopback_only;
    if loopback_only && !host::names_loopback(request.request()) {
        let answer = Failure::Misdirected.answer(request.request());
        return Ok(request.into_response(answer));
    }
    Ok(in_our_words(next.call(request).await?.map_into_boxed_body()))
}

/// Names the request to whoever reads the log: nothing of it is a secret, and nothing of it counts requests.
fn request_id() -> Uuid {
    let mut bytes = [0; 16];
    SystemChance.fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The trace of whoever calls. Two of them say nothing (W3C Trace Context, section 3.2).
fn traceparent(request: &ServiceRequest) -> Option<String> {
    let mut all = request.headers().get_all(TRACEPARENT);
    let first = all.next().filter(|_| all.next().is_none())?;
    first.to_str().ok().map(str::to_owned)
}

/// What the framework refuses (a preflight, say), it refuses in plain text of its own.
fn in_our_words(response: ServiceResponse) -> ServiceResponse {
    if response.response().error().is_none() {
        return response;
    }
    let answer = Failure::Rejected(response.status()).answer(response.request());
    response.into_response(answer)
}

fn finish(mut response: ServiceResponse, id: Uuid, began: Instant) -> ServiceResponse {
    let ending = ending(&mut response);
    let request = response.request();
    let unrouted = || &State::of(request).unrouted;
    let route = request.app_data::<Route>().unwrap_or_else(unrouted);
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let took = began.elapsed();
    route.finish(id, &ending, took);
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let mut text = Uuid::encode_buffer();
    let id = HeaderValue::from_str(id.as_hyphenated().encode_lower(&mut text)).expect("digits and hyphens");
    headers.insert(X_REQUEST_ID, id);
    response
}

fn ending(response: &mut ServiceResponse) -> Ending {
    let told = response.response_mut().extensions_mut().remove::<Ending>();
    let status = response.status();
    let ending =
        told.unwrap_or_else(|| Ending::new(if status.is_server_error() { Outcome::Fault } else { Outcome::Done }));
    match response.request().extensions_mut().remove::<ClientId>() {
        Some(client) => ending.by(client),
        None => ending,
    }
}
