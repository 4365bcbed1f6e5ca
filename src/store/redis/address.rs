//! Reads the URL of a store. No sentence here repeats any of it: it may hold a password.

use redis::{ConnectionAddr, IntoConnectionInfo as _};
use secrecy::ExposeSecret as _;
use url::Url;

use super::{OpenError, RedisSettings};

/// Where the servers are, and how to introduce oneself to them.
pub(super) struct Address {
    pub(super) kind: Kind,
    /// At least one; exactly one for [`Kind::Server`].
    pub(super) nodes: Vec<ConnectionAddr>,
    pub(super) database: i64,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Server,
    /// The nodes are sentinels; the primary is what they call so.
    Sentinel(String),
    Cluster,
}

impl Address {
    pub(super) fn parse(settings: &RedisSettings) -> Result<Self, OpenError> {
        let mut address = Self::read(settings.url.expose_secret()).map_err(wrong)?;
        if let Some(username) = &settings.username {
            address.username = Some(username.clone());
        }
        if let Some(password) = &settings.password {
            address.password = Some(password.expose_secret().to_owned());
        }
        if address.username.is_some() && address.password.is_none() {
            return Err(OpenError::Settings("store.username needs a store.password".to_owned()));
        }
        Ok(address)
    }

    /// What the URL alone says, or what is wrong with it: the rest of a sentence about it.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme such as redis://")?;
        match scheme {
            "unix" | "redis+unix" => Self::socket(text),
            "redis" | "rediss" => Self::network(scheme, None, rest),
            _ => match scheme.split_once('+') {
                Some((base @ ("redis" | "rediss"), mode @ ("sentinel" | "cluster"))) => {
                    Self::network(base, Some(mode), rest)
                }
                _ => Err("must begin with redis://, rediss://, unix://, or redis+sentinel:// and the like"),
            },
        }
    }

    fn socket(text: &str) -> Result<Self, &'static str> {
        let info = text.into_connection_info().map_err(|_| "names no socket")?;
        let redis = info.redis_settings();
        Ok(Self {
            kind: Kind::Server,
            nodes: vec![info.addr().clone()],
            database: redis.db(),
            username: redis.username().map(str::to_owned),
            password: redis.password().map(str::to_owned),
        })
    }

    /// `base` is `redis` or `rediss`; `rest` is what follows `://`. Several hosts are no URL, so each is read as one.
    fn network(base: &str, mode: Option<&str>, rest: &str) -> Result<Self, &'static str> {
        if rest.contains('#') {
            return Err("must not have a fragment");
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((_, hosts)) => (&authority[..authority.len() - hosts.len()], hosts),
            None => ("", authority),
        };
        let mut address = Self {
            kind: kind(mode, path)?,
            nodes: Vec::new(),
            database: database(mode, path, query)?,
            username: None,
            password: None,
        };
        for host in hosts.split(',') {
            address.add(&format!("{base}://{user}{host}"))?;
        }
        if address.kind == Kind::Server && address.nodes.len() > 1 {
            return Err("names several hosts, which only redis+sentinel:// and redis+cluster:// may");
        }
        Ok(address)
    }

    fn add(&mut self, text: &str) -> Result<(), &'static str> {
        const MISREAD: &str = "has a host, port, user or password that cannot be read";
        let mut url = Url::parse(text).map_err(|_| MISREAD)?;
        if url.port().is_none() && matches!(self.kind, Kind::Sentinel(_)) {
            url.set_port(Some(SENTINEL_PORT)).map_err(|()| MISREAD)?;
        }
        let info = url.into_connection_info().map_err(|_| MISREAD)?;
        self.nodes.push(info.addr().clone());
        self.username = info.redis_settings().username().map(str::to_owned);
        self.password = info.redis_settings().password().map(str::to_owned);
        Ok(())
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, ConnectionAddr::TcpTls { .. }))
    }
}

const SENTINEL_PORT: u16 = 26_379;

fn kind(mode: Option<&str>, path: &str) -> Result<Kind, &'static str> {
    match (mode, path) {
        (Some("sentinel"), "") => Err("must end with the name that the sentinels give the primary"),
        (Some("sentinel"), name) => Ok(Kind::Sentinel(name.to_owned())),
        (Some(_), "" | "0") => Ok(Kind::Cluster),
        (Some(_), _) => Err("of a cluster must not have a path: a cluster has one database"),
        (None, _) => Ok(Kind::Server),
    }
}

fn database(mode: Option<&str>, path: &str, query: &str) -> Result<i64, &'static str> {
    let mut number = if mode.is_none() && !path.is_empty() { Some(path.to_owned()) } else { None };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (&*name, mode) {
            ("db", None | Some("sentinel")) if number.is_none() => number = Some(value.into_owned()),
            _ => return Err("has a parameter other than one db, where a database may be chosen"),
        }
    }
    let number: u16 = number.as_deref().unwrap_or("0").parse().map_err(|_| "has a database that is no number")?;
    Ok(number.into())
}

fn wrong(how: &str) -> OpenError {
    OpenError::Settings(format!("store.url {how}"))
}

#[cfg(test)]
mod tests;
