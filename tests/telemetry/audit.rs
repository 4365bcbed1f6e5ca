//! Audit events, each a line and a count.

use std::sync::Arc;

use atropos::domain::Cause;
use atropos::domain::audit::{Audit as _, Event};
use atropos::domain::client::Surface;
use atropos::domain::store::Receipt;
use atropos::telemetry::{AuditLog, Metrics, request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{client, family, lines_of};

const RECEIPT: Receipt = Receipt { families: 1, refresh_tokens: 2, access_tokens: 3 };

/// The fields of the event's line that are not the same for all, and the metrics after it.
fn told(event: &Event) -> (Value, String) {
    let metrics = Arc::new(Metrics::new());
    let audit = AuditLog::new(Arc::clone(&metrics));
    let mut lines = lines_of("info", || audit.record(event));
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = lines[0].as_object_mut().unwrap();
    assert_eq!(line.remove("target"), Some(json!("audit")));
    for common in ["timestamp", "message"] {
        assert!(line.remove(common).is_some());
    }
    (lines.remove(0), metrics.render())
}

fn assert_counted(text: &str, series: &str) {
    assert!(text.lines().any(|line| line == series), "{series} is not in\n{text}");
}

#[test]
fn an_issue_is_told() {
    let event =
        Event::Issued { family: family(), client: client(), surface: Surface::Kajabi, grant: "client_credentials" };
    let (line, metrics) = told(&event);
    let expected = json!({
        "level": "INFO", "event": "issued", "family": family().to_string(), "client": "billing",
        "surface": "kajabi", "grant": "client_credentials",
    });
    assert_eq!(line, expected);
    assert_counted(&metrics, "atropos_issues_total{grant=\"client_credentials\"} 1");
    assert_counted(&metrics, "atropos_issues_total{grant=\"refresh_token\"} 0");
}

#[test]
fn a_refresh_is_told() {
    let (line, metrics) = told(&Event::Refreshed { family: family(), client: client(), serial: 4 });
    let expected = json!({
        "level": "INFO", "event": "refreshed", "family": family().to_string(), "client": "billing", "serial": 4,
    });
    assert_eq!(line, expected);
    assert_counted(&metrics, "atropos_issues_total{grant=\"refresh_token\"} 1");
}

#[test]
fn the_exchange_of_a_code_is_told() {
    let (line, metrics) = told(&Event::Redeemed { family: family(), client: client() });
    assert_eq!((&line["event"], &line["client"]), (&json!("redeemed"), &json!("billing")));
    assert_counted(&metrics, "atropos_issues_total{grant=\"authorization_code\"} 1");
}

#[test]
fn a_replay_is_told() {
    let (line, metrics) = told(&Event::Replayed { family: family(), client: client(), serial: 4 });
    assert_eq!(line["event"], "replayed");
    assert_counted(&metrics, "atropos_refresh_replays_total 1");
    assert_counted(&metrics, "atropos_issues_total{grant=\"refresh_token\"} 0");
}

/// S32: reuse is a revocation like any other, and the one that somebody should look at.
#[test]
fn reuse_is_told_with_what_it_took() {
    let event =
        Event::Reused { family: family(), client: client(), serial: 4, cause: Cause::CodeReuse, receipt: RECEIPT };
    let (line, metrics) = told(&event);
    let expected = json!({
        "level": "WARN", "event": "reused", "family": family().to_string(), "client": "billing", "serial": 4,
        "cause": "code_reuse", "families": 1, "refresh_tokens": 2, "access_tokens": 3,
    });
    assert_eq!(line, expected);
    assert_counted(&metrics, "atropos_reuse_total 1");
    assert_counted(&metrics, "atropos_revocations_total{target=\"family\",cause=\"code_reuse\"} 1");
}

#[test]
fn a_revocation_is_told_with_cause_and_receipt() {
    let event = Event::Revoked {
        target: "token",
        family: Some(family()),
        client: Some(client()),
        cause: Cause::Requested,
        receipt: RECEIPT,
    };
    let (line, metrics) = told(&event);
    let expected = json!({
        "level": "INFO", "event": "revoked", "reach": "token", "family": family().to_string(), "client": "billing",
        "cause": "requested", "families": 1, "refresh_tokens": 2, "access_tokens": 3,
    });
    assert_eq!(line, expected);
    assert_counted(&metrics, "atropos_revocations_total{target=\"token\",cause=\"requested\"} 1");
    assert_counted(&metrics, "atropos_reuse_total 0");
}

#[test]
fn a_wide_revocation_names_no_family() {
    let cause = Cause::Administrator;
    let event = Event::Revoked { target: "everything", family: None, client: None, cause, receipt: Receipt::default() };
    let (line, metrics) = told(&event);
    assert_eq!(line.get("family"), None);
    assert_eq!(line.get("client"), None);
    assert_counted(&metrics, "atropos_revocations_total{target=\"everything\",cause=\"administrator\"} 1");
}

#[test]
fn healing_is_told() {
    let (line, metrics) = told(&Event::Healed { shard: 5, entries: 2 });
    assert_eq!(line, json!({ "level": "WARN", "event": "healed", "shard": 5, "entries": 2 }));
    assert_counted(&metrics, "atropos_healed_entries_total 2");
}

/// The domain knows of no requests; its events name theirs all the same.
#[tokio::test]
async fn an_event_names_its_request() {
    let id = Uuid::from_u128(7);
    let event = Event::Replayed { family: family(), client: client(), serial: 4 };
    let (line, _) = request::within(id, None, async { told(&event) }).await;
    assert_eq!(line["request"], id.to_string());
    assert_eq!(told(&event).0.get("request"), None);
}
