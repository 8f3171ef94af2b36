//! A feed and an inventory that attack: whatever they say, pages only show it.

use palisade_formats::feed::FeedKind;

use crate::support::{Site, nvd};

const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
const BIDI: &str = "\u{202e}evil\u{2066}\u{200f}\u{1b}[2J";

async fn hostile() -> Site {
    let site = Site::new().await;
    let details = format!("{SCRIPT} {BIDI}\n\n{{{{ 7 * 7 }}}}");
    site.feed(
        FeedKind::Nvd,
        &nvd(
            "CVE-2025-1000",
            "demo",
            &details,
            "javascript:alert(document.cookie)//http://x",
        ),
    )
    .await;
    let osv = serde_json::json!({
        "id": "EVIL-1&x=<b>".replace('<', "(").replace('>', ")"),
        "aliases": ["CVE-2025-1000"], "modified": "2025-01-05T00:00:00Z",
        "summary": format!("{SCRIPT}{BIDI}"), "details": SCRIPT,
        "references": [
            {"type": "WEB", "url": "JaVaScRiPt:alert(1)"},
            {"type": SCRIPT, "url": "https://ok.example/\"><script>alert(1)</script>"},
            {"type": "WEB", "url": "data:text/html,<script>alert(1)</script>"},
            {"type": "WEB", "url": "https://plain.example/path?a=1&b=2"},
        ],
        "severity": [{"type": "Ubuntu", "score": SCRIPT}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": SCRIPT}, "versions": [SCRIPT, BIDI]}],
        "database_specific": {"cwe_ids": [SCRIPT]},
    });
    site.feed(FeedKind::Osv, &osv.to_string()).await;
    let package = serde_json::json!({
        "name": "demo<script>alert(1)</script>", "version": "1.0\"><script>alert(1)</script>",
        "home_page": "javascript:alert(1)", "synopsis": format!("{SCRIPT}{BIDI}"),
        "license": [SCRIPT], "location": SCRIPT, "build_system": SCRIPT, "outputs": ["out<script>"],
        "source": {"type": "url", "urls": ["javascript:alert(1)", "https://x/<script>"],
                   "file_name": SCRIPT, "patches": ["CVE-2025-1001<script>.patch"]},
        "properties": {"cpe-name": "demo", "cpe-vendor": "acme"},
        "replacement": {"name": "demo<script>", "version": "1.1<script>",
                        "source": {"type": "url", "urls": ["https://x/y"], "patches": ["<script>.patch"]}},
    });
    site.revision("one<script>alert(1)</script>", &[&package.to_string()])
        .await;
    site
}

fn harmless(address: &str, page: &str) {
    for bad in [
        "<script",
        "<img src=x",
        "onerror=alert(1)>",
        "<b>\"",
        "href=\"javascript",
        "href=\"JaVaScRiPt",
        "href=\"data:",
    ] {
        assert!(!page.contains(bad), "{address} holds {bad}:\n{page}");
    }
    for bad in ['\u{202e}', '\u{2066}', '\u{200f}', '\u{1b}'] {
        assert!(!page.contains(bad), "{address} holds {bad:?}");
    }
}

#[tokio::test]
async fn no_field_escapes_from_its_place() {
    let site = hostile().await;
    let name = "demo%3Cscript%3Ealert%281%29%3C%2Fscript%3E";
    let mut shown = String::new();
    for address in [
        "/".to_owned(),
        "/branches".to_owned(),
        "/branch/guix/master?status=open".to_owned(),
        format!("/package/guix/{name}"),
        format!("/package/guix/{name}?show=fixed"),
        format!("/package/guix/{name}/CVE-2025-1000"),
        "/vulnerability/CVE-2025-1000".to_owned(),
        "/search?q=demo".to_owned(),
        "/feeds".to_owned(),
        "/feeds/import/1".to_owned(),
        "/events".to_owned(),
        "/statistics".to_owned(),
        "/distribution/guix".to_owned(),
        "/maintainers/guix".to_owned(),
        "/maintainers/guix/orphaned".to_owned(),
        format!("/package/guix/{name}/history"),
        "/branch/guix/master/history".to_owned(),
        "/branch/guix/master/grafts".to_owned(),
        "/branch/guix/master/mistakes".to_owned(),
        "/comparison?from=guix/master&to=guix/master".to_owned(),
        "/report/2027-01".to_owned(),
        "/sources".to_owned(),
    ] {
        let page = site.page(&address).await;
        harmless(&address, &page);
        shown.push_str(&page);
    }
    assert!(
        shown.contains("&#60;script&#62;alert(1)&#60;/script&#62;"),
        "hostile text must be shown, escaped"
    );
    assert!(
        shown.contains("javascript:alert(document.cookie)"),
        "as text, not as a link"
    );
    assert!(shown.contains("{{ 7 * 7 }}"));
    assert!(shown.contains(
        r#"href="https://plain.example/path?a=1&#38;b=2" rel="nofollow noopener noreferrer""#
    ));
}

#[tokio::test]
async fn feeds_and_tables_carry_hostile_text_as_text() {
    let site = hostile().await;
    for address in [
        "/branch/guix/master.atom?status=open",
        "/events.atom",
        "/index.atom",
    ] {
        let feed = site.get(address).await;
        assert_eq!(
            feed.header("content-type"),
            "application/atom+xml; charset=utf-8"
        );
        harmless(address, &feed.body);
        assert!(feed.body.contains("&lt;script"), "{address}: {}", feed.body);
    }
    let table = site.get("/branch/guix/master.csv?status=open").await;
    assert_eq!(table.header("x-content-type-options"), "nosniff");
    for bad in ['\u{202e}', '\u{2066}', '\u{1b}'] {
        assert!(!table.body.contains(bad), "{bad:?}");
    }
    for line in table.body.lines() {
        assert!(!line.starts_with(['=', '+', '-', '@']), "{line}");
    }
}

#[tokio::test]
async fn what_is_asked_is_shown_harmlessly() {
    let site = Site::small().await;
    for address in [
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/branch/guix/master?q=%22%3E%3Cscript%3E&package=%3Cscript%3E",
        "/search?q=%E2%80%AEevil",
        "/events?package=%22%3E%3Cscript%3E&vulnerability=%3Cscript%3E",
        "/branch/guix/master?scorer=%22%3E%3Cscript%3E&maintainer=%3Cscript%3E",
        "/maintainers/guix?q=%22%3E%3Cscript%3E",
    ] {
        harmless(address, &site.page(address).await);
    }
    for address in [
        "/%3Cscript%3E",
        "/vulnerability/%3Cscript%3Ealert(1)",
        "/branch/guix/%3Cscript%3E",
        "/vulnerability/X-1(script)alert(1)",
        "/branch/guix/master?%3Cscript%3E=1",
        "/branch/guix/master?sort=%3Cscript%3E",
        "/package/guix/demo?branch=%3Cscript%3E/x",
    ] {
        let answer = site.get(address).await;
        assert!(answer.status.is_client_error(), "{address}");
        harmless(address, &answer.body);
    }
}

#[tokio::test]
async fn redirects_stay_here() {
    let site = Site::small().await;
    for address in [
        "//evil.example/.json",
        "/vulnerability/%2F%2Fevil.example",
        "/search?q=%2F%2Fevil.example",
        "/%5Cevil.example",
    ] {
        let answer = site.get(address).await;
        let location = answer.header("location");
        assert!(
            location.is_empty() || (location.starts_with('/') && !location.starts_with("//")),
            "{address}: {location}"
        );
    }
}

#[tokio::test]
async fn json_tells_hostile_text_unchanged() {
    let site = hostile().await;
    let json = site.json("/vulnerability/CVE-2025-1000.json").await;
    let texts = json["advisories"].to_string();
    assert!(texts.contains("alert(document.cookie)"));
    let answer = site.get("/vulnerability/CVE-2025-1000.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}
