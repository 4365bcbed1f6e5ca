//! Scopes (RFC 6749 section 3.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope tokens, kept sorted and separated by single spaces: one set has one spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

/// A character that RFC 6749 section 3.3 does not allow in a scope token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope token may have printable ASCII characters only, without space, quotation mark and backslash")]
pub struct InvalidScope;

impl Scope {
    /// Order and repetition do not matter, case does. Nothing but spaces is the empty scope.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let allowed = |b: u8| matches!(b, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(InvalidScope);
        }
        let mut tokens: Vec<&str> = text.split(' ').filter(|token| !token.is_empty()).collect();
        tokens.sort_unstable();
        tokens.dedup();
        Ok(Self(tokens.join(" ")))
    }

    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    pub fn contains(&self, token: &str) -> bool {
        self.tokens().any(|held| held == token)
    }

    pub fn is_within(&self, wider: &Self) -> bool {
        self.tokens().all(|token| wider.contains(token))
    }

    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.only(|token| other.contains(token))
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut tokens: Vec<&str> = self.tokens().chain(other.tokens()).collect();
        tokens.sort_unstable();
        tokens.dedup();
        Self(tokens.join(" "))
    }

    /// The tokens of which this is true.
    #[must_use]
    pub fn only(&self, is_kept: impl Fn(&str) -> bool) -> Self {
        Self(self.tokens().filter(|token| is_kept(token)).collect::<Vec<_>>().join(" "))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}
