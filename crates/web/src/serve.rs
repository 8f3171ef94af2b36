//! The routes, what stands around them, and the server.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use palisade_tracker::Views;
use palisade_tracker::sync::Receiver;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::Layer;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::error::WebError;
use crate::kept::Kept;
use crate::live::Live;
use crate::traffic::Traffic;
use crate::{
    access, assets, format, guix_data, headers, hooks, kept, limits, listening, metrics, osv,
    pages, ready, receive, respond, secfixes, security_txt, signing,
};

/// Bytes of a request's body at the most: pages are sent nothing but short forms.
const BODY_BYTES: usize = 16 << 10;

/// What is served.
#[derive(Clone)]
pub struct Site {
    /// What pages ask.
    pub views: Views,
    /// What is configured.
    pub live: Live,
    /// What time it is.
    pub clock: fn() -> Timestamp,
    pub(crate) traffic: Traffic,
    /// Places for requests that take long.
    pub(crate) heavy: Arc<Semaphore>,
}

impl Site {
    /// A site over these views.
    pub fn new(views: Views, live: Live, clock: fn() -> Timestamp) -> Self {
        Self {
            views,
            live,
            clock,
            traffic: Traffic::default(),
            heavy: Arc::new(Semaphore::new(limits::AT_ONCE)),
        }
    }
}

impl FromRef<Site> for Option<Arc<Receiver>> {
    fn from_ref(site: &Site) -> Self {
        site.live.current().settings.receiver.clone()
    }
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
        .route(
            "/branch/{distribution}/{branch}/grafts",
            get(pages::grafts::page),
        )
        .route(
            "/branch/{distribution}/{branch}/affected-by/{package}",
            get(pages::affected_by::page),
        )
        .route(
            "/branch/{distribution}/{branch}/mistakes",
            get(pages::mistakes::page),
        )
        .route(
            "/branch/{distribution}/{branch}/history",
            get(pages::branch_history::page),
        )
        .route("/package/{distribution}/{name}", get(pages::package::page))
        .route(
            "/package/{distribution}/{name}/history",
            get(pages::package_history::page),
        )
        .route(
            "/package/{distribution}/{name}/{vulnerability}",
            get(pages::finding::page),
        )
        .route("/comparison", get(pages::comparison::page))
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
        .route("/report/{month}", get(pages::report::page))
        .route("/statistics", get(pages::statistics::page))
        .route("/vulnerability/{id}", get(pages::vulnerability::page))
        .route("/reviews", get(pages::reviews::page))
        .route("/review/{id}", get(pages::review::page))
        .route("/review/{id}/mark", post(pages::review::mark))
        .route("/sign-in", get(signing::page).post(signing::sign_in))
        .route("/sign-out", post(signing::sign_out))
        .route("/search", get(pages::search::page))
        .route("/feeds", get(pages::feeds::page))
        .route("/feeds/import/{number}", get(pages::feeds::import))
        .route("/sources", get(pages::sources::page))
        .route("/about", get(pages::about::page))
        .route("/api", get(pages::api::page))
        .route("/openapi", get(pages::api::page))
        .route("/policy", get(pages::policy::page))
        .merge(guix_data::router())
        .merge(secfixes::router())
        .fallback(nothing)
        .with_state(site.clone())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES))
        .layer(middleware::from_fn_with_state(
            respond::PATIENCE,
            respond::negotiate,
        ));
    // What asks nothing of the database, or asks how it is, must not wait for it.
    let beside = Router::new()
        .route("/metrics", get(metrics::answer))
        .route("/robots.txt", get(robots))
        .route("/.well-known/security.txt", get(security_txt::answer))
        .route("/healthz", get(ready::health))
        .route("/readyz", get(ready::readiness))
        .route("/static/{name}", get(assets::serve))
        .with_state(site.clone())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            respond::PATIENCE,
            respond::negotiate,
        ))
        .layer(CompressionLayer::new());
    let kept = Kept::new(site.views.clone());
    // What is kept costs its asker as much as what is made: the units stand around both.
    let pages = receiving(site.clone())
        .merge(osv::router(site.clone()))
        .merge(hooks::router(site.clone()))
        .merge(pages)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(kept, kept::keep))
        .merge(beside)
        .layer(middleware::from_fn_with_state(site.clone(), limits::admit))
        .layer(middleware::from_fn(headers::add));
    // The suffix is taken off before routes are looked for.
    let pages = MapRequestLayer::new(format::strip_suffix::<Body>).layer(pages);
    Router::new()
        .fallback_service(pages)
        .layer(middleware::from_fn_with_state(site, access::watch))
}

/// What is received: far more may be sent than a page is asked with, and it takes longer.
fn receiving(site: Site) -> Router {
    Router::new()
        .route("/receive/{kind}", post(receive::document))
        .layer(DefaultBodyLimit::disable())
        .with_state(site)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            receive::PATIENCE,
            respond::negotiate,
        ))
        .layer(middleware::from_fn(receive::in_json))
}

/// Serves until `shutdown` completes, then lets what is under way end.
pub async fn serve(listener: TcpListener, site: Site, shutdown: impl Future<Output = ()>) {
    let (live, traffic) = (site.live.clone(), site.traffic.clone());
    live.set_preparing(true);
    let warm = tokio::spawn(kept::keep_warm(site.views.clone(), live.clone()));
    let router = router(site);
    listening::serve(listener, router, live, traffic, shutdown, listening::GRACE).await;
    warm.abort();
}

/// What programs that walk through all pages should leave alone: what is made for one question
/// only, and has no end.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /search\nDisallow: /events\nDisallow: /sign-in\nDisallow: /*?\n"
}

async fn nothing() -> WebError {
    WebError::NotFound("there is no such page".to_owned())
}

pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page panicked");
    WebError::Internal.into_response()
}
