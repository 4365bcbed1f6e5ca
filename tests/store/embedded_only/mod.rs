//! What only the embedded store promises.

mod crash;
mod disk;
mod faults;
mod groups;
mod opening;
mod sweeping;
mod waiting;

use atropos::domain::family::Family;
use atropos::domain::store::{Commit, Committed, Store, Unavailable, Version};

use crate::suite::{KEEP, generation, nth, revocations, to};

/// Writes generation `number`, at version `number`, together with a revocation whose tag is `number`.
async fn commit(store: &dyn Store, family: &Family, number: u32) -> Result<Committed, Unavailable> {
    let (next, entries) = (generation(family, number), revocations([u64::from(number)]));
    let (expected, version) = (Version(u64::from(number) - 1), Version(u64::from(number)));
    let append = to(nth(0), &entries);
    store.commit(Commit { expected, version, family: &next, keep_for: KEEP, append }).await
}
