//! `[[clients]]`: who may ask.

mod check;
mod entry;
mod jwks;
mod openid;

use std::collections::HashSet;

use toml::Value;

pub(super) use self::entry::Entry;
use super::login::Login;
use super::problem::Problems;
use super::tokens::Tokens;
use super::{Mode, layer, section};
use crate::domain::client::{Authentication, Client, Clients, GrantType, Manages, SecretHash};
use crate::domain::keys::SigningAlgorithm;

/// What a client is registered among.
pub(super) struct Around<'a> {
    pub(super) tokens: &'a Tokens,
    pub(super) login: &'a Login,
    /// `keys.signing_algorithm`.
    pub(super) signs: SigningAlgorithm,
}

pub(super) fn read(list: Option<Value>, mode: Mode, around: &Around<'_>, problems: &mut Problems) -> Clients {
    let entries: Vec<(String, Entry)> = section::list("clients", "id", list, problems);
    let clients: Vec<_> =
        entries.into_iter().filter_map(|(name, entry)| entry.check(&name, around, problems)).collect();
    check_together(&clients, problems);
    openid::check_algorithms(&clients, around.signs, problems);
    if mode == Mode::Serve {
        refuse_samples(&clients, problems);
    }
    Clients::new(clients)
}

fn check_together(clients: &[Client], problems: &mut Problems) {
    let mut ids = HashSet::new();
    let mut identities = HashSet::new();
    for client in clients {
        let (id, identity) = (&client.id, client.identity_id);
        if !ids.insert(id) {
            problems.add(format!("clients[{id}].id"), "is the id of two clients");
        } else if !identities.insert(identity) {
            problems.add(format!("clients[{id}].identity_id"), format!("is {identity}, as another client's"));
        }
    }
    let for_passwords = clients.iter().filter(|client| client.grant_types.contains(&GrantType::Password));
    for another in for_passwords.skip(1) {
        let sentence = "has password, as another client has, and nothing in such a request tells which is meant";
        problems.add(format!("clients[{}].grant_types", another.id), sentence);
    }
    for client in clients {
        let Manages::Only(managed) = &client.manages else { continue };
        for stranger in managed.iter().filter(|id| !ids.contains(id)) {
            problems.add(format!("clients[{}].manages", client.id), format!("has \"{stranger}\", which is no client"));
        }
    }
}

/// Everybody can read the secrets of config/dev.toml, and guess from them that of another client.
///
/// An Argon2id hash is tried with the one secret that its own client would have there, for each try is meant to cost
/// something; all the others would cost that much for each client.
fn refuse_samples(clients: &[Client], problems: &mut Problems) {
    let samples = samples();
    for client in clients {
        let Authentication::Secret(hashes) = &client.authentication else { continue };
        let alike = format!("{}-secret", client.id);
        let sentence = if hashes.iter().any(|hash| samples.contains(hash)) {
            "has a sample secret of `atropos dev`, which everybody knows; make one of your own"
        } else if hashes.iter().any(|hash| hash.is_of(&alike)) {
            "has the id and `-secret` for a secret, as the clients of `atropos dev` do; make one that nobody can guess"
        } else {
            continue;
        };
        problems.add(format!("clients[{}].secrets", client.id), sentence);
    }
}

fn samples() -> Vec<SecretHash> {
    let dev = layer::built_in(layer::DEV);
    let clients = dev.get("clients").and_then(Value::as_array).into_iter().flatten();
    let secrets = clients.filter_map(|client| client.get("secrets")?.as_array()).flatten();
    secrets.filter_map(|secret| secret.as_str()?.parse().ok()).collect()
}
