//! Judgements that were found wrong when findings were checked by hand (docs/quality.md).

use palisade_formats::feed::FeedKind::{self, Cve5, Nvd, Osv};
use palisade_formats::inventory::InventoryKind::{Apkindex, Dpkg};
use palisade_model::Confidence;
use palisade_model::VerdictStatus::{self, Affected, NotAffected, UnderInvestigation};
use palisade_tracker::MatchRow;
use serde_json::{Value, json};

use crate::documents::{any_of, apkindex, before, nvd, page, product};
use crate::tracker::{self, row, status};

/// Matches a package of Alpine against feeds.
fn matches(package: &str, feeds: &[(FeedKind, String)]) -> Vec<MatchRow> {
    tracker::matches(Apkindex, &apkindex(&[package]), feeds)
}

/// A CVE record with the entries of its author and those that CISA added.
fn cve5(id: &str, author: &Value, added: &Value) -> String {
    let record = json!({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": id, "state": "PUBLISHED"},
        "containers": {
            "cna": {"providerMetadata": {"shortName": "author"}, "affected": author},
            "adp": [{"providerMetadata": {"shortName": "CISA-ADP"}, "affected": added}],
        },
    });
    format!("{record}\n")
}

fn kernel(versions: &Value, otherwise: &str) -> Value {
    json!([{"vendor": "linux", "product": "linux_kernel", "defaultStatus": otherwise,
        "cpes": ["cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"], "versions": versions}])
}

#[test]
fn the_kernel_is_found_under_whatever_name_a_package_has() {
    let author = json!([{"vendor": "Linux", "product": "Linux", "defaultStatus": "affected", "versions": [
        {"version": "6.9.8", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "semver"}]}]);
    let record = cve5("CVE-2024-3009", &author, &json!([]));
    for name in ["linux-lts", "linux-libre", "linux-libre-lts", "linux-asahi"] {
        let package = format!("{name} 6.1.163-r0");
        let rows = matches(&package, &[(Cve5, record.clone())]);
        assert_eq!(
            status(&rows, name, "CVE-2024-3009"),
            Some(Affected),
            "{name}"
        );
    }
}

/// What comes of the kernel 5.15.113 when its author says that 5.15 has had the fix since .8.
fn of_kernel(added: &Value) -> Option<VerdictStatus> {
    let author = json!([{"vendor": "Linux", "product": "Linux", "defaultStatus": "affected", "versions": [
        {"version": "5.15.8", "lessThanOrEqual": "5.15.*", "status": "unaffected", "versionType": "semver"},
        {"version": "5.16", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "semver"}]}]);
    let record = cve5("CVE-2024-3001", &author, added);
    let rows = matches("linux-lts 5.15.113-r0", &[(Cve5, record)]);
    status(&rows, "linux-lts", "CVE-2024-3001")
}

#[test]
fn a_commit_is_no_version_whatever_its_type() {
    let commits = json!([{"version": "1da177e4c3f4", "lessThan": "958cb1078ca6",
        "status": "affected", "versionType": "custom"}]);
    assert_eq!(of_kernel(&kernel(&commits, "unknown")), Some(NotAffected));
}

#[test]
fn who_names_the_version_knows_more_than_who_calls_all_others_affected() {
    let first = json!([{"version": "5.4", "status": "affected"}]);
    assert_eq!(of_kernel(&kernel(&first, "affected")), Some(NotAffected));
}

#[test]
fn an_edition_for_another_system_is_another_product() {
    let of = |edition: &str| {
        let criteria = format!("cpe:2.3:a:apache:http_server:*:*:{edition}:*:*:*:*:*");
        let record = nvd(
            "CVE-2024-3002",
            &[any_of(&[json!({"vulnerable": true, "criteria": criteria,
                "versionEndExcluding": "2.4.58"})])],
        );
        let rows = matches("apache2 2.4.57-r0", &[(Nvd, page(&[record]))]);
        status(&rows, "apache2", "CVE-2024-3002")
    };
    assert_eq!(of("win32"), None);
    assert_eq!(of("windows_nt"), None);
    assert_eq!(of("*"), Some(Affected));
    assert_eq!(of("linux"), Some(Affected));
}

#[test]
fn a_record_that_knows_the_system_overrules_one_that_does_not_say() {
    let xz = "cpe:2.3:a:tukaani:xz:*:*:*:*:*:*:*:*";
    let on = |system: &str| {
        let companion =
            json!({"vulnerable": false, "criteria": format!("cpe:2.3:o:{system}:-:*:*:*:*:*:*:*")});
        let configuration = json!({"operator": "AND", "nodes": [
            {"operator": "OR", "negate": false, "cpeMatch": [before(xz, "5.6.3")]},
            {"operator": "OR", "negate": false, "cpeMatch": [companion]}]});
        let author = json!([{"vendor": "tukaani", "product": "xz", "versions": [
            {"version": "0", "lessThan": "5.6.3", "status": "affected", "versionType": "custom"}]}]);
        let rows = matches(
            "xz 5.2.9-r0",
            &[
                (Nvd, page(&[nvd("CVE-2024-3003", &[configuration])])),
                (Cve5, cve5("CVE-2024-3003", &author, &json!([]))),
            ],
        );
        status(&rows, "xz", "CVE-2024-3003")
    };
    assert_eq!(on("microsoft:windows"), Some(NotAffected));
    assert_eq!(on("linux:linux_kernel"), Some(Affected));
}

#[test]
fn what_was_added_to_a_record_does_not_forget_the_platforms_of_its_author() {
    let entry = |platforms: &Value| {
        json!([{"vendor": "OpenVPN", "product": "OpenVPN", "platforms": platforms,
            "cpes": ["cpe:2.3:a:openvpn:openvpn:*:*:*:*:*:*:*:*"], "versions": [
            {"version": "0", "lessThanOrEqual": "2.6.8", "status": "affected", "versionType": "custom"}]}])
    };
    for (platforms, expected) in [(json!(["Windows"]), NotAffected), (json!([]), Affected)] {
        let record = cve5("CVE-2024-3008", &entry(&platforms), &entry(&json!([])));
        let rows = matches("openvpn 2.5.8-r0", &[(Cve5, record)]);
        assert_eq!(status(&rows, "openvpn", "CVE-2024-3008"), Some(expected));
    }
}

#[test]
fn a_range_without_an_end_is_for_a_person_to_look_at() {
    let row_of = json!({"vulnerable": true, "criteria": product("samba"),
        "versionStartIncluding": "4.0.0"});
    let record = nvd("CVE-2024-3004", &[any_of(&[row_of])]);
    let rows = matches("samba 4.16.10-r0", &[(Nvd, page(&[record]))]);
    let found = row(&rows, "samba", "CVE-2024-3004").unwrap();
    assert_eq!(
        (found.verdict, found.confidence),
        (UnderInvestigation, Confidence::Possible)
    );
}

#[test]
fn versions_that_are_named_as_unaffected_leave_no_question_about_the_rest() {
    let author = json!([{"vendor": "gnome", "product": "glib", "defaultStatus": "unaffected",
        "versions": [{"version": "2.75.1", "status": "unaffected"}]}]);
    let record = cve5("CVE-2024-3005", &author, &json!([]));
    let rows = matches("glib 2.74.7-r0", &[(Cve5, record)]);
    assert_eq!(status(&rows, "glib", "CVE-2024-3005"), Some(NotAffected));
}

/// What comes of one version of a package when its author words vendor and product so.
fn worded(package: &str, vendor: &str, product: &str) -> Option<VerdictStatus> {
    let author = json!([{"vendor": vendor, "product": product, "versions": [
        {"version": "0", "lessThan": "2.0", "status": "affected", "versionType": "custom"}]}]);
    let record = cve5("CVE-2024-3010", &author, &json!([]));
    let rows = matches(&format!("{package} 1.0-r0"), &[(Cve5, record)]);
    status(&rows, package, "CVE-2024-3010")
}

#[test]
fn a_product_may_be_worded_otherwise_where_something_vouches_for_it() {
    let apache = "Apache Software Foundation";
    assert_eq!(
        worded("apache2", apache, "Apache HTTP Server"),
        Some(Affected)
    );
    assert_eq!(
        worded("openbabel", "Open Babel", "Open Babel"),
        Some(Affected)
    );
    assert_eq!(worded("openbabel", "Somebody", "Open Babel"), None);
    assert_eq!(
        worded("python3", "Python Software Foundation", "CPython"),
        Some(Affected)
    );
    assert_eq!(
        worded("go", "Go standard library", "net/http"),
        Some(Affected)
    );
    assert_eq!(worded("http", "Go standard library", "net/http"), None);
    assert_eq!(worded("linux-lts", "debian", "debian_linux"), None);
}

#[test]
fn another_distributors_package_names_the_project_but_no_version_of_it() {
    let of = |package: &str| {
        let author = json!([{"vendor": "Red Hat", "product": "Red Hat Enterprise Linux 9",
            "packageName": package, "versions": [{"version": "0:0.23.0-4.el9_3", "lessThan": "*",
            "status": "unaffected", "versionType": "rpm"}], "defaultStatus": "affected",
            "collectionURL": "https://access.redhat.com/downloads/content/package-browser/"}]);
        let record = cve5("CVE-2024-3011", &author, &json!([]));
        let rows = matches("opensc 0.22.0-r0", &[(Cve5, record)]);
        status(&rows, "opensc", "CVE-2024-3011")
    };
    assert_eq!(of("opensc"), Some(UnderInvestigation));
    assert_eq!(of("libopensc"), None);
}

#[test]
fn a_product_named_as_its_repository_is_that_product() {
    let author = json!([{"vendor": "vim", "product": "vim/vim", "versions": [
        {"version": "unspecified", "lessThan": "9.0.1499", "status": "affected", "versionType": "custom"}]}]);
    let record = cve5("CVE-2024-3006", &author, &json!([]));
    let rows = matches("vim 9.0.0999-r0", &[(Cve5, record)]);
    assert_eq!(status(&rows, "vim", "CVE-2024-3006"), Some(Affected));
}

#[test]
fn an_issue_between_two_releases_is_in_none() {
    let of = |versions: &Value| {
        let record = json!({"id": "OSV-2024-1", "modified": "2024-01-01T00:00:00Z", "affected": [{
            "package": {"ecosystem": "OSS-Fuzz", "name": "libcbor"},
            "ranges": [{"type": "GIT", "repo": "https://github.com/PJK/libcbor", "events": [
                {"introduced": "6e6050e9ca2a898de1c6b0f3babadb745b5047da"},
                {"fixed": "3bfb7acb29d9812ffe8085af77c7fac72f76d33a"}]}],
            "versions": versions}]});
        let index = apkindex(&["libcbor 0.9.0-r1"])
            .replace("https://libcbor.example/", "https://github.com/PJK/libcbor");
        let rows = tracker::matches(Apkindex, &index, &[(Osv, format!("{record}\n"))]);
        status(&rows, "libcbor", "OSV-2024-1")
    };
    assert_eq!(of(&json!([])), Some(NotAffected));
    assert_eq!(of(&json!(["v0.9.0"])), Some(Affected));
    assert_eq!(of(&Value::Null), Some(UnderInvestigation));
}

#[test]
fn debians_silence_of_an_older_release_says_that_it_is_not_affected() {
    let of = |record: &str, releases: &[&str], version: &str| {
        let entry = |release: &&str| {
            json!({"package": {"ecosystem": format!("Debian:{release}"), "name": "linux"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.9.8-1"}]}]})
        };
        let entries: Vec<Value> = releases.iter().map(entry).collect();
        let debian = json!({"id": record, "aliases": ["CVE-2024-3007"], "modified": "2024-01-01T00:00:00Z",
            "affected": entries});
        let author = json!([{"vendor": "Linux", "product": "Linux", "defaultStatus": "affected", "versions": [
            {"version": "6.9.8", "lessThanOrEqual": "*", "status": "unaffected", "versionType": "semver"}]}]);
        let packages = format!(
            "Package: linux\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n\n"
        );
        let rows = tracker::matches_on(
            "debian/12",
            Dpkg,
            &packages,
            &[
                (Osv, format!("{debian}\n")),
                (Cve5, cve5("CVE-2024-3007", &author, &json!([]))),
            ],
        );
        status(&rows, "linux", "CVE-2024-3007")
    };
    let release = "6.1.192-2";
    assert_eq!(
        of("DEBIAN-CVE-2024-3007", &["13"], release),
        Some(NotAffected)
    );
    assert_eq!(
        of("DEBIAN-CVE-2024-3007", &["12", "13"], release),
        Some(Affected)
    );
    // Of what came after a record it says nothing, nor does a notice of one fix.
    assert_eq!(of("DEBIAN-CVE-2024-3007", &["11"], release), Some(Affected));
    assert_eq!(of("DSA-5000-1", &["13"], release), Some(Affected));
    assert_eq!(
        of("DEBIAN-CVE-2024-3007", &["13"], "6.8.1-1~bpo12+1"),
        Some(Affected)
    );
}
