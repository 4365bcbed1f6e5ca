//! Redirect URIs (RFC 6749 section 3.1.2): where the answer to an authorization request goes, and nowhere else.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// A redirect URI as it is registered, with its spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RedirectUri(Arc<str>);

/// Why a text is no redirect URI for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedirectUri {
    #[error("is no absolute URI in ASCII")]
    NotAbsolute,
    #[error("has a fragment (RFC 6749 section 3.1.2)")]
    Fragment,
    #[error("has a user or a password")]
    UserInfo,
    #[error("is http, and not on the loopback interface (RFC 9700 section 2.6)")]
    Clear,
    #[error("has a scheme that browsers run or read themselves")]
    Scheme,
}

/// Hosts of the loopback interface (RFC 8252 section 7.3). A name can be made to mean something else, but is as common.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Schemes that no application can be reached by, and that a browser takes for a page or a program.
const OF_BROWSERS: [&str; 8] = ["javascript", "data", "file", "blob", "about", "vbscript", "filesystem", "view-source"];

impl RedirectUri {
    /// Checks a URI that somebody registers.
    pub fn register(text: &str) -> Result<Self, InvalidRedirectUri> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidRedirectUri::NotAbsolute);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        if url.fragment().is_some() {
            return Err(InvalidRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::UserInfo);
        }
        if OF_BROWSERS.contains(&url.scheme()) {
            return Err(InvalidRedirectUri::Scheme);
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(InvalidRedirectUri::Clear);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Byte for byte (RFC 9700 section 2.1), but for the port of an application on the user's own machine, which it does not
    /// choose itself (RFC 8252 section 7.3).
    pub fn is(&self, text: &str) -> bool {
        if *self.0 == *text {
            return true;
        }
        let parts = |text: &'_ str| split_loopback(text).map(|(host, rest)| (host, rest.to_owned()));
        parts(&self.0).is_some_and(|registered| parts(text) == Some(registered))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether it leads to this machine, by name or by address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The host of an http URI of the loopback interface, and all that follows its port.
fn split_loopback(text: &str) -> Option<(&'static str, &str)> {
    let after = text.strip_prefix("http://")?;
    LOOPBACK.into_iter().find_map(|host| {
        let rest = after.strip_prefix(host)?;
        let Some(port) = rest.strip_prefix(':') else { return Some((host, rest)) };
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        port[..digits].parse::<u16>().ok().filter(|port| *port > 0)?;
        Some((host, &port[digits..]))
    })
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests {
    use super::*;

    fn registered(text: &str) -> RedirectUri {
        RedirectUri::register(text).unwrap()
    }

    /// RFC9700-2.1-b
    #[test]
    fn one_byte_makes_another_uri() {
        let uri = registered("https://app.example/cb?tenant=1");
        assert!(uri.is("https://app.example/cb?tenant=1"));
        for other in [
            "https://app.example/cb?tenant=1&x=2",
            "https://app.example/cb/?tenant=1",
            "https://app.example:443/cb?tenant=1",
            "https://APP.example/cb?tenant=1",
            "https://app.example/%63b?tenant=1",
            "https://app.example/cb?tenant=1#",
            "https://app.example/cb",
            "https://x@app.example/cb?tenant=1",
            "https://app.example.evil.example/cb?tenant=1",
            "http://app.example/cb?tenant=1",
            "",
        ] {
            assert!(!uri.is(other), "{other}");
        }
    }

    /// RFC9700-4.1.3-c
    #[test]
    fn an_application_on_the_users_machine_may_listen_on_any_port() {
        for host in LOOPBACK {
            for port in ["", ":8080"] {
                let uri = registered(&format!("http://{host}{port}/cb"));
                for port in ["", ":1", ":51004", ":65535"] {
                    assert!(uri.is(&format!("http://{host}{port}/cb")), "{host}{port}");
                }
                for other in [
                    ":51004/cb2",
                    ":51004/cb/",
                    ":/cb",
                    ":0/cb",
                    ":65536/cb",
                    ":80@evil.example/cb",
                    ".evil/cb",
                    "x/cb",
                ] {
                    assert!(!uri.is(&format!("http://{host}{other}")), "{host}{other}");
                }
            }
        }
        assert!(!registered("http://127.0.0.1/cb").is("http://localhost/cb"));
        assert!(!registered("https://localhost/cb").is("https://localhost:8080/cb"));
    }

    /// RFC6749-3.1.2-e, RFC9700-2.6-d
    #[test]
    fn what_no_application_can_be_reached_by_is_not_registered() {
        for (text, why) in [
            ("/cb", InvalidRedirectUri::NotAbsolute),
            ("https://app.example/c b", InvalidRedirectUri::NotAbsolute),
            ("https://app.exämple/cb", InvalidRedirectUri::NotAbsolute),
            ("https://app.example/cb#there", InvalidRedirectUri::Fragment),
            ("https://app.example/cb#", InvalidRedirectUri::Fragment),
            ("https://alice@app.example/cb", InvalidRedirectUri::UserInfo),
            ("http://app.example/cb", InvalidRedirectUri::Clear),
            ("javascript:alert(1)", InvalidRedirectUri::Scheme),
            ("data:text/html,x", InvalidRedirectUri::Scheme),
        ] {
            assert_eq!(RedirectUri::register(text), Err(why), "{text}");
        }
        for text in ["https://app.example/cb", "http://127.0.0.2:1/", "http://[::1]/cb", "com.example.app:/cb"] {
            assert!(RedirectUri::register(text).is_ok(), "{text}");
        }
    }
}
