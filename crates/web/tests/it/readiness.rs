//! Whether requests should be sent here.

use axum::http::StatusCode;

use crate::support::Site;

#[tokio::test]
async fn a_server_is_ready_while_its_database_answers() {
    let site = Site::new().await;
    let ready = site.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (StatusCode::OK, "ready\n")
    );
    site.store().close().await;
    let unready = site.get("/readyz").await;
    assert_eq!(unready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unready.body, "not ready: the database cannot be used\n");
    assert_eq!(
        site.get("/healthz").await.body,
        "ok\n",
        "it lives all the same"
    );
}

#[tokio::test]
async fn a_server_that_is_about_to_end_is_not_ready_but_answers() {
    let site = Site::small().await;
    site.live.stop();
    let unready = site.get("/readyz").await;
    assert_eq!(unready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(unready.body, "not ready: it is shutting down\n");
    assert_eq!(site.get("/branches").await.status, StatusCode::OK);
}
