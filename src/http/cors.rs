//! What pages of other origins may do (RFC 7009 section 2.3, RFC 10017): call, without cookies, and read the answer,
//! errors too.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::Condition;

/// How long a browser may remember that it may ask, in seconds.
const REMEMBER: usize = 3600;

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Lets pages of `origins` call by `method`. Without an origin nothing is added to anything.
pub(super) fn layer(origins: &[String], method: Method) -> Condition<Cors> {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        Cors::default().allow_any_origin().send_wildcard()
    } else {
        origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
    };
    let cors = allowed
        .allowed_methods([method])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, DPOP])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
        .max_age(REMEMBER);
    Condition::new(!origins.is_empty(), cors)
}
