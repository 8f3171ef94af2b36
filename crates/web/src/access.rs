//! A request from its first byte to its last: who asks, under which id, and one line in the log that
//! tells what came of it. The line has the path but never the query, nor any header: tokens may stand
//! there.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use tower_http::request_id::{MakeRequestId, MakeRequestUuid};
use tracing::Instrument;

use crate::client::{Client, is_forwarded};
use crate::limits::Route;
use crate::serve::Site;
use crate::traffic::{Traffic, UnderWay};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of an id that a proxy gives, and of a path that is logged.
const ID: usize = 64;
const PATH: usize = 256;

/// Routes that are asked every few seconds; only what goes wrong with them is worth a line.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Says who asks, logs the request when it has ended, and counts it.
pub(crate) async fn watch(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let under_way = site.traffic.begin();
    let client = Client::of(&request, &site.live.current().settings.conduct.proxies);
    warn_of_unknown_proxy(&request, client);
    let id = request_id(&request, client);
    let route = Route::default();
    let line = Line {
        began,
        id: id.to_str().unwrap_or_default().to_owned(),
        method: request.method().to_string(),
        path: request.uri().path().chars().take(PATH).collect(),
        client,
        route: route.clone(),
        status: 0,
        bytes: 0,
        complete: false,
        traffic: site.traffic.clone(),
        _under_way: under_way,
    };
    let span = tracing::info_span!("request", id = line.id);
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(route);
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    line.follow(response)
}

/// The id that a proxy which is believed gave, or a new one: in the log nobody else's word stands.
fn request_id(request: &Request, client: Client) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let is_id = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=ID).contains(&bytes.len()) && bytes.iter().all(plain)
    };
    let given = request.headers().get(REQUEST_ID).filter(is_id);
    if let Some(given) = given.filter(|_| client.through_proxy) {
        return given.clone();
    }
    let made = MakeRequestUuid.make_request_id(request);
    made.map_or(HeaderValue::from_static("none"), |id| {
        id.header_value().clone()
    })
}

/// Behind a proxy that is not configured all clients are one, which whoever runs it should hear of.
fn warn_of_unknown_proxy(request: &Request, client: Client) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let near = client.address.is_some_and(|address| address.is_loopback());
    let unknown = near && !client.through_proxy && is_forwarded(request.headers());
    if unknown && !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "requests come through a proxy on this machine that is not configured, so all its \
             clients count as one: name it in proxies of [serve]"
        );
    }
}

/// What the log tells of a request, when the last byte of its answer was sent or nobody wants it.
struct Line {
    began: Instant,
    id: String,
    method: String,
    path: String,
    client: Client,
    route: Route,
    status: u16,
    bytes: u64,
    complete: bool,
    traffic: Traffic,
    _under_way: UnderWay,
}

impl Line {
    fn follow(mut self, response: Response) -> Response {
        self.status = response.status().as_u16();
        let (parts, inner) = response.into_parts();
        self.complete = inner.is_end_stream();
        Response::from_parts(parts, Body::new(Counted { inner, line: self }))
    }
}

/// Writes one line, at a level that fits its status.
macro_rules! log_at {
    ($level:ident, $line:expr, $duration:expr, $client:expr) => {
        tracing::$level!(
            target: "palisade::request",
            id = $line.id,
            method = $line.method,
            path = $line.path,
            status = $line.status,
            duration_ms = $duration,
            bytes = $line.bytes,
            client = $client,
            complete = $line.complete,
            "request"
        )
    };
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let (method, status) = (self.method.as_str(), self.status);
        let route = self.route.pattern();
        self.traffic.end(route, method, status, took, self.bytes);
        let duration = (took.as_secs_f64() * 1e6).round() / 1e3;
        let client = self.client.address.map(|address| address.to_string());
        let client = client.unwrap_or_default();
        if status >= 500 {
            log_at!(warn, self, duration, client);
        } else if QUIET.contains(&route) {
            log_at!(debug, self, duration, client);
        } else {
            log_at!(info, self, duration, client);
        }
    }
}

/// A body whose bytes are counted.
struct Counted {
    inner: Body,
    line: Line,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.line.bytes += bytes as u64;
                self.line.complete = self.inner.is_end_stream();
            }
            Poll::Ready(None) => self.line.complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
