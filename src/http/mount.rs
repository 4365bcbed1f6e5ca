//! How a URL is served: by which methods, with what answer to the others, and counted as what.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource};

use super::error::Failure;
use super::state::State;
use crate::domain::client::Surface;

const POST: &str = "POST, OPTIONS";
const GET: &str = "GET, HEAD, OPTIONS";

/// Where URLs are mounted: at `prefix`, the pattern, `suffix`. Logs and metrics call them by the pattern alone.
#[derive(Clone, Copy)]
pub(super) struct Mount<'a> {
    pub state: &'a State,
    pub surface: Option<Surface>,
    pub prefix: &'a str,
    pub suffix: &'a str,
}

impl Mount<'_> {
    pub(super) fn post<F, A>(&self, pattern: &'static str, handler: F) -> Resource
    where
        F: Handler<A, Output = HttpResponse>,
        A: FromRequest + 'static,
    {
        self.resource(pattern, POST).route(web::post().to(handler))
    }

    pub(super) fn get<F, A>(&self, pattern: &'static str, handler: F) -> Resource
    where
        F: Handler<A, Output = HttpResponse>,
        A: FromRequest + 'static,
    {
        // The framework leaves out the body of an answer to HEAD.
        self.resource(pattern, GET).route(web::get().to(handler.clone())).route(web::head().to(handler))
    }

    /// A URL to which the caller adds the methods that `allow` names.
    pub(super) fn resource(&self, pattern: &'static str, allow: &'static str) -> Resource {
        let options = move || async move { HttpResponse::NoContent().insert_header((ALLOW, allow)).finish() };
        let other = move |request: HttpRequest| async move { Failure::MethodNotAllowed { allow }.answer(&request) };
        web::resource(format!("{}{pattern}{}", self.prefix, self.suffix))
            .app_data(self.state.metrics.route(self.surface, pattern))
            .route(web::method(Method::OPTIONS).to(options))
            .default_service(web::to(other))
    }
}

pub(super) async fn not_found(request: HttpRequest) -> HttpResponse {
    Failure::NotFound.answer(&request)
}
