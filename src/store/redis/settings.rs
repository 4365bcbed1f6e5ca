//! What an operator says about a Redis or Valkey.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::Durability;
use super::address::Address;
use crate::domain::store::Unavailable;

/// Where the store is, and what is asked of it. `Debug` shows neither the URL nor a password.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// - `redis://[user[:password]@]host[:6379][/database]`, `unix:///path[?db=database]`: one server;
    /// - `redis+sentinel://[user[:password]@]host[:26379],…/master-name[?db=database]`: the primary that sentinels name;
    /// - `redis+cluster://[user[:password]@]host[:6379],…`: a cluster, of which some nodes are named.
    ///
    /// `rediss` in place of `redis` is the same over TLS. User and password are percent-encoded.
    pub url: SecretString,
    /// An ACL user; wins over the URL's.
    pub username: Option<String>,
    /// Wins over the URL's.
    pub password: Option<SecretString>,
    /// The user and password by which sentinels know us, where they ask for one.
    pub sentinel_username: Option<String>,
    pub sentinel_password: Option<SecretString>,
    /// PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM files of the certificate (with its chain) and the key to show to the server.
    pub client_cert_file: Option<PathBuf>,
    pub client_key_file: Option<PathBuf>,
    /// What every key begins with: letters, digits, `.`, `_`, `-` and `:`, at most 64. Stores of different prefixes know
    /// nothing of each other.
    pub prefix: String,
    /// How many shards a store has that is made now; one that is there keeps its own. 1 to 4096.
    pub shards: u16,
    pub durability: Durability,
    /// How long any call may take, waiting for durability included.
    pub timeout: Duration,
    /// Whether a server may be used that forgets keys when its memory is full: then a revoked token may come back.
    pub allow_eviction: bool,
}

impl RedisSettings {
    pub const DEFAULT_PREFIX: &str = "atropos";
    pub const DEFAULT_SHARDS: u16 = 16;
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

    /// Whether a URL can be read, before anything is connected to. The error is what follows its name in a sentence.
    pub fn check_url(url: &str) -> Result<(), &'static str> {
        Address::read(url).map(drop)
    }

    /// The defaults. Durability has none: what a node promises is for its operator to say.
    pub fn new(url: &str, durability: Durability) -> Self {
        Self {
            url: url.into(),
            username: None,
            password: None,
            sentinel_username: None,
            sentinel_password: None,
            ca_file: None,
            client_cert_file: None,
            client_key_file: None,
            prefix: Self::DEFAULT_PREFIX.to_owned(),
            shards: Self::DEFAULT_SHARDS,
            durability,
            timeout: Self::DEFAULT_TIMEOUT,
            allow_eviction: false,
        }
    }
}

/// Why a store was not opened: one plain sentence, which repeats no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A setting cannot be meant; the sentence names it.
    #[error("{0}")]
    Settings(String),
    /// The server answers, and must not be used as it is.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
