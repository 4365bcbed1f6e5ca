//! What operators are told: lines, events, metrics.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in a function it shares, too")]

mod audit;
mod lines;
mod metrics;
mod store;

use std::io;
use std::sync::{Arc, Mutex};

use atropos::domain::client::ClientId;
use atropos::domain::{FamilyId, Shard, Timestamp};
use atropos::settings::{Log, LogFormat};
use atropos::telemetry::subscriber;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// Collects what is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is logged meanwhile, with this filter, in this form.
fn logged(filter: &str, format: LogFormat, act: impl FnOnce()) -> String {
    let paper = Paper::default();
    let log = Log { format, filter: filter.to_owned() };
    tracing::subscriber::with_default(subscriber::to(&log, paper.clone()), act);
    paper.text()
}

/// What is logged meanwhile, each line read as JSON.
fn lines_of(filter: &str, act: impl FnOnce()) -> Vec<Value> {
    logged(filter, LogFormat::Json, act).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn family() -> FamilyId {
    FamilyId::new(Shard::new(3).unwrap(), Timestamp::from_secs(1_700_000_000), 42)
}

fn client() -> ClientId {
    ClientId::new("billing")
}
