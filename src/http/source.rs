//! Where a request came from: what guesses are counted by.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use ipnet::IpNet;

use super::state::State;

/// The address of whoever asked. Proxies that are not trusted are whoever asked.
pub(super) fn address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    Some(behind(peer, request.headers(), &State::of(request).options.trusted_proxies))
}

/// Goes back from hop to hop, each told by the one after it, as far as those can be trusted: what stands further left
/// may be anybody's invention.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut address = peer;
    let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
    let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
    for hop in hops {
        if !is_trusted(&address) {
            break;
        }
        let Some(told) = read(hop) else { break };
        address = told;
    }
    address
}

/// An address, with or without a port.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests;
