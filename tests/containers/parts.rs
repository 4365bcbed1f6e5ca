//! The files, read as their readers read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use atropos::settings::{Mode, Settings};
use serde_json::Value;
use tempfile::TempDir;
use toml::Table;

/// A file of this project.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// docker-compose.yml.
pub(crate) struct Compose(Value);

impl Compose {
    pub(crate) fn read() -> Self {
        Self(serde_saphyr::from_str(&interpolated(&text("docker-compose.yml"))).unwrap())
    }

    /// What the names of its volumes begin with.
    pub(crate) fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    pub(crate) fn service(&self, name: &str) -> &Value {
        &self.0["services"][name]
    }

    pub(crate) fn has(&self, kind: &str, name: &str) -> bool {
        self.0[kind].as_object().unwrap().contains_key(name)
    }

    /// The file behind a secret that a service has been given.
    pub(crate) fn secret(&self, service: &str, name: &str) -> &str {
        let given = texts(&self.service(service)["secrets"]);
        assert!(given.contains(&name), "{service} has no secret {name}");
        self.0["secrets"][name]["file"].as_str().unwrap()
    }

    /// What Redis is started with: names without dashes, and values.
    pub(crate) fn redis_settings(&self) -> Vec<(&str, &str)> {
        let command = texts(&self.service("redis")["command"]);
        let (program, settings) = command.split_first().unwrap();
        assert_eq!(*program, "redis-server");
        settings.chunks(2).map(|pair| (pair[0].strip_prefix("--").unwrap(), pair[1])).collect()
    }
}

pub(crate) fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// As Compose does it where no variable is set: `${NAME:-default}` is the default.
fn interpolated(text: &str) -> String {
    let mut parts = text.split("${");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (variable, rest) = part.split_once('}').unwrap();
        whole.push_str(variable.split_once(":-").unwrap().1);
        whole.push_str(rest);
    }
    whole.replace("$$", "$")
}

/// The folder that `docker/setup` makes.
pub(crate) struct Local {
    folder: TempDir,
    compose: Compose,
}

impl Local {
    pub(crate) fn make() -> Self {
        let local = Self { folder: tempfile::tempdir().unwrap(), compose: Compose::read() };
        local.set_up();
        local
    }

    /// Runs `docker/setup` and tells what it said.
    pub(crate) fn set_up(&self) -> String {
        let mut setup = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/setup"));
        let output = setup.arg(self.folder.path().join("local")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Where here is what docker-compose.yml calls so.
    pub(crate) fn path(&self, source: &str) -> PathBuf {
        self.folder.path().join(source.strip_prefix("./").unwrap())
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.path("./local/atropos.toml")
    }

    /// The variables that name the secrets where they are here, in place of where a container has them.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let settings: Table = fs::read_to_string(self.settings_file()).unwrap().parse().unwrap();
        let sections = settings.iter().filter_map(|(name, value)| Some((name, value.as_table()?)));
        let mut variables = Vec::new();
        for (section, table) in sections {
            for (key, value) in table.iter().filter(|(key, _)| key.ends_with("_file")) {
                let name = value.as_str().unwrap().strip_prefix("/run/secrets/").unwrap();
                let path = self.path(self.compose.secret("atropos", name)).display().to_string();
                variables.push((format!("ATROPOS__{section}__{key}").to_uppercase(), path));
            }
        }
        variables
    }

    /// As `serve` reads them.
    pub(crate) fn settings(&self) -> Settings {
        let file = self.settings_file();
        Settings::load(Mode::Serve, Some(&file), &[], self.variables()).unwrap_or_else(|problems| panic!("{problems}"))
    }
}
