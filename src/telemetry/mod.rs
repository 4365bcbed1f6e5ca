//! What the server tells its operators: log lines, audit events, metrics, traces.
//!
//! - [`subscriber`]: where events go, and in which form: `json`. `writer`: the thread that writes.
//! - [`metrics`]: every series, by name, and the text that `/metrics` answers.
//! - [`request`]: the one line per request, and its counters.
//! - [`audit`]: what is told of each issue, refresh, reuse and revocation.
//! - [`store`]: a store whose calls are timed.
//!
//! A label is a word that stands in this source: no token, secret, subject, or string that a client sent can become one.

pub mod audit;
mod counters;
mod histogram;
mod json;
pub mod metrics;
#[cfg(feature = "otel")]
mod otlp;
mod process;
pub mod request;
pub mod store;
pub mod subscriber;
mod writer;

pub use audit::AuditLog;
pub use metrics::{DenylistStatus, Metrics};
pub use request::{Ending, Outcome, Route};
pub use store::MeasuredStore;
pub use subscriber::start;
