use actix_web::http::header::HeaderValue;

use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Where a request came from that arrived from `peer` with these lines of `X-Forwarded-For`, with 10.0.0.0/8 trusted.
fn from(peer: &str, lines: &[&str]) -> IpAddr {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).expect("a header value"));
    }
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a network"));
    behind(address(peer), &headers, &trusted)
}

#[test]
fn a_stranger_cannot_say_that_it_is_another() {
    assert_eq!(from("192.0.2.1", &["198.51.100.7"]), address("192.0.2.1"));
}

#[test]
fn a_trusted_proxy_says_who_asked() {
    assert_eq!(from("10.0.0.1", &["198.51.100.7"]), address("198.51.100.7"));
    assert_eq!(from("10.0.0.1", &["198.51.100.7:4711"]), address("198.51.100.7"));
    assert_eq!(from("fd00::1", &["[2001:db8::1]:4711"]), address("2001:db8::1"));
    assert_eq!(from("10.0.0.1", &["::ffff:198.51.100.7"]), address("198.51.100.7"));
    assert_eq!(from("10.0.0.1", &[]), address("10.0.0.1"));
}

#[test]
fn only_what_trusted_hops_added_is_believed() {
    assert_eq!(from("10.0.0.1", &["203.0.113.9, 198.51.100.7 , 10.0.0.2"]), address("198.51.100.7"));
    assert_eq!(from("10.0.0.1", &["203.0.113.9", "198.51.100.7", "10.0.0.2"]), address("198.51.100.7"));
}

#[test]
fn what_cannot_be_read_ends_the_way_back() {
    assert_eq!(from("10.0.0.1", &["198.51.100.7, unknown"]), address("10.0.0.1"));
    assert_eq!(from("10.0.0.1", &["198.51.100.7, _hidden, 10.0.0.2"]), address("10.0.0.2"));
    assert_eq!(from("10.0.0.1", &[""]), address("10.0.0.1"));
}
