//! Pages and JSON over HTTP.

use axum::Router;
use axum::routing::get;
use palisade_tracker::Store;
use tokio::net::TcpListener;

/// Serves pages and JSON until `shutdown` is done.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    _store: Store,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new().route("/", get(async || "Palisade"));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}
