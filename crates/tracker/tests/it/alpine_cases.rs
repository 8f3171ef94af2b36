//! Cases in which Alpine's present tracker is known to judge wrongly, each with the right outcome.

use palisade_formats::feed::FeedKind::{Nvd, Secdb};
use palisade_formats::inventory::InventoryKind::Apkindex;
use palisade_model::VerdictStatus::{Affected, Fixed, NotAffected, UnderInvestigation};
use palisade_model::{CvssVersion, Severity};
use serde_json::json;

use crate::made_up::{Bench, any_of, apkindex, before, fixes, nvd, row, secdb, status};

const FOO: &str = "cpe:2.3:a:foo:foo:*:*:*:*:*:*:*:*";

#[test]
fn a_score_is_read_where_nvd_writes_it() {
    let record = json!({"cve": {
        "id": "CVE-2024-1001",
        "descriptions": [{"lang": "en", "value": "made for a test"}],
        "metrics": {"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {
            "version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "baseScore": 9.8, "baseSeverity": "CRITICAL"}}]},
    }});
    let parsed = Nvd.parse(record.to_string().as_bytes()).unwrap();
    let foremost = Severity::foremost(&parsed.advisory.severities).unwrap();
    assert_eq!(foremost.score(), Some((CvssVersion::V31, 9.8)));
    assert_eq!(foremost.scorer, "nvd@nist.gov");
}

#[test]
fn a_fix_in_one_package_fixes_no_other() {
    let bar = before("cpe:2.3:a:barsoft:barbarbar:*:*:*:*:*:*:*:*", "2.0");
    let feeds = [
        (
            Secdb,
            fixes("foofoo", &json!({"1.0-r0": ["CVE-2024-1002"]})),
        ),
        (Nvd, nvd("CVE-2024-1002", &[any_of(&[bar])])),
    ];
    let index = apkindex(&[("foofoo", "1.0-r0"), ("barbarbar", "1.5-r0")]);
    let rows = Bench::new().matches((Apkindex, &index), &feeds);
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1002"), Some(Fixed));
    assert_eq!(status(&rows, "barbarbar", "CVE-2024-1002"), Some(Affected));
}

#[test]
fn a_platform_is_not_what_is_vulnerable() {
    let platform =
        json!({"vulnerable": false, "criteria": "cpe:2.3:a:hostapp:hostapp:*:*:*:*:*:*:*:*"});
    let plugin = before("cpe:2.3:a:hostapp:pluginapp:*:*:*:*:*:*:*:*", "2.0");
    let configuration = json!({"operator": "AND", "nodes": [
        {"operator": "OR", "negate": false, "cpeMatch": [plugin]},
        {"operator": "OR", "negate": false, "cpeMatch": [platform]},
    ]});
    let feeds = [(Nvd, nvd("CVE-2024-1003", &[configuration]))];
    let index = apkindex(&[("hostapp", "9-r0"), ("pluginapp", "1.0-r0")]);
    let rows = Bench::new().matches((Apkindex, &index), &feeds);
    assert_eq!(status(&rows, "hostapp", "CVE-2024-1003"), None);
    let plugin = row(&rows, "pluginapp", "CVE-2024-1003").unwrap();
    assert!(
        plugin
            .evidence
            .0
            .iter()
            .any(|step| step.says.contains("hostapp"))
    );
}

#[test]
fn a_version_that_is_not_stated_is_for_people_to_look_at() {
    let unstated =
        json!({"vulnerable": true, "criteria": "cpe:2.3:a:foosoft:foosoft:-:*:*:*:*:*:*:*"});
    let feeds = [(Nvd, nvd("CVE-2024-1004", &[any_of(&[unstated])]))];
    let rows = Bench::new().matches((Apkindex, &apkindex(&[("foosoft", "1.0-r0")])), &feeds);
    assert_eq!(
        status(&rows, "foosoft", "CVE-2024-1004"),
        Some(UnderInvestigation)
    );
}

#[test]
fn a_second_fix_means_that_the_first_was_not_enough() {
    let feeds = [(
        Secdb,
        fixes(
            "foofoo",
            &json!({"2.0-r3": ["CVE-2024-1005"], "1.0-r1": ["CVE-2024-1005"]}),
        ),
    )];
    let index = apkindex(&[("foofoo", "2.0-r1")]);
    let rows = Bench::new().matches((Apkindex, &index), &feeds);
    let foo = row(&rows, "foofoo", "CVE-2024-1005").unwrap();
    assert_eq!(
        (foo.verdict, foo.fixed_in.as_deref()),
        (Affected, Some("2.0-r3"))
    );
}

#[test]
fn a_fix_in_a_later_version_says_that_earlier_ones_are_affected() {
    let feeds = [(
        Secdb,
        fixes("foofoo", &json!({"2.0-r0": ["CVE-2024-1006"]})),
    )];
    let rows = Bench::new().matches((Apkindex, &apkindex(&[("foofoo", "1.0-r0")])), &feeds);
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1006"), Some(Affected));
}

#[test]
fn every_configuration_and_every_node_is_read() {
    let other = || any_of(&[before("cpe:2.3:a:other:otherapp:*:*:*:*:*:*:*:*", "9")]);
    let foo = before("cpe:2.3:a:foosoft:foosoft:*:*:*:*:*:*:*:*", "2.0");
    let two_nodes = json!({"nodes": [
        {"operator": "OR", "negate": false, "cpeMatch": [before("cpe:2.3:a:x:y:*:*:*:*:*:*:*:*", "1")]},
        {"operator": "OR", "negate": false, "cpeMatch": [foo.clone()]},
    ]});
    let feeds = [
        (Nvd, nvd("CVE-2024-1007", &[other(), any_of(&[foo])])),
        (Nvd, nvd("CVE-2024-1008", &[two_nodes])),
    ];
    let rows = Bench::new().matches((Apkindex, &apkindex(&[("foosoft", "1.0-r0")])), &feeds);
    assert_eq!(status(&rows, "foosoft", "CVE-2024-1007"), Some(Affected));
    assert_eq!(status(&rows, "foosoft", "CVE-2024-1008"), Some(Affected));
}

#[test]
fn escaped_characters_of_a_cpe_name_are_read() {
    let feeds = [
        (
            Nvd,
            nvd(
                "CVE-2024-1009",
                &[any_of(&[before(
                    r"cpe:2.3:a:gnome:libsigc\+\+:*:*:*:*:*:*:*:*",
                    "3",
                )])],
            ),
        ),
        (
            Nvd,
            nvd(
                "CVE-2024-1010",
                &[any_of(&[before(
                    r"cpe:2.3:a:foo\:\:bar_project:foo\:\:bar:*:*:*:*:*:*:*:*",
                    "3",
                )])],
            ),
        ),
    ];
    let index = apkindex(&[("libsigc++", "2.12-r0"), ("foo::bar", "2.0-r0")]);
    let rows = Bench::new().matches((Apkindex, &index), &feeds);
    assert_eq!(status(&rows, "libsigc++", "CVE-2024-1009"), Some(Affected));
    assert_eq!(status(&rows, "foo::bar", "CVE-2024-1010"), Some(Affected));
}

#[test]
fn several_identifiers_in_one_item_are_names_of_one_issue() {
    let items = json!({"1.0-r1": ["CVE-2024-1011, GHSA-aaaa-bbbb-cccc", "CVE-2024-1012 XSA-77"]});
    let feeds = [(Secdb, fixes("foofoo", &items))];
    let rows = Bench::new().matches((Apkindex, &apkindex(&[("foofoo", "1.0-r1")])), &feeds);
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
    let feeds = [(
        Secdb,
        fixes(
            "foofoo",
            &json!({"1.0-r1": ["CVE-2024-1013 CVE-2024-1014"]}),
        ),
    )];
    let rows = Bench::new().matches((Apkindex, &apkindex(&[("foofoo", "1.0-r1")])), &feeds);
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1013"), Some(Fixed));
    assert_eq!(status(&rows, "foofoo", "CVE-2024-1014"), Some(Fixed));
}

#[tokio::test]
async fn an_empty_item_is_passed_over_and_the_rest_is_stored() {
    let bench = Bench::new();
    let store = bench.store().await;
    let index = apkindex(&[("foofoo", "1.0-r0")]);
    let mut inventory = bench.inventory(Apkindex, &index, "one", 0);
    inventory.branch = Some("alpine/v3.99".parse().unwrap());
    bench.import_inventory(&store, inventory).await;
    bench
        .import_feed(
            &store,
            Secdb,
            &fixes("foofoo", &json!({"2.0-r0": ["", "CVE-2024-1015"]})),
        )
        .await;
    assert_eq!(
        crate::made_up::open_findings(&store, "alpine/v3.99").await,
        ["CVE-2024-1015 foofoo 1.0-r0 affected"]
    );
}

#[test]
fn a_bound_that_is_no_version_of_the_distribution_is_compared_by_upstreams_rules() {
    let range = json!({
        "vulnerable": true, "criteria": "cpe:2.3:a:foosoft:foosoft:*:*:*:*:*:*:*:*",
        "versionStartIncluding": "2.0beta", "versionEndExcluding": "2.0",
    });
    let feeds = [(Nvd, nvd("CVE-2024-1016", &[any_of(&[range])]))];
    for (version, expected) in [
        ("1.9-r0", NotAffected),
        ("2.0_beta3-r0", Affected),
        ("2.0_rc1-r2", Affected),
        ("2.0-r0", Fixed),
    ] {
        let rows = Bench::new().matches((Apkindex, &apkindex(&[("foosoft", version)])), &feeds);
        assert_eq!(
            status(&rows, "foosoft", "CVE-2024-1016"),
            Some(expected),
            "{version}"
        );
    }
}

#[test]
fn capitals_in_a_product_name_do_not_matter() {
    let image = before("cpe:2.3:a:ImageMagick:ImageMagick:*:*:*:*:*:*:*:*", "7.1.2");
    let feeds = [(Nvd, nvd("CVE-2024-1017", &[any_of(&[image])]))];
    let rows = Bench::new().matches(
        (Apkindex, &apkindex(&[("imagemagick", "7.1.1-r0")])),
        &feeds,
    );
    assert_eq!(
        status(&rows, "imagemagick", "CVE-2024-1017"),
        Some(Affected)
    );
}

#[tokio::test]
async fn a_version_that_was_superseded_is_no_longer_open() {
    let bench = Bench::new();
    let store = bench.store().await;
    bench
        .import_feed(
            &store,
            Nvd,
            &nvd(
                "CVE-2024-1018",
                &[any_of(&[before(&FOO.replace("foo", "foosoft"), "1.5")])],
            ),
        )
        .await;
    for (name, version, second) in [("one", "1.0-r0", 0), ("two", "2.0-r0", 60)] {
        let index = apkindex(&[("foosoft", version)]);
        let mut inventory = bench.inventory(Apkindex, &index, name, second);
        inventory.branch = Some("alpine/v3.99".parse().unwrap());
        bench.import_inventory(&store, inventory).await;
        let open = crate::made_up::open_findings(&store, "alpine/v3.99").await;
        assert_eq!(open.len(), usize::from(name == "one"), "{name}: {open:?}");
    }
}

#[tokio::test]
async fn a_rejection_that_was_withdrawn_is_vulnerable_again() {
    let bench = Bench::new();
    let store = bench.store().await;
    let index = apkindex(&[("foosoft", "1.0-r0")]);
    let mut inventory = bench.inventory(Apkindex, &index, "one", 0);
    inventory.branch = Some("alpine/v3.99".parse().unwrap());
    bench.import_inventory(&store, inventory).await;
    let record = nvd(
        "CVE-2024-1019",
        &[any_of(&[before(&FOO.replace("foo", "foosoft"), "1.5")])],
    );
    bench.import_feed(&store, Nvd, &record).await;
    let open = || crate::made_up::open_findings(&store, "alpine/v3.99");
    assert_eq!(open().await.len(), 1);
    bench
        .import_feed(
            &store,
            Secdb,
            &fixes("foosoft", &json!({"0": ["CVE-2024-1019"]})),
        )
        .await;
    assert_eq!(open().await, Vec::<String>::new());
    bench.import_feed(&store, Secdb, &secdb(&json!([]))).await;
    assert_eq!(open().await.len(), 1);
}

#[tokio::test]
async fn a_range_that_was_narrowed_takes_the_finding_with_it() {
    let bench = Bench::new();
    let store = bench.store().await;
    let index = apkindex(&[("foosoft", "1.0-r0")]);
    let mut inventory = bench.inventory(Apkindex, &index, "one", 0);
    inventory.branch = Some("alpine/v3.99".parse().unwrap());
    bench.import_inventory(&store, inventory).await;
    for (bound, open) in [("1.5", 1), ("0.9", 0)] {
        let record = nvd(
            "CVE-2024-1020",
            &[any_of(&[before(&FOO.replace("foo", "foosoft"), bound)])],
        );
        bench.import_feed(&store, Nvd, &record).await;
        let found = crate::made_up::open_findings(&store, "alpine/v3.99").await;
        assert_eq!(found.len(), open, "{bound}: {found:?}");
    }
}
