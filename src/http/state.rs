//! What all requests share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data};
use ipnet::IpNet;

use super::browser::Pages;
use super::dialect::Dialects;
use super::docs::Docs;
use super::metadata;
use crate::domain::authority::Authority;
use crate::domain::client::Surface;
use crate::telemetry::{Metrics, Route};

/// How the wire is to behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that serve; `None`: as many as there are processor cores.
    pub workers: Option<NonZeroUsize>,
    /// Connections that each thread holds open; more wait to be accepted.
    pub max_connections: usize,
    /// How long a connection may lie idle between two requests.
    pub keep_alive: Duration,
    /// How long the first head on a connection may take to arrive.
    pub head_timeout: Duration,
    /// How long a body may take to arrive.
    pub request_timeout: Duration,
    /// In bytes.
    pub body_limit: usize,
    /// Origins whose pages may call; `*` means all.
    pub cors_origins: Vec<String>,
    /// Who may say in `X-Forwarded-For` where a request came from.
    pub trusted_proxies: Vec<IpNet>,
    /// What is spoken besides the standard.
    pub surfaces: BTreeSet<Surface>,
    /// The organisation that clients of Infisical's API may name; `None`: any.
    pub infisical_organization: Option<String>,
    /// What scopes mean, in the operator's words.
    pub scopes: BTreeMap<String, String>,
    /// Whether `/openapi.json` and `/docs` are there.
    pub docs: bool,
    /// Whether `Host` must name the loopback interface (`dev`).
    pub loopback_only: bool,
    /// How long after readiness is denied connections are still accepted: what a load balancer needs to notice.
    pub drain_notice: Duration,
    /// How long requests in flight may then take, in whole seconds.
    pub drain_timeout: Duration,
}

/// Made once, read by every worker.
pub struct State {
    pub authority: Arc<Authority>,
    pub options: Options,
    pub metrics: Arc<Metrics>,
    /// The metadata, as it goes out.
    pub metadata: Bytes,
    /// Where requests are counted that no route takes.
    pub unrouted: Route,
    pub(super) dialects: Dialects,
    pub(super) pages: Pages,
    pub(super) docs: Option<Docs>,
    draining: AtomicBool,
}

impl State {
    pub fn new(authority: Arc<Authority>, metrics: Arc<Metrics>, options: Options) -> Self {
        let pages = Pages::new(&options.scopes, authority.login_application.as_ref());
        let scopes = pages.meanings.keys().map(String::as_str);
        Self {
            metadata: metadata::document(authority.issuer(), scopes, authority.keys.algorithm()),
            unrouted: metrics.route(None, "(none)"),
            docs: options.docs.then(|| Docs::new(authority.issuer(), &options.surfaces)),
            pages,
            dialects: Dialects::new(&options.surfaces, &super::path(authority.issuer())),
            authority,
            options,
            metrics,
            draining: AtomicBool::new(false),
        }
    }

    pub(super) fn of(request: &HttpRequest) -> &Self {
        request.app_data::<Data<Self>>().expect("every application is built with its state")
    }

    /// The document that `/openapi.json` answers; `None` if it is not there.
    pub fn openapi(&self) -> Option<&Bytes> {
        self.docs.as_ref().map(|docs| &docs.openapi)
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// From now on readiness is denied. There is no way back.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("options", &self.options).finish_non_exhaustive()
    }
}
