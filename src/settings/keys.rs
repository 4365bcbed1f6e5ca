//! `[keys]`: what tokens are made with.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Mode;
use super::problem::Problems;
use super::secret::Given;
use super::value;
use crate::domain::keys::SigningAlgorithm;

/// `[keys]`.
#[derive(Clone, Debug)]
pub struct Keys {
    /// At least [`Self::SHORTEST`] bytes. Never absent in [`Mode::Serve`]; `dev` makes one in the data folder.
    pub master_secret: Option<SecretString>,
    pub previous_master_secret: Option<SecretString>,
    pub signing_algorithm: SigningAlgorithm,
    /// How long a new signing key is published before it signs.
    pub publish_lead: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    master_secret: SecretString,
    master_secret_file: String,
    previous_master_secret: SecretString,
    previous_master_secret_file: String,
    signing_algorithm: SigningAlgorithm,
    #[serde(deserialize_with = "value::duration")]
    publish_lead: Duration,
}

impl Keys {
    /// Bytes that a master secret has at least.
    pub const SHORTEST: usize = 32;
}

impl Section {
    pub(super) fn check(self, mode: Mode, problems: &mut Problems) -> Keys {
        let given = !self.master_secret.expose_secret().is_empty() || !self.master_secret_file.is_empty();
        if mode == Mode::Serve && !given {
            problems.add(
                "keys.master_secret_file",
                "is missing; every token derives from the master secret, so write one to a file that only this server \
                 reads (`openssl rand -base64 48`) and give its path",
            );
        }
        let current = Given { text: self.master_secret, file: self.master_secret_file };
        let previous = Given { text: self.previous_master_secret, file: self.previous_master_secret_file };
        let master_secret = long_enough(current, "keys.master_secret", problems);
        let previous_master_secret = long_enough(previous, "keys.previous_master_secret", problems);
        if let (Some(current), Some(previous)) = (&master_secret, &previous_master_secret) {
            problems.require(
                current.expose_secret() != previous.expose_secret(),
                "keys.previous_master_secret",
                "is the same as keys.master_secret; leave it out unless the secret was changed",
            );
        }
        let Self { signing_algorithm, publish_lead, .. } = self;
        Keys { master_secret, previous_master_secret, signing_algorithm, publish_lead }
    }
}

fn long_enough(given: Given, key: &str, problems: &mut Problems) -> Option<SecretString> {
    let secret = given.resolve(key, problems)?;
    let length = secret.expose_secret().len();
    if length < Keys::SHORTEST {
        problems.add(key, format!("has {length} bytes; it needs at least {} that nobody can guess", Keys::SHORTEST));
        return None;
    }
    Some(secret)
}
