//! Every series that `/metrics` shows.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::counters::Counters;
use super::histogram::Durations;
use super::request::{Outcome, Route};
use super::{process, store};
use crate::domain::audit::{Event, Notice};
use crate::domain::client::Surface;
use crate::domain::{Cause, Shard};

/// All counters, with the registry that names them.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_durations: Family<RouteLabels, Durations>,
    issued: Counters<GrantLabel>,
    revocations: Counters<RevocationLabels>,
    reuse: Counter,
    replays: Counter,
    notices: Counters<NoticeLabel>,
    healed: Counter,
    denylist: Denylists,
    store_calls: Family<store::Labels, Durations>,
    resident: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    surface: &'static str,
    route: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    surface: &'static str,
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GrantLabel {
    grant: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RevocationLabels {
    target: &'static str,
    cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NoticeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShardLabel {
    shard: u16,
}

/// How a node's copy of one shard's denylist stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenylistStatus {
    pub shard: Shard,
    pub entries: usize,
    /// Since the copy was last known to be exact.
    pub lag: Duration,
}

type StatusSource = Box<dyn Fn() -> Vec<DenylistStatus> + Send + Sync>;

#[derive(Default)]
struct Denylists {
    source: OnceLock<StatusSource>,
    entries: Family<ShardLabel, Gauge>,
    lag: Family<ShardLabel, Gauge<f64, std::sync::atomic::AtomicU64>>,
}

/// The grants and causes that exist today; a later one that is missing here is counted all the same, from its first use.
const GRANTS: [&str; 2] = ["client_credentials", "refresh_token"];
const TARGETS: [&str; 7] = ["token", "family", "subject", "client", "key", "everything", "identity"];
const CAUSES: [Cause; 5] = [Cause::Requested, Cause::Reuse, Cause::Administrator, Cause::KeyRetired, Cause::Restored];
const NOTICES: [Notice; 4] = [Notice::Delivered, Notice::Refused, Notice::Failed, Notice::GivenUp];

impl Metrics {
    pub fn new() -> Self {
        let revocations =
            TARGETS.iter().flat_map(|target| CAUSES.map(|cause| RevocationLabels { target, cause: cause.as_str() }));
        let mut metrics = Self {
            registry: Registry::with_prefix("atropos"),
            requests: Family::default(),
            request_durations: Family::default(),
            issued: Counters::new(GRANTS.map(|grant| GrantLabel { grant })),
            revocations: Counters::new(revocations),
            reuse: Counter::default(),
            replays: Counter::default(),
            notices: Counters::new(NOTICES.map(|outcome| NoticeLabel { outcome: outcome.as_str() })),
            healed: Counter::default(),
            denylist: Denylists::default(),
            store_calls: Family::default(),
            resident: Gauge::default(),
        };
        metrics.register_requests();
        metrics.register_tokens();
        metrics.register_store();
        metrics.register_process();
        metrics
    }

    /// The handle of one route. Both labels stand in the source: the pattern is the one that is mounted, never a path
    /// that was asked for.
    pub fn route(&self, surface: Option<Surface>, pattern: &'static str) -> Route {
        let surface = Route::surface_label(surface);
        Route {
            surface,
            pattern,
            requests: Outcome::ALL.map(|outcome| {
                let labels = RequestLabels { surface, route: pattern, outcome: outcome.as_str() };
                self.requests.get_or_create_owned(&labels)
            }),
            durations: self.request_durations.get_or_create_owned(&RouteLabels { surface, route: pattern }),
        }
    }

    /// Tells where to ask, at each scrape, how the copies of the denylists stand. Once; a second source is ignored.
    pub fn follow_denylists(&self, source: impl Fn() -> Vec<DenylistStatus> + Send + Sync + 'static) {
        // Nobody follows two sets of denylists in one process; if somebody does, the first is as good as the second.
        drop(self.denylist.source.set(Box::new(source)));
    }

    /// The text that `/metrics` answers: `OpenMetrics` 1.0, to be sent as [`Self::CONTENT_TYPE`].
    pub fn render(&self) -> String {
        self.denylist.refresh();
        if let Some(bytes) = process::resident_bytes() {
            self.resident.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }

    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    pub(super) fn store_call(&self, labels: &store::Labels) -> Durations {
        self.store_calls.get_or_create_owned(labels)
    }

    pub(super) fn count(&self, event: &Event) {
        match event {
            Event::Issued { grant, .. } => self.issued.count(&GrantLabel { grant }),
            Event::Refreshed { .. } => self.issued.count(&GrantLabel { grant: "refresh_token" }),
            Event::Replayed { .. } => drop(self.replays.inc()),
            Event::Redeemed { .. } => self.issued.count(&GrantLabel { grant: "authorization_code" }),
            Event::Reused { cause, .. } => {
                self.reuse.inc();
                self.count_revocation("family", *cause);
            }
            Event::Revoked { target, cause, .. } => self.count_revocation(target, *cause),
            Event::LogoutTold { outcome, .. } => self.notices.count(&NoticeLabel { outcome: outcome.as_str() }),
            Event::Healed { entries, .. } => drop(self.healed.inc_by(*entries as u64)),
        }
    }

    fn count_revocation(&self, target: &'static str, cause: Cause) {
        self.revocations.count(&RevocationLabels { target, cause: cause.as_str() });
    }
}

/// Names and help texts. `prometheus-client` adds units and `_total`.
impl Metrics {
    fn register_requests(&mut self) {
        self.registry.register("requests", "Requests answered", self.requests.clone());
        self.registry.register_with_unit(
            "request_duration",
            "From the first byte read to the answer",
            Unit::Seconds,
            self.request_durations.clone(),
        );
    }

    fn register_tokens(&mut self) {
        let registry = &mut self.registry;
        registry.register("issues", "Answers that handed out tokens", self.issued.family());
        registry.register("revocations", "Revocations, however much each took along", self.revocations.family());
        registry.register("reuse", "Spent refresh tokens and codes that came again", self.reuse.clone());
        let told = "Tries to tell an application of a logout (back-channel logout)";
        registry.register("logout_notices", told, self.notices.family());
        registry.register("refresh_replays", "Lost answers to a refresh that were given again", self.replays.clone());
    }

    fn register_store(&mut self) {
        let registry = &mut self.registry;
        registry.register_with_unit(
            "store_call_duration",
            "Calls of the store",
            Unit::Seconds,
            self.store_calls.clone(),
        );
        registry.register("denylist_entries", "Revocations that still matter", self.denylist.entries.clone());
        registry.register_with_unit(
            "denylist_lag",
            "Since this node's copy of the denylist was last known to be exact",
            Unit::Seconds,
            self.denylist.lag.clone(),
        );
        registry.register(
            "healed_entries",
            "Revocations that the store had lost and this node put back",
            self.healed.clone(),
        );
    }

    fn register_process(&mut self) {
        let registry = &mut self.registry;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "What is running", Info::new(version));
        registry.register_with_unit("resident_memory", "Memory of this process", Unit::Bytes, self.resident.clone());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}

impl Denylists {
    fn refresh(&self) {
        for status in self.source.get().into_iter().flat_map(|source| source()) {
            let label = ShardLabel { shard: status.shard.number() };
            self.entries.get_or_create(&label).set(i64::try_from(status.entries).unwrap_or(i64::MAX));
            self.lag.get_or_create(&label).set(status.lag.as_secs_f64());
        }
    }
}
