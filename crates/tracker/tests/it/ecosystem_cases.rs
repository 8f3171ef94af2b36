//! Bills of materials, in which a distribution's packages lie beside those of registries.

use palisade_formats::feed::FeedKind::{self, Nvd, Osv};
use palisade_formats::inventory::InventoryKind::{Cyclonedx, NixPackages};
use palisade_model::VerdictStatus::{Affected, Fixed};
use palisade_tracker::MatchRow;
use serde_json::{Value, json};

use crate::documents::{self, nvd_before, page, product};
use crate::tracker::{self, Tracker, row, status};

fn component(name: &str, version: &str, purl: &str) -> Value {
    json!({"type": "library", "name": name, "version": version, "purl": purl})
}

fn bill(components: &[Value]) -> String {
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}).to_string()
}

/// OSV's record that a package is affected before a version.
fn osv(cve: &str, ecosystem: &str, name: &str, fixed: &str) -> (FeedKind, String) {
    let record = documents::osv(&format!("O-{cve}"), &[cve], ecosystem, name, fixed);
    (Osv, format!("{record}\n"))
}

/// NVD's record that all versions of a product before one are affected.
fn nvd(cve: &str, cpe: &str, version: &str) -> (FeedKind, String) {
    (Nvd, page(&[nvd_before(cve, cpe, version)]))
}

fn matches(components: &[Value], feeds: &[(FeedKind, String)]) -> Vec<MatchRow> {
    tracker::matches(Cyclonedx, &bill(components), feeds)
}

#[test]
fn a_name_is_of_its_ecosystem_alone() {
    let components = [
        component(
            "requests",
            "2.0.0",
            "pkg:deb/debian/requests@2.0.0?distro=debian-12",
        ),
        component("requests", "2.0.0", "pkg:pypi/requests@2.0.0"),
        component("requests", "2.0.0", "pkg:npm/requests@2.0.0"),
    ];
    for (ecosystem, count) in [
        ("Debian:12", 1),
        ("PyPI", 1),
        ("npm", 1),
        ("Debian:11", 0),
        ("RubyGems", 0),
    ] {
        let rows = matches(
            &components,
            &[osv("CVE-2024-3001", ecosystem, "requests", "3")],
        );
        assert_eq!(rows.len(), count, "{ecosystem}: {rows:?}");
        assert!(
            rows.iter().all(|row| row.verdict == Affected),
            "{ecosystem}"
        );
    }
}

#[test]
fn versions_are_compared_by_the_registrys_rules() {
    for (purl, ecosystem, name, fixed, expected) in [
        (
            "pkg:pypi/Zope.Interface@5.0rc1",
            "PyPI",
            "zope-interface",
            "5.0",
            Affected,
        ),
        (
            "pkg:pypi/zope.interface@5.0.post1",
            "PyPI",
            "zope-interface",
            "5.0",
            Fixed,
        ),
        (
            "pkg:npm/%40scope/a@1.0.0-beta",
            "npm",
            "@scope/a",
            "1.0.0",
            Affected,
        ),
        (
            "pkg:golang/github.com/a/b@v1.2.3",
            "Go",
            "github.com/a/b",
            "1.2.4",
            Affected,
        ),
        (
            "pkg:golang/github.com/a/b@v1.2.4",
            "Go",
            "github.com/a/b",
            "1.2.4",
            Fixed,
        ),
        (
            "pkg:maven/org.a/b@1.0-alpha-1",
            "Maven",
            "org.a:b",
            "1.0",
            Affected,
        ),
        ("pkg:cargo/a@1.10.0", "crates.io", "a", "1.9.0", Fixed),
        (
            "pkg:composer/vendor/name@1.2",
            "Packagist",
            "vendor/name",
            "1.3",
            Affected,
        ),
    ] {
        let rows = matches(
            &[component("x", "0", purl)],
            &[osv("CVE-2024-3002", ecosystem, name, fixed)],
        );
        assert_eq!(rows.len(), 1, "{purl}");
        assert_eq!(rows[0].verdict, expected, "{purl}");
        assert_eq!(rows[0].confidence.label(), "certain", "{purl}");
    }
}

#[test]
fn a_librarys_name_in_a_registry_is_not_a_programs() {
    let program = nvd(
        "CVE-2024-3003",
        "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*",
        "1.9",
    );
    let library = nvd(
        "CVE-2024-3004",
        "cpe:2.3:a:someone:telling:*:*:*:*:*:node.js:*:*",
        "1.9",
    );
    let rows = matches(
        &[
            component("curl", "1.0.0", "pkg:npm/curl@1.0.0"),
            component("telling", "1.0.0", "pkg:npm/telling@1.0.0"),
            component("telling", "1.0.0", "pkg:pypi/telling@1.0.0"),
        ],
        &[program, library],
    );
    assert_eq!(status(&rows, "curl", "CVE-2024-3003"), None);
    let told: Vec<_> = rows
        .iter()
        .map(|row| (&*row.package, row.verdict))
        .collect();
    assert_eq!(
        told,
        [("telling", Affected)],
        "the language agrees with one alone"
    );
}

#[test]
fn software_that_nobody_packaged_is_matched_as_upstreams() {
    let record = nvd("CVE-2024-3005", &product("openssl"), "3.0.9");
    let rows = matches(
        &[
            component("openssl", "3.0.8", "pkg:generic/openssl@3.0.8"),
            component("openssl", "3.0.9", "pkg:generic/openssl@3.0.9"),
        ],
        &[record, osv("CVE-2024-3006", "Debian:12", "openssl", "4")],
    );
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(
        row(&rows, "openssl", "CVE-2024-3005").unwrap().verdict,
        Affected
    );
    assert_eq!(rows[1].verdict, Fixed);
}

#[test]
fn another_distributions_package_is_judged_on_its_own_branch() {
    let components = [
        component(
            "musl",
            "1.2.5-r0",
            "pkg:apk/alpine/musl@1.2.5-r0?distro=alpine-3.20.3",
        ),
        component(
            "busybox",
            "1-r0",
            "pkg:apk/alpine/busybox@1-r0?distro=alpine-3.20.3",
        ),
        component(
            "libssl3",
            "3.0.11-1",
            "pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl&distro=debian-12",
        ),
    ];
    let rows = matches(
        &components,
        &[
            osv("CVE-2024-3007", "Debian:12", "openssl", "3.0.12-1"),
            osv("CVE-2024-3008", "Debian:11", "openssl", "3.0.12-1"),
            osv("CVE-2024-3009", "Alpine:v3.20", "openssl", "9-r0"),
        ],
    );
    let told: Vec<_> = rows.iter().map(|row| &*row.vulnerability).collect();
    assert_eq!(told, ["CVE-2024-3007"]);
}

/// Tools find a distribution's Python package twice: in its list, and by the files that it has.
#[test]
fn a_registrys_package_takes_no_name_from_a_distributions() {
    let record = nvd(
        "CVE-2024-3010",
        "cpe:2.3:a:urllib3:urllib3:*:*:*:*:*:python:*:*",
        "2",
    );
    let system = component(
        "py3-urllib3",
        "1.26-r0",
        "pkg:apk/alpine/py3-urllib3@1.26-r0?distro=alpine-3.20",
    );
    let other = component(
        "musl",
        "1-r0",
        "pkg:apk/alpine/musl@1-r0?distro=alpine-3.20",
    );
    let twin = component("urllib3", "1.26", "pkg:pypi/urllib3@1.26");
    for components in [&[system.clone(), other.clone()][..], &[system, other, twin]] {
        let rows = matches(components, std::slice::from_ref(&record));
        assert_eq!(
            status(&rows, "py3-urllib3", "CVE-2024-3010"),
            Some(Affected)
        );
    }
}

#[test]
fn a_packager_who_says_that_it_is_affected_is_believed() {
    let list = json!({"packages": {
        "tool": {"pname": "tool", "version": "2.0", "meta": {"knownVulnerabilities": ["CVE-2024-3011: no fix"]}},
        "other": {"pname": "other", "version": "2.0", "meta": {}}
    }});
    let unrelated = osv("CVE-2024-3011", "PyPI", "something", "1");
    let behind = nvd(
        "CVE-2024-3011",
        "cpe:2.3:a:tool_project:tool:*:*:*:*:*:*:*:*",
        "1.0",
    );
    for feed in [unrelated, behind] {
        let rows = tracker::matches(NixPackages, &list.to_string(), &[feed]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((&*rows[0].package, rows[0].verdict), ("tool", Affected));
        let said = format!("{:?}", rows[0].evidence);
        assert!(
            said.contains("the packager says that CVE-2024-3011 affects it"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn what_is_stored_is_judged_as_what_is_matched() {
    let tracker = Tracker::new().await;
    let components = [
        component(
            "requests",
            "2.0.0",
            "pkg:deb/debian/requests@2.0.0?distro=debian-12",
        ),
        component("requests", "2.0.0", "pkg:pypi/requests@2.0.0"),
    ];
    tracker.bill(Cyclonedx, &bill(&components)).await;
    for (kind, record) in [
        osv("CVE-2024-3012", "PyPI", "requests", "3"),
        osv("CVE-2024-3013", "Debian:12", "requests", "3"),
    ] {
        tracker.feed(kind, &record).await;
    }
    assert_eq!(
        tracker.open_findings("debian/12").await,
        [
            "CVE-2024-3012 requests 2.0.0 affected",
            "CVE-2024-3013 requests 2.0.0 affected"
        ]
    );
    let mut session = tracker.store.read().await.unwrap();
    let sources = session.all_sources().await.unwrap();
    assert_eq!(sources.len(), 2, "two ecosystems, two sources");
}
