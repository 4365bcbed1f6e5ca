//! Traces reach a collector. A test binary of its own, for a process has one subscriber.

#![cfg(feature = "otel")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in a function it shares, too")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use atropos::domain::client::Surface;
use atropos::settings::{Log, LogFormat, Otel};
use atropos::telemetry::{self, Ending, Metrics, Outcome, request};
use uuid::Uuid;

/// Takes one request by HTTP and answers 200: its head, and its body.
fn collector() -> (SocketAddr, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        let length = head.to_ascii_lowercase();
        let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        sender.send((head, body)).unwrap();
    });
    (address, receiver)
}

/// On a runtime of one thread, as the program is: the exporter must neither need it nor stop it.
#[tokio::test]
async fn a_request_becomes_a_trace() {
    let (address, received) = collector();
    let log = Log { format: LogFormat::Json, filter: "off".into() };
    let telling = telemetry::start(&log, &Otel { endpoint: format!("http://{address}/v1/traces") }).unwrap();
    let route = Metrics::new().route(Some(Surface::Standard), "/oauth/token");
    let id = Uuid::from_u128(7);
    let answer = async { route.finish(id, &Ending::new(Outcome::Unavailable), Duration::from_millis(1)) };
    request::within(id, answer).await;
    drop(telling);
    let (head, body) = received.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("application/x-protobuf"), "{head}");
    // Whatever the log is told to leave out.
    for text in ["service.name", "atropos", "http.route", "/oauth/token", "atropos.outcome", "unavailable"] {
        assert!(body.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}
