//! `[log]` and `[otel]`: what operators are told, and where.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::problem::Problems;

/// `[log]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// In the syntax of `EnvFilter`; known to be well-formed.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// [`Self::Text`] on a terminal, else [`Self::Json`].
    Auto,
    Text,
    Json,
}

/// `[otel]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otel {
    /// Where traces are sent by OTLP over HTTP; empty: nowhere.
    pub endpoint: String,
}

impl Log {
    pub(super) fn check(&self, problems: &mut Problems) {
        if let Err(error) = EnvFilter::try_new(&self.filter) {
            problems.add("log.filter", format!("is \"{}\", which is no filter: {error}", self.filter));
        }
    }
}

impl Otel {
    pub(super) fn check(&self, problems: &mut Problems) {
        const KEY: &str = "otel.endpoint";
        if self.endpoint.is_empty() {
            return;
        }
        problems.require(
            cfg!(feature = "otel"),
            KEY,
            "is set, but this program was built without the feature `otel` and would send nothing there",
        );
        // The exporter is built without TLS: a collector stands beside the server, and forwards over TLS if it must.
        let plain = Url::parse(&self.endpoint).is_ok_and(|url| url.scheme() == "http" && url.has_host());
        problems.require(plain, KEY, "must be an http URL, such as \"http://127.0.0.1:4318/v1/traces\"");
    }
}
