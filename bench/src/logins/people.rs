//! Who signs in. That a password was right is remembered for a minute, by the hash that it was right for: hence each of these
//! people has a hash of its own.
use std::fmt::Write as _;

use atropos::domain::authenticate::hash_secret;
use atropos::domain::chance::SystemChance;

use super::course::logins;
use crate::compare::Load;

pub(super) const PASSWORD: &str = "wonderland";
/// Who signs in again after so many others, ten of them a second, is as dear as the first time: a right password is
/// remembered for a minute.
const MOST: usize = 700;

pub(super) struct People {
    /// Of the same password, each with a salt of its own.
    hashes: Vec<String>,
}

impl People {
    /// As many as sign in at one store, unless that is so many that the first can come again.
    pub(super) fn make(load: Load) -> Self {
        let rounds = usize::try_from(load.rounds).unwrap_or(usize::MAX);
        let count = logins(load).saturating_mul(rounds).min(MOST);
        Self { hashes: (0..count).map(|_| hash_secret(PASSWORD, &SystemChance)).collect() }
    }

    /// As they would stand in bench/clients.toml.
    pub(super) fn settings(&self) -> String {
        self.hashes.iter().enumerate().fold(String::new(), |mut text, (number, hash)| {
            write!(text, "\n[[users]]\nname = \"{}\"\npassword = \"{hash}\"\n", name(number))
                .expect("writing to memory does not fail");
            text
        })
    }

    pub(super) fn in_turns(&self) -> impl Iterator<Item = String> {
        (0..self.hashes.len()).cycle().map(name)
    }
}

fn name(number: usize) -> String {
    format!("visitor-{number:03}")
}
