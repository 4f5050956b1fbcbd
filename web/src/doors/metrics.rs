//! The figures of a node, and how they are written for Prometheus.

use std::sync::atomic::AtomicU64;

use axum::http::Method;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Limit;

/// The figures of a node.
#[derive(Debug)]
pub(crate) struct Metrics {
    written: Registry,
    requests: Family<Answered, Counter>,
    seconds: Histogram,
    refused: Family<Refused, Counter>,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    /// Clients that follow the changes.
    pub(crate) followers: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Setting {
    setting: &'static str,
}

/// A limit, by its section and key in the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounded {
    pub(crate) setting: &'static str,
    pub(crate) most: f64,
    /// How much of it is taken; none where it bounds each request or client by itself.
    pub(crate) now: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    limit: &'static str,
}

/// Upper ends of the classes of durations; the limits of a list page and of a query lie well apart in them.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0];

impl Metrics {
    pub(super) fn new() -> Self {
        let mut written = Registry::with_prefix("marketplace");
        let metrics = Self {
            requests: Family::default(),
            seconds: Histogram::new(SECONDS),
            refused: Family::default(),
            connections: Gauge::default(),
            followers: Gauge::default(),
            written: Registry::default(),
        };
        written.register("http_requests", "Requests that were answered", metrics.requests.clone());
        written.register("http_request_seconds", "Time to the start of an answer", metrics.seconds.clone());
        written.register("http_refused", "Requests and connections that a limit kept out", metrics.refused.clone());
        written.register("http_connections", "Connections that are open", metrics.connections.clone());
        written.register("http_followers", "Clients that follow the changes", metrics.followers.clone());
        Self { written, ..metrics }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: u16, ms: u64) {
        let labels = Answered { method: named(method), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        #[expect(clippy::cast_precision_loss, reason = "no request takes so many milliseconds")]
        self.seconds.observe(ms as f64 / 1_000.0);
    }

    /// Counts who was kept out.
    pub(crate) fn refused(&self, limit: Limit) {
        self.refused.get_or_create(&Refused { limit: limit.name() }).inc();
    }

    /// The figures in the OpenMetrics text format, with gauges and limits that are as they were just read.
    pub(crate) fn write(&self, read: &[(&str, &str, u64)], bounded: &[Bounded]) -> Result<String, std::fmt::Error> {
        let mut gauges = Registry::with_prefix("marketplace");
        let (limits, used) = (Family::<Setting, Gauge<f64, AtomicU64>>::default(), Family::<Setting, Gauge>::default());
        for Bounded { setting, most, now } in bounded {
            limits.get_or_create(&Setting { setting }).set(*most);
            if let Some(now) = now {
                used.get_or_create(&Setting { setting }).set(i64::try_from(*now).unwrap_or(i64::MAX));
            }
        }
        gauges.register("limit", "What a setting allows; times in seconds, and 0 of a rate for any number", limits);
        gauges.register("limit_used", "How much of it is taken", used);
        for (name, help, value) in read {
            let gauge: Gauge = Gauge::default();
            gauge.set(i64::try_from(*value).unwrap_or(i64::MAX));
            gauges.register(*name, *help, gauge);
        }
        let mut written = String::new();
        text::encode_registry(&mut written, &self.written)?;
        text::encode_registry(&mut written, &gauges)?;
        text::encode_eof(&mut written)?;
        Ok(written)
    }
}

/// Clients may invent methods; the figures know those of HTTP.
fn named(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}
