//! What is asked of the server, in numbers: requests by route and status, how long they took, how many
//! are under way. A route is its pattern, never its address, so that there are few of them.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

type Labels = Vec<(&'static str, String)>;
type Durations = Family<Labels, Histogram, fn() -> Histogram>;

/// Ends of the classes of durations, in seconds.
const CLASSES: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0,
];

/// Methods that are told apart: anybody may make one up.
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "OPTIONS"];

/// The counts since the server began.
#[derive(Clone)]
pub(crate) struct Traffic {
    requests: Family<Labels, Counter>,
    durations: Durations,
    bytes: Counter,
    under_way: Gauge,
    limited: Family<Labels, Counter>,
    connections: Gauge,
    refused: Counter,
}

impl Default for Traffic {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(CLASSES);
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            bytes: Counter::default(),
            under_way: Gauge::default(),
            limited: Family::default(),
            connections: Gauge::default(),
            refused: Counter::default(),
        }
    }
}

/// A request or a connection while it lasts.
pub(crate) struct UnderWay(Gauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Traffic {
    pub(crate) fn begin(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }

    pub(crate) fn connect(&self) -> UnderWay {
        self.connections.inc();
        UnderWay(self.connections.clone())
    }

    /// A connection that was closed at once, since its client has too many.
    pub(crate) fn refuse(&self) {
        self.refused.inc();
    }

    /// A request that was not answered, since its client asks too much.
    pub(crate) fn limited(&self, route: &str) {
        let labels = vec![("route", route.to_owned())];
        self.limited.get_or_create(&labels).inc();
    }

    /// A request that has come to its end.
    pub(crate) fn end(&self, route: &str, method: &str, status: u16, took: Duration, bytes: u64) {
        let known = METHODS.iter().find(|known| **known == method);
        let labels = vec![
            ("method", known.map_or("other", |known| known).to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
        let labels = vec![("route", route.to_owned())];
        let seconds = took.as_secs_f64();
        self.durations.get_or_create(&labels).observe(seconds);
        self.bytes.inc_by(bytes);
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "Requests that came to their end";
        registry.register("http_requests", help, self.requests.clone());
        let help = "The time from a request to the end of its answer";
        let durations = self.durations.clone();
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations);
        let help = "Bytes of answers, as they were sent";
        let bytes = self.bytes.clone();
        registry.register_with_unit("http_response", help, Unit::Bytes, bytes);
        let help = "Requests that are under way";
        registry.register("http_requests_under_way", help, self.under_way.clone());
        let help = "Requests that were not answered, since their client asked too much";
        registry.register("http_requests_limited", help, self.limited.clone());
        let help = "Connections that are open";
        registry.register("http_connections", help, self.connections.clone());
        let help = "Connections that were closed at once, since their client had too many";
        registry.register("http_connections_refused", help, self.refused.clone());
    }
}
