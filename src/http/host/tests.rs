use actix_web::test::TestRequest;

use super::*;

fn accepted(host: &str) -> bool {
    names_loopback(&TestRequest::default().insert_header((HOST, host)).to_http_request())
}

#[test]
fn names_of_the_loopback_interface_are_accepted() {
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "127.9.9.9", "[::1]", "[::1]:8080"] {
        assert!(accepted(host), "{host}");
    }
}

#[test]
fn other_names_are_refused_wherever_they_resolve_to() {
    for host in ["attacker.example", "localhost.attacker.example:8080", "10.0.0.1", "0.0.0.0", "[::]", "127.1", "", "@"]
    {
        assert!(!accepted(host), "{host}");
    }
    assert!(!names_loopback(&TestRequest::default().to_http_request()), "none at all");
}

#[test]
fn the_request_line_must_agree() {
    let request = TestRequest::with_uri("http://attacker.example/").insert_header((HOST, "localhost"));
    assert!(!names_loopback(&request.to_http_request()));
}
