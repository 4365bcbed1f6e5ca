//! Questions and answers, one line of JSON each.

use serde::{Deserialize, Serialize};

use crate::domain::family::Family;
use crate::domain::store::Receipt;
use crate::domain::{Cause, FamilyId, KeyId, Target};

/// What an operator wants. What holds a token says nothing in `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Family(FamilyId),
    /// The family of a token.
    FamilyOf(String),
    /// What a revocation would take.
    Extent(Target),
    Revoke(Target),
    RevokeToken(String),
    Keys,
    /// Make a new key of this kind (`mac`, or a signing algorithm); `now`: it signs at once.
    RotateKey {
        kind: String,
        now: bool,
    },
    RetireKey(KeyId),
    /// The store came back from a backup: end all that was issued before.
    Restored,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Family(Box<FamilyReport>),
    NoSuchFamily,
    /// The text is not a token of this server.
    NoToken,
    Extent(Receipt),
    Revoked(Receipt),
    Keys(Vec<KeyReport>),
    /// Why it was not done, as a sentence for the operator.
    Refused(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct FamilyReport {
    pub family: Family,
    /// Why all of it is dead although its own record does not say so.
    pub covered: Option<Cause>,
    /// Milliseconds since the Unix epoch: what the server judged it by.
    pub now: crate::domain::Timestamp,
}

/// A key as `keys list` shows it; times in RFC 3339.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyReport {
    pub id: KeyId,
    pub kind: String,
    pub status: String,
}
