//! Cases in which Alpine's present tracker is known to judge wrongly, each with the right outcome.

use palisade_formats::feed::FeedKind::{self, Nvd, Secdb};
use palisade_formats::inventory::InventoryKind::Apkindex;
use palisade_model::VerdictStatus::{Affected, Fixed, NotAffected, UnderInvestigation};
use palisade_model::{CvssVersion, Severity};
use palisade_tracker::MatchRow;
use serde_json::json;

use crate::documents::{any_of, apkindex, before, metrics, nvd, nvd_before, page, product, secdb};
use crate::tracker::{self, Tracker, row, says, status};

const BRANCH: &str = "alpine/v3.99";

/// The fixes that the branch's main tells of.
fn fixes(fixes: &[&str]) -> (FeedKind, String) {
    (Secdb, secdb("v3.99", fixes))
}

fn matches(packages: &[&str], feeds: &[(FeedKind, String)]) -> Vec<MatchRow> {
    tracker::matches(Apkindex, &apkindex(packages), feeds)
}

/// A database in which the branch has foosoft 1.0-r0.
async fn with_foosoft() -> Tracker {
    let tracker = Tracker::new().await;
    let packages = apkindex(&["foosoft 1.0-r0"]);
    tracker.inventory(BRANCH, 1000, &packages).await;
    tracker
}

#[test]
fn a_score_is_read_where_nvd_writes_it() {
    let mut record = nvd("CVE-2024-1001", &[]);
    record["cve"]["metrics"] = metrics(9.8);
    let parsed = Nvd.parse(record.to_string().as_bytes()).unwrap();
    let foremost = Severity::foremost(&parsed.advisory.severities).unwrap();
    assert_eq!(foremost.score(), Some((CvssVersion::V31, 9.8)));
    assert_eq!(foremost.scorer, "nvd@nist.gov");
}

#[test]
fn a_fix_in_one_package_fixes_no_other() {
    let bar = "cpe:2.3:a:barsoft:barbarbar:*:*:*:*:*:*:*:*";
    let feeds = [
        fixes(&["foofoo 1.0-r0 CVE-2024-1002"]),
        (Nvd, page(&[nvd_before("CVE-2024-1002", bar, "2.0")])),
    ];
    let rows = matches(&["foofoo 1.0-r0", "barbarbar 1.5-r0"], &feeds);
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1002"), Some(Fixed));
    assert_eq!(status(&rows, "barbarbar", "CVE-2024-1002"), Some(Affected));
}

#[test]
fn a_platform_is_not_what_is_vulnerable() {
    let platform = json!({"vulnerable": false, "criteria": product("hostapp")});
    let plugin = before("cpe:2.3:a:hostapp:pluginapp:*:*:*:*:*:*:*:*", "2.0");
    let configuration = json!({"operator": "AND", "nodes": [
        {"operator": "OR", "negate": false, "cpeMatch": [plugin]},
        {"operator": "OR", "negate": false, "cpeMatch": [platform]},
    ]});
    let feeds = [(Nvd, page(&[nvd("CVE-2024-1003", &[configuration])]))];
    let rows = matches(&["hostapp 9-r0", "pluginapp 1.0-r0"], &feeds);
    assert_eq!(status(&rows, "hostapp", "CVE-2024-1003"), None);
    let plugin = row(&rows, "pluginapp", "CVE-2024-1003").unwrap();
    assert_eq!(plugin.verdict, UnderInvestigation);
    assert_eq!(
        says(&plugin.evidence)[1..3],
        [
            "only together with hostapp hostapp",
            "1.0 is affected: before 2.0"
        ]
    );
}

#[test]
fn a_version_that_is_not_stated_is_for_people_to_look_at() {
    let unstated =
        json!({"vulnerable": true, "criteria": "cpe:2.3:a:foosoft:foosoft:-:*:*:*:*:*:*:*"});
    let feeds = [(Nvd, page(&[nvd("CVE-2024-1004", &[any_of(&[unstated])])]))];
    let rows = matches(&["foosoft 1.0-r0"], &feeds);
    assert_eq!(
        status(&rows, "foosoft", "CVE-2024-1004"),
        Some(UnderInvestigation)
    );
}

#[test]
fn a_second_fix_means_that_the_first_was_not_enough() {
    let feeds = [fixes(&[
        "foofoo 2.0-r3 CVE-2024-1005",
        "foofoo 1.0-r1 CVE-2024-1005",
    ])];
    let rows = matches(&["foofoo 2.0-r1"], &feeds);
    let foo = row(&rows, "foofoo", "CVE-2024-1005").unwrap();
    assert_eq!(
        (foo.verdict, foo.fixed_in.as_deref()),
        (Affected, Some("2.0-r3"))
    );
}

#[test]
fn a_fix_in_a_later_version_says_that_earlier_ones_are_affected() {
    let rows = matches(
        &["foofoo 1.0-r0"],
        &[fixes(&["foofoo 2.0-r0 CVE-2024-1006"])],
    );
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1006"), Some(Affected));
}

#[test]
fn every_configuration_and_every_node_is_read() {
    let other = any_of(&[before("cpe:2.3:a:other:otherapp:*:*:*:*:*:*:*:*", "9")]);
    let foo = before(&product("foosoft"), "2.0");
    let two_nodes = json!({"nodes": [
        {"operator": "OR", "negate": false, "cpeMatch": [before("cpe:2.3:a:x:y:*:*:*:*:*:*:*:*", "1")]},
        {"operator": "OR", "negate": false, "cpeMatch": [foo.clone()]},
    ]});
    let records = [
        nvd("CVE-2024-1007", &[other, any_of(&[foo])]),
        nvd("CVE-2024-1008", &[two_nodes]),
    ];
    let rows = matches(&["foosoft 1.0-r0"], &[(Nvd, page(&records))]);
    assert_eq!(status(&rows, "foosoft", "CVE-2024-1007"), Some(Affected));
    assert_eq!(status(&rows, "foosoft", "CVE-2024-1008"), Some(Affected));
}

#[test]
fn escaped_characters_of_a_cpe_name_are_read() {
    let sigc = r"cpe:2.3:a:gnome:libsigc\+\+:*:*:*:*:*:*:*:*";
    let foo = r"cpe:2.3:a:foo\:\:bar_project:foo\:\:bar:*:*:*:*:*:*:*:*";
    let records = [
        nvd_before("CVE-2024-1009", sigc, "3"),
        nvd_before("CVE-2024-1010", foo, "3"),
    ];
    let rows = matches(
        &["libsigc++ 2.12-r0", "foo::bar 2.0-r0"],
        &[(Nvd, page(&records))],
    );
    assert_eq!(status(&rows, "libsigc++", "CVE-2024-1009"), Some(Affected));
    assert_eq!(status(&rows, "foo::bar", "CVE-2024-1010"), Some(Affected));
}

#[test]
fn several_identifiers_in_one_item_are_names_of_one_issue() {
    let feeds = [fixes(&[
        "foofoo 1.0-r1 CVE-2024-1011, GHSA-aaaa-bbbb-cccc",
        "foofoo 1.0-r1 CVE-2024-1012 XSA-77",
    ])];
    let rows = matches(&["foofoo 1.0-r1"], &feeds);
    let first = row(&rows, "foofoo", "CVE-2024-1011").unwrap();
    assert_eq!(
        (first.verdict, first.aliases.as_slice()),
        (Fixed, &["GHSA-aaaa-bbbb-cccc".to_owned()][..])
    );
    let second = row(&rows, "foofoo", "CVE-2024-1012").unwrap();
    assert_eq!(
        (second.verdict, second.aliases.as_slice()),
        (Fixed, &["XSA-77".to_owned()][..])
    );
}

#[test]
fn two_cves_in_one_item_are_both_fixed() {
    let feeds = [fixes(&["foofoo 1.0-r1 CVE-2024-1013 CVE-2024-1014"])];
    let rows = matches(&["foofoo 1.0-r1"], &feeds);
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1013"), Some(Fixed));
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1014"), Some(Fixed));
}

#[tokio::test]
async fn an_empty_item_is_passed_over_and_the_rest_is_stored() {
    let tracker = with_foosoft().await;
    let (kind, document) = fixes(&["foosoft 2.0-r0 ", "foosoft 2.0-r0 CVE-2024-1015"]);
    let (_, rejects) = tracker.try_feed(kind, &document).await.unwrap();
    assert_eq!(rejects, ["feed.json, record 0, foosoft/: it is empty"]);
    assert_eq!(
        tracker.findings().await,
        ["v3.99 foosoft 1.0-r0 CVE-2024-1015: affected"]
    );
}

#[test]
fn a_bound_that_is_no_version_of_the_distribution_is_compared_by_upstreams_rules() {
    let range = json!({
        "vulnerable": true, "criteria": product("foosoft"),
        "versionStartIncluding": "2.0beta", "versionEndExcluding": "2.0",
    });
    let feeds = [(Nvd, page(&[nvd("CVE-2024-1016", &[any_of(&[range])])]))];
    for (package, expected) in [
        ("foosoft 1.9-r0", NotAffected),
        ("foosoft 2.0_beta3-r0", Affected),
        ("foosoft 2.0_rc1-r2", Affected),
        ("foosoft 2.0-r0", Fixed),
    ] {
        let rows = matches(&[package], &feeds);
        assert_eq!(
            status(&rows, "foosoft", "CVE-2024-1016"),
            Some(expected),
            "{package}"
        );
    }
}

#[test]
fn capitals_in_a_product_name_do_not_matter() {
    let record = nvd_before("CVE-2024-1017", &product("ImageMagick"), "7.1.2");
    let rows = matches(&["imagemagick 7.1.1-r0"], &[(Nvd, page(&[record]))]);
    assert_eq!(
        status(&rows, "imagemagick", "CVE-2024-1017"),
        Some(Affected)
    );
}

#[tokio::test]
async fn a_version_that_was_superseded_is_no_longer_open() {
    let tracker = with_foosoft().await;
    let record = nvd_before("CVE-2024-1018", &product("foosoft"), "1.5");
    tracker.feed(Nvd, &page(&[record])).await;
    assert_eq!(
        tracker.findings().await,
        ["v3.99 foosoft 1.0-r0 CVE-2024-1018: affected"]
    );
    assert_eq!(
        tracker.open_findings(BRANCH).await,
        ["CVE-2024-1018 foosoft 1.0-r0 affected"]
    );
    let packages = apkindex(&["foosoft 2.0-r0"]);
    tracker.inventory(BRANCH, 2000, &packages).await;
    assert_eq!(
        tracker.findings().await,
        [
            "-v3.99 foosoft 1.0-r0 CVE-2024-1018: affected",
            "v3.99 foosoft 2.0-r0 CVE-2024-1018: fixed"
        ]
    );
    assert_eq!(tracker.open_findings(BRANCH).await, [""; 0]);
}

#[tokio::test]
async fn a_rejection_that_was_withdrawn_is_vulnerable_again() {
    let tracker = with_foosoft().await;
    let record = nvd_before("CVE-2024-1019", &product("foosoft"), "1.5");
    tracker.feed(Nvd, &page(&[record])).await;
    let affected = ["v3.99 foosoft 1.0-r0 CVE-2024-1019: affected"];
    assert_eq!(tracker.findings().await, affected);
    let (kind, rejection) = fixes(&["foosoft 0 CVE-2024-1019"]);
    tracker.feed(kind, &rejection).await;
    assert_eq!(
        tracker.findings().await,
        ["v3.99 foosoft 1.0-r0 CVE-2024-1019: not affected"]
    );
    let (kind, nothing) = fixes(&[]);
    tracker.feed(kind, &nothing).await;
    assert_eq!(tracker.findings().await, affected);
}

#[tokio::test]
async fn a_range_that_was_narrowed_takes_the_finding_with_it() {
    let tracker = with_foosoft().await;
    for (bound, outcome) in [("1.5", "affected"), ("0.9", "fixed")] {
        let record = nvd_before("CVE-2024-1020", &product("foosoft"), bound);
        tracker.feed(Nvd, &page(&[record])).await;
        assert_eq!(
            tracker.findings().await,
            [format!("v3.99 foosoft 1.0-r0 CVE-2024-1020: {outcome}")]
        );
    }
}
