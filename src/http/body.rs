//! The body of a POST: a form or JSON, whole, in time, and within its limit.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::error::Failure;
use super::form::Form;
use super::json;
use super::state::State;
use crate::domain::error::Error;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Parameters that are worth stealing. A URL ends up in histories, proxies and logs.
const CREDENTIALS: [&str; 10] = [
    "token",
    "access_token",
    "accessToken",
    "refresh_token",
    "refreshToken",
    "client_secret",
    "clientSecret",
    "client_assertion",
    "codeVerifier",
    "password",
];

/// A body that may be either.
pub(super) enum Body {
    Form(Bytes),
    Json(Map<String, Value>),
}

impl Body {
    /// The parameters, however they were written.
    pub(super) fn parameters(&self) -> Result<Form<'_>, Error> {
        match self {
            Self::Form(bytes) => Form::parse(bytes),
            Self::Json(object) => Form::of_json(object),
        }
    }
}

pub(super) async fn read_form(request: &HttpRequest, payload: Payload) -> Result<Bytes, Failure> {
    refuse_credentials_in_url(request)?;
    if !is_form(request) {
        return Err(Error::InvalidRequest("the Content-Type must be application/x-www-form-urlencoded").into());
    }
    whole(request, payload).await
}

pub(super) async fn read_json(request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Failure> {
    refuse_credentials_in_url(request)?;
    if !is_json(request) {
        return Err(Error::InvalidRequest("the Content-Type must be application/json").into());
    }
    Ok(json::object(&whole(request, payload).await?)?)
}

pub(super) async fn read_either(request: &HttpRequest, payload: Payload) -> Result<Body, Failure> {
    if is_json(request) {
        return read_json(request, payload).await.map(Body::Json);
    }
    read_form(request, payload).await.map(Body::Form)
}

/// For a body that means nothing. It is read all the same, within its limit: a connection on which something was left
/// unread cannot be used again.
pub(super) async fn ignore(request: &HttpRequest, payload: Payload) -> Result<(), Failure> {
    whole(request, payload).await.map(drop)
}

/// Nothing of the query is ever read as a parameter; credentials in it are told of, so that nobody goes on sending them
/// there (RFC 6749 section 3.2, RFC 9700 section 4.3.2).
fn refuse_credentials_in_url(request: &HttpRequest) -> Result<(), Error> {
    if form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, _)| CREDENTIALS.contains(&&*name)) {
        return Err(Error::InvalidRequest("credentials must be sent in the body, not in the URL"));
    }
    Ok(())
}

fn is_form(request: &HttpRequest) -> bool {
    is(request, FORM)
}

pub(super) fn is_json(request: &HttpRequest) -> bool {
    is(request, JSON)
}

fn is(request: &HttpRequest, media_type: &str) -> bool {
    let plain = request.headers().get(CONTENT_TYPE).is_some_and(|value| value == media_type);
    plain
        || request.mime_type().ok().flatten().is_some_and(|mime| {
            // Both are UTF-8 (RFC 6749 appendix B, RFC 8259 section 8.1); whoever says otherwise would be misread.
            mime.essence_str() == media_type && mime.get_param("charset").is_none_or(|charset| charset == "utf-8")
        })
}

async fn whole(request: &HttpRequest, payload: Payload) -> Result<Bytes, Failure> {
    let options = &State::of(request).options;
    let read = collect(payload, options.body_limit);
    tokio::time::timeout(options.request_timeout, read).await.map_err(|_| Failure::BodyTooSlow)?
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Failure> {
    let Some(first) = chunk(&mut payload).await? else { return Ok(Bytes::new()) };
    let Some(mut next) = chunk(&mut payload).await? else {
        // Nearly every form arrives in one piece, and is then not copied.
        return if first.len() > limit { Err(Failure::BodyTooLarge) } else { Ok(first) };
    };
    let mut body = BytesMut::from(&*first);
    loop {
        if body.len() + next.len() > limit {
            return Err(Failure::BodyTooLarge);
        }
        body.extend_from_slice(&next);
        let Some(more) = chunk(&mut payload).await? else { return Ok(body.freeze()) };
        next = more;
    }
}

async fn chunk(payload: &mut Payload) -> Result<Option<Bytes>, Failure> {
    let broken = |_| Error::InvalidRequest("the body did not arrive whole").into();
    payload.next().await.transpose().map_err(broken)
}
