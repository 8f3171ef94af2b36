//! Grafts of a branch and who uses a package: for people, for programs, for readers of feeds.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Site, let_be_seen, nvd};

/// demo, which CVE-2025-1000 affects before 2.0, with inputs and a graft.
fn demo(name: &str, version: &str, inputs: &[(&str, &str)], graft: Option<&Value>) -> Value {
    let inputs: Vec<Value> = inputs
        .iter()
        .map(|(name, version)| json!({"label": name, "name": name, "version": version, "output": "out"}))
        .collect();
    json!({"name": name, "version": version, "outputs": ["out"], "license": [],
        "home_page": "https://demo.example/", "synopsis": "A demo", "inputs": inputs,
        "location": {"file": "gnu/packages/demo.scm", "line": 7, "column": 2},
        "source": {"type": "url", "urls": ["https://demo.example/demo.tar.gz"], "patches": []},
        "properties": {"cpe-name": name, "cpe-vendor": "acme"}, "hidden": false,
        "superseded": null, "replacement": graft})
}

/// demo without a graft, then with one that fixes nothing, then with one that does.
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
    let user = || demo("user", "5", &[("demo", "1.0")], None);
    let with = |graft: Option<&Value>| [demo("demo", "1.0", &[], graft), user()];
    site.guix("master", 1, &with(None)).await;
    let short = demo("demo", "1.5", &[], None);
    site.guix("master", 3, &with(Some(&short))).await;
    let far = demo("demo", "2.0", &[], None);
    site.guix("master", 9, &with(Some(&far))).await;
    let_be_seen().await;
    site
}

#[tokio::test]
async fn the_page_of_grafts_tells_what_each_does_and_those_that_ended() {
    let site = site().await;
    let page = site.page("/branch/guix/master/grafts").await;
    for told in [
        "<b>1</b> packages with a graft",
        "names no vulnerability, but by the records it fixes 1 finding: the version rises from 1.0 \
         to 2.0",
        "Since <code title=\"master9\">master9</code>",
        "waits for ungrafting for 6 days: the package itself is at 1.0 and does not reach 2.0",
        "<a href=\"/branch/guix/master/affected-by/demo\">1 package gets it by grafting; what build \
         systems use is not told</a>",
        "<summary>Fixes: 1</summary>",
        "<a href=\"/package/guix/demo/CVE-2025-1000\">CVE-2025-1000</a>",
        "another graft took its place: users get 2.0",
    ] {
        assert!(page.contains(told), "{told} is not in {page}");
    }
    assert!(!page.contains("Does not fix everything"), "{page}");
    let earlier = site
        .page("/branch/guix/master/grafts?revision=master3")
        .await;
    assert!(earlier.contains("Does not fix everything"), "{earlier}");
    assert!(earlier.contains("Open all the same: 1"), "{earlier}");
    assert!(earlier.contains("Show the present state"), "{earlier}");
    let none = site
        .page("/branch/guix/master/grafts?revision=master1")
        .await;
    assert!(none.contains("No package has a graft."), "{none}");
}

#[tokio::test]
async fn grafts_come_as_data_as_table_and_as_feed() {
    let site = site().await;
    let data = site.json("/branch/guix/master/grafts.json").await;
    assert_eq!(data["counts"]["packages"], 1);
    let demo = &data["declarations"][0]["packages"][0];
    assert_eq!(demo["graft"]["version"], "2.0");
    assert_eq!(demo["fixes"][0]["without_graft"], "affected");
    assert_eq!(demo["fixes"][0]["status"], "fixed");
    assert_eq!(demo["age_days"], 0);
    assert_eq!(demo["ungrafting"]["waiting_days"], 6);
    assert_eq!(data["ended"][0]["how"], "replaced");
    let table = site.get("/branch/guix/master/grafts.csv").await;
    let lines: Vec<&str> = table.body.lines().collect();
    assert_eq!(
        lines.len(),
        3,
        "a head, a graft that is there and one that ended"
    );
    assert!(
        lines[1].starts_with("demo,demo,1.0,2.0,fixes,"),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains(",replaced,another graft took its place"),
        "{}",
        lines[2]
    );
    let columns = |line: &str| line.split(',').count();
    assert_eq!(columns(lines[0]), 25);
    let feed = site.get("/branch/guix/master/grafts.atom").await;
    assert!(
        feed.body.contains("<title>Graft of demo 1.0 → 2.0</title>"),
        "{}",
        feed.body
    );
    assert!(
        feed.body
            .contains("<title>Graft of demo 1.0 → 1.5 ended: replaced</title>"),
        "{}",
        feed.body
    );
    assert!(
        feed.body
            .contains("<updated>2026-01-09T00:00:00Z</updated>"),
        "{}",
        feed.body
    );
    let lines = site.get("/branch/guix/master/grafts.jsonl").await;
    assert_eq!(lines.body.lines().count(), 1);
}

#[tokio::test]
async fn who_uses_a_package_is_a_page_and_data() {
    let site = site().await;
    let page = site.page("/branch/guix/master/affected-by/demo").await;
    assert!(
        page.contains("1 package uses it and get 2.0 by grafting alone"),
        "{page}"
    );
    assert!(page.contains("user@5 → demo@1.0"), "{page}");
    let data = site.json("/branch/guix/master/affected-by/demo.json").await;
    assert_eq!(data["packages"][0]["reach"]["all"], 1);
    assert_eq!(
        data["packages"][0]["dependents"][0]["path"],
        json!(["user@5", "demo@1.0"])
    );
    let table = site.get("/branch/guix/master/affected-by/demo.csv").await;
    assert!(
        table
            .body
            .ends_with("demo,1.0,user,5,1,no,user@5 demo@1.0\n"),
        "{}",
        table.body
    );
    let past = site
        .json("/branch/guix/master/affected-by/demo.json?revision=master1")
        .await;
    assert_eq!(past["packages"][0]["graft"], Value::Null);
    assert_eq!(past["packages"][0]["affected"], 1);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let site = site().await;
    for address in [
        "/branch/guix/nowhere/grafts.json",
        "/branch/guix/master/grafts.json?revision=nothing",
        "/branch/guix/master/affected-by/nothing.json",
        "/branch/guix/master/affected-by/demo.json?version=9",
    ] {
        assert_eq!(
            site.get(address).await.status,
            StatusCode::NOT_FOUND,
            "{address}"
        );
    }
    for address in [
        "/branch/guix/master/grafts?level=high",
        "/branch/guix/master/affected-by/demo?limit=0",
    ] {
        assert_eq!(
            site.get(address).await.status,
            StatusCode::BAD_REQUEST,
            "{address}"
        );
    }
}

#[tokio::test]
async fn other_pages_tell_of_the_graft_and_lead_to_it() {
    let site = site().await;
    let by = "fixed by graft 2.0 since master9 (2026-01-09)";
    let branch = site.page("/branch/guix/master").await;
    assert!(
        branch.contains("<a href=\"/branch/guix/master/grafts\">Grafts <b>1</b></a>"),
        "{branch}"
    );
    let finding = site.page("/package/guix/demo/CVE-2025-1000").await;
    assert!(
        finding.contains(&format!("<a href=\"/branch/guix/master/grafts\">{by}</a>")),
        "{finding}"
    );
    let vulnerability = site.page("/vulnerability/CVE-2025-1000").await;
    assert!(vulnerability.contains(by), "{vulnerability}");
    let package = site.page("/package/guix/demo?show=fixed").await;
    assert!(package.contains(by), "{package}");
    assert!(package.contains("fixes 1 finding"), "{package}");
    let data = site.json("/package/guix/demo.json").await;
    assert_eq!(
        data["versions"][0]["graft"]["fixes"],
        json!(["CVE-2025-1000"])
    );
    let comparison = site
        .page("/comparison?from=guix/master@master1&to=guix/master@master3")
        .await;
    assert!(
        comparison.contains(
            "<a href=\"/branch/guix/master/affected-by/demo?revision=master3\">1 package gets it by \
             grafting"
        ),
        "{comparison}"
    );
}

#[tokio::test]
async fn texts_of_packages_stay_texts() {
    let site = site().await;
    let mut odd = demo("x<script>", "1", &[], None);
    odd["replacement"] = demo("x<script>", "<b>2</b>", &[], None);
    let user = demo("y", "1", &[("x<script>", "1")], None);
    site.guix("other", 1, &[odd, user]).await;
    let_be_seen().await;
    for address in [
        "/branch/guix/other/grafts",
        "/branch/guix/other/affected-by/x%3Cscript%3E",
    ] {
        let page = site.page(address).await;
        assert!(
            !page.contains("<script>") && !page.contains("<b>2</b>"),
            "{page}"
        );
        assert!(page.contains("x&#60;script&#62;"), "{page}");
    }
}
