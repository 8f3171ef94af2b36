//! Cases in which Guix's linter and the scanners of its relatives are known to judge wrongly.

use std::slice;

use palisade_formats::feed::FeedKind::Nvd;
use palisade_formats::inventory::InventoryKind::GuixInventory;
use palisade_model::VerdictStatus::{self, Affected, Fixed, NotAffected, UnderInvestigation};
use palisade_tracker::MatchRow;
use serde_json::{Value, json};

use crate::documents::{any_of, guix, nvd, nvd_before, package, page};
use crate::tracker::{self, row, says, status};

fn matches(packages: &[Value], records: &[Value]) -> Vec<MatchRow> {
    tracker::matches(GuixInventory, &guix(packages), &[(Nvd, page(records))])
}

/// What is said of a record's vulnerability in a package, if anything.
fn verdict(package: &Value, record: &Value) -> Option<VerdictStatus> {
    let rows = matches(slice::from_ref(package), slice::from_ref(record));
    let (name, id) = (&package["name"], &record["cve"]["id"]);
    status(&rows, name.as_str().unwrap(), id.as_str().unwrap())
}

/// A package of which nothing more is told.
fn plain(name: &str, version: &str) -> Value {
    package(name, version, &json!({}))
}

/// A record of NVD by which what a CPE names is affected.
fn nvd_exact(id: &str, cpe: &str) -> Value {
    nvd(id, &[any_of(&[exact(cpe)])])
}

fn exact(cpe: &str) -> Value {
    json!({"vulnerable": true, "criteria": cpe})
}

#[test]
fn the_update_field_belongs_to_the_version() {
    let record = nvd_exact(
        "CVE-2024-2001",
        "cpe:2.3:a:openbsd:openssh:6.8:p1:*:*:*:*:*:*",
    );
    for (version, expected) in [
        ("6.8p1", Affected),
        ("6.81", NotAffected),
        ("6.8", NotAffected),
    ] {
        assert_eq!(
            verdict(&plain("openssh", version), &record),
            Some(expected),
            "{version}"
        );
    }
}

#[test]
fn a_second_range_of_one_product_hides_no_other_product() {
    let between = |product: &str, from: &str, to: &str| {
        json!({"vulnerable": true, "criteria": format!("cpe:2.3:a:{product}:{product}:*:*:*:*:*:*:*:*"),
            "versionStartIncluding": from, "versionEndExcluding": to})
    };
    let rows = [
        between("bbbsoft", "2", "2.5"),
        between("bbbsoft", "3", "3.5"),
        between("aaasoft", "1", "1.5"),
    ];
    let record = nvd("CVE-2024-2002", &[any_of(&rows)]);
    assert_eq!(verdict(&plain("aaasoft", "1.2"), &record), Some(Affected));
}

#[test]
fn the_kernel_is_matched_though_it_is_an_operating_system() {
    let record = nvd_before(
        "CVE-2024-2003",
        "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*",
        "6.6.10",
    );
    assert_eq!(
        verdict(&plain("linux-libre", "6.6.5"), &record),
        Some(Affected)
    );
}

#[test]
fn an_operating_system_of_the_same_name_is_no_package() {
    let record = nvd_exact(
        "CVE-2019-0001",
        "cpe:2.3:o:juniper:junos:12.3:*:*:*:*:*:*:*",
    );
    assert_eq!(verdict(&plain("junos", "12.3"), &record), None);
}

#[test]
fn one_exact_version_is_not_a_prefix() {
    let record = nvd_exact(
        "CVE-2024-2004",
        "cpe:2.3:a:foosoft:foosoft:1.2:*:*:*:*:*:*:*",
    );
    assert_eq!(
        verdict(&plain("foosoft", "1.2.3"), &record),
        Some(NotAffected)
    );
}

#[test]
fn a_release_candidate_comes_before_its_release() {
    let record = nvd_before(
        "CVE-2024-2005",
        "cpe:2.3:a:foosoft:foosoft:*:*:*:*:*:*:*:*",
        "1.0",
    );
    for version in ["1.0-rc1", "1.0rc1", "1.0~rc1"] {
        assert_eq!(
            verdict(&plain("foosoft", version), &record),
            Some(Affected),
            "{version}"
        );
    }
}

#[test]
fn trailing_zeros_make_no_version_older() {
    let record = nvd_before(
        "CVE-2024-2006",
        "cpe:2.3:a:mozilla:firefox:*:*:*:*:*:*:*:*",
        "153.0.0",
    );
    assert_eq!(verdict(&plain("firefox", "153.0"), &record), Some(Fixed));
}

#[test]
fn a_hidden_list_inherited_by_an_older_version_proves_nothing() {
    let hidden = json!({"properties": {"lint-hidden-cve": ["CVE-2024-2961"]}});
    let mut fixed_in_place = hidden.clone();
    fixed_in_place["source"] =
        json!({"type": "url", "urls": [], "patches": ["glibc-CVE-2023-4911.patch"]});
    let packages = [
        package("glibc", "2.41", &hidden),
        package("glibc", "2.35", &fixed_in_place),
        package("glibc", "2.33", &hidden),
    ];
    let glibc = |id, bound| nvd_before(id, "cpe:2.3:a:gnu:glibc:*:*:*:*:*:*:*:*", bound);
    let rows = matches(
        &packages,
        &[
            glibc("CVE-2024-2961", "2.42"),
            glibc("CVE-2023-4911", "2.39"),
        ],
    );
    let of = |version: &str, id: &str| {
        rows.iter()
            .find(|row| row.version == version && row.vulnerability == id)
            .unwrap()
            .verdict
    };
    assert_eq!(of("2.41", "CVE-2024-2961"), NotAffected);
    assert_eq!(of("2.35", "CVE-2024-2961"), UnderInvestigation);
    assert_eq!(of("2.33", "CVE-2024-2961"), UnderInvestigation);
    assert_eq!(of("2.35", "CVE-2023-4911"), Fixed);
    assert_eq!(of("2.33", "CVE-2023-4911"), Affected);
}

#[test]
fn a_patch_that_names_a_cve_in_its_text_only_counts_too() {
    let patched = json!({"source": {"type": "url", "urls": [],
        "patches": [{"name": "glibc-2.39-git-updates.patch", "cves": ["CVE-2023-5156"]}]}});
    let record = nvd_before(
        "CVE-2023-5156",
        "cpe:2.3:a:gnu:glibc:*:*:*:*:*:*:*:*",
        "2.40",
    );
    let rows = matches(&[package("glibc", "2.39", &patched)], &[record]);
    let glibc = row(&rows, "glibc", "CVE-2023-5156").unwrap();
    assert_eq!(glibc.verdict, Fixed);
    assert_eq!(
        says(&glibc.evidence),
        [
            "glibc is known to be gnu:glibc",
            "2.39 is affected: before 2.40",
            "the patch glibc-2.39-git-updates.patch names CVE-2023-5156"
        ]
    );
}

#[test]
fn a_misspelt_property_is_an_error_of_the_metadata() {
    let properties = json!({"properties": {"lint-hidden-cves": ["CVE-2023-40305"]}});
    let indent = guix(&[package("indent", "2.2.13", &properties)]);
    let (_, rejects) = tracker::read(GuixInventory, &indent);
    let [reject] = rejects.as_slice() else {
        panic!("{rejects:?}")
    };
    assert_eq!(
        (reject.mended, reject.reason.as_str()),
        (
            true,
            "metadata error: the property \"lint-hidden-cves\" is not known to Guix; \
             lint-hidden-cve was meant"
        )
    );
}

#[test]
fn a_cpe_name_can_say_that_a_package_is_none_of_those() {
    let bower = json!({"properties": {"cpe-name": "bower-cpe-refers-to-a-different-bower"}});
    let record = nvd_before(
        "CVE-2019-5484",
        "cpe:2.3:a:bower:bower:*:*:*:*:*:*:*:*",
        "1.8.8",
    );
    assert_eq!(verdict(&package("bower", "1.1", &bower), &record), None);
}

#[test]
fn vendors_that_the_packager_hides_do_not_match() {
    for (name, vendor) in [
        ("git", "jenkins"),
        ("dash", "plotly"),
        ("bolt", "boltcms"),
        ("opus", "discordjs"),
        ("nemo", "nvidia"),
        ("xenon", "vmware"),
    ] {
        let hidden = json!({"properties": {"lint-hidden-cpe-vendors": [vendor]}});
        let cpe = format!("cpe:2.3:a:{vendor}:{name}:*:*:*:*:*:*:*:*");
        let record = nvd_before("CVE-2024-2007", &cpe, "99");
        assert_eq!(
            verdict(&package(name, "1.0", &hidden), &record),
            None,
            "{vendor}:{name}"
        );
    }
}

#[test]
fn an_application_in_an_and_configuration_is_not_what_is_vulnerable() {
    let configuration = json!({"operator": "AND", "nodes": [
        {"operator": "OR", "negate": false, "cpeMatch": [exact("cpe:2.3:a:apache:http_server:2.4.37:*:*:*:*:*:*:*")]},
        {"operator": "OR", "negate": false, "cpeMatch": [
            {"vulnerable": false, "criteria": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*", "versionStartIncluding": "1.1.1"}]},
    ]});
    let packages = [plain("openssl", "1.1.1u"), plain("httpd", "2.4.37")];
    let rows = matches(&packages, &[nvd("CVE-2019-0190", &[configuration])]);
    assert_eq!(status(&rows, "openssl", "CVE-2019-0190"), None);
    assert_eq!(status(&rows, "httpd", "CVE-2019-0190"), Some(Affected));
}

#[test]
fn products_that_only_share_a_name_do_not_match() {
    let cases = [
        (
            "CVE-2015-1773",
            "flex",
            "2.6.4",
            "cpe:2.3:a:apache:flex:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2015-2987",
            "ed",
            "1.20",
            "cpe:2.3:a:type74:ed:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2021-28794",
            "shellcheck",
            "0.10.0",
            "cpe:2.3:a:shellcheck_project:shellcheck:*:*:*:*:*:visual_studio_code:*:*",
        ),
        (
            "CVE-2019-1003010",
            "git",
            "2.46.0",
            "cpe:2.3:a:jenkins:git:*:*:*:*:*:jenkins:*:*",
        ),
        (
            "CVE-2019-3888",
            "fuse",
            "2.9.9",
            "cpe:2.3:a:redhat:fuse:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2019-14955",
            "hub",
            "2.14.2",
            "cpe:2.3:a:jetbrains:hub:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2021-27367",
            "bolt",
            "0.9.5",
            "cpe:2.3:a:boltcms:bolt:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2014-3902",
            "ameba",
            "0.1",
            "cpe:2.3:a:cyberagent:ameba:*:*:*:*:*:android:*:*",
        ),
        (
            "CVE-2020-6861",
            "monero",
            "0.18.3",
            "cpe:2.3:a:ledger:monero:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2005-1708",
            "reporter",
            "1.0",
            "cpe:2.3:a:bluecoat:reporter:*:*:*:*:*:*:*:*",
        ),
        (
            "CVE-2021-21012",
            "bridge",
            "1.5",
            "cpe:2.3:a:adobe:bridge:*:*:*:*:*:*:*:*",
        ),
    ];
    for (id, name, version, cpe) in cases {
        let record = nvd_before(id, cpe, "999");
        assert_eq!(verdict(&plain(name, version), &record), None, "{id}");
    }
}

#[test]
fn a_patch_in_the_distribution_fixes_a_version_in_range() {
    let patched =
        json!({"source": {"type": "url", "urls": [], "patches": ["binutils-CVE-2023-1972.patch"]}});
    let record = nvd_before(
        "CVE-2023-1972",
        "cpe:2.3:a:gnu:binutils:*:*:*:*:*:*:*:*",
        "2.41",
    );
    assert_eq!(
        verdict(&package("binutils", "2.38", &patched), &record),
        Some(Fixed)
    );
}

#[test]
fn a_graft_decides_what_users_get() {
    let graft = |version: &str, patches: &[&str]| {
        let source = json!({"type": "url", "urls": [], "patches": patches});
        json!({"replacement": package("libvpx", version, &json!({"source": source}))})
    };
    let record = nvd_before(
        "CVE-2026-2447",
        "cpe:2.3:a:webmproject:libvpx:*:*:*:*:*:*:*:*",
        "1.16.0",
    );
    let by_patch = "fixed by graft: users get 1.15.2 in its place";
    let by_version = "fixed by graft: users get 1.16.0 in its place";
    let not_at_all = "the graft 1.15.3 does not fix it";
    for (version, patches, expected, said) in [
        (
            "1.15.2",
            &["libvpx-CVE-2026-2447.patch"][..],
            Fixed,
            by_patch,
        ),
        ("1.16.0", &[], Fixed, by_version),
        ("1.15.3", &[], Affected, not_at_all),
    ] {
        let libvpx = package("libvpx", "1.15.2", &graft(version, patches));
        let rows = matches(&[libvpx], slice::from_ref(&record));
        let libvpx = row(&rows, "libvpx", "CVE-2026-2447").unwrap();
        assert_eq!(libvpx.verdict, expected, "{version}");
        assert_eq!(says(&libvpx.evidence).last(), Some(&said));
    }
}
