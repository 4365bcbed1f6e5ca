//! The way back to the application.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::page;
use crate::domain::authorization::answer::{Answer, ResponseMode};

/// 303, so that no browser repeats a form, with a password in it, at the application (RFC 9700 section 4.12).
pub(super) fn answer(answer: &Answer, issuer: &str) -> HttpResponse {
    match answer.return_to.mode {
        ResponseMode::Query => see_other(&answer.url(issuer)),
        ResponseMode::FormPost => {
            let fields: Vec<_> = answer.parameters(issuer).collect();
            page::send(&answer.return_to.redirect.uri, &fields)
        }
    }
}

pub(super) fn see_other(location: &str) -> HttpResponse {
    page::hardened(HttpResponse::SeeOther()).insert_header((LOCATION, location)).finish()
}
