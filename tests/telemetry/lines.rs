//! The line of each request, and which lines are written at all.

use std::time::{Duration, UNIX_EPOCH};

use atropos::domain::Timestamp;
use atropos::domain::client::Surface;
use atropos::domain::clock::{Clock as _, SystemClock};
use atropos::domain::error::{ClientFault, Error, GrantFault};
use atropos::domain::store::Unavailable;
use atropos::settings::{Log, LogFormat, Otel};
use atropos::telemetry::{self, Ending, Metrics, Outcome};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{client, lines_of, logged};

const TOKEN: &str = "/oauth/token";

fn finish(ending: &Ending) {
    let route = Metrics::new().route(Some(Surface::Standard), TOKEN);
    route.finish(Uuid::from_u128(7), ending, Duration::from_micros(1234));
}

/// All of a line but the time.
fn line_of(ending: &Ending) -> Value {
    let mut lines = lines_of("info", || finish(ending));
    assert_eq!(lines.len(), 1, "{lines:?}");
    let mut line = lines.remove(0);
    assert!(line.as_object_mut().unwrap().remove("timestamp").is_some());
    line
}

#[test]
fn a_request_is_one_structured_line() {
    let ending = Ending::from(&Error::InvalidGrant(GrantFault::Idle)).by(client());
    let line = json!({
        "level": "INFO",
        "target": "request",
        "message": "answered",
        "id": "00000000-0000-0000-0000-000000000007",
        "surface": "standard",
        "route": "/oauth/token",
        "client": "billing",
        "outcome": "invalid_grant",
        "cause": "idle",
        "milliseconds": 1.234,
    });
    assert_eq!(line_of(&ending), line);
}

#[test]
fn what_is_not_known_is_not_told() {
    let line = line_of(&Ending::new(Outcome::Done));
    let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "level", "message", "milliseconds", "outcome", "route", "surface", "target"]);
}

#[rstest]
#[case(Error::InvalidRequest("the token is missing"), "invalid_request", Some("the token is missing"))]
#[case(Error::InvalidClient(ClientFault::WrongSecret), "invalid_client", Some("wrong_secret"))]
#[case(Error::UnauthorizedClient, "unauthorized_client", None)]
#[case(Error::UnsupportedGrantType, "unsupported_grant_type", None)]
#[case(Error::InvalidScope, "invalid_scope", None)]
#[case(Error::InvalidTarget, "invalid_target", None)]
#[case(Error::InvalidGrant(GrantFault::Reused), "invalid_grant", Some("reused"))]
#[case(Error::TooMany { limit: 1, retry_after: Duration::from_secs(1) }, "too_many", None)]
#[case(Error::Unavailable(Unavailable("time-out".into())), "unavailable", Some("time-out"))]
fn the_reason_stands_in_the_log(#[case] error: Error, #[case] outcome: &str, #[case] cause: Option<&str>) {
    let line = line_of(&Ending::from(&error));
    assert_eq!(line["outcome"], outcome);
    assert_eq!(line.get("cause").and_then(Value::as_str), cause);
}

#[rstest]
#[case::usual("info", &["audit", "request", "other"])]
#[case::quiet("warn", &["audit", "request"])]
#[case::nothing_else("off", &["audit", "request"])]
#[case::no_requests("info,request=off", &["audit", "other"])]
#[case::no_audit("info,audit=off", &["request", "other"])]
#[case::one_target("other=info", &["audit", "request", "other"])]
fn audit_and_requests_are_told_unless_they_are_named(#[case] filter: &str, #[case] told: &[&str]) {
    let lines = lines_of(filter, || {
        tracing::info!(target: "audit", "a");
        tracing::info!(target: "request", "b");
        tracing::info!(target: "other", "c");
    });
    let targets: Vec<&str> = lines.iter().map(|line| line["target"].as_str().unwrap()).collect();
    assert_eq!(targets, told);
}

#[test]
fn text_is_for_people() {
    let text = logged("info", LogFormat::Text, || finish(&Ending::new(Outcome::Done)));
    assert!(text.contains("INFO request: answered id=00000000-0000-0000-0000-000000000007"), "{text}");
    assert!(text.contains(" milliseconds=1.234\n"), "{text}");
    // Where there is no terminal, lines are for machines, unless somebody says otherwise.
    assert!(logged("info", LogFormat::Auto, || finish(&Ending::new(Outcome::Done))).starts_with('{'));
}

/// One process, one subscriber: the first stays.
#[test]
fn a_process_is_told_of_once() {
    let log = Log { format: LogFormat::Json, filter: "off,audit=off,request=off".into() };
    let otel = Otel { endpoint: String::new() };
    let first = telemetry::start(&log, &otel).unwrap();
    assert!(telemetry::start(&log, &otel).is_err());
    drop(first);
}

/// Whatever can be wrong with settings made by hand: traces that go nowhere are not silently dropped.
#[cfg(not(feature = "otel"))]
#[test]
fn an_endpoint_without_the_feature_is_refused() {
    let log = Log { format: LogFormat::Json, filter: "off,audit=off,request=off".into() };
    let otel = Otel { endpoint: "http://127.0.0.1:4318/v1/traces".into() };
    let error = telemetry::start(&log, &otel).unwrap_err().to_string();
    assert_eq!(error, "otel.endpoint: is set, but this program was built without the feature `otel`");
}

#[test]
fn whatever_a_value_holds_a_line_is_one_line_of_json() {
    let wild = "a \"quoted\"\\\n\r\t\u{1b}[31m\u{7f}ü\u{2028}";
    let error = Unavailable(wild.to_owned());
    let mut lines = lines_of("info", || {
        tracing::warn!(
            target: "other",
            text = wild,
            shown = %wild,
            debugged = ?Some(1),
            error = &error as &dyn std::error::Error,
            yes = true,
            less = -3,
            more = u64::MAX,
            not = f64::NAN,
            absent = None::<&str>,
            "{wild}"
        );
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    let mut line = lines.remove(0);
    line.as_object_mut().unwrap().remove("timestamp");
    let expected = json!({
        "level": "WARN",
        "target": "other",
        "message": wild,
        "text": wild,
        "shown": wild,
        "debugged": "Some(1)",
        "error": error.to_string(),
        "yes": true,
        "less": -3,
        "more": u64::MAX,
        "not": null,
    });
    assert_eq!(line, expected);
}

#[test]
fn a_line_says_when_it_was_written() {
    let line = lines_of("info", || tracing::info!(target: "other", "now")).remove(0);
    let written = humantime::parse_rfc3339(line["timestamp"].as_str().unwrap()).unwrap();
    let millis = written.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let age = SystemClock::default().now().since(Timestamp::from_millis(u64::try_from(millis).unwrap()));
    assert!(age < Duration::from_mins(1), "{age:?}");
}

/// Libraries that log by the `log` crate are told like any other.
#[test]
fn what_comes_from_the_log_crate_has_its_own_target_and_level() {
    use tracing_log::log::{Level, Record};

    let lines = lines_of("info", || {
        let record = |target, level| {
            let record = Record::builder().args(format_args!("handshake")).target(target).level(level).build();
            tracing_log::format_trace(&record).unwrap();
        };
        record("rustls", Level::Warn);
        record("rustls", Level::Debug);
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!([&lines[0]["target"], &lines[0]["level"], &lines[0]["message"]], ["rustls", "WARN", "handshake"]);
}

/// Something that is logged may log while it is being written down.
#[test]
fn a_value_that_logs_is_no_trouble() {
    struct Talkative;

    impl std::fmt::Display for Talkative {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            tracing::info!(target: "other", "inner");
            f.write_str("shown")
        }
    }

    let lines = lines_of("info", || tracing::info!(target: "other", value = %Talkative, "outer"));
    let told: Vec<_> = lines.iter().map(|line| (line["message"].clone(), line["value"].clone())).collect();
    assert!(told.contains(&(json!("outer"), json!("shown"))), "{told:?}");
}
