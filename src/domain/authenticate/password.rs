//! People, by their passwords.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use super::attempts::{Attempts, Guesser, Limits};
use super::device::Devices;
use super::secret::InvalidSecretHash;
use super::slow::SlowHashes;
use crate::domain::chance::Chance;
use crate::domain::client::SecretHash;
use crate::domain::clock::Clock;
use crate::domain::error::{Error, GrantFault};
use crate::domain::user::{PasswordHash, User, Users};

/// The text is not the hash of a password. Never shows the text: it may be the password itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPasswordHash {
    #[error("is no Argon2id hash in PHC form ($argon2id$…); `atropos user hash-password` makes one")]
    NoHash,
    #[error("costs too much memory or time for each check; `atropos user hash-password` makes one that does not")]
    TooCostly,
}

impl FromStr for PasswordHash {
    type Err = InvalidPasswordHash;

    /// People choose passwords, so a plain hash of one would be guessed.
    fn from_str(text: &str) -> Result<Self, InvalidPasswordHash> {
        match text.parse() {
            Ok(SecretHash::Argon2id(hash)) => Ok(Self(hash)),
            Err(InvalidSecretHash::TooCostly) => Err(InvalidPasswordHash::TooCostly),
            Ok(SecretHash::Sha256(_)) | Err(_) => Err(InvalidPasswordHash::NoHash),
        }
    }
}

impl PasswordHash {
    /// Whether it is of this password. Not for requests, for it takes its time.
    pub fn is_of(&self, password: &str) -> bool {
        SecretHash::Argon2id(self.0.clone()).is_of(password)
    }
}

/// Apart from the secrets of clients: who guesses passwords keeps no client from being recognized.
pub(super) struct Passwords {
    pub(super) users: Users,
    attempts: Attempts,
    /// Apart from all others, who can be so many that they are counted as a crowd.
    of_devices: Attempts,
    pub(super) devices: Devices,
    slow: SlowHashes,
    clock: Arc<dyn Clock>,
}

/// Of a password that nobody has, at the usual cost: how fast a name is refused must not tell that nobody has it.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Passwords {
    pub(super) fn new(limits: Limits, devices: Devices, clock: Arc<dyn Clock>, chance: &dyn Chance) -> Self {
        Self {
            users: Users::default(),
            attempts: Attempts::new(limits, Arc::clone(&clock)),
            of_devices: Attempts::new(limits, Arc::clone(&clock)),
            devices,
            slow: SlowHashes::new(limits.hashes, limits.waiting, chance),
            clock,
        }
    }

    /// `device`: what the browser shows of having been the person's before. It is then counted by itself, so that nobody
    /// behind the same address keeps the person out, and so that one who has stolen it guesses no more than anybody.
    pub(super) async fn verify(
        &self,
        name: &str,
        password: &str,
        source: Option<IpAddr>,
        device: Option<&str>,
    ) -> Result<&User, Error> {
        let user = self.users.find(name);
        let now = self.clock.now();
        // Looked at also where there is nobody of this name, who has none: time tells nothing.
        let subject = user.map_or("", |user| &*user.subject);
        let count = || match device.and_then(|device| self.devices.find(device, subject, now)) {
            Some(device) => self.of_devices.count(&Guesser::Device(device)),
            None => self.attempts.count(&Guesser::new(source, user.map(|user| &*user.name))),
        };
        let hash = user.map_or(DECOY, |user| &user.password.0);
        let is_right = self.slow.verify(hash, password, now, count).await?;
        match user.filter(|_| is_right) {
            Some(user) if user.enabled => Ok(user),
            Some(_) => Err(Error::InvalidGrant(GrantFault::UserDisabled)),
            None => Err(Error::InvalidGrant(GrantFault::WrongPassword)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::authenticate::hash_secret;
    use crate::domain::chance::SystemChance;

    /// One of another cost would tell by time.
    #[test]
    fn the_decoy_is_a_hash_like_those_that_are_made() {
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        let made = hash_secret("wonderland", &SystemChance);
        assert_eq!((DECOY.len(), cost(DECOY)), (made.len(), cost(&made)));
        assert!(DECOY.parse::<PasswordHash>().is_ok());
    }

    #[test]
    fn a_plain_hash_is_no_hash_of_a_password() {
        let plain = "sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61";
        for text in ["wonderland", plain, ""] {
            assert_eq!(text.parse::<PasswordHash>(), Err(InvalidPasswordHash::NoHash));
        }
        let dear = "$argon2id$v=19$m=4000000,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA";
        assert_eq!(dear.parse::<PasswordHash>(), Err(InvalidPasswordHash::TooCostly));
    }
}
