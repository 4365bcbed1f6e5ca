//! Traces reach a collector. A test binary of its own, for a process has one subscriber, and the feature `otel` is off
//! unless somebody asks for it: `cargo test --features otel --test traces`.

#![cfg(feature = "otel")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in a function it shares, too")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use atropos::domain::client::Surface;
use atropos::settings::{Log, LogFormat, Otel};
use atropos::telemetry::{self, Ending, Metrics, Outcome, request};
use atropos_testbed::Binary;
use reqwest::header::HeaderValue;
use uuid::Uuid;

/// Takes requests by HTTP, each on a connection of its own, and answers 200: their heads, and their bodies.
fn collector() -> (SocketAddr, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = take(&stream);
            // Who has its answer may be gone the next moment, and what it sent is to be found then.
            sender.send(request).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (address, receiver)
}

fn take(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).unwrap();
    }
    let length = head.to_ascii_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, body)
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
    request::within(id, None, answer).await;
    drop(telling);
    let (head, body) = received.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("application/x-protobuf"), "{head}");
    // Whatever the log is told to leave out.
    for text in ["service.name", "atropos", "http.route", "/oauth/token", "atropos.outcome", "unavailable"] {
        assert!(body.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// The program, which sends its traces to the collector. `debug` is more than anybody logs in production.
async fn server(data: &Path, collector: SocketAddr) -> Binary {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atropos"));
    command.args(["dev", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").env("ATROPOS__LOG__FILTER", "debug");
    command.env("ATROPOS__OTEL__ENDPOINT", format!("http://{collector}/v1/traces"));
    Binary::start_command(&mut command).await
}

/// What the collector gets of requests with these headers, and what the log says of them.
async fn traced(requests: &[&[&[u8]]]) -> (Vec<u8>, String) {
    let (collector, received) = collector();
    let data = tempfile::tempdir().unwrap();
    let mut server = server(data.path(), collector).await;
    for headers in requests {
        let mut request = reqwest::Client::new().get(server.url("/health/live"));
        for header in *headers {
            request = request.header("traceparent", HeaderValue::from_bytes(header).unwrap());
        }
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    server.terminate();
    let ended = server.ended().await;
    assert!(ended.success(), "{ended}: {}", server.stderr());
    (received.try_iter().flat_map(|(_, body)| body).collect(), server.stderr())
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn find(body: &[u8], part: &[u8]) -> Option<usize> {
    body.windows(part.len()).position(|window| window == part)
}

/// As many spans as there are requests: each has its route as its name and as an attribute.
fn spans(body: &[u8]) -> usize {
    let route = b"/health/live";
    body.windows(route.len()).filter(|window| window == route).count() / 2
}

/// W3C Trace Context: whoever calls within a trace finds our span in it, below its own.
#[tokio::test]
async fn the_trace_of_the_caller_is_continued() {
    for header in [format!("00-{TRACE}-{SPAN}-01"), format!("cc-{TRACE}-{SPAN}-03-what-the-future-brings")] {
        let (body, _) = traced(&[&[header.as_bytes()]]).await;
        assert_eq!(spans(&body), 1);
        let trace = find(&body, &bytes(TRACE)).expect("the trace of the caller");
        // Field 2 is our span's own id, of 8 bytes; field 4 is its parent's.
        let (own, parent) = body[trace + 16..].split_at(10);
        assert_eq!(own[..2], [0x12, 8]);
        assert_eq!(parent[..10], [vec![0x22, 8], bytes(SPAN)].concat());
    }
}

/// Whoever says that a trace is not recorded is believed.
#[tokio::test]
async fn a_trace_that_is_not_sampled_is_not_sent() {
    let header = format!("00-{TRACE}-{SPAN}-00");
    let (body, _) = traced(&[&[header.as_bytes()], &[]]).await;
    assert_eq!((spans(&body), find(&body, &bytes(TRACE))), (1, None));
}

/// Section 3.2.2: what cannot be read is as good as absent. The request has a trace of its own, and nothing is said of it.
#[tokio::test]
async fn a_header_that_is_none_begins_no_trace() {
    let valid = format!("00-{TRACE}-{SPAN}-01");
    let headers = [
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{}-{SPAN}-01", &TRACE[2..]),
        format!("00-{TRACE}-{}-01", &SPAN[2..]),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-+{}-{SPAN}-01", &TRACE[1..]),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}"),
        format!("{valid},{valid}"),
        format!("00-{TRACE}\t{SPAN}\\n\u{9b}31m"),
        "-".repeat(4000),
        String::new(),
    ];
    let single: Vec<[&[u8]; 1]> = headers.iter().map(|header| [header.as_bytes()]).collect();
    let mut requests: Vec<&[&[u8]]> = single.iter().map(<[_; 1]>::as_slice).collect();
    let (twice, no_text) = ([valid.as_bytes(), valid.as_bytes()], [&b"\xff\xfe"[..]]);
    requests.extend([&twice[..], &no_text[..]]);
    let (body, log) = traced(&requests).await;
    assert_eq!(spans(&body), requests.len());
    for told in [&bytes(TRACE)[1..], &bytes(SPAN)[1..]] {
        assert_eq!(find(&body, told), None);
    }
    assert!(!log.contains("traceparent") && !log.contains(SPAN) && !log.contains("31m"), "{log}");
}
