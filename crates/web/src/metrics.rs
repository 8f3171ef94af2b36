//! What a monitor asks: the text form of `OpenMetrics` 1.0, which Prometheus reads.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use palisade_tracker::views::{BranchSummary, SourceState, SyncSource};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::error::WebError;
use crate::serve::Site;

const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

pub(crate) async fn answer(State(site): State<Site>) -> Result<Response, WebError> {
    let mut registry = Registry::with_prefix("palisade");
    let sources = site.views.sources((site.clock)()).await?.sources;
    tell_sources(&mut registry, &sources);
    tell_branches(&mut registry, &site.views.branches().await?);
    site.traffic.register(&mut registry);
    tell_memory(&mut registry, &site);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| WebError::Internal)?;
    let mut response = sorted(&text).into_response();
    let kind = HeaderValue::from_static(TYPE);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// The samples of each family in one order: the registry's is another one each time. The classes of a
/// histogram stay in theirs, from the smallest to the largest.
fn sorted(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_comment = |line: &&str| line.starts_with('#');
    let mut sorted = String::with_capacity(text.len());
    for group in lines.chunk_by(|before, line| is_comment(before) == is_comment(line)) {
        let mut group = group.to_vec();
        if !group.first().is_some_and(is_comment) {
            group.sort_by_cached_key(|line| labels(line));
        }
        for line in group {
            sorted.push_str(line);
            sorted.push('\n');
        }
    }
    sorted
}

/// By what a sample is told from others of its family, its class aside.
fn labels(line: &str) -> String {
    let labels = line
        .split_once('{')
        .and_then(|(_, rest)| Some(rest.rsplit_once('}')?.0));
    let labels = labels.unwrap_or_default();
    let class = labels.strip_prefix("le=\"");
    let rest = class.and_then(|class| class.split_once('"'));
    let rest = rest.map_or(labels, |(_, rest)| rest.trim_start_matches(','));
    rest.to_owned()
}

/// What this process keeps in memory of the database and of clients, and which version it is.
fn tell_memory(registry: &mut Registry, site: &Site) {
    let used = site.views.cache_use();
    let asked = Family::<Labels, Counter>::default();
    for (result, number) in [("hit", used.hits), ("miss", used.misses)] {
        let labels = vec![("result", result.to_owned())];
        asked.get_or_create(&labels).inc_by(number);
    }
    let help = "Times that something of the database was looked for in memory";
    registry.register("cache_requests", help, asked);
    if let Some(limiter) = &site.live.current().limiter {
        let clients = Gauge::<i64>::default();
        clients.set(i64::try_from(limiter.clients()).unwrap_or(i64::MAX));
        let help = "Clients whose requests are counted";
        registry.register("limited_clients", help, clients);
    }
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    let help = "The version that runs";
    family(
        registry,
        "build_info",
        help,
        None,
        std::iter::once((version, 1)),
    );
}

fn family(
    registry: &mut Registry,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    values: impl Iterator<Item = (Labels, i64)>,
) {
    let family = Family::<Labels, Gauge>::default();
    for (labels, value) in values {
        family.get_or_create(&labels).set(value);
    }
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, family),
        None => registry.register(name, help, family),
    }
}

fn tell_sources(registry: &mut Registry, sources: &[SyncSource]) {
    let configured = || {
        let is_configured = |it: &&SyncSource| it.state != SourceState::NotConfigured;
        sources.iter().filter(is_configured)
    };
    let label = |source: &SyncSource| vec![("source", source.name.clone())];
    let times = |of: fn(&SyncSource) -> Option<Timestamp>| {
        configured().filter_map(move |it| Some((label(it), of(it)?.as_second())))
    };
    let seconds = || Some(Unit::Seconds);
    let help = "When all of a source was last had";
    let had = times(|source| source.succeeded_at);
    family(
        registry,
        "source_last_success_timestamp",
        help,
        seconds(),
        had,
    );
    let help = "When a source was last asked";
    let asked = times(|source| source.attempted_at);
    family(
        registry,
        "source_last_attempt_timestamp",
        help,
        seconds(),
        asked,
    );
    let help = "The time from one run of a source to the next";
    let every = configured().filter_map(|it| Some((label(it), it.every_seconds?)));
    family(registry, "source_interval", help, seconds(), every);
    let help = "Runs of a source that failed since the last that did not";
    let failures = configured().map(|it| (label(it), it.failures));
    family(registry, "source_failures", help, None, failures);
    let help = "Whether a source was not had for three times its interval";
    let late = configured().map(|it| (label(it), i64::from(it.late)));
    family(registry, "source_late", help, None, late);
    let sum = |of: fn(&palisade_tracker::views::SyncPart) -> Option<i64>| {
        configured().map(move |it| (label(it), it.parts.iter().filter_map(of).sum()))
    };
    let help = "Records that a source's documents last held";
    family(
        registry,
        "source_records",
        help,
        None,
        sum(|part| part.records),
    );
    let help = "Records of a source that were passed over or mended";
    family(
        registry,
        "source_rejected_records",
        help,
        None,
        sum(|part| part.rejected),
    );
}

fn tell_branches(registry: &mut Registry, branches: &[BranchSummary]) {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let findings = branches.iter().flat_map(|it| {
        let states = [
            ("affected", it.counts.affected),
            ("under_investigation", it.counts.under_investigation),
        ];
        states.map(|(state, number)| {
            let branch = ("branch", it.branch.to_string());
            (vec![branch, ("status", state.to_owned())], count(number))
        })
    });
    family(
        registry,
        "findings",
        "Open findings of a branch",
        None,
        findings,
    );
    let packages = branches
        .iter()
        .map(|it| (vec![("branch", it.branch.to_string())], it.packages));
    family(registry, "packages", "Packages of a branch", None, packages);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_a_histogram_stay_in_their_order() {
        let text = "# TYPE h histogram\nh_sum{r=\"b\"} 1\nh_bucket{le=\"0.5\",r=\"b\"} 1\n\
                    h_bucket{le=\"+Inf\",r=\"b\"} 1\nh_sum{r=\"a\"} 2\n\
                    h_bucket{le=\"0.5\",r=\"a\"} 1\nh_bucket{le=\"+Inf\",r=\"a\"} 2\n";
        assert_eq!(
            sorted(text),
            "# TYPE h histogram\nh_sum{r=\"a\"} 2\nh_bucket{le=\"0.5\",r=\"a\"} 1\n\
             h_bucket{le=\"+Inf\",r=\"a\"} 2\nh_sum{r=\"b\"} 1\n\
             h_bucket{le=\"0.5\",r=\"b\"} 1\nh_bucket{le=\"+Inf\",r=\"b\"} 1\n"
        );
    }

    #[test]
    fn samples_are_in_order_below_their_heads() {
        let text =
            "# HELP b B\n# TYPE b gauge\nb{x=\"2\"} 1\nb{x=\"1\"} 2\n# HELP a A\na 1\n# EOF\n";
        assert_eq!(
            sorted(text),
            "# HELP b B\n# TYPE b gauge\nb{x=\"1\"} 2\nb{x=\"2\"} 1\n# HELP a A\na 1\n# EOF\n"
        );
    }
}
