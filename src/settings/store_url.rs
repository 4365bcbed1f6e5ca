//! Which store, by URL.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use crate::store::redis::RedisSettings;

/// Which store.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file in the data folder.
    Embedded,
    Redis(RedisUrl),
}

/// The URL of a Redis or Valkey as it was written; known to be one that can be read. Silent about the password that may
/// stand in it.
#[derive(Clone)]
pub struct RedisUrl(SecretString);

/// How the servers behind a URL stand together, and how they are reached.
const SCHEMES: [&str; 7] =
    ["redis", "rediss", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel", "unix"];

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "embedded:" {
            return Ok(Self::Embedded);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        if !SCHEMES.contains(&scheme) {
            // The URL itself is not repeated: a password may stand in it.
            let schemes = SCHEMES.map(|scheme| format!("\"{scheme}://\"")).join(", ");
            return Err(format!("must be \"embedded:\" or begin with one of {schemes}"));
        }
        let (_, place) = split_user(rest);
        let has_host = !place.is_empty() && !place.starts_with('/');
        if has_host == (scheme == "unix") {
            return Err("names no host, or with \"unix://\" no absolute path".into());
        }
        RedisSettings::check_url(text)?;
        Ok(Self::Redis(RedisUrl(text.into())))
    }
}

impl Location {
    pub(super) const fn redis(&self) -> Option<&RedisUrl> {
        match self {
            Self::Redis(url) => Some(url),
            Self::Embedded => None,
        }
    }
}

impl RedisUrl {
    /// Only for the connection.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Without user, password and options, for people.
    pub fn redacted(&self) -> String {
        let (scheme, rest) = self.expose().split_once("://").unwrap_or_default();
        let (_, place) = split_user(rest);
        let (place, _) = place.split_once('?').unwrap_or((place, ""));
        format!("{scheme}://{place}")
    }

    pub(super) fn is_tls(&self) -> bool {
        self.expose().starts_with("rediss")
    }

    pub(super) fn is_sentinel(&self) -> bool {
        self.expose().split_once("://").is_some_and(|(scheme, _)| scheme.ends_with("+sentinel"))
    }

    pub(super) fn has_user(&self) -> bool {
        !self.user().split(':').next().unwrap_or_default().is_empty()
    }

    pub(super) fn has_password(&self) -> bool {
        self.user().contains(':')
    }

    fn user(&self) -> &str {
        let (_, rest) = self.expose().split_once("://").unwrap_or_default();
        split_user(rest).0
    }
}

/// Everything up to the last `@`: a password with signs that should have been encoded is still taken for one.
fn split_user(rest: &str) -> (&str, &str) {
    rest.rsplit_once('@').unwrap_or(("", rest))
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}
