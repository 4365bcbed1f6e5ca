//! `[[users]]`: people who sign in here.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use toml::Value;

use super::problem::Problems;
use super::{Mode, layer, section};
use crate::domain::authenticate::InvalidPasswordHash;
use crate::domain::user::{LONGEST_NAME, User, Users, is_name};

/// One person as it is written; config/users.toml explains each key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    name: Arc<str>,
    subject: Option<Arc<str>>,
    #[serde(default)]
    password: String,
    full_name: Option<Arc<str>>,
    email: Option<Arc<str>>,
    #[serde(default = "enabled")]
    enabled: bool,
}

const fn enabled() -> bool {
    true
}

pub(super) fn read(list: Option<Value>, mode: Mode, problems: &mut Problems) -> Users {
    let entries: Vec<(String, Entry)> = section::list("users", "name", list, problems);
    let users: Vec<_> = entries.into_iter().filter_map(|(called, entry)| entry.check(&called, problems)).collect();
    refuse_doubles(&users, problems);
    if mode == Mode::Serve {
        refuse_samples(&users, problems);
    }
    Users::new(users)
}

impl Entry {
    fn check(self, user: &str, problems: &mut Problems) -> Option<User> {
        let texts = [
            (Some(&self.name), "name"),
            (self.subject.as_ref(), "subject"),
            (self.full_name.as_ref(), "full_name"),
            (self.email.as_ref(), "email"),
        ];
        for (value, key) in texts {
            let Some(value) = value else { continue };
            let key = format!("{user}.{key}");
            if value.is_empty() {
                problems.add(key, "is missing");
            } else if !is_name(value) {
                problems.add(key, format!("has more than {LONGEST_NAME} bytes, or a control character"));
            }
        }
        let refuse = |error: InvalidPasswordHash| problems.add(format!("{user}.password"), error.to_string());
        let password = self.password.parse().map_err(refuse).ok()?;
        let subject = self.subject.unwrap_or_else(|| Arc::clone(&self.name));
        let Self { name, full_name, email, enabled, .. } = self;
        Some(User { name, subject, password, full_name, email, enabled })
    }
}

fn refuse_doubles(users: &[User], problems: &mut Problems) {
    let (mut names, mut subjects) = (HashSet::new(), HashSet::new());
    for User { name, subject, .. } in users {
        if !names.insert(name) {
            problems.add(format!("users[{name}].name"), "is the name of two people");
        } else if !subjects.insert(subject) {
            problems.add(format!("users[{name}].subject"), "is another person's as well");
        }
    }
}

/// Everybody can read the passwords of config/dev.toml. Each try takes its time, so only people of those names are tried.
fn refuse_samples(users: &[User], problems: &mut Problems) {
    let samples = layer::built_in(layer::DEV);
    let samples = samples.get("users").and_then(Value::as_array).into_iter().flatten();
    for sample in samples.filter_map(|sample| sample.get("name")?.as_str()) {
        let Some(user) = users.iter().find(|user| *user.name == *sample) else { continue };
        if SAMPLE_PASSWORDS.iter().any(|password| user.password.is_of(password)) {
            let sentence = "is the password of `atropos dev`, which everybody knows; choose another";
            problems.add(format!("users[{sample}].password"), sentence);
        }
    }
}

/// As config/dev.toml tells them.
const SAMPLE_PASSWORDS: [&str; 2] = ["wonderland", "builder"];
