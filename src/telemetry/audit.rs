//! Audit events as structured log lines, and their counters.

use std::sync::Arc;

use tracing::field::display;

use super::metrics::Metrics;
use super::request;
use crate::domain::audit::{Audit, Event, Notice};
use crate::domain::client::ClientId;
use crate::domain::store::Receipt;

/// Writes each event as one line under the target `audit`.
#[derive(Clone, Debug)]
pub struct AuditLog {
    metrics: Arc<Metrics>,
}

impl AuditLog {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }
}

impl Audit for AuditLog {
    fn record(&self, event: &Event) {
        self.metrics.count(event);
        write(event);
    }
}

fn write(event: &Event) {
    let request = request::current().map(display);
    match event {
        Event::Issued { family, client, surface, grant } => {
            let surface = surface.as_str();
            tracing::info!(
                target: "audit", event = "issued", request, %family, %client, surface, grant, "issued"
            );
        }
        Event::Redeemed { family, client } => {
            tracing::info!(target: "audit", event = "redeemed", request, %family, %client, "a code exchanged for tokens");
        }
        Event::Refreshed { family, client, serial } => {
            tracing::info!(
                target: "audit", event = "refreshed", request, %family, %client, serial, "tokens refreshed"
            );
        }
        Event::Replayed { family, client, serial } => {
            tracing::info!(
                target: "audit", event = "replayed", request, %family, %client, serial, "a lost answer given again"
            );
        }
        Event::Reused { family, client, serial, cause, receipt } => {
            let Receipt { families, refresh_tokens, access_tokens } = receipt;
            let cause = cause.as_str();
            tracing::warn!(
                target: "audit", event = "reused", request, %family, %client, serial, cause, families, refresh_tokens,
                access_tokens, "what had been spent came again; its family was ended"
            );
        }
        Event::Revoked { target, family, client, cause, receipt } => {
            let Receipt { families, refresh_tokens, access_tokens } = receipt;
            let family = family.map(display);
            let (client, cause) = (client.as_ref().map(ClientId::as_str), cause.as_str());
            tracing::info!(
                target: "audit", event = "revoked", request, reach = target, family, client, cause, families,
                refresh_tokens, access_tokens, "revoked"
            );
        }
        Event::LogoutTold { session, client, outcome: outcome @ (Notice::Delivered | Notice::Failed) } => {
            let outcome = outcome.as_str();
            tracing::info!(
                target: "audit", event = "logout_told", %session, %client, outcome, "an application told of a logout"
            );
        }
        Event::LogoutTold { session, client, outcome } => {
            let outcome = outcome.as_str();
            tracing::warn!(
                target: "audit", event = "logout_told", %session, %client, outcome,
                "an application does not know of a logout, and is not told again"
            );
        }
        Event::Healed { shard, entries } => {
            tracing::warn!(
                target: "audit", event = "healed", request, shard, entries,
                "the store had lost revocations; they were put back"
            );
        }
    }
}
