//! How a browser is known again: by the session of a person, and by what ties a request to the browser that brought it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::Timestamp;
use crate::domain::authority::{Session, TokenText};
use crate::domain::chance::{Chance as _, SystemChance};
use crate::http::path;
use crate::http::state::State;

/// Characters of the text by which a browser is known, 128 bits of chance.
const BROWSER_LEN: usize = 22;

#[derive(Clone, Copy)]
enum Name {
    Session,
    Browser,
}

impl Name {
    /// Names that browsers let nobody set but this host, over TLS (RFC 6265bis section 4.1.3). Below a path others of the
    /// host may have theirs, and so that path is told.
    fn text(self, issuer: &str) -> String {
        let name = match self {
            Self::Session => "atropos-session",
            Self::Browser => "atropos-browser",
        };
        match (issuer.starts_with("https://"), path(issuer).is_empty()) {
            (true, true) => format!("__Host-{name}"),
            (true, false) => format!("__Secure-{name}"),
            (false, _) => name.to_owned(),
        }
    }
}

/// The text of the session's cookie.
pub(super) fn session(request: &HttpRequest) -> Option<String> {
    value(request, Name::Session)
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

/// For as long as the session may live.
pub(super) fn of_session(issuer: &str, session: &Session, text: &TokenText, now: Timestamp) -> Cookie<'static> {
    let left = i64::try_from(session.ends().since(now).as_secs()).unwrap_or(i64::MAX);
    cookie(issuer, Name::Session, text.expose().to_owned(), Some(Duration::seconds(left)))
}

/// For a browser that has none; until it is closed.
pub(super) fn of_browser(issuer: &str) -> (String, Cookie<'static>) {
    let mut bits = [0; 16];
    SystemChance.fill(&mut bits);
    let text = URL_SAFE_NO_PAD.encode(bits);
    (text.clone(), cookie(issuer, Name::Browser, text, None))
}
