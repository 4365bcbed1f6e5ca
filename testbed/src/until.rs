//! Waiting for what has no event to wait for.

use std::time::Duration;

/// How long anything here may take before it counts as failed: far above what is ever needed, for a machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// What lies between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `condition` again and again until it says yes. `what` names what is awaited, for the panic at the deadline
/// (60 seconds).
///
/// For conditions that only asking can tell, such as what other nodes have heard by gossip. What tells itself (a line,
/// an exit, an answer) is waited for directly.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !condition().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, asking).await.is_ok(), "waited {DEADLINE:?} in vain until {what}");
}
