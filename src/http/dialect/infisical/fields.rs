//! Members of a request, checked one after another; what is wrong is collected, as the vendor's own validator tells it.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::Refused;
use crate::domain::error::Error;
use crate::domain::network::Network;

/// The largest whole number that every reader of JSON reads as it was written.
const MOST: u64 = (1 << 53) - 1;
/// Ten years, the vendor's limit.
const LONGEST: u64 = 315_360_000;
/// More than a name is, and no more than a record should carry.
const LONGEST_NAME: usize = 255;
const LONGEST_SLUG: usize = 64;

/// One thing that is wrong with a request.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Issue {
    code: &'static str,
    path: Vec<String>,
    message: String,
}

/// What is returned beside an issue is never looked at.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    issues: Vec<Issue>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Map<String, Value>) -> Self {
        Self { object, issues: Vec::new() }
    }

    pub(super) fn required(&mut self, name: &str) -> &'a str {
        if !self.object.contains_key(name) {
            self.note("invalid_type", name, "Required");
        }
        self.text(name).unwrap_or_default()
    }

    pub(super) fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.object.get(name)?;
        if value.as_str().is_none() {
            self.note("invalid_type", name, &format!("Expected string, received {}", kind(value)));
        }
        value.as_str()
    }

    pub(super) fn name(&mut self) -> Option<&'a str> {
        let name = self.text("name")?;
        if name.len() > LONGEST_NAME {
            self.note("too_big", "name", &format!("String must contain at most {LONGEST_NAME} character(s)"));
        }
        Some(name)
    }

    pub(super) fn slug(&mut self, name: &str) -> Option<&'a str> {
        let slug = self.text(name)?;
        if !(1..=LONGEST_SLUG).contains(&slug.len()) {
            self.note("too_big", name, &format!("String must contain 1 to {LONGEST_SLUG} character(s)"));
        }
        Some(slug)
    }

    pub(super) fn seconds(&mut self, name: &str) -> Option<Duration> {
        self.whole(name, LONGEST).map(Duration::from_secs)
    }

    pub(super) fn limit(&mut self, name: &str) -> Option<u64> {
        self.whole(name, MOST)
    }

    /// `[{"ipAddress": "192.0.2.0/24"}]`, at least one.
    pub(super) fn networks(&mut self, name: &str) -> Result<Option<Vec<Network>>, Error> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        let Some(list) = value.as_array() else {
            self.note("invalid_type", name, &format!("Expected array, received {}", kind(value)));
            return Ok(None);
        };
        if list.is_empty() {
            self.note("too_small", name, "Array must contain at least 1 element(s)");
        }
        let mut networks = Vec::new();
        for (place, item) in list.iter().enumerate() {
            match item.get("ipAddress").and_then(Value::as_str) {
                Some(text) => networks.push(text.trim().parse().map_err(|_| NO_NETWORK)?),
                None => self.issues.push(Issue {
                    code: "invalid_type",
                    path: vec![name.to_owned(), place.to_string(), "ipAddress".to_owned()],
                    message: "Expected string".to_owned(),
                }),
            }
        }
        Ok(Some(networks))
    }

    pub(super) fn note(&mut self, code: &'static str, name: &str, message: &str) {
        self.issues.push(Issue { code, path: vec![name.to_owned()], message: message.to_owned() });
    }

    pub(super) fn checked(self) -> Result<(), Refused> {
        if self.issues.is_empty() { Ok(()) } else { Err(Refused::Invalid(self.issues)) }
    }

    fn whole(&mut self, name: &str, most: u64) -> Option<u64> {
        let value = self.object.get(name)?;
        // Also where a whole number is written with a point.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in range")]
        let written = |number: f64| (number.fract() == 0.0 && (0.0..=9e15).contains(&number)).then_some(number as u64);
        match value.as_u64().or_else(|| value.as_f64().and_then(written)) {
            Some(number) if number <= most => return Some(number),
            Some(_) => self.note("too_big", name, &format!("Number must be less than or equal to {most}")),
            None if value.is_number() => self.note("custom", name, &format!("Expected an integer, 0 to {most}")),
            None => self.note("invalid_type", name, &format!("Expected number, received {}", kind(value))),
        }
        None
    }
}

/// The vendor's sentence.
const NO_NETWORK: Error = Error::InvalidRequest("The IP is not a valid IPv4, IPv6, or CIDR block");

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Which part of a list is asked for: `offset` and `limit` of a query.
pub(super) fn page(query: &str) -> Result<(usize, usize), Refused> {
    let mut object = Map::new();
    let mut issues = Vec::new();
    for (name, value) in
        form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "offset" || name == "limit")
    {
        // What is no number stays a text, and is refused as one.
        let number = value.parse::<u64>().map_or_else(|_| Value::from(&*value), Value::from);
        if object.insert(name.to_string(), number).is_some() {
            let message = "Expected number, received array".to_owned();
            issues.push(Issue { code: "invalid_type", path: vec![name.into_owned()], message });
        }
    }
    let mut fields = Fields { object: &object, issues };
    let offset = fields.whole("offset", 100).unwrap_or(0);
    let limit = fields.whole("limit", 100).unwrap_or(20);
    if limit == 0 {
        fields.note("too_small", "limit", "Number must be greater than or equal to 1");
    }
    fields.checked()?;
    Ok((usize::try_from(offset).unwrap_or_default(), usize::try_from(limit).unwrap_or_default()))
}

#[cfg(test)]
mod fuzz;
