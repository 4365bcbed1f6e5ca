//! Lines for machines: a JSON object for each event, its fields beside what is known of every event.
//!
//! Each request has a line, so lines are made without anything in between: `tracing-subscriber` makes strings of some
//! fields first, and sends every piece through an adaptor that checks it anew.

use std::cell::Cell;
use std::fmt::{self, Debug};
use std::io::Write as _;
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

/// Writes each event as a line, in one piece.
pub(super) struct JsonLines<W> {
    writer: W,
}

impl<W> JsonLines<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local! {
            static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
        }
        // Taken, not borrowed: what is written down may itself log something.
        let mut line = LINE.take();
        line.clear();
        put(&mut line, event);
        // There is nobody to tell that nobody can be told anything.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(&line);
        LINE.set(line);
    }
}

#[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
fn put(line: &mut Vec<u8>, event: &Event<'_>) {
    // What comes from the `log` crate has its target and level among its fields.
    let normalized = event.normalized_metadata();
    let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
    let now = humantime::format_rfc3339_micros(SystemTime::now());
    write!(line, r#"{{"timestamp":"{now}","level":"{}""#, metadata.level()).expect("memory does not refuse a write");
    event.record(&mut Fields(line));
    Fields(line).put("target", metadata.target());
    line.extend_from_slice(b"}\n");
}

/// Appends members to an object that has some already.
struct Fields<'a>(&'a mut Vec<u8>);

impl Fields<'_> {
    fn name(&mut self, name: &str) {
        self.0.push(b',');
        to_json(self.0, name);
        self.0.push(b':');
    }

    fn put(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        self.name(name);
        to_json(self.0, value);
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), &Shown(value));
    }
}

/// What shows itself, as a string, without being one in between.
struct Shown<'a>(&'a dyn Debug);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn to_json(line: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(line, value).expect("memory does not refuse a write");
}
