//! `[store]`: where families and revocations are kept.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, de};

use super::Mode;
use super::problem::Problems;
use super::secret::Given;
use super::store_url::{Location, RedisUrl};
use super::value;
use crate::domain::Shard;
use crate::store::redis::Durability;

/// `[store]`.
#[derive(Clone, Debug)]
pub struct Store {
    pub location: Location,
    /// The data folder.
    pub data: PathBuf,
    /// What every key in Redis begins with.
    pub prefix: String,
    /// Of a Redis store; the embedded one has one.
    pub shards: u16,
    pub durability: Durability,
    /// Bounds every call.
    pub timeout: Duration,
    /// An ACL user of Redis.
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// By which the sentinels know us, where they ask.
    pub sentinel_username: Option<String>,
    pub sentinel_password: Option<SecretString>,
    /// PEM, of authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM, of the certificate, with its chain, and the key to show to Redis.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    pub allow_eviction: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    #[serde(deserialize_with = "location")]
    url: Location,
    data: PathBuf,
    prefix: String,
    shards: u16,
    #[serde(deserialize_with = "durability")]
    durability: Option<Durability>,
    #[serde(deserialize_with = "value::positive_duration")]
    timeout: Duration,
    #[serde(deserialize_with = "value::optional")]
    username: Option<String>,
    password: SecretString,
    password_file: String,
    #[serde(deserialize_with = "value::optional")]
    sentinel_username: Option<String>,
    sentinel_password: SecretString,
    sentinel_password_file: String,
    #[serde(deserialize_with = "value::optional")]
    ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::optional")]
    client_cert_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::optional")]
    client_key_file: Option<PathBuf>,
    allow_eviction: bool,
}

fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Location, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

fn durability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Durability>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let choice = "it must be \"memory\", \"fsync\" or \"replicas:N\" with N from 1 to 255";
    text.parse().map(Some).map_err(|_| de::Error::custom(format!("is \"{text}\"; {choice}")))
}

/// Why there is no default: what a promise has to survive is for its operator to say.
const NO_DURABILITY: &str = "is missing; say what a revocation that was answered 200 has to survive: \
    \"memory\" (a crash of this server), \"fsync\" (a power cut at the store, which has it on disk) or \
    \"replicas:N\" (the loss of the store's primary, for N replicas have it as well)";

impl Section {
    pub(super) fn check(self, mode: Mode, problems: &mut Problems) -> Store {
        self.check_place(problems);
        self.check_durability(mode, problems);
        self.check_connection(problems);
        let password = Given { text: self.password, file: self.password_file };
        let sentinel_password = Given { text: self.sentinel_password, file: self.sentinel_password_file };
        Store {
            location: self.url,
            data: self.data,
            prefix: self.prefix,
            shards: self.shards,
            // Where it is missing and must not be, there is a problem, and nothing is built from settings with
            // problems.
            durability: self.durability.unwrap_or(Durability::Memory),
            timeout: self.timeout,
            username: self.username,
            password: password.resolve("store.password", problems),
            sentinel_username: self.sentinel_username,
            sentinel_password: sentinel_password.resolve("store.sentinel_password", problems),
            ca_file: self.ca_file,
            client_certificate: self.client_cert_file.zip(self.client_key_file),
            allow_eviction: self.allow_eviction,
        }
    }

    fn check_place(&self, problems: &mut Problems) {
        problems.require(!self.data.as_os_str().is_empty(), "store.data", "is empty; it must be the path of a folder");
        problems.require(
            (1..=64).contains(&self.prefix.len())
                && self.prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)),
            "store.prefix",
            "must be 1 to 64 letters, digits and signs of - _ . : (a brace would change where a cluster puts a key)",
        );
        problems.require(
            (1..=Shard::MOST).contains(&self.shards),
            "store.shards",
            &format!("is {}; it must be from 1 to {}", self.shards, Shard::MOST),
        );
    }

    fn check_durability(&self, mode: Mode, problems: &mut Problems) {
        const KEY: &str = "store.durability";
        problems.require(self.durability.is_some() || mode == Mode::Dev, KEY, NO_DURABILITY);
        let replicas = matches!(self.durability, Some(Durability::Replicas(_)));
        problems.require(
            !replicas || self.url.redis().is_some(),
            KEY,
            "asks for replicas, and the embedded store has none; \"fsync\" is the most",
        );
    }

    /// What is set for a connection must be of use there, or somebody believes in a protection that is not.
    fn check_connection(&self, problems: &mut Problems) {
        let url = self.url.redis();
        let given = |text: &SecretString, file: &str| !text.expose_secret().is_empty() || !file.is_empty();
        let password = given(&self.password, &self.password_file);
        let sentinel_password = given(&self.sentinel_password, &self.sentinel_password_file);
        let redis_only = [
            ("store.username", self.username.is_some()),
            ("store.password", password),
            ("store.ca_file", self.ca_file.is_some()),
            ("store.client_cert_file", self.client_cert_file.is_some()),
            ("store.client_key_file", self.client_key_file.is_some()),
        ];
        for (key, set) in redis_only {
            problems.require(!set || url.is_some(), key, "is set, and the embedded store has no use for it");
        }
        for (key, set) in [
            ("store.sentinel_username", self.sentinel_username.is_some()),
            ("store.sentinel_password", sentinel_password),
        ] {
            let asked = url.is_some_and(RedisUrl::is_sentinel);
            problems.require(!set || asked, key, "is set, and store.url names no sentinels");
        }
        if let Some(url) = url {
            self.check_redis(url, password, problems);
        }
    }

    fn check_redis(&self, url: &RedisUrl, password: bool, problems: &mut Problems) {
        let twice = "is set, and store.url has one as well; leave one out";
        problems.require(!(password && url.has_password()), "store.password", twice);
        problems.require(!(self.username.is_some() && url.has_user()), "store.username", twice);
        problems.require(
            self.username.is_none() || password || url.has_password(),
            "store.username",
            "is set, and there is no store.password for it",
        );
        problems.require(
            self.client_cert_file.is_some() == self.client_key_file.is_some(),
            if self.client_key_file.is_none() { "store.client_key_file" } else { "store.client_cert_file" },
            "is missing; a certificate and its key go together",
        );
        for (key, file) in [
            ("store.ca_file", &self.ca_file),
            ("store.client_cert_file", &self.client_cert_file),
            ("store.client_key_file", &self.client_key_file),
        ] {
            let Some(file) = file else { continue };
            problems.require(url.is_tls(), key, "is set, and store.url is not one with TLS, such as \"rediss://\"");
            problems.require(file.is_file(), key, &format!("is \"{}\", which is no file", file.display()));
        }
    }
}
