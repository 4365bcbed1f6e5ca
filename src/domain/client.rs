//! Clients: who may ask, how they prove it, and what they may have.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::openid::Registration;
use super::redirect::RedirectUri;
use super::scope::Scope;

/// The `client_id` (RFC 6749 section 2.2): chosen by the operator, not a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(Arc<str>);

impl ClientId {
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A way of asking for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    ClientCredentials,
    RefreshToken,
    /// A person types a name and a password into the client (RFC 6749 section 4.3, which OAuth 2.1 has dropped).
    Password,
}

/// Where a family was born. Refresh works only there (no surface weakens another); what it is called on the wire is the
/// business of that surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// The endpoints of RFC 6749, 7009 and 7662.
    Standard,
    Kajabi,
    Anghami,
    Infisical,
}

impl Surface {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Kajabi => "kajabi",
            Self::Anghami => "anghami",
            Self::Infisical => "infisical",
        }
    }

    /// Whether an access token is prolonged there by presenting it, instead of by a refresh token.
    pub const fn renews(self) -> bool {
        matches!(self, Self::Infisical)
    }

    /// Whether whoever refreshes here proves which client it is.
    pub const fn authenticates_clients(self) -> bool {
        matches!(self, Self::Standard)
    }

    /// Whether a refresh token is its own proof here: the vendor's clients send nothing else.
    pub const fn takes_possession_for_proof(self) -> bool {
        matches!(self, Self::Kajabi)
    }

    /// Whether a family that a client's secret begot here dies with that secret: the API key of the vendors' portals.
    pub const fn binds_to_credential(self) -> bool {
        matches!(self, Self::Kajabi | Self::Infisical)
    }

    /// What the revocation of an access token takes along here. The vendors have fixed it; the standard leaves it to the
    /// client.
    pub fn reach(self, policy: &TokenPolicy) -> Reach {
        match self {
            Self::Standard => policy.revoke_access_token,
            Self::Anghami => Reach::Token,
            Self::Kajabi | Self::Infisical => Reach::Family,
        }
    }
}

/// What a token looks like: a reference that only this server reads, or a JWT (RFC 9068).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    Opaque,
    Jwt,
}

/// How much goes with a token that is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The token, and whatever was exchanged from it.
    Token,
    /// All that descends from the same grant.
    Family,
}

/// How long what a client is given lives, and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    pub format: TokenFormat,
    pub access_token_lifetime: Duration,
    /// A refresh token that is not used for so long expires.
    pub refresh_token_idle: Duration,
    /// How long an authorization code may be exchanged.
    pub code_lifetime: Duration,
    /// A family ends so long after its birth, however often it was refreshed.
    pub family_lifetime: Duration,
    /// For so long after its first spend the refresh token just spent gives the same successors again; zero is strict.
    pub replay_window: Duration,
    /// Live access tokens that one family may have; refreshing waits for the oldest to expire beyond that.
    pub access_tokens_per_family: usize,
    /// Whether client credentials come with a refresh token, against the advice of RFC 6749 section 4.4.3.
    pub client_credentials_refresh: bool,
    /// What the revocation of an access token takes along.
    pub revoke_access_token: Reach,
}

/// What a client may ask about tokens, as a protected resource (RFC 7662).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServer {
    /// The `aud` by which tokens are meant for it.
    pub audience: Arc<str>,
    /// The scopes that mean something to it; `None`: all.
    pub scope: Option<Scope>,
}

/// Which identities a client may manage, on surfaces where identities are managed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manages {
    Everybody,
    /// Nobody, if there are none.
    Only(BTreeSet<ClientId>),
}

impl Manages {
    pub fn includes(&self, client: &ClientId) -> bool {
        match self {
            Self::Everybody => true,
            Self::Only(clients) => clients.contains(client),
        }
    }
}

impl Default for Manages {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

/// A client, as registered.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    /// The client as an identity of APIs that name things by UUID.
    pub identity_id: Uuid,
    /// What people are told that it is called.
    pub name: Option<Box<str>>,
    pub enabled: bool,
    pub authentication: Authentication,
    pub grant_types: BTreeSet<GrantType>,
    pub surfaces: BTreeSet<Surface>,
    /// Where people are sent back to, with a code (RFC 6749 section 3.1.2).
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it has to push its authorization requests (RFC 9126 section 5).
    pub must_push: bool,
    /// Whether it has to sign them (RFC 9101 section 10.5).
    pub must_sign: bool,
    /// The most it may be granted; also what it gets when it asks for nothing.
    pub scope: Scope,
    /// The resources its tokens are for.
    pub audience: Vec<Arc<str>>,
    pub tokens: TokenPolicy,
    pub resource_server: Option<ResourceServer>,
    pub openid: Registration,
    pub manages: Manages,
}

impl Client {
    /// What people are told that it is called.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id.as_str())
    }

    /// Whether it speaks a surface where access tokens are prolonged.
    pub fn renews(&self) -> bool {
        self.surfaces.iter().any(|surface| surface.renews())
    }
}

/// How a client proves who it is (RFC 6749 section 2.3, RFC 7523 section 2.2): one registered method, no other counts.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// A public client: nothing to prove with.
    None,
    /// `client_secret_basic` and `client_secret_post`. Several secrets while one is being replaced.
    Secret(Vec<SecretHash>),
    /// `private_key_jwt`.
    PrivateKeyJwt(Vec<AssertionKey>),
}

impl Authentication {
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// What is kept of a client secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretHash {
    /// SHA-256, for generated secrets of at least 128 bits: nothing to guess, so nothing to slow down.
    Sha256([u8; 32]),
    /// An Argon2id PHC string, for secrets that people chose.
    Argon2id(Box<str>),
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256(_) => "Sha256(…)",
            Self::Argon2id(_) => "Argon2id(…)",
        })
    }
}

/// A public key by which a client signs its assertions: a JWK (RFC 7517) whose `kid` and `alg` say when it applies.
#[derive(Clone, Debug)]
pub struct AssertionKey(pub jsonwebtoken::jwk::Jwk);

/// All clients, by id and by identity.
#[derive(Debug, Default)]
pub struct Clients {
    by_id: HashMap<ClientId, Arc<Client>>,
    by_identity: HashMap<Uuid, Arc<Client>>,
    for_passwords: Option<Arc<Client>>,
}

impl Clients {
    /// Of two clients with one id the later one counts; settings refuse that before.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Self {
        let by_id: HashMap<_, _> = clients.into_iter().map(|client| (client.id.clone(), Arc::new(client))).collect();
        let by_identity = by_id.values().map(|client| (client.identity_id, Arc::clone(client))).collect();
        let for_passwords = by_id.values().find(|client| client.grant_types.contains(&GrantType::Password)).cloned();
        Self { by_id, by_identity, for_passwords }
    }

    pub fn find(&self, id: &str) -> Option<&Arc<Client>> {
        self.by_id.get(id)
    }

    pub fn find_identity(&self, id: Uuid) -> Option<&Arc<Client>> {
        self.by_identity.get(&id)
    }

    /// The one at which people sign in by their passwords, if there is one: nothing in such a request names it.
    pub fn for_passwords(&self) -> Option<&Arc<Client>> {
        self.for_passwords.as_ref()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.by_id.values()
    }
}

impl std::borrow::Borrow<str> for ClientId {
    fn borrow(&self) -> &str {
        &self.0
    }
}
