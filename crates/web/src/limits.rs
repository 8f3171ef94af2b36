//! How much a client may ask: each has units that come back with time, and routes cost more or fewer.
//!
//! A client is an IPv4 address or an IPv6 network of 64 bits, as a household or a host has one. The
//! memory for clients is bounded: when there are too many at once, whole networks count as one.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use crate::client::Client;
use crate::conduct::Limits;
use crate::error::WebError;
use crate::format::{Format, format_of};
use crate::respond::{self, error_response};
use crate::serve::Site;

/// Clients that are told apart at the same time: about 10 MB.
const CLIENTS: usize = 100_000;

/// After so many requests it is looked how many clients there are.
const LOOK: u32 = 4096;

/// Bits of a network that counts as one client, and when there are too many of them.
const FINE: (u8, u8) = (32, 64);
const COARSE: (u8, u8) = (16, 32);

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cost {
    Nothing,
    Page,
    Search,
    Comparison,
}

/// Patterns of routes that cost something else than a page; one that ends in `/` stands for all
/// that begin so.
const COSTS: &[(&str, Cost)] = &[
    ("/healthz", Cost::Nothing),
    ("/static/", Cost::Nothing),
    ("/search", Cost::Search),
    // Whoever guesses tokens does not guess many.
    ("/sign-in", Cost::Search),
    ("/statistics", Cost::Search),
    ("/report/", Cost::Search),
    ("/v1/querybatch", Cost::Comparison),
    ("/v1/query", Cost::Search),
    ("/compare", Cost::Comparison),
    ("/compare/", Cost::Comparison),
    ("/compare-by-datetime", Cost::Comparison),
    ("/comparison", Cost::Search),
    (
        "/branch/{distribution}/{branch}/affected-by/{package}",
        Cost::Search,
    ),
    ("/branch/{distribution}/{branch}/grafts", Cost::Search),
    ("/revision/{commit}/packages", Cost::Comparison),
    ("/revision/{commit}/package-origins", Cost::Comparison),
    (
        "/repository/{id}/branch/{branch}/latest-processed-revision/packages",
        Cost::Comparison,
    ),
    (
        "/repository/{id}/branch/{branch}/latest-processed-revision/package-origins",
        Cost::Comparison,
    ),
    // Of secfixes-tracker, which calls so what is a repository there.
    ("/branch/{distribution}", Cost::Comparison),
    ("/branch/{distribution}/vuln-orphaned", Cost::Comparison),
    ("/branch/{distribution}/maintainer-issues", Cost::Comparison),
    ("/srcpkg/", Cost::Search),
];

/// Requests that cost as much as a comparison and are answered at the same time: others must still
/// find a connection to the database.
pub(crate) const AT_ONCE: usize = 3;

/// Where a request notes the pattern of its route, for whoever stands around the routes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route(Arc<OnceLock<String>>);

impl Route {
    /// The pattern; `none` for an address that is no route's.
    pub(crate) fn pattern(&self) -> &str {
        self.0.get().map_or("none", String::as_str)
    }
}

/// Counts what clients ask.
pub(crate) struct Limiter {
    pub(crate) limits: Limits,
    clients: DefaultKeyedRateLimiter<IpNet>,
    clock: DefaultClock,
    asked: AtomicU32,
    crowded: AtomicBool,
    most: usize,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::with_most(limits, CLIENTS)
    }

    fn with_most(limits: Limits, most: usize) -> Self {
        let quota = Quota::per_second(limits.per_second).allow_burst(limits.burst);
        Self {
            limits,
            clients: RateLimiter::dashmap(quota),
            clock: DefaultClock::default(),
            asked: AtomicU32::new(0),
            crowded: AtomicBool::new(false),
            most,
        }
    }

    /// Takes a route's units from a client; when it has too few, the time until it has enough.
    fn take(&self, address: IpAddr, cost: Cost) -> Result<(), Duration> {
        let Some(units) = self.units(cost) else {
            return Ok(());
        };
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked.is_multiple_of(LOOK) {
            self.tidy();
        }
        let crowded = self.crowded.load(Ordering::Relaxed);
        let client = network(address, if crowded { COARSE } else { FINE });
        // What costs more than anybody ever has costs all of it.
        let units = units.min(self.limits.burst);
        match self.clients.check_key_n(&client, units) {
            Ok(Err(until)) => Err(until.wait_time_from(self.clock.now())),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    fn units(&self, cost: Cost) -> Option<NonZeroU32> {
        match cost {
            Cost::Nothing => None,
            Cost::Page => Some(NonZeroU32::MIN),
            Cost::Search => Some(self.limits.search),
            Cost::Comparison => Some(self.limits.comparison),
        }
    }

    /// Forgets clients that have all their units, and sees whether too many are left.
    fn tidy(&self) {
        if self.clients.len() > self.most {
            self.clients.retain_recent();
            self.clients.shrink_to_fit();
            let crowded = self.clients.len() > self.most;
            if self.crowded.swap(crowded, Ordering::Relaxed) != crowded && crowded {
                tracing::warn!(
                    clients = self.clients.len(),
                    "too many clients at once; whole networks count as one"
                );
            }
        } else {
            self.crowded.store(false, Ordering::Relaxed);
        }
    }

    /// How many clients are told apart now.
    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }
}

/// The network that counts as one client.
pub(crate) fn client_network(address: IpAddr) -> IpNet {
    network(address, FINE)
}

fn network(address: IpAddr, (four, six): (u8, u8)) -> IpNet {
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { four } else { six };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |network| network.trunc())
}

fn cost(route: &str) -> Cost {
    let is =
        |pattern: &str| route == pattern || (pattern.ends_with('/') && route.starts_with(pattern));
    let known = COSTS.iter().find(|(pattern, _)| is(pattern));
    known.map_or(Cost::Page, |(_, cost)| *cost)
}

/// Lets a request pass if its client may ask that, and notes which route it takes.
pub(crate) async fn admit(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let cost = match *request.method() {
        // What a browser asks before it asks.
        Method::OPTIONS => Cost::Nothing,
        _ => cost(&route),
    };
    let current = site.live.current();
    // One request sees the same settings from its beginning to its end.
    request.extensions_mut().insert(Arc::clone(&current));
    let client = request.extensions().get::<Client>();
    let counted = client.filter(|client| !client.is_free(&current.settings.conduct.unlimited));
    let taken = match (
        current.limiter.as_deref(),
        counted.and_then(|it| it.address),
    ) {
        (Some(limiter), Some(address)) => limiter.take(address, cost),
        _ => Ok(()),
    };
    let format = match *request.method() {
        // Whoever sends is a program.
        Method::POST => Format::Json,
        _ => format_of(request.extensions().get::<Format>(), request.headers()),
    };
    if let Some(Route(noted)) = request.extensions().get() {
        let _ = noted.set(route.clone());
    }
    match taken {
        Ok(()) => {
            if cost != Cost::Comparison {
                return next.run(request).await;
            }
            match tokio::time::timeout(respond::PATIENCE, site.heavy.acquire()).await {
                Ok(_one_of_few) => next.run(request).await,
                Err(_) => error_response(&WebError::Busy, format),
            }
        }
        Err(wait) => {
            site.traffic.limited(&route);
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            error_response(&WebError::TooMany(seconds), format)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(most: usize) -> Limiter {
        let units = |number| NonZeroU32::new(number).unwrap();
        let limits = Limits {
            per_second: NonZeroU32::MIN,
            burst: units(10),
            search: units(5),
            comparison: units(20),
        };
        Limiter::with_most(limits, most)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn routes_cost_what_they_cost() {
        assert_eq!(cost("/static/{name}"), Cost::Nothing);
        assert_eq!(cost("/package/{distribution}/{name}"), Cost::Page);
        assert_eq!(cost("none"), Cost::Page);
        let limiter = limiter(CLIENTS);
        let one = address("198.51.100.1");
        assert_eq!(limiter.take(one, cost("/search")), Ok(()));
        assert_eq!(limiter.take(one, cost("/search")), Ok(()));
        let wait = limiter.take(one, cost("/search")).unwrap_err();
        assert!(wait > Duration::from_secs(4), "{wait:?}");
        let wait = limiter.take(one, cost("/")).unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(limiter.take(one, cost("/healthz")), Ok(()));
    }

    #[test]
    fn what_costs_more_than_anybody_has_can_still_be_asked() {
        let limiter = limiter(CLIENTS);
        let one = address("198.51.100.1");
        assert_eq!(limiter.take(one, Cost::Comparison), Ok(()));
        assert!(limiter.take(one, Cost::Page).is_err());
    }

    #[test]
    fn one_clients_requests_are_not_anothers() {
        let limiter = limiter(CLIENTS);
        let spend = |text: &str| limiter.take(address(text), Cost::Comparison).is_ok();
        assert!(spend("2001:db8:0:1::1"));
        assert!(!spend("2001:db8:0:1:ffff::2"), "the same 64 bits");
        assert!(spend("2001:db8:0:2::1"));
        assert!(spend("198.51.100.1") && spend("198.51.100.2"));
        assert!(!spend("::ffff:198.51.100.2"));
    }

    #[test]
    fn too_many_clients_are_counted_by_larger_networks() {
        let limiter = limiter(100);
        for host in 0..200_u32 {
            let address = IpAddr::from((host + (198 << 24)).to_be_bytes());
            assert_eq!(limiter.take(address, Cost::Page), Ok(()));
        }
        assert_eq!(limiter.clients(), 200);
        limiter.tidy();
        let spend = |text: &str| limiter.take(address(text), Cost::Comparison).is_ok();
        assert!(spend("203.0.1.1"));
        assert!(!spend("203.0.2.2"));
        assert!(spend("2001:db8::1"));
        assert!(!spend("2001:db8:1::1"));
    }
}
