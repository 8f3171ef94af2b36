//! The routes, what stands around them, and the server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::{HeaderName, Request};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use palisade_tracker::Views;
use palisade_tracker::sync::Receiver;
use tokio::net::TcpListener;
use tower::Layer;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::error::WebError;
use crate::kept::Kept;
use crate::{
    assets, format, guix_data, headers, kept, metrics, osv, pages, receive, respond, secfixes,
};

/// Bytes of a request's body at the most: nothing is sent to pages.
const BODY_BYTES: usize = 16 << 10;

/// How long requests that are under way may take once the server is to end.
const GRACE: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is served.
#[derive(Clone)]
pub struct Site {
    /// What pages ask.
    pub views: Views,
    /// What takes documents, where somebody may send.
    pub receiver: Option<Arc<Receiver>>,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

impl FromRef<Site> for Views {
    fn from_ref(site: &Site) -> Self {
        site.views.clone()
    }
}

/// All pages, and what is received.
pub fn router(site: Site) -> Router {
    let pages = Router::new()
        .route("/", get(secfixes::index))
        .route("/branches", get(pages::branches::page))
        .route("/branch/{distribution}/{branch}", get(pages::branch::page))
        .route("/package/{distribution}/{name}", get(pages::package::page))
        .route(
            "/package/{distribution}/{name}/{vulnerability}",
            get(pages::finding::page),
        )
        .route(
            "/distribution/{distribution}",
            get(pages::distribution::page),
        )
        .route("/events", get(pages::events::page))
        .route("/maintainers/{distribution}", get(pages::maintainers::page))
        .route(
            "/maintainers/{distribution}/packages",
            get(pages::maintainer::page),
        )
        .route(
            "/maintainers/{distribution}/orphaned",
            get(pages::maintainer::orphaned),
        )
        .route("/statistics", get(pages::statistics::page))
        .route("/vulnerability/{id}", get(pages::vulnerability::page))
        .route("/search", get(pages::search::page))
        .route("/feeds", get(pages::feeds::page))
        .route("/feeds/import/{number}", get(pages::feeds::import))
        .route("/sources", get(pages::sources::page))
        .route("/about", get(pages::about::page))
        .route("/api", get(pages::api::page))
        .route("/openapi", get(pages::api::page))
        .route("/metrics", get(metrics::answer))
        .route("/healthz", get(healthz))
        .route("/robots.txt", get(robots))
        .route("/static/{name}", get(assets::serve))
        .merge(guix_data::router())
        .merge(secfixes::router())
        .fallback(nothing)
        .with_state(site.clone())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            respond::PATIENCE,
            respond::negotiate,
        ))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES));
    let kept = Kept::new(site.views.clone());
    let pages = receiving(site.clone())
        .merge(osv::router(site))
        .fallback_service(pages)
        .layer(middleware::from_fn(headers::add))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(kept, kept::keep))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid));
    // The suffix is taken off before routes are looked for.
    Router::new().fallback_service(MapRequestLayer::new(format::strip_suffix::<Body>).layer(pages))
}

/// What is received: far more may be sent than a page is asked with, and it takes longer.
fn receiving(site: Site) -> Router {
    Router::new()
        .route("/receive/{kind}", post(receive::document))
        .layer(DefaultBodyLimit::disable())
        .with_state(site.receiver)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            receive::PATIENCE,
            respond::negotiate,
        ))
        .layer(middleware::from_fn(receive::in_json))
}

/// Serves until `shutdown` completes, then lets what is under way end.
///
/// # Errors
/// When connections cannot be accepted.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let signal = async move {
        shutdown.await;
        // Nobody waits for it when the server has ended by itself.
        let _ = stopping.send(());
    };
    let warm = tokio::spawn(kept::keep_warm(site.views.clone()));
    let server = axum::serve(listener, router(site)).with_graceful_shutdown(signal);
    let patience = async {
        if stopped.await.is_ok() {
            tokio::time::sleep(GRACE).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        ended = server.into_future() => ended,
        () = patience => Ok(()),
    };
    warm.abort();
    ended
}

async fn healthz() -> &'static str {
    "ok\n"
}

/// What programs that walk through all pages should leave alone: what is made for one question
/// only, and has no end.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /search\nDisallow: /events\nDisallow: /*?\n"
}

async fn nothing() -> WebError {
    WebError::NotFound("there is no such page".to_owned())
}

pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page panicked");
    WebError::Internal.into_response()
}

fn span(request: &Request<Body>) -> tracing::Span {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}
