//! How a browser is known again: by the session of a person, by what ties a request to the browser that brought it, and by
//! who has signed in there before.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::fault::Fault;
use crate::domain::Timestamp;
use crate::domain::authenticate::KNOWN_FOR;
use crate::domain::authority::{Session, TokenText};
use crate::domain::chance::{Chance as _, SystemChance};
use crate::domain::error::Error;
use crate::http::path;
use crate::http::state::State;

/// Characters of the text by which a browser is known, 128 bits of chance.
const BROWSER_LEN: usize = 22;

#[derive(Clone, Copy)]
enum Name {
    Session,
    Browser,
    Device,
}

impl Name {
    /// Names that browsers let nobody set but this host, over TLS (RFC 6265bis section 4.1.3). Below a path others of the
    /// host may have theirs, and so that path is told.
    fn text(self, issuer: &str) -> String {
        let name = match self {
            Self::Session => "atropos-session",
            Self::Browser => "atropos-browser",
            Self::Device => "atropos-device",
        };
        match (issuer.starts_with("https://"), path(issuer).is_empty()) {
            (true, true) => format!("__Host-{name}"),
            (true, false) => format!("__Secure-{name}"),
            (false, _) => name.to_owned(),
        }
    }
}

/// The session that is alive and whose cookie the browser shows.
pub(super) async fn session(request: &HttpRequest) -> Result<Option<Session>, Error> {
    match session_text(request) {
        Some(cookie) => State::of(request).authority.session(&cookie).await,
        None => Ok(None),
    }
}

/// The cookie of a session, whatever became of that.
pub(super) fn session_text(request: &HttpRequest) -> Option<String> {
    value(request, Name::Session)
}

/// By what a browser is known, which may have been given to it just now.
pub(super) struct Browser {
    pub(super) text: String,
    new: Option<Cookie<'static>>,
}

impl Browser {
    pub(super) fn of(request: &HttpRequest) -> Self {
        match browser(request) {
            Some(text) => Self { text, new: None },
            None => Self::draw(State::of(request).authority.issuer()),
        }
    }

    /// Until it is closed.
    fn draw(issuer: &str) -> Self {
        let mut bits = [0; 16];
        SystemChance.fill(&mut bits);
        let text = URL_SAFE_NO_PAD.encode(bits);
        Self { new: Some(cookie(issuer, Name::Browser, text.clone(), None)), text }
    }

    /// The answer to this browser, which learns by it what it was given.
    pub(super) fn answer(self, mut response: HttpResponse) -> Result<HttpResponse, Fault> {
        if let Some(cookie) = &self.new {
            response.add_cookie(cookie).map_err(|_| Fault::Forged)?;
        }
        Ok(response)
    }
}

/// What the browser shows that it was given here.
pub(super) fn browser(request: &HttpRequest) -> Option<String> {
    value(request, Name::Browser).filter(|text| text.len() == BROWSER_LEN)
}

fn value(request: &HttpRequest, name: Name) -> Option<String> {
    let name = name.text(State::of(request).authority.issuer());
    request.cookie(&name).map(|cookie| cookie.value().to_owned())
}

/// Sent by no other site's requests, but for links that are followed. Read by no script.
fn cookie(issuer: &str, name: Name, value: String, max_age: Option<Duration>) -> Cookie<'static> {
    let path = path(issuer);
    let mut cookie = Cookie::build(name.text(issuer), value)
        .path(if path.is_empty() { "/".to_owned() } else { path })
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(issuer.starts_with("https://"))
        .finish();
    cookie.set_max_age(max_age);
    cookie
}

/// The browser forgets the session.
pub(super) fn of_no_session(issuer: &str) -> Cookie<'static> {
    cookie(issuer, Name::Session, String::new(), Some(Duration::ZERO))
}

/// What the browser shows of a person's having signed in there before, by a password.
pub(super) fn device(request: &HttpRequest) -> Option<String> {
    value(request, Name::Device)
}

/// One for each browser: of several people who share it, it knows the one who was there last.
pub(super) fn of_device(issuer: &str, device: String) -> Cookie<'static> {
    let known_for = Duration::try_from(KNOWN_FOR).unwrap_or(Duration::MAX);
    cookie(issuer, Name::Device, device, Some(known_for))
}

/// For as long as the session may live.
pub(super) fn of_session(issuer: &str, session: &Session, text: &TokenText, now: Timestamp) -> Cookie<'static> {
    let left = i64::try_from(session.ends().since(now).as_secs()).unwrap_or(i64::MAX);
    cookie(issuer, Name::Session, text.expose().to_owned(), Some(Duration::seconds(left)))
}
