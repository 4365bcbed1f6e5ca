//! One kept-alive connection: a request out, an answer in, and nothing but 200 passes.
use std::net::SocketAddr;

use memchr::memmem;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Why a run does not count. Carries no part of an answer of 200, where tokens stand.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot connect to {0}: {1}")]
    Connect(SocketAddr, std::io::Error),
    #[error("socket error: {0}")]
    Socket(#[from] std::io::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the answer is not HTTP/1.1 with a length: {0}")]
    Malformed(String),
    #[error("answered {0}: {1}")]
    Status(u16, String),
    #[error("answered 200 without {0}")]
    Lacks(&'static str),
    #[error("no answer within {0} s")]
    Late(u64),
    #[error("the tokens ended before the measured time began; more --sessions, please")]
    Idle,
}

const MOST_HEADERS: usize = 32;

/// Where the parts of an answer lie in the connection's buffer.
struct Shape {
    status: u16,
    body: usize,
    end: usize,
}

pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Fault> {
        let stream = TcpStream::connect(address).await.map_err(|error| Fault::Connect(address, error))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends `request` and gives the status and body of the answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<(u16, &[u8]), Fault> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(Fault::Closed);
            }
            let Some(shape) = shape(&self.answer)? else { continue };
            match self.answer.len() {
                length if length < shape.end => {}
                length if length > shape.end => return Err(Fault::Malformed("more than its length".into())),
                _ => return Ok((shape.status, &self.answer[shape.body..])),
            }
        }
    }

    /// The values of a header of the last answer, in their order.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        // An answer that was not understood was a fault before anybody asks for its headers.
        let _ = httparse::Response::new(&mut headers).parse(&self.answer);
        let named = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect()
    }

    /// As [`Self::exchange`], but anything except 200 with `expected` in its body is a fault.
    pub(crate) async fn expect(&mut self, request: &[u8], expected: &'static str) -> Result<&[u8], Fault> {
        match self.exchange(request).await? {
            (200, body) if memmem::find(body, expected.as_bytes()).is_some() => Ok(body),
            (200, _) => Err(Fault::Lacks(expected)),
            (status, body) => Err(Fault::Status(status, String::from_utf8_lossy(body).chars().take(200).collect())),
        }
    }
}

/// `None` while the head is not complete.
fn shape(answer: &[u8]) -> Result<Option<Shape>, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let body = match head.parse(answer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(Fault::Malformed(error.to_string())),
    };
    let length = head
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok())
        .and_then(|value| value.parse::<usize>().ok())
        .ok_or_else(|| Fault::Malformed("no Content-Length".into()))?;
    let status = head.code.expect("a complete head has a status");
    Ok(Some(Shape { status, body, end: body + length }))
}

/// The string value of `field` in a flat JSON object. The values searched for are tokens, which hold no escapes.
pub(crate) fn text_of(body: &[u8], field: &'static str) -> Result<String, Fault> {
    let key = format!("\"{field}\":\"");
    let start = memmem::find(body, key.as_bytes()).ok_or(Fault::Lacks(field))? + key.len();
    let length = memchr::memchr(b'"', &body[start..]).ok_or(Fault::Lacks(field))?;
    String::from_utf8(body[start..start + length].to_vec()).map_err(|_| Fault::Lacks(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_cut_anywhere_is_not_yet_an_answer() {
        let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}";
        for cut in 0..answer.len() - 2 {
            assert!(shape(&answer[..cut]).unwrap().is_none(), "{cut}");
        }
        let shape = shape(answer).unwrap().unwrap();
        assert_eq!((shape.status, &answer[shape.body..shape.end]), (401, b"{}".as_slice()));
    }

    #[test]
    fn an_answer_without_a_length_is_refused() {
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert!(matches!(shape(chunked), Err(Fault::Malformed(_))));
    }

    #[test]
    fn a_token_is_found_by_its_field() {
        let body = br#"{"access_token":"at_1","refresh_token":"rt_2"}"#;
        assert_eq!(text_of(body, "refresh_token").unwrap(), "rt_2");
        assert!(matches!(text_of(body, "id_token"), Err(Fault::Lacks("id_token"))));
    }
}
