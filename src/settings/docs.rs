//! `[docs]`: what tells of the API.

use serde::Deserialize;

/// `[docs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    pub enabled: bool,
}
