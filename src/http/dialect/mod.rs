//! APIs of others that are spoken here, each below a prefix of its own and in a file of its own: convert, call the
//! authority, render. A dialect never decides; what is odd about each, and why, stands in docs/dialects.md.

pub(super) mod anghami;
pub(super) mod infisical;
pub(super) mod kajabi;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse};

use super::error::Failure;
use super::state::State;
use crate::domain::client::Surface;

/// What has to be known of a dialect where none of its own handlers is at work.
pub(super) struct Dialect {
    pub surface: Surface,
    /// Every answer below it is given in this dialect: also to paths that are not there, methods that are not allowed, and
    /// what the framework refuses.
    pub prefix: &'static str,
    /// Status and body of a refusal. Headers that every API has in common are added to it.
    pub refuse: fn(&Failure, &HttpRequest) -> HttpResponse,
}

const ALL: [&Dialect; 3] = [&kajabi::DIALECT, &anghami::DIALECT, &infisical::DIALECT];

/// The dialects that are spoken here, by the whole of their prefixes.
pub(super) struct Dialects(Vec<(String, &'static Dialect)>);

impl Dialects {
    /// `issuer` is the path of the issuer: what is below it is below the dialects' prefixes.
    pub(super) fn new(surfaces: &BTreeSet<Surface>, issuer: &str) -> Self {
        let spoken = ALL.into_iter().filter(|dialect| surfaces.contains(&dialect.surface));
        Self(spoken.map(|dialect| (format!("{issuer}{}", dialect.prefix), dialect)).collect())
    }
}

/// The dialect that a request is to be answered in; `None`: in the words of the standards.
pub(super) fn at(request: &HttpRequest) -> Option<&'static Dialect> {
    let Dialects(spoken) = &State::of(request).dialects;
    spoken.iter().find(|(prefix, _)| request.path().starts_with(prefix)).map(|(_, dialect)| *dialect)
}
