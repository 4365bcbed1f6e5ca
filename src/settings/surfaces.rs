//! `[surfaces]`: what is spoken besides the standard.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::domain::client::Surface;

/// `[surfaces]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surfaces {
    pub kajabi: bool,
    pub anghami: bool,
    pub infisical: bool,
}

impl Surfaces {
    pub fn enabled(&self) -> BTreeSet<Surface> {
        let Self { kajabi, anghami, infisical } = *self;
        let all = [(kajabi, Surface::Kajabi), (anghami, Surface::Anghami), (infisical, Surface::Infisical)];
        all.into_iter().filter_map(|(enabled, surface)| enabled.then_some(surface)).collect()
    }
}
