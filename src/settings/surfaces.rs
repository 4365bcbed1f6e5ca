//! `[surfaces]`: what is spoken besides the standard.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::value;
use crate::domain::client::Surface;

/// `[surfaces]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surfaces {
    pub kajabi: bool,
    pub anghami: bool,
    pub infisical: bool,
    /// The slug of the one organisation there is.
    #[serde(deserialize_with = "value::optional")]
    pub infisical_organization: Option<String>,
}

impl Surfaces {
    pub fn enabled(&self) -> BTreeSet<Surface> {
        let Self { kajabi, anghami, infisical, .. } = *self;
        let all = [(kajabi, Surface::Kajabi), (anghami, Surface::Anghami), (infisical, Surface::Infisical)];
        all.into_iter().filter_map(|(enabled, surface)| enabled.then_some(surface)).collect()
    }
}
