//! Two states compared: for people, for programs and for reviews.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Site, let_be_seen, nvd};

/// demo as CVE-2025-1000 affects it, with a patch that names it or without.
fn demo(version: &str, patches: &[&str]) -> Value {
    json!({"name": "demo", "version": version, "outputs": ["out"], "license": [],
        "home_page": "https://demo.example/", "synopsis": "A <b>demo</b>",
        "source": {"type": "url", "urls": ["https://demo.example/demo.tar.gz"], "patches": patches},
        "properties": {"cpe-name": "demo", "cpe-vendor": "acme"}, "hidden": false,
        "superseded": null, "replacement": null})
}

async fn site() -> Site {
    let site = Site::new().await;
    let record = nvd(
        "CVE-2025-1000",
        "demo",
        "An overflow in demo.",
        "https://acme.example/1",
    );
    site.feed(palisade_formats::feed::FeedKind::Nvd, &record)
        .await;
    site.guix("master", 1, &[demo("1.0", &["demo-CVE-2025-1000.patch"])])
        .await;
    site.guix("master", 2, &[demo("1.0", &[])]).await;
    site.guix("master", 3, &[demo("2.0", &[])]).await;
    let_be_seen().await;
    site
}

const LOST: &str = "/comparison?from=guix/master@master1&to=guix/master@master2";

#[tokio::test]
async fn a_lost_mitigation_stands_first_on_the_page_and_in_the_data() {
    let site = site().await;
    let page = site.page(LOST).await;
    let says = "demo-CVE-2025-1000.patch is gone, which names CVE-2025-1000, and 1.0 is affected \
                (the fix is in 2.0)";
    let (lost, introduced) = (page.find("Mitigations lost"), page.find("<h2>Introduced"));
    assert!(lost.is_some() && lost < introduced, "{page}");
    assert!(page.contains(says), "{page}");
    assert!(
        page.contains(r#"<a href="/package/guix/demo/CVE-2025-1000""#),
        "{page}"
    );
    assert!(page.contains("By a lost mitigation"), "{page}");
    assert!(
        page.contains("<del><span class=\"hidden\">Gone: </span>demo-CVE-2025-1000.patch</del>")
    );
    let answer = site
        .json(&LOST.replace("comparison?", "comparison.json?"))
        .await;
    assert_eq!(answer["net"]["lost"], 1);
    assert_eq!(answer["introduced"][0]["cause"], "mitigation_lost");
    assert_eq!(answer["packages"]["changed_at_same_version"], 1);
    assert_eq!(answer["from"]["name"], "guix/master@master1");
}

#[tokio::test]
async fn markdown_is_for_reviews() {
    let site = site().await;
    let answer = site
        .get(&LOST.replace("comparison?", "comparison.md?"))
        .await;
    assert_eq!(
        answer.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    assert!(
        answer.body.starts_with(
            "## `guix/master@master1` → `guix/master@master2`\n\n**Net effect:** **loses 1 \
             mitigation**, introduces 1 finding (1 critical), fixes no finding; leaves no finding of changed packages open.\n\n\
             ### Mitigations lost: 1\n\n- `demo` `1.0` (critical 9.8): `demo-CVE-2025-1000.patch"
        ),
        "{}",
        answer.body
    );
    // No other page comes in that form.
    let other = site.get("/branch/guix/master.md").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_fixed_says_how_and_the_branch_offers_the_comparison() {
    let site = site().await;
    let branch = site.page("/branch/guix/master").await;
    assert!(
        branch.contains(r#"<option value="guix/master@master2">"#),
        "{branch}"
    );
    assert!(!branch.contains(r#"<option value="guix/master@master3">"#));
    let page = site
        .page("/comparison?from=guix/master@master2&to=guix/master")
        .await;
    assert!(page.contains("By an upgrade"), "{page}");
    assert!(page.contains("1.0 → 2.0"), "{page}");
    let same = site.page("/comparison?from=master&to=master").await;
    assert!(
        same.contains("No finding comes, goes or changes."),
        "{same}"
    );
}

#[tokio::test]
async fn states_that_are_not_there_are_told() {
    let site = site().await;
    let unknown = site
        .get("/comparison.json?from=guix/master@nothing&to=guix/master")
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(
        unknown
            .body
            .contains("there is no revision nothing of guix/master")
    );
    let half = site.get("/comparison.json?from=guix/master").await;
    assert_eq!(half.status, StatusCode::BAD_REQUEST);
    let bad = site.get("/comparison?from=guix/master@&to=x").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let form = site.page("/comparison?from=guix/master").await;
    assert!(
        form.contains(r#"name="from" value="guix/master""#),
        "{form}"
    );
}

#[tokio::test]
async fn texts_of_packages_stay_texts() {
    let site = site().await;
    let mut odd = demo("1.0", &[]);
    odd["name"] = "x`|<script>".into();
    site.guix("other", 1, &[odd]).await;
    let_be_seen().await;
    let page = site
        .page("/comparison?from=guix/master&to=guix/other")
        .await;
    assert!(!page.contains("<script>"), "{page}");
    assert!(!page.contains("A <b>demo</b>"), "{page}");
    let text = site
        .get("/comparison.md?from=guix/master&to=guix/other")
        .await;
    assert!(text.body.contains("``x`|<script>`` `1.0`"), "{}", text.body);
}
