//! What is wrong with the settings: everything, at once.

use std::fmt;

/// One sentence that names a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// As it is written in the file (`store.url`, `clients[web].scope`), or where a text cannot be read at all: the
    /// name of the file or variable.
    pub key: String,
    /// What is wrong with it and what to do, as the rest of a sentence that begins with the key. Never a secret.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.sentence)
    }
}

/// Why the server refuses to start: at least one problem, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Of several problems with one key, or with an entry of its list, the first counts: the default stands in for what
    /// could not be read, and what is wrong with that is no news.
    pub(super) fn add(&mut self, key: impl Into<String>, sentence: impl Into<String>) {
        let key = key.into();
        let told = |problem: &Problem| {
            problem.key.strip_prefix(&key).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        };
        if !self.0.iter().any(told) {
            self.0.push(Problem { key, sentence: sentence.into() });
        }
    }

    /// Adds the problem if the condition does not hold.
    pub(super) fn require(&mut self, condition: bool, key: &str, sentence: &str) {
        if !condition {
            self.add(key, sentence);
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
