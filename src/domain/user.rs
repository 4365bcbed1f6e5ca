//! People who sign in here with a name and a password: a small directory, for those who have none of their own.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// More bytes than any address or name that people type.
pub const LONGEST_NAME: usize = 255;

/// Whether somebody can be called so.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.chars().any(char::is_control)
}

/// A person.
#[derive(Clone, Debug)]
pub struct User {
    /// What is typed to sign in, compared byte by byte.
    pub name: Arc<str>,
    /// Who it is in tokens (`sub`): the same for ever, also under another name.
    pub subject: Arc<str>,
    pub password: PasswordHash,
    /// What others call it, and its address: told to applications that it has let know.
    pub full_name: Option<Arc<str>>,
    pub email: Option<Arc<str>>,
    pub enabled: bool,
}

/// The Argon2id hash of a password, in PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(super) Box<str>);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// All of them, by the names they sign in with, and by who they are in tokens.
#[derive(Clone, Debug, Default)]
pub struct Users {
    by_name: HashMap<Arc<str>, User>,
    names: HashMap<Arc<str>, Arc<str>>,
}

impl Users {
    /// Of two of one name the later counts.
    pub fn new(users: impl IntoIterator<Item = User>) -> Self {
        let by_name: HashMap<_, _> = users.into_iter().map(|user| (Arc::clone(&user.name), user)).collect();
        let names = by_name.values().map(|user| (Arc::clone(&user.subject), Arc::clone(&user.name))).collect();
        Self { by_name, names }
    }

    pub fn find(&self, name: &str) -> Option<&User> {
        self.by_name.get(name)
    }

    /// By who it is in tokens.
    pub fn of(&self, subject: &str) -> Option<&User> {
        self.find(self.name_of(subject)?)
    }

    pub fn name_of(&self, subject: &str) -> Option<&str> {
        self.names.get(subject).map(|name| &**name)
    }

    /// Whether it is one of these, and may sign in no more.
    pub fn is_disabled(&self, subject: &str) -> bool {
        self.of(subject).is_some_and(|user| !user.enabled)
    }
}
