//! Series whose labels are known when the server starts.

use std::collections::HashMap;
use std::hash::Hash;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// Counters by label set. Those of the known sets are fetched once: counting takes no lock, and each stands in the text
/// from the start, with a zero, so that a rate has something to start from.
#[derive(Debug)]
pub(super) struct Counters<L> {
    family: Family<L, Counter>,
    known: HashMap<L, Counter>,
}

impl<L: Clone + Eq + Hash + EncodeLabelSet> Counters<L> {
    pub(super) fn new(known: impl IntoIterator<Item = L>) -> Self {
        let family = Family::<L, Counter>::default();
        let known = known.into_iter().map(|labels| (labels.clone(), family.get_or_create_owned(&labels))).collect();
        Self { family, known }
    }

    pub(super) fn family(&self) -> Family<L, Counter> {
        self.family.clone()
    }

    pub(super) fn count(&self, labels: &L) {
        match self.known.get(labels) {
            Some(counter) => counter.inc(),
            None => self.family.get_or_create(labels).inc(),
        };
    }
}
