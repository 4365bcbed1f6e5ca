//! Where events go, and in which form.

use std::io::{IsTerminal as _, stderr};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Directive;
#[cfg(feature = "otel")]
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use super::json::JsonLines;
use super::writer::{self, Writing};
use crate::settings::{Log, LogFormat, Otel};

/// Events that are written at any level, unless the filter names them: who turns the rest down does not mean these.
const ALWAYS: [&str; 2] = ["audit", "request"];

/// Why nothing can be told; one plain sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

/// Sends and writes what is still to be sent or written when it is dropped: the program keeps it until it ends.
#[must_use = "traces and lines that wait are lost without it"]
#[derive(Debug)]
pub struct Telling {
    // First: their end may have to be told of.
    #[cfg(feature = "otel")]
    _traces: Option<super::otlp::Traces>,
    _lines: Writing,
}

/// Sets the subscriber of this process: log lines to the standard error output, traces to the collector if there is one.
/// Once; the second call is refused.
pub fn start(log: &Log, otel: &Otel) -> Result<Telling, StartError> {
    let (queue, writing) =
        writer::begin(stderr).map_err(|error| StartError(format!("no thread can be started for the log: {error}")))?;
    let lines = lines(log, queue, stderr().is_terminal());
    #[cfg(feature = "otel")]
    {
        let (traces, telling) = super::otlp::layer(otel).map_err(StartError)?.unzip();
        // Each layer takes its own: how much is logged has nothing to do with what is traced.
        let log = filter(&log.filter).and(filter_fn(|metadata| !metadata.is_span()));
        install(tracing_subscriber::registry().with(traces).with(lines.with_filter(log)))?;
        Ok(Telling { _traces: telling, _lines: writing })
    }
    #[cfg(not(feature = "otel"))]
    {
        // Settings have refused an endpoint; whoever made these by hand hears it here.
        if !otel.endpoint.is_empty() {
            return Err(StartError(
                "otel.endpoint: is set, but this program was built without the feature `otel`".into(),
            ));
        }
        install(tracing_subscriber::registry().with(filter(&log.filter)).with(lines))?;
        Ok(Telling { _lines: writing })
    }
}

/// The same, without traces, to any writer and for whoever asks for it: what tests listen to.
pub fn to<W>(log: &Log, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry().with(filter(&log.filter)).with(lines(log, writer, false))
}

fn install(subscriber: impl Subscriber + Send + Sync) -> Result<(), StartError> {
    subscriber.try_init().map_err(|_| StartError("something else in this process receives log lines already".into()))
}

fn filter(text: &str) -> EnvFilter {
    let named = |target: &str| text.split(',').any(|part| part.trim().split(['=', '[']).next() == Some(target));
    let directive = |target: &&str| format!("{target}=info").parse::<Directive>().expect("a target and a level");
    let base = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(text);
    ALWAYS.iter().filter(|target| !named(target)).map(directive).fold(base, EnvFilter::add_directive)
}

/// One line per event.
fn lines<S, W>(log: &Log, writer: W, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    match (log.format, terminal) {
        (LogFormat::Text, _) | (LogFormat::Auto, true) => {
            tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(terminal).boxed()
        }
        (LogFormat::Json, _) | (LogFormat::Auto, false) => JsonLines::new(writer).boxed(),
    }
}
