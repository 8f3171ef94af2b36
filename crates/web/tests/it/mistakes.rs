//! Mistakes of packagers: the page and its forms, and as the Guix Data Service's lint warnings.

use axum::http::StatusCode;
use palisade_formats::feed::FeedKind;
use serde_json::{Value, json};

use crate::support::{Site, nvd};

fn package(name: &str, version: &str, properties: &Value) -> Value {
    json!({"name": name, "version": version, "properties": properties,
        "location": "gnu/packages/x.scm:42:2"})
}

async fn site() -> Site {
    let site = Site::new().await;
    let hidden = json!({"lint-hidden-cve": ["CVE-2024-2961"]});
    let mut demo = package(
        "demo",
        "1.0",
        &json!({"cpe-name": "demo", "cpe-vendor": "acme"}),
    );
    demo["source"] = json!([{"type": "url", "urls": ["https://demo.example/demo-1.0.tar.gz"],
        "hash": {"algorithm": "sha256", "base16": "ab".repeat(32)}}]);
    let first = [
        package(
            "indent",
            "2.2.13",
            &json!({"lint-hidden-cves": ["CVE-2024-0911"]}),
        ),
        package("glibc", "2.41", &hidden),
        package("glibc", "2.33", &hidden),
        demo,
    ];
    site.guix("master", 1, &first).await;
    site.guix("master", 2, &[package("glibc", "2.41", &hidden)])
        .await;
    let record = nvd("CVE-2025-1000", "demo", "A flaw.", "https://demo.example/");
    site.feed(FeedKind::Nvd, &record).await;
    site
}

#[tokio::test]
async fn mistakes_are_a_page_a_table_and_json() {
    let site = site().await;
    let address = "/branch/guix/master/mistakes";
    let page = site.page(&format!("{address}?revision=master1")).await;
    assert!(
        page.contains("(lint-hidden-cve . (&quot;CVE-2024-0911&quot;))")
            || page.contains("(lint-hidden-cve . (&#34;CVE-2024-0911&#34;))"),
        "{page}"
    );
    assert!(page.contains("unproven-hidden-cve <b>1</b>"), "{page}");
    let found = site.json(&format!("{address}.json?revision=master1")).await;
    assert_eq!(
        found["rules"],
        json!({"misspelt-property": 1, "unproven-hidden-cve": 1})
    );
    assert_eq!(found["mistakes"][0]["level"], "error");
    let only = format!("{address}.json?revision=master1&rule=unproven-hidden-cve");
    let only = site.json(&only).await;
    assert_eq!(only["mistakes"].as_array().unwrap().len(), 1);
    let table = site.get(&format!("{address}.csv?revision=master1")).await;
    let lines: Vec<&str> = table.body.lines().collect();
    assert_eq!(lines.len(), 3, "{}", table.body);
    assert!(
        lines[1].starts_with("error,misspelt-property,indent,2.2.13,"),
        "{}",
        lines[1]
    );
    let now = site.page(address).await;
    assert!(now.contains("Nothing is found."), "{now}");
    let branch = site.page("/branch/guix/master?revision=master1").await;
    assert!(
        branch.contains("/branch/guix/master/mistakes?revision=master1"),
        "{branch}"
    );
    for unknown in [
        "/branch/guix/none/mistakes",
        "/branch/guix/master/mistakes?revision=x",
    ] {
        assert_eq!(
            site.get(unknown).await.status,
            StatusCode::NOT_FOUND,
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn lint_warnings_come_in_the_keys_of_the_data_service() {
    let site = site().await;
    let all = site.json("/revision/master1/lint-warnings.json").await;
    assert_eq!(all["revision"], json!({"commit": "master1"}));
    let warnings = all["lint_warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(
        warnings[0],
        json!({
            "package": {"name": "demo", "version": "1.0"},
            "lint-checker-name": "cve",
            "lint-checker-description": "Vulnerabilities that affect the package",
            "lint-checker-network-dependent": false,
            "message": "probably vulnerable to CVE-2025-1000",
            "message-locale": "en_US.UTF-8",
            "location": {"file": "gnu/packages/x.scm", "line-number": 42, "column-number": 2},
        })
    );
    let names = async |query: &str| {
        let found = site
            .json(&format!("/revision/master1/lint-warnings.json?{query}"))
            .await;
        let found = found["lint_warnings"].as_array().unwrap().clone();
        found
            .iter()
            .map(|it| it["package"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("linter=cve").await, ["demo"]);
    assert_eq!(
        names("linter=cve&linter=misspelt-property").await,
        ["demo", "indent"]
    );
    assert_eq!(names("package_query=GLI").await, ["glibc"]);
    assert_eq!(names("message_query=0911").await, ["indent"]);
    let bare = site
        .json("/revision/master1/lint-warnings.json?field=message&linter=cve")
        .await;
    assert!(bare["lint_warnings"][0].get("location").is_none());
    let counts = site.json("/revision/master1.json").await["lint_warning_counts"].clone();
    assert_eq!(counts["cve"]["count"], 1);
    assert_eq!(counts["misspelt-property"]["count"], 1);
    assert_eq!(counts["cpe-name-marker"]["count"], 0);
    let latest = "/repository/1/branch/master/latest-processed-revision/lint-warnings.json";
    assert_eq!(site.json(latest).await["lint_warnings"], json!([]));
    let page = site.get("/revision/master1/lint-warnings").await;
    assert_eq!(
        page.header("location"),
        "/branch/guix/master/mistakes?revision=master1"
    );
    for (query, status) in [
        ("/revision/x/lint-warnings.json", StatusCode::NOT_FOUND),
        (
            "/revision/master1/lint-warnings.json?field=x",
            StatusCode::BAD_REQUEST,
        ),
        (
            "/revision/master1/lint-warnings.json?locale=de",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        assert_eq!(site.get(query).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn origins_of_packages_are_told_with_their_hashes() {
    let site = site().await;
    let found = site
        .json("/revision/master1/package-origins.json?search_query=demo")
        .await;
    let [package] = &found["packages"].as_array().unwrap()[..] else {
        panic!("{found}")
    };
    assert_eq!(
        package["origins"],
        json!([{"type": "url", "urls": ["https://demo.example/demo-1.0.tar.gz"], "reference": null,
            "file-name": null, "hash": {"algorithm": "sha256", "hex": "ab".repeat(32)}, "snippet": false}])
    );
    assert_eq!(package["patches"], json!([]));
    let health = site.json("/healthcheck.json").await;
    assert_eq!(health, json!({"status": "ok"}));
}
