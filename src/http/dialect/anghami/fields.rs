//! Fields of a request as Protocol Buffers map them to JSON: by their name in camelCase or as it was written, null like
//! absent, unknown ones ignored.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Refused;
use crate::domain::pkce::is_verifier;

/// One thing that is wrong with a request.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Violation {
    pub field: &'static str,
    pub description: &'static str,
}

/// Reads required fields one after another and collects what is wrong with them, in that order.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    violations: Vec<Violation>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Map<String, Value>) -> Self {
        Self { object, violations: Vec::new() }
    }

    /// A text that is not empty, by either spelling. What is returned beside a violation is never looked at.
    pub(super) fn text(&mut self, camel: &'static str, snake: &'static str) -> &'a str {
        self.find(camel, snake).unwrap_or_else(|description| {
            self.violations.push(Violation { field: camel, description });
            ""
        })
    }

    /// RFC 7636 section 4.1.
    pub(super) fn verifier(&mut self, camel: &'static str, snake: &'static str) -> &'a str {
        let known = self.violations.len();
        let text = self.text(camel, snake);
        if known == self.violations.len() && !is_verifier(text) {
            let description = "must be 43 to 128 characters of A-Z, a-z, 0-9, -, ., _ and ~";
            self.violations.push(Violation { field: camel, description });
        }
        text
    }

    pub(super) fn checked(self) -> Result<(), Refused> {
        if self.violations.is_empty() { Ok(()) } else { Err(Refused::Violations(self.violations)) }
    }

    fn find(&self, camel: &str, snake: &str) -> Result<&'a str, &'static str> {
        let by = |name: &str| self.object.get(name).filter(|value| !value.is_null());
        let value = match (by(camel), by(snake)) {
            (Some(one), Some(other)) if one != other => return Err("must not have two values"),
            (one, other) => one.or(other).ok_or("is required")?,
        };
        match value.as_str() {
            None => Err("must be a string"),
            Some("") => Err("must not be empty"),
            Some(text) => Ok(text),
        }
    }
}

#[cfg(test)]
mod fuzz;
