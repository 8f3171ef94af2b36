//! Of which day EPSS scores are stands wherever they are shown, and that they are too old.
//!
//! The site's clock stands at 2027-01-15.

use crate::support::{Site, let_be_seen};

/// What shows scores or is asked by them.
const PAGES: [&str; 5] = [
    "/",
    "/statistics",
    "/branch/guix/master",
    "/package/guix/demo",
    "/vulnerability/CVE-2025-1000",
];

fn json_of(path: &str) -> String {
    let path = if path == "/" { "/index" } else { path };
    format!("{path}.json")
}

async fn scored(day: &str) -> Site {
    let site = Site::small().await;
    site.epss(day, &[("CVE-2025-1000", 0.25)]).await;
    site
}

#[tokio::test]
async fn every_page_with_scores_says_of_which_day_they_are() {
    let site = scored("2026-12-16").await;
    for path in PAGES {
        let page = site.page(path).await;
        assert!(page.contains("of 2026-12-16"), "{path}: {page}");
        assert!(!page.contains("speak"), "{path}: {page}");
        let json = site.json(&json_of(path)).await;
        assert_eq!(json["epss"]["day"], "2026-12-16", "{path}");
        assert_eq!(json["epss"]["is_old"], false, "{path}");
    }
}

#[tokio::test]
async fn scores_of_more_than_thirty_days_ago_come_with_a_warning() {
    let site = scored("2026-12-15").await;
    for path in PAGES {
        let page = site.page(path).await;
        assert!(page.contains("class=\"note\""), "{path}: {page}");
        assert!(page.contains("are over"), "{path}: {page}");
        let json = site.json(&json_of(path)).await;
        assert_eq!(json["epss"]["is_old"], true, "{path}");
    }
    site.epss("2027-01-14", &[("CVE-2025-1000", 0.5)]).await;
    let_be_seen().await;
    for path in PAGES {
        let page = site.page(path).await;
        assert!(page.contains("of 2027-01-14"), "{path}: {page}");
        assert!(!page.contains("are over"), "{path}: {page}");
    }
}

#[tokio::test]
async fn a_filter_by_scores_says_of_which_day_they_are() {
    let site = scored("2026-12-20").await;
    let page = site.page("/branch/guix/master?epss=50").await;
    assert!(page.contains("<label>EPSS of 2026-12-20 <select"), "{page}");
    assert!(
        page.contains("<b>EPSS of 2026-12-20: 50 % or more</b>"),
        "{page}"
    );
    assert!(page.contains("No finding fits"), "{page}");
    assert!(page.contains("EPSS scores are of 2026-12-20."), "{page}");
}

#[tokio::test]
async fn without_scores_there_is_nothing_to_say() {
    let site = Site::small().await;
    for path in PAGES {
        assert!(!site.page(path).await.contains("EPSS scores"), "{path}");
        assert!(site.json(&json_of(path)).await["epss"].is_null());
    }
}
