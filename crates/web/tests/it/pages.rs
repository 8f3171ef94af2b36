//! What pages show, and that JSON says the same.

use axum::http::StatusCode;

use crate::support::{Site, package};

#[tokio::test]
async fn a_branch_shows_its_findings_and_says_the_same_as_json() {
    let site = Site::small().await;
    let page = site.page("/branch/guix/master").await;
    assert!(
        page.contains(r#"<a href="/vulnerability/CVE-2025-1000">CVE-2025-1000</a>"#),
        "{page}"
    );
    assert!(page.contains(r#"<a href="/package/guix/demo">demo</a>"#));
    assert!(page.contains("An overflow in demo."));
    assert!(page.contains("Critical <b>9.8</b>"));
    assert!(page.contains(r#"title="CVSS 3.1 by nvd@nist.gov""#));
    assert!(page.contains(r#"<time datetime="2026-01-01T10:00:00Z">"#));
    let json = site.json("/branch/guix/master.json").await;
    assert_eq!(json["total"], 1);
    let finding = &json["findings"][0];
    assert_eq!(finding["vulnerability"], "CVE-2025-1000");
    assert_eq!(finding["status"], "affected");
    assert_eq!(finding["score"]["scorer"], "nvd@nist.gov");
    assert_eq!(finding["since"]["name"], "one");
    assert_eq!(json["next"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_finding_shows_its_chain_of_reasons_with_their_records() {
    let site = Site::small().await;
    let page = site.page("/package/guix/demo/CVE-2025-1000").await;
    assert!(page.contains("1.0 is affected: before 2.0"), "{page}");
    assert!(page.contains(r#"<a class="source" href="/vulnerability/CVE-2025-1000#nvd-cve-2025-1000">nvd: CVE-2025-1000</a>"#), "{page}");
    let record = site.page("/vulnerability/CVE-2025-1000").await;
    assert!(record.contains(r#"id="nvd-cve-2025-1000""#), "{record}");
    let json = site.json("/package/guix/demo/CVE-2025-1000.json").await;
    assert_eq!(
        json["places"][0]["evidence"][1]["says"],
        "1.0 is affected: before 2.0"
    );
    assert!(
        page.contains("<li>version 2.0 or later: from there on it is fixed</li>"),
        "{page}"
    );
    assert!(
        page.contains("<code>palisade identity state demo is-not acme:demo --distribution guix"),
        "{page}"
    );
    assert_eq!(
        json["places"][0]["changes"][0]["says"],
        "version 2.0 or later: from there on it is fixed"
    );
    let package = site.page("/package/guix/demo").await;
    assert!(package.contains("1.0 is affected: before 2.0"), "{package}");
    assert!(package.contains(r#"href="https://demo.example/" rel="nofollow noopener noreferrer""#));
}

#[tokio::test]
async fn packages_of_two_repositories_that_look_the_same_are_told_apart() {
    let site = Site::small().await;
    let path = "/branch/guix/master";
    assert!(!site.page(path).await.contains("<small>in "));
    let other = package("demo").replace("https://demo.example/", "https://other.example/");
    assert_ne!(other, package("demo"));
    site.revision_in(Some("extra"), "two", &[&other]).await;
    crate::support::let_be_seen().await;
    let page = site.page(path).await;
    assert!(
        page.contains(
            r#"<span class="version">1.0</span> <small>in extra</small>, <span class="version">1.0</span> <small>in the nameless one</small>"#
        ) || page.contains(
            r#"<span class="version">1.0</span> <small>in the nameless one</small>, <span class="version">1.0</span> <small>in extra</small>"#
        ),
        "{page}"
    );
    let json = site.json("/branch/guix/master.json").await;
    let mut found: Vec<&str> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["repository"].as_str().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["extra", "the nameless one"]);
}

#[tokio::test]
async fn a_vulnerability_keeps_sources_apart_and_shows_where_it_is() {
    let site = Site::small().await;
    let page = site.page("/vulnerability/CVE-2025-1000").await;
    for text in [
        "An overflow in demo.",
        "Another heading",
        "In other words.",
        "GHSA-aaaa-bbbb-cccc",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        page.contains(
            r#"<th scope="row"><a href="/package/guix/demo/CVE-2025-1000">demo</a></th>"#
        ),
        "{page}"
    );
    let json = site.json("/vulnerability/CVE-2025-1000.json").await;
    assert_eq!(json["advisories"].as_array().unwrap().len(), 2);
    assert_eq!(json["places"][0]["package"], "demo");
}

#[tokio::test]
async fn filters_live_in_the_address() {
    let site = Site::small().await;
    let total = async |query: &str| {
        site.json(&format!("/branch/guix/master.json{query}")).await["total"].clone()
    };
    assert_eq!(
        total("?minimum_level=critical&confidence=likely&q=OVERFLOW").await,
        1
    );
    assert_eq!(total("?package=calm").await, 0);
    assert_eq!(total("?status=under_investigation").await, 0);
    assert_eq!(total("?exploited=yes").await, 0);
    assert_eq!(total("?fixable=yes").await, 1);
    assert_eq!(total("?level=high").await, 0);
    assert_eq!(total("?revision=one").await, 1);
    // Forms send empty fields.
    assert_eq!(
        total("?q=&package=&minimum_level=&sort=epss&limit=1&offset=0").await,
        1
    );
    let page = site.page("/branch/guix/master?q=nothing").await;
    assert!(page.contains("No finding fits"));
    assert!(page.contains(r#"name="q" value="nothing""#));
}

#[tokio::test]
async fn long_lists_are_told_in_parts() {
    let site = Site::new().await;
    for number in 1000..1030 {
        let id = format!("CVE-2025-{number}");
        let document = crate::support::nvd(&id, "demo", "x", "https://acme.example/");
        site.feed(palisade_formats::feed::FeedKind::Nvd, &document)
            .await;
    }
    let package =
        r#"{"name":"demo","version":"1.0","properties":{"cpe-name":"demo","cpe-vendor":"acme"}}"#;
    site.revision("one", &[package]).await;
    let mut seen = Vec::new();
    let mut address = Some("/branch/guix/master.json?limit=7".to_owned());
    while let Some(now) = address {
        let json = site.json(&now).await;
        for finding in json["findings"].as_array().unwrap() {
            seen.push(finding["vulnerability"].as_str().unwrap().to_owned());
        }
        address = json["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 30);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 30);
    let page = site.page("/branch/guix/master?limit=7&offset=7").await;
    assert!(page.contains("8–14 of 30"), "{page}");
    let package = site.page("/package/guix/demo?limit=10&offset=20").await;
    assert!(package.contains("21–30 of 30"), "{package}");
}

#[tokio::test]
async fn other_spellings_lead_to_the_one_address() {
    let site = Site::small().await;
    for (asked, to) in [
        (
            "/vulnerability/cve-2025-1000",
            "/vulnerability/CVE-2025-1000",
        ),
        (
            "/vulnerability/GHSA-aaaa-bbbb-cccc",
            "/vulnerability/CVE-2025-1000",
        ),
        (
            "/vulnerability/ghsa-AAAA-bbbb-cccc.json",
            "/vulnerability/CVE-2025-1000.json",
        ),
        (
            "/package/guix/demo/cve-2025-1000",
            "/package/guix/demo/CVE-2025-1000",
        ),
    ] {
        let answer = site.get(asked).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{asked}");
        assert_eq!(answer.header("location"), to);
    }
    let answer = site.get("/search?q=2025-1000").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/vulnerability/CVE-2025-1000");
}

#[tokio::test]
async fn every_page_answers_in_both_types() {
    let site = Site::small().await;
    for address in [
        "/",
        "/branches",
        "/branch/guix/master",
        "/package/guix/demo",
        "/package/guix/demo?show=fixed",
        "/package/guix/demo?branch=guix/master",
        "/vulnerability/CVE-2025-1000",
        "/search?q=demo",
        "/search",
        "/feeds",
        "/feeds/import/1",
        "/about",
    ] {
        let page = site.page(address).await;
        assert!(page.contains("<main id=\"main\""), "{address}");
        let answer = site
            .ask(
                axum::http::Method::GET,
                address,
                &[("accept", "application/json")],
            )
            .await;
        answer.json();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let path = if path == "/" { "/index" } else { path };
        let json = site.json(&format!("{path}.json?{query}")).await;
        assert_eq!(json, answer.json(), "{address}");
    }
    assert_eq!(site.get("/healthz").await.body, "ok\n");
}

#[tokio::test]
async fn an_empty_site_says_so() {
    let site = Site::new().await;
    assert!(
        site.page("/")
            .await
            .contains("No inventory has been imported yet")
    );
    assert!(site.page("/branches").await.contains("No inventory"));
    assert!(site.page("/feeds").await.contains("No feed"));
}

#[tokio::test]
async fn lists_of_the_front_page_lead_to_the_whole_of_each() {
    let site = Site::small().await;
    let page = site.page("/").await;
    for (heading, query) in [
        ("Highest scores that are open", ""),
        (
            "Longest known and open",
            "?minimum_level=high&confidence=likely&sort=oldest",
        ),
        ("Newest findings", "?sort=newest"),
    ] {
        let from = page.find(heading).unwrap();
        let section = &page[from..from + page[from..].find("</section>").unwrap()];
        let address = format!("/branch/guix/master{query}");
        let link = format!(
            "<a href=\"{}\">guix/master</a>",
            address.replace('&', "&#38;")
        );
        assert!(section.contains(&link), "{section}");
        assert!(site.page(&address).await.contains("CVE-2025-1000"));
    }
    // Nothing is exploited, so there is no list of it.
    assert!(!page.contains("?exploited=yes"), "{page}");
    assert!(page.contains(r#"<section class="brief">"#), "{page}");
}

#[tokio::test]
async fn a_link_to_a_package_tells_what_it_is_even_where_the_name_does_not() {
    let site = Site::new().await;
    let record = crate::support::nvd("CVE-2025-1004", "go", "A flaw.", "https://acme.example/1");
    site.feed(palisade_formats::feed::FeedKind::Nvd, &record)
        .await;
    site.revision("one", &[&package("go")]).await;
    let link = r#">go<span class="hidden"> package</span></a>"#;
    for path in [
        "/",
        "/branch/guix/master",
        "/vulnerability/CVE-2025-1004",
        "/statistics",
    ] {
        let page = site.page(path).await;
        assert!(page.contains(link), "{path}: {page}");
        assert!(!page.contains(">go</a>"), "{path}: {page}");
    }
}
