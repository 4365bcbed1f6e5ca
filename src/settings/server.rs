//! `[server]` and `[metrics]`: where to listen, and for whom.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::Mode;
use super::problem::Problems;
use super::value;

/// `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Never absent in [`Mode::Serve`]. Compared byte for byte by everybody, so kept as it was written.
    #[serde(deserialize_with = "value::optional")]
    pub issuer: Option<Issuer>,
    #[serde(deserialize_with = "value::address")]
    pub listen: SocketAddr,
    /// `None`: as many as there are processor cores.
    #[serde(deserialize_with = "value::threads")]
    pub workers: Option<NonZeroUsize>,
    /// In bytes.
    #[serde(deserialize_with = "value::positive")]
    pub body_limit: usize,
    /// How long a connection may lie idle between requests.
    #[serde(deserialize_with = "value::positive_duration")]
    pub keep_alive: Duration,
    /// How long the first head on a connection may take.
    #[serde(deserialize_with = "value::positive_duration")]
    pub head_timeout: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub request_timeout: Duration,
    #[serde(deserialize_with = "value::duration")]
    pub drain_notice: Duration,
    #[serde(deserialize_with = "value::positive_duration")]
    pub drain_timeout: Duration,
    /// Of each worker.
    #[serde(deserialize_with = "value::positive")]
    pub max_connections: usize,
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// As browsers write them: `scheme://host`, with a port where it is not the scheme's own. `*`, alone, means all.
    #[serde(deserialize_with = "origins")]
    pub cors_origins: Vec<String>,
}

/// `[metrics]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsListener {
    #[serde(deserialize_with = "value::address")]
    pub listen: SocketAddr,
}

/// The issuer identifier (RFC 8414 section 2): an http or https URL without query, fragment or user, in its one
/// spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: Arc<str>,
    /// Nobody on the way can read along: it is https, or the way does not leave this machine.
    protected: bool,
}

impl Issuer {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::str::FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| format!("is \"{text}\", which is no http or https URL"))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err("must have no query, no fragment and no user (RFC 8414 section 2)".into());
        }
        // Two spellings of one URL are two issuers to whoever compares them, and everybody does.
        let normal = url.as_str().trim_end_matches('/');
        if text != normal {
            return Err(format!("is \"{text}\"; clients compare it byte by byte, so write it as \"{normal}\""));
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        Ok(Self { text: text.into(), protected: url.scheme() == "https" || loopback })
    }
}

/// A list of origins, or `*`.
fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(all) if all == "*" => return Ok(vec![all]),
        toml::Value::Array(list) if list == [toml::Value::from("*")] => return Ok(vec!["*".to_owned()]),
        toml::Value::Array(list) => list,
        _ => return Err(D::Error::custom("must be \"*\" or a list of origins")),
    };
    let origin = |value: &toml::Value| {
        let text = value.as_str().unwrap_or_default();
        let normal = Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
        let same = normal.is_some_and(|origin| origin.ascii_serialization() == text);
        let refusal = || D::Error::custom(format!("has {value}, which is no origin, such as \"https://app.example\""));
        same.then(|| text.to_owned()).ok_or_else(refusal)
    };
    list.iter().map(origin).collect()
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            D::Error::custom(format!("has \"{text}\", which is no address and no network, such as \"10.0.0.0/8\""))
        })
    };
    texts.iter().map(network).collect()
}

impl Server {
    pub(super) fn check(&self, mode: Mode, problems: &mut Problems) {
        match mode {
            Mode::Dev => require_loopback("server.listen", self.listen, problems),
            Mode::Serve => match &self.issuer {
                None => problems.add(
                    "server.issuer",
                    "is missing; it is the https URL by which clients know this server, such as \"https://as.example\"",
                ),
                Some(issuer) => problems.require(
                    issuer.protected,
                    "server.issuer",
                    "is http off loopback, where everybody on the way can read tokens and secrets; it must be https",
                ),
            },
        }
    }
}

impl MetricsListener {
    pub(super) fn check(&self, mode: Mode, problems: &mut Problems) {
        if mode == Mode::Dev {
            require_loopback("metrics.listen", self.listen, problems);
        }
    }
}

fn require_loopback(key: &str, address: SocketAddr, problems: &mut Problems) {
    if !address.ip().is_loopback() {
        let sentence = "but `dev` listens on loopback only, for everybody knows the secrets of its sample clients";
        problems.add(key, format!("is {address}, {sentence}"));
    }
}
