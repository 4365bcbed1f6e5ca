//! Traces, by OTLP over HTTP.

use std::fmt;

use opentelemetry::trace::{
    SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
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
pub(super) fn span(id: Uuid, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!("request", %id, otel.kind = "server");
    if let Some(parent) = traceparent.and_then(parent) {
        // It fails where no traces are sent, and then there is nothing to continue.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    span
}

/// The span of whoever called (W3C Trace Context, section 3.2). What is not written exactly so is as good as absent; the
/// library's own reader takes shorter numbers as well. Of what it says only numbers are kept, and whether it is sampled.
fn parent(traceparent: &str) -> Option<SpanContext> {
    let mut fields = traceparent.split('-');
    let mut field = |digits| fields.next().filter(|text| text.len() == digits && text.bytes().all(is_lower_hex));
    let (version, trace, span, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    // Later versions may have more fields, and mean the same by these.
    if version == "ff" || version == "00" && fields.next().is_some() {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let parent = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    parent.is_valid().then_some(parent)
}

const fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
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
