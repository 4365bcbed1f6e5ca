//! Whether a request was meant for this machine's own loopback interface.
//!
//! A page on the internet can have its own name resolve to 127.0.0.1 and then read what a development server answers
//! ("DNS rebinding"). It cannot make a browser send another name in `Host`.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use actix_web::http::uri::Authority;

/// Every name that the request is addressed to must be a loopback one, and there must be one.
pub(super) fn names_loopback(request: &HttpRequest) -> bool {
    let header = request.headers().get(HOST).map(|host| {
        let authority = Authority::try_from(host.as_bytes());
        authority.is_ok_and(|authority| is_loopback(&authority))
    });
    // A request line may name the host as well (RFC 9112 section 3.2.2).
    let line = request.uri().authority().map(is_loopback);
    match (header, line) {
        (None, None) => false,
        (header, line) => header.unwrap_or(true) && line.unwrap_or(true),
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests;
