//! What grows with the number of sessions and revocations, and what must not.
//!
//! - `point.rs` introspect, refresh and revoke at one number of live families; `curve.rs` at all of them, and the picture
//! - `denylist.rs` many revocations: every row again, memory and the time to start
//! - `rotation.rs` one session that goes on and on; `listed.rs` one name with many sessions; `descendants.rs` one token with
//!   many exchanged from it
mod curve;
mod denylist;
mod descendants;
mod listed;
mod point;
mod rotation;

use crate::report::{Report, Sheet};
use crate::server::Store;
use crate::stage::Plan;

/// What may not grow may differ by so much from where it began: the least that two runs some minutes apart agree on.
const BAR: f64 = 1.25;
/// The embedded store is shown up to here: it goes on as it does, and takes its time.
const EMBEDDED: usize = 100_000;

pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    curve::measure(plan, report).await;
    for (title, outcome) in [
        ("rotations", rotation::measure(plan, report).await),
        ("one name with many sessions", listed::measure(plan, report).await),
        ("one token with many descendants", descendants::measure(plan, report).await),
    ] {
        if let Err(error) = outcome {
            report.fail(Sheet::Costs, vec![title.to_owned(), Store::Redis.to_string()], &error);
        }
    }
}
