//! Errors, headers, tags, compression.

use axum::http::{Method, StatusCode};

use crate::support::Site;

#[tokio::test]
async fn errors_come_in_the_type_that_was_asked_for() {
    let site = Site::small().await;
    for address in [
        "/nothing",
        "/branch/guix/nothing",
        "/branch/Guix/master",
        "/branch/guix/master?revision=x",
        "/package/guix/nothing",
        "/package/nothing/demo",
        "/vulnerability/CVE-1999-0001",
        "/vulnerability/1",
        "/package/guix/calm/CVE-2025-1000",
        "/feeds/import/99",
        "/feeds/import/x",
        "/static/nothing.css",
    ] {
        let page = site.get(address).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
        assert!(page.body.contains("<h1>Not Found</h1>"), "{address}");
        let answer = site
            .ask(Method::GET, address, &[("accept", "application/json")])
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert_eq!(answer.json()["error"]["status"], 404);
    }
    let by_suffix = site.get("/nothing.json").await;
    assert_eq!(
        (
            by_suffix.status,
            by_suffix.json()["error"]["status"].as_u64()
        ),
        (StatusCode::NOT_FOUND, Some(404))
    );
}

#[tokio::test]
async fn parameters_are_known_and_bounded() {
    let site = Site::small().await;
    let long = "x".repeat(101);
    let endless = "x".repeat(3000);
    for query in [
        "level=worst",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "offset=x",
        "offset=99999999",
        "nothing=1",
        "sort=score&sort=epss",
        "q=%00",
        &format!("q={long}"),
        &format!("q={endless}"),
        "exploited=1",
    ] {
        let answer = site.get(&format!("/branch/guix/master.json?{query}")).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{query}: {}",
            answer.body
        );
        assert!(
            !answer.json()["error"]["message"]
                .as_str()
                .unwrap()
                .is_empty()
        );
    }
    let other = site.get("/package/guix/demo?branch=alpine/edge").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_are_only_read() {
    let site = Site::small().await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = site.ask(method, "/branches", &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    let head = site.ask(Method::HEAD, "/branches", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let site = Site::small().await;
    for address in ["/branch/guix/master", "/vulnerability/CVE-2025-1000.json"] {
        let first = site.get(address).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        let again = site
            .ask(
                Method::GET,
                address,
                &[("if-none-match", &tag), ("accept", "text/html")],
            )
            .await;
        assert_eq!(
            (again.status, again.body.as_str()),
            (StatusCode::NOT_MODIFIED, "")
        );
        assert_eq!(again.header("etag"), tag);
        let other = site
            .ask(
                Method::GET,
                address,
                &[("if-none-match", "\"x\""), ("accept", "text/html")],
            )
            .await;
        assert_eq!(other.status, StatusCode::OK);
    }
    let page = site.get("/branches").await;
    let json = site.get("/branches.json").await;
    assert_ne!(page.header("etag"), json.header("etag"));
    assert!(
        page.headers
            .get_all("vary")
            .iter()
            .any(|value| value == "accept")
    );
}

#[tokio::test]
async fn every_answer_says_what_it_may_do() {
    let site = Site::small().await;
    for address in [
        "/",
        "/nothing",
        "/branches.json",
        "/healthz",
        "/vulnerability/cve-2025-1000",
    ] {
        let answer = site.get(address).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{address}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            answer.header("x-content-type-options"),
            "nosniff",
            "{address}"
        );
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{address}");
        assert!(!answer.header("x-request-id").is_empty(), "{address}");
    }
    assert_eq!(
        site.get("/branches").await.header("cache-control"),
        "public, max-age=30, must-revalidate"
    );
    assert_eq!(
        site.get("/nothing").await.header("cache-control"),
        "no-store"
    );
    assert_eq!(
        site.get("/branches.json")
            .await
            .header("access-control-allow-origin"),
        "*"
    );
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_long_under_the_name_of_its_content() {
    let site = Site::new().await;
    let page = site.page("/").await;
    let start = page.find("/static/palisade-").unwrap();
    let address = page[start..].split('"').next().unwrap();
    let style = site.get(address).await;
    assert_eq!(style.status, StatusCode::OK);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(
        style.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert!(
        !style.body.contains("@import")
            && !style.body.contains("http://")
            && !style.body.contains("https://")
    );
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere() {
    let site = Site::small().await;
    for address in [
        "/",
        "/branches",
        "/branch/guix/master",
        "/package/guix/demo",
        "/vulnerability/CVE-2025-1000",
        "/about",
    ] {
        let page = site.page(address).await;
        assert!(
            !page.contains("<script") && !page.contains("style=\""),
            "{address}"
        );
        for attribute in ["src=\"", "action=\""] {
            for part in page.split(attribute).skip(1) {
                assert!(
                    part.starts_with('/'),
                    "{address}: {}",
                    &part[..40.min(part.len())]
                );
            }
        }
        for part in page.split("<link ").skip(1) {
            assert!(part.contains("href=\"/"), "{address}");
        }
    }
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_can_read_it() {
    let site = Site::small().await;
    for encoding in ["gzip", "zstd"] {
        let answer = site
            .ask(Method::GET, "/about", &[("accept-encoding", encoding)])
            .await;
        assert_eq!(answer.header("content-encoding"), encoding);
    }
}
