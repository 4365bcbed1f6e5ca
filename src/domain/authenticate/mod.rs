//! Who asks: client authentication, the same for every endpoint (RFC 6749 section 2.3, RFC 7523 section 2.2).
//!
//! - `secret`: what is kept of a client secret, and the comparison that costs nothing.
//! - `slow`: the comparison that is meant to cost something, away from the worker threads.
//! - `assertion`, `assertion_key`: `private_key_jwt`. `signed`: what else a client signs by the same keys.
//! - `credential`: which of its credentials a client showed.
//! - `attempts`: how often one may be wrong.
//! - `password`: the same for people. `device`: the browsers in which they have signed in before.
//!
//! What a stranger can observe: every failure is one and the same answer. Time tells more: an assertion for a known client
//! costs a verification; a client whose secret a person chose costs an Argon2 hash, which no unknown client can cost, or
//! anybody could have them made without end. Unknown clients and those with generated secrets take the same time, but for
//! the comparison of 32 bytes.

mod assertion;
mod assertion_key;
mod attempts;
mod credential;
mod device;
mod password;
mod secret;
pub(super) mod signed;
mod slow;

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac::Key as HmacKey;
use sha2::{Digest as _, Sha256};

use self::assertion::Proven;
use self::attempts::{Attempts, Guesser};
use self::credential::fingerprint;
use self::device::Devices;
use self::password::Passwords;
use self::slow::SlowHashes;
use super::authority::{AuthenticationMethod, Caller, Presented};
use super::chance::Chance;
use super::client::{Authentication, Client, Clients, SecretHash};
use super::clock::Clock;
use super::error::{ClientFault, Error};
use super::keys::Keys;
use super::store::Store;
use super::user::{User, Users};

pub use attempts::Limits;
pub use device::KNOWN_FOR;
pub use password::InvalidPasswordHash;
pub use secret::{InvalidSecretHash, hash_secret};

/// Decides who asks.
pub struct Authenticator {
    clients: Arc<Clients>,
    issuer: Arc<str>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    attempts: Attempts,
    slow: SlowHashes,
    passwords: Passwords,
    /// Under which the store remembers the `jti`s of assertions; all nodes have the same.
    replay_key: HmacKey,
}

impl Authenticator {
    pub fn new(
        clients: Arc<Clients>,
        keys: &Keys,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Self {
        Self {
            clients,
            issuer: Arc::clone(keys.issuer()),
            store,
            attempts: Attempts::new(limits, Arc::clone(&clock)),
            slow: SlowHashes::new(limits.hashes, limits.waiting, keys.chance()),
            passwords: Passwords::new(limits, Devices::new(keys.derive("device")), Arc::clone(&clock), keys.chance()),
            replay_key: keys.derive("client assertion"),
            clock,
        }
    }

    /// The people who can sign in here; without it, nobody can.
    #[must_use]
    pub fn with_users(mut self, users: Users) -> Self {
        self.passwords.users = users;
        self
    }

    /// The person whose name and password these are. Wrong ones are counted, by source and name, before they cost a hash; or
    /// by the device, where that is known to be the person's.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        source: Option<IpAddr>,
        device: Option<&str>,
    ) -> Result<&User, Error> {
        self.passwords.verify(name, password, source, device).await
    }

    /// What a browser is given in which this person has typed the right password, good for [`KNOWN_FOR`].
    pub fn known_device(&self, subject: &str, chance: &dyn Chance) -> String {
        self.passwords.devices.make(subject, self.clock.now(), chance)
    }

    /// The client that this request comes from, by the one method that it registered.
    ///
    /// Failures are limited by source and client, so that nobody who guesses keeps the owner out: beyond the limit a
    /// failure is [`Error::TooMany`], while the right credentials are still right. Only where they cost an Argon2 hash
    /// are they not looked at, unless they were right within the last minute.
    pub async fn authenticate(&self, presented: Presented<'_>, source: Option<IpAddr>) -> Result<Caller, Error> {
        let (client, method, credential) = match presented {
            Presented::Nothing => return Err(Error::InvalidClient(ClientFault::Missing)),
            Presented::ClientId(id) => self.by_id(id, source)?,
            Presented::Secret { method, client_id, secret } => {
                let (client, credential) = self.by_secret(method, client_id, secret, source).await?;
                (client, method, credential)
            }
            Presented::Assertion { client_id, assertion } => self.by_assertion(client_id, assertion, source).await?,
        };
        Ok(Caller { client, method, credential, source })
    }

    fn by_id(&self, id: &str, source: Option<IpAddr>) -> Result<Identified, Error> {
        let client = self.find(id, source)?;
        if !client.authentication.is_public() {
            return Err(self.refuse(client, source, ClientFault::WrongMethod));
        }
        self.check_enabled(client, source)?;
        let method = AuthenticationMethod::None;
        Ok((Arc::clone(client), method, fingerprint(method, client.id.as_str().as_bytes())))
    }

    async fn by_secret(
        &self,
        method: AuthenticationMethod,
        id: &str,
        secret: &str,
        source: Option<IpAddr>,
    ) -> Result<(Arc<Client>, [u8; 8]), Error> {
        let digest = Sha256::digest(secret).into();
        let client = self.find(id, source)?;
        let Authentication::Secret(hashes) = &client.authentication else {
            return Err(self.refuse(client, source, ClientFault::WrongMethod));
        };
        self.check_enabled(client, source)?;
        let mut slow = hashes.iter().filter_map(SecretHash::as_argon2id).peekable();
        if let Some(known) = secret::find_sha256(hashes, &digest) {
            return Ok((Arc::clone(client), fingerprint(method, known)));
        }
        if slow.peek().is_none() {
            return Err(self.refuse(client, source, ClientFault::WrongSecret));
        }
        let guesser = Guesser::new(source, Some(client.id.as_str()));
        for hash in slow {
            if self.slow.verify(hash, secret, self.clock.now(), || self.attempts.count(&guesser)).await? {
                return Ok((Arc::clone(client), fingerprint(method, hash.as_bytes())));
            }
        }
        // Counted already, before the work.
        Err(Error::InvalidClient(ClientFault::WrongSecret))
    }

    async fn by_assertion(
        &self,
        client_id: Option<&str>,
        assertion: &str,
        source: Option<IpAddr>,
    ) -> Result<Identified, Error> {
        let Some(subject) = assertion::subject(assertion) else {
            return Err(self.refuse_stranger(source, ClientFault::InvalidAssertion));
        };
        let client = self.find(&subject, source)?;
        let Authentication::PrivateKeyJwt(keys) = &client.authentication else {
            return Err(self.refuse(client, source, ClientFault::WrongMethod));
        };
        let now = self.clock.now();
        let proven = assertion::verify(assertion, client.id.as_str(), keys, &self.issuer, now);
        let agrees = client_id.is_none_or(|id| id == client.id.as_str());
        let Some(Proven { jti, valid_for, thumbprint }) = proven.filter(|_| agrees) else {
            return Err(self.refuse(client, source, ClientFault::InvalidAssertion));
        };
        self.check_enabled(client, source)?;
        // Last of all: an assertion that is refused for another reason must leave its `jti` unused (RFC 7523 section 3).
        let key = assertion::replay_key(&self.replay_key, client.id.as_str(), &jti);
        if !self.store.once(&key, &[], valid_for).await? {
            return Err(self.refuse(client, source, ClientFault::ReplayedAssertion));
        }
        let method = AuthenticationMethod::PrivateKeyJwt;
        Ok((Arc::clone(client), method, fingerprint(method, thumbprint.as_bytes())))
    }

    /// Counts a string of a stranger that is no token of ours, as a failure of somebody who named no client.
    pub(super) fn count_stranger(&self, source: Option<IpAddr>) -> Result<(), Error> {
        self.attempts.count(&Guesser::new(source, None))
    }

    /// What a person of the directory types to sign in.
    pub fn name_of(&self, subject: &str) -> Option<&str> {
        self.passwords.users.name_of(subject)
    }

    /// A person of the directory, by who it is in tokens.
    pub fn user(&self, subject: &str) -> Option<&User> {
        self.passwords.users.of(subject)
    }

    /// Whether a person of the directory may sign in no more: then nothing that it granted goes on.
    pub fn is_disabled(&self, subject: &str) -> bool {
        self.passwords.users.is_disabled(subject)
    }

    fn find(&self, id: &str, source: Option<IpAddr>) -> Result<&Arc<Client>, Error> {
        self.clients.find(id).ok_or_else(|| self.refuse_stranger(source, ClientFault::UnknownClient))
    }

    fn check_enabled(&self, client: &Arc<Client>, source: Option<IpAddr>) -> Result<(), Error> {
        if client.enabled { Ok(()) } else { Err(self.refuse(client, source, ClientFault::Disabled)) }
    }

    fn refuse(&self, client: &Arc<Client>, source: Option<IpAddr>, fault: ClientFault) -> Error {
        self.attempts
            .count(&Guesser::new(source, Some(client.id.as_str())))
            .err()
            .unwrap_or(Error::InvalidClient(fault))
    }

    fn refuse_stranger(&self, source: Option<IpAddr>, fault: ClientFault) -> Error {
        self.count_stranger(source).err().unwrap_or(Error::InvalidClient(fault))
    }
}

type Identified = (Arc<Client>, AuthenticationMethod, [u8; 8]);
