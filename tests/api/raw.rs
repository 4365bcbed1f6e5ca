//! Bytes on the wire, where an HTTP client would be too well-behaved.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::Answer;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends `request` as it stands and reads all there is until the server closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut connection = connect(address).await;
    connection.write_all(request).await.expect("sent");
    rest(&mut connection).await
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// All that comes until the server closes.
pub(crate) async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, connection.read_to_end(&mut answer)).await.expect("the server ends it").expect("bytes");
    String::from_utf8(answer).expect("UTF-8")
}

/// A form with a body of bytes, on a connection for this one request.
pub(crate) fn form(path: &str, authorization: &str, body: &[u8]) -> Vec<u8> {
    let mut request = head(path, authorization, body.len()).into_bytes();
    request.extend_from_slice(body);
    request
}

pub(crate) fn head(path: &str, authorization: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: as.example\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// As [`exchange`], taken apart.
pub(crate) async fn answer(address: SocketAddr, request: &[u8]) -> Answer {
    parse(&exchange(address, request).await)
}

/// An answer as it came, taken apart. Its body is as long as its head says.
pub(crate) fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("an answer: {text:?}"));
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").expect("a header");
        headers.append(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("a value"));
    }
    Answer { status: StatusCode::from_u16(status(text)).expect("a status"), headers, body: body.to_owned() }
}

/// The status of an answer as it came.
pub(crate) fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).unwrap_or_else(|| panic!("a status line: {answer:?}"));
    code.parse().expect("a status")
}
