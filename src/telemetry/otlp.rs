//! Traces, by OTLP over HTTP.

use std::fmt;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Status, TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::request::Outcome;
use crate::settings::Otel;

/// What a trace is made of. Disabled, and all but free, where none are sent: no other layer takes spans.
pub(super) fn span(id: Uuid) -> Span {
    tracing::info_span!("request", %id, otel.kind = "server")
}

/// Tells the trace of the current span what was only known when the request was answered. Nothing where none is made.
pub(super) fn describe(surface: &'static str, route: &'static str, outcome: Outcome) {
    let context = Span::current().context();
    let span = context.span();
    span.update_name(route);
    span.set_attribute(KeyValue::new("http.route", route));
    span.set_attribute(KeyValue::new("atropos.surface", surface));
    span.set_attribute(KeyValue::new("atropos.outcome", outcome.as_str()));
    if matches!(outcome, Outcome::Fault | Outcome::Unavailable) {
        span.set_status(Status::error(outcome.as_str()));
    }
}

/// Sends what is still to be sent when it is dropped, within the exporter's own time limit.
pub(super) struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traces(…)")
    }
}

/// A layer that sends every span, and no event, to the endpoint; `None` if there is none.
pub(super) fn layer<S>(otel: &Otel) -> Result<Option<(impl Layer<S> + use<S>, Traces)>, String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if otel.endpoint.is_empty() {
        return Ok(None);
    }
    let exporter =
        SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(&otel.endpoint);
    let exporter = exporter.build().map_err(|error| format!("otel.endpoint: cannot be used: {error}"))?;
    let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
    let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
    let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
    let spans = filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO);
    Ok(Some((tracing_opentelemetry::layer().with_tracer(tracer).with_filter(spans), Traces(provider))))
}
