//! What happened over time: versions of a package, exposures, a branch by month, the report of a month.

use axum::http::StatusCode;
use palisade_formats::feed::FeedKind::Nvd;
use serde_json::{Value, json};

use crate::support::{Site, let_be_seen, nvd};

/// demo as CVE-2025-1000 affects it, with a patch that names it or without.
fn demo(version: &str, patches: &[&str]) -> Value {
    json!({"name": "demo", "version": version, "outputs": ["out"], "license": [],
        "home_page": "https://demo.example/", "synopsis": "A demo",
        "source": {"type": "url", "urls": ["https://demo.example/demo.tar.gz"], "patches": patches},
        "properties": {"cpe-name": "demo", "cpe-vendor": "acme"}, "hidden": false,
        "superseded": null, "replacement": null})
}

/// demo loses its patch on the second day of January 2026, and is upgraded on the fifth.
async fn site() -> Site {
    let site = Site::new().await;
    let about = "An overflow in <b>demo</b>.";
    let record = nvd("CVE-2025-1000", "demo", about, "https://acme.example/1");
    site.feed(Nvd, &record).await;
    let patched = demo("1.0", &["demo-CVE-2025-1000.patch"]);
    for (day, package) in [(1, patched), (2, demo("1.0", &[])), (5, demo("2.0", &[]))] {
        site.guix("master", day, &[package]).await;
    }
    let_be_seen().await;
    site
}

fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}\n\n{page}");
    }
}

#[tokio::test]
async fn the_versions_of_a_package_are_a_chart_with_its_table() {
    let site = site().await;
    let page = site.page("/package/guix/demo/history").await;
    has(
        &page,
        &[
            r#"<svg class="versions""#,
            "<title>1.0, 2026-01-02 to 2026-01-05: 1 critical</title>",
            "<title>2.0, 2026-01-05 to now: nothing that affects it is known</title>",
            "Without demo-CVE-2025-1000.patch",
            "1.0 became 2.0",
            r#"href="/package/guix/demo/CVE-2025-1000""#,
        ],
    );
    let answer = site.json("/package/guix/demo/history.json").await;
    let versions = answer["branches"][0]["versions"].as_array().unwrap();
    let affected: Vec<&Value> = versions.iter().map(|it| &it["affected"]).collect();
    assert_eq!(affected, [0, 1, 0]);
    assert_eq!(versions[1]["changes"][0]["kind"], "patches");
    let package = site.page("/package/guix/demo").await;
    has(&package, &[r#"<a href="/package/guix/demo/history">"#]);
    let nothing = site.get("/package/guix/nothing/history").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_vulnerability_tells_when_it_reached_a_branch_and_when_it_went() {
    let site = site().await;
    let page = site.page("/vulnerability/CVE-2025-1000").await;
    has(
        &page,
        &[
            "When it reached the branches",
            "✓ Over",
            "by an upgrade (2.0), after 3 days",
        ],
    );
    let answer = site.json("/vulnerability/CVE-2025-1000.json").await;
    let exposure = &answer["exposure"][0];
    assert_eq!(exposure["cause"], "mitigation_lost");
    assert_eq!(
        (&exposure["remedy"], &exposure["days"]),
        (&json!("upgrade"), &json!(3))
    );
}

#[tokio::test]
async fn a_branch_over_time_is_a_page_data_and_a_table() {
    let site = site().await;
    let page = site.page("/branch/guix/master/history").await;
    has(
        &page,
        &[
            "Chart of what was open by month",
            "the versions that were there at the end of March",
            "The median is <b>3</b> days, of 1",
            r#"href="/report/2026-01?branch=guix%2Fmaster""#,
            "name no maintainers",
        ],
    );
    let answer = site.json("/branch/guix/master/history.json?by=week").await;
    assert_eq!(answer["by"], "week");
    let weeks = answer["periods"].as_array().unwrap();
    assert!(weeks.len() > 40, "{answer}");
    let answer = site.json("/branch/guix/master/history.json").await;
    let months = answer["periods"].as_array().unwrap();
    let january = months.iter().find(|it| it["name"] == "2026-01").unwrap();
    assert_eq!(
        (&january["ended"], &january["open"]["all"]),
        (&json!(1), &json!(0))
    );
    let table = site.get("/branch/guix/master/history.csv").await.body;
    assert!(
        table.starts_with("period,begin,end,revisions,open,critical"),
        "{table}"
    );
    assert!(
        table.contains("\n2026-01,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,3,0,"),
        "{table}"
    );
    let branch = site.page("/branch/guix/master").await;
    has(
        &branch,
        &[r#"<a href="/branch/guix/master/history">Over time</a>"#],
    );
    let statistics = site.page("/statistics").await;
    has(
        &statistics,
        &[
            r#"<a href="/branch/guix/master/history">"#,
            r#"<a href="/report/2027-01">"#,
        ],
    );
    for (address, status) in [
        ("/branch/guix/nowhere/history", StatusCode::NOT_FOUND),
        (
            "/branch/guix/master/history?by=year",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        assert_eq!(site.get(address).await.status, status, "{address}");
    }
}

#[tokio::test]
async fn the_report_of_a_month_is_a_page_data_and_markdown() {
    let site = site().await;
    let address = |suffix: &str| format!("/report/2026-01{suffix}?branch=guix/master");
    let page = site.page(&address("")).await;
    has(
        &page,
        &[
            "<h1>Security in January 2026</h1>",
            "1 came because a mitigation was lost",
            "upgrade: 1.0 → 2.0",
            r#"<a class="unbroken" href="/package/guix/demo/CVE-2025-1000">"#,
        ],
    );
    assert!(!page.contains("New and open"), "no empty sections: {page}");
    let text = site.get(&address(".md")).await;
    assert_eq!(text.header("content-type"), "text/markdown; charset=utf-8");
    has(
        &text.body,
        &[
            "# Security in January 2026\n\n## guix/master\n",
            "| `demo` | `upgrade: 1.0 → 2.0` |",
        ],
    );
    let answer = site.json(&address(".json")).await;
    assert_eq!(answer["branches"][0]["mitigated"]["all"], 1);
    let all = site.json("/report/2026-01.json").await;
    assert_eq!(all["branches"], answer["branches"]);
    for (address, status) in [
        ("/report/2099-01", StatusCode::NOT_FOUND),
        ("/report/2026-13", StatusCode::NOT_FOUND),
        ("/report/2026-01?branch=guix/nowhere", StatusCode::NOT_FOUND),
        ("/report/2026-01?branch=x", StatusCode::BAD_REQUEST),
        ("/report/2026-01?limit=0", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(site.get(address).await.status, status, "{address}");
    }
}
