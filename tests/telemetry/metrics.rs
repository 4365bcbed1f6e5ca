//! The text of `/metrics`.

use std::time::Duration;

use atropos::domain::Shard;
use atropos::domain::client::Surface;
use atropos::telemetry::{DenylistStatus, Ending, Metrics, Outcome};
use uuid::Uuid;

/// The value of the series that begins so.
fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    let text = metrics.render();
    let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn finish(metrics: &Metrics, outcome: Outcome, took: Duration) {
    let route = metrics.route(Some(Surface::Standard), "/oauth/revoke");
    route.finish(Uuid::nil(), &Ending::new(outcome), took);
}

#[test]
fn requests_are_counted_by_surface_route_and_outcome() {
    let metrics = Metrics::new();
    finish(&metrics, Outcome::Done, Duration::ZERO);
    finish(&metrics, Outcome::Done, Duration::ZERO);
    finish(&metrics, Outcome::Unavailable, Duration::ZERO);
    metrics.route(None, "/health/ready").finish(Uuid::nil(), &Ending::new(Outcome::Fault), Duration::ZERO);
    let count = |surface: &str, route: &str, outcome: &str| {
        let labels = format!("surface=\"{surface}\",route=\"{route}\",outcome=\"{outcome}\"");
        value(&metrics, &format!("atropos_requests_total{{{labels}}}"))
    };
    assert_eq!(count("standard", "/oauth/revoke", "done"), Some(2.0));
    assert_eq!(count("standard", "/oauth/revoke", "unavailable"), Some(1.0));
    assert_eq!(count("none", "/health/ready", "fault"), Some(1.0));
    // What never happened is a zero from the start, so that an alert has something to rise from.
    assert_eq!(count("none", "/health/ready", "unavailable"), Some(0.0));
}

/// Each outcome has a counter of its own: an index that is off by one would show here.
#[test]
fn no_outcome_is_counted_as_another() {
    let every = [
        Outcome::Done,
        Outcome::InvalidRequest,
        Outcome::InvalidClient,
        Outcome::UnauthorizedClient,
        Outcome::UnsupportedGrantType,
        Outcome::InvalidScope,
        Outcome::InvalidTarget,
        Outcome::InvalidGrant,
        Outcome::InvalidToken,
        Outcome::TooMany,
        Outcome::Unavailable,
        Outcome::NotFound,
        Outcome::MethodNotAllowed,
        Outcome::TooLarge,
        Outcome::TimedOut,
        Outcome::Fault,
    ];
    for outcome in every {
        let metrics = Metrics::new();
        finish(&metrics, outcome, Duration::ZERO);
        let text = metrics.render();
        let counted: Vec<&str> =
            text.lines().filter(|line| line.starts_with("atropos_requests_total") && line.ends_with(" 1")).collect();
        assert_eq!(counted.len(), 1, "{text}");
        assert!(counted[0].contains(&format!("outcome=\"{}\"", outcome.as_str())), "{}", counted[0]);
    }
}

#[test]
fn durations_fall_into_buckets() {
    let metrics = Metrics::new();
    for micros in [0, 100, 101, 2_000, 60_000_000] {
        finish(&metrics, Outcome::Done, Duration::from_micros(micros));
    }
    let labels = "surface=\"standard\",route=\"/oauth/revoke\"";
    let bucket =
        |le: &str| value(&metrics, &format!("atropos_request_duration_seconds_bucket{{le=\"{le}\",{labels}}}"));
    // Buckets are cumulative, and a bound belongs to its own.
    assert_eq!(bucket("0.0001"), Some(2.0));
    assert_eq!(bucket("0.00025"), Some(3.0));
    assert_eq!(bucket("0.0025"), Some(4.0));
    assert_eq!(bucket("10.0"), Some(4.0));
    assert_eq!(bucket("+Inf"), Some(5.0));
    assert_eq!(value(&metrics, &format!("atropos_request_duration_seconds_count{{{labels}}}")), Some(5.0));
    let sum = value(&metrics, &format!("atropos_request_duration_seconds_sum{{{labels}}}")).unwrap();
    assert!((sum - 60.002_201).abs() < 1e-9, "{sum}");
}

/// Lag is a matter of now, so whoever knows is asked at each scrape.
#[test]
fn the_denylist_is_asked_for_at_each_scrape() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    let metrics = Metrics::new();
    assert_eq!(value(&metrics, "atropos_denylist_entries{shard=\"2\"}"), None);
    let seconds = Arc::new(AtomicU64::new(0));
    let ticking = Arc::clone(&seconds);
    metrics.follow_denylists(move || {
        let lag = Duration::from_secs(ticking.fetch_add(1, Ordering::Relaxed));
        vec![DenylistStatus { shard: Shard::new(2).unwrap(), entries: 7, lag }]
    });
    assert_eq!(value(&metrics, "atropos_denylist_lag_seconds{shard=\"2\"}"), Some(0.0));
    assert_eq!(value(&metrics, "atropos_denylist_lag_seconds{shard=\"2\"}"), Some(1.0));
    assert_eq!(value(&metrics, "atropos_denylist_entries{shard=\"2\"}"), Some(7.0));
}

#[test]
fn the_process_is_described() {
    let metrics = Metrics::new();
    let build = format!("atropos_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(value(&metrics, &build), Some(1.0));
    if cfg!(target_os = "linux") {
        // A test binary is neither smaller than a megabyte nor larger than a gigabyte.
        let resident = value(&metrics, "atropos_resident_memory_bytes").unwrap();
        assert!((1e6..1e9).contains(&resident), "{resident}");
    }
}

/// `OpenMetrics` 1.0: metadata before samples, one end, nothing after it.
#[test]
fn the_text_is_openmetrics() {
    let metrics = Metrics::new();
    finish(&metrics, Outcome::Done, Duration::ZERO);
    let text = metrics.render();
    assert!(text.ends_with("\n# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
    assert!(Metrics::CONTENT_TYPE.starts_with("application/openmetrics-text; version=1.0.0"));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, number) = line.rsplit_once(' ').unwrap();
        assert!(series.starts_with("atropos_"), "{line}");
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
}
