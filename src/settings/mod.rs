//! What the operator decides: read once at start, checked as a whole, and refused as a whole.
//!
//! [`Settings::load`] lays the layers over one another (`config/default.toml` names them, and documents every key),
//! reads them into types, and answers either settings that hold or everything that is wrong with them, one sentence
//! each.

mod client;
mod docs;
#[cfg(test)]
mod fuzz;
mod keys;
mod layer;
mod login;
mod observe;
mod problem;
mod scopes;
mod secret;
mod section;
mod server;
mod store;
mod store_url;
mod surfaces;
mod tokens;
mod user;
mod value;

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use self::client::Around;
pub use self::docs::Docs;
pub use self::keys::Keys;
pub use self::login::Login;
pub use self::observe::{Log, LogFormat, Otel};
pub use self::problem::{Problem, Problems};
pub use self::server::{Issuer, MetricsListener, Server};
pub use self::store::Store;
pub use self::store_url::{Location, RedisUrl};
pub use self::surfaces::Surfaces;
pub use self::tokens::{Limits, Tokens};
use crate::domain::client::Clients;
use crate::domain::user::Users;
pub use crate::store::redis::Durability;

/// What the server is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A developer's machine: sample clients, loopback only.
    Dev,
    /// Production: nothing is taken for granted that somebody has to decide.
    Serve,
}

/// All settings. Plain data; secrets do not show in `Debug`.
#[derive(Debug)]
pub struct Settings {
    pub server: Server,
    pub metrics: MetricsListener,
    pub log: Log,
    pub otel: Otel,
    pub store: Store,
    pub keys: Keys,
    pub tokens: Tokens,
    pub login: Login,
    pub limits: Limits,
    pub surfaces: Surfaces,
    pub docs: Docs,
    pub clients: Clients,
    pub users: Users,
    /// What scopes mean.
    pub scopes: BTreeMap<String, String>,
}

impl Settings {
    /// Reads all layers: the built-in ones, `file`, the variables of `environment` that begin with `ATROPOS__`, and
    /// last `overrides`, dotted keys (`store.url`) with the text that the command line gave.
    pub fn load(
        mode: Mode,
        file: Option<&Path>,
        overrides: &[(&str, String)],
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let defaults = layer::built_in(layer::DEFAULT);
        let mut merged = defaults.clone();
        if mode == Mode::Dev {
            layer::overlay(&mut merged, layer::built_in(layer::DEV));
        }
        if let Some(path) = file {
            let Some(table) = layer::file(path, &mut problems) else { return Err(problems) };
            layer::overlay(&mut merged, table);
        }
        layer::overlay(&mut merged, layer::environment(environment.into_iter(), &defaults, &mut problems));
        layer::overlay(&mut merged, layer::overrides(overrides, &defaults, &mut problems));
        let settings = Reader { merged, defaults, problems: &mut problems }.settings(mode);
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems),
        }
    }
}

/// Takes the merged layers apart, section by section.
struct Reader<'a> {
    merged: Table,
    defaults: Table,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    /// `None` only with a problem.
    fn settings(mut self, mode: Mode) -> Option<Settings> {
        let server: Option<Server> = self.section("server");
        let metrics: Option<MetricsListener> = self.section("metrics");
        let log: Option<Log> = self.section("log");
        let otel: Option<Otel> = self.section("otel");
        let store: Option<store::Section> = self.section("store");
        let keys: Option<keys::Section> = self.section("keys");
        let tokens: Option<Tokens> = self.section("tokens");
        let login: Option<Login> = self.section("login");
        let limits: Option<Limits> = self.section("limits");
        let surfaces: Option<Surfaces> = self.section("surfaces");
        let docs: Option<Docs> = self.section("docs");
        let (clients, users) = (self.merged.remove("clients"), self.merged.remove("users"));
        let scopes = self.merged.remove("scopes");
        self.refuse_unknown_sections();

        let problems = self.problems;
        let (server, metrics, log, otel, tokens) = (server?, metrics?, log?, otel?, tokens?);
        server.check(mode, problems);
        metrics.check(mode, problems);
        log.check(problems);
        otel.check(problems);
        tokens.check(problems);
        let store = store?.check(mode, problems);
        let keys = keys?.check(mode, problems);
        let login = login?;
        let around = Around { tokens: &tokens, login: &login, signs: keys.signing_algorithm };
        let clients = client::read(clients, mode, &around, problems);
        login.check(&clients, problems);
        let users = user::read(users, mode, problems);
        let scopes = scopes::read(scopes, problems);
        let (limits, surfaces, docs) = (limits?, surfaces?, docs?);
        Some(Settings {
            server,
            metrics,
            log,
            otel,
            store,
            keys,
            tokens,
            login,
            limits,
            surfaces,
            docs,
            clients,
            users,
            scopes,
        })
    }

    fn section<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let defaults = self.defaults.get(name).and_then(Value::as_table).cloned().unwrap_or_default();
        let table = if let Some(Value::Table(table)) = self.merged.remove(name) {
            table
        } else {
            self.problems.add(name, "must be a section, with keys of its own");
            defaults.clone()
        };
        section::read(name, table, &defaults, self.problems)
    }

    fn refuse_unknown_sections(&mut self) {
        for name in self.merged.keys() {
            self.problems.add(name, "is no section; config/default.toml has them all");
        }
    }
}
