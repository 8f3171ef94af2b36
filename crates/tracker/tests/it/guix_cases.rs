//! Cases in which Guix's linter and the scanners of its relatives are known to judge wrongly.

use palisade_formats::feed::FeedKind::Nvd;
use palisade_formats::inventory::InventoryKind::GuixInventory;
use palisade_model::VerdictStatus::{Affected, Fixed, NotAffected, UnderInvestigation};
use serde_json::{Value, json};

use crate::made_up::{Bench, any_of, before, nvd, row, status};

/// One line of an inventory.
fn package(name: &str, version: &str, more: &Value) -> String {
    let mut package = json!({
        "name": name, "version": version, "outputs": ["out"], "home_page": null, "license": [],
        "source": {"type": "none"}, "properties": {}, "hidden": false, "superseded": null,
        "replacement": null,
    });
    for (key, value) in more.as_object().unwrap() {
        package[key] = value.clone();
    }
    format!("{package}\n")
}

fn matches(packages: &str, records: &[String]) -> Vec<palisade_tracker::MatchRow> {
    let feeds: Vec<_> = records.iter().map(|record| (Nvd, record.clone())).collect();
    Bench::new().matches((GuixInventory, packages), &feeds)
}

fn exact(cpe: &str) -> Value {
    json!({"vulnerable": true, "criteria": cpe})
}

#[test]
fn the_update_field_belongs_to_the_version() {
    let record = nvd(
        "CVE-2024-2001",
        &[any_of(&[exact(
            "cpe:2.3:a:openbsd:openssh:6.8:p1:*:*:*:*:*:*",
        )])],
    );
    for (version, affected) in [("6.8p1", true), ("6.81", false), ("6.8", false)] {
        let rows = matches(
            &package("openssh", version, &json!({})),
            std::slice::from_ref(&record),
        );
        assert_eq!(
            status(&rows, "openssh", "CVE-2024-2001") == Some(Affected),
            affected,
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
    let rows = matches(&package("aaasoft", "1.2", &json!({})), &[record]);
    assert_eq!(status(&rows, "aaasoft", "CVE-2024-2002"), Some(Affected));
}

#[test]
fn the_kernel_is_matched_though_it_is_an_operating_system() {
    let record = nvd(
        "CVE-2024-2003",
        &[any_of(&[before(
            "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*",
            "6.6.10",
        )])],
    );
    let rows = matches(&package("linux-libre", "6.6.5", &json!({})), &[record]);
    assert_eq!(
        status(&rows, "linux-libre", "CVE-2024-2003"),
        Some(Affected)
    );
}

#[test]
fn an_operating_system_of_the_same_name_is_no_package() {
    let record = nvd(
        "CVE-2019-0001",
        &[any_of(&[exact(
            "cpe:2.3:o:juniper:junos:12.3:*:*:*:*:*:*:*",
        )])],
    );
    let rows = matches(&package("junos", "12.3", &json!({})), &[record]);
    assert_eq!(status(&rows, "junos", "CVE-2019-0001"), None);
}

#[test]
fn one_exact_version_is_not_a_prefix() {
    let record = nvd(
        "CVE-2024-2004",
        &[any_of(&[exact(
            "cpe:2.3:a:foosoft:foosoft:1.2:*:*:*:*:*:*:*",
        )])],
    );
    let rows = matches(&package("foosoft", "1.2.3", &json!({})), &[record]);
    assert_eq!(status(&rows, "foosoft", "CVE-2024-2004"), Some(NotAffected));
}

#[test]
fn a_release_candidate_comes_before_its_release() {
    let record = nvd(
        "CVE-2024-2005",
        &[any_of(&[before(
            "cpe:2.3:a:foosoft:foosoft:*:*:*:*:*:*:*:*",
            "1.0",
        )])],
    );
    for version in ["1.0-rc1", "1.0rc1", "1.0~rc1"] {
        let rows = matches(
            &package("foosoft", version, &json!({})),
            std::slice::from_ref(&record),
        );
        assert_eq!(
            status(&rows, "foosoft", "CVE-2024-2005"),
            Some(Affected),
            "{version}"
        );
    }
}

#[test]
fn trailing_zeros_make_no_version_older() {
    let record = nvd(
        "CVE-2024-2006",
        &[any_of(&[before(
            "cpe:2.3:a:mozilla:firefox:*:*:*:*:*:*:*:*",
            "153.0.0",
        )])],
    );
    let rows = matches(&package("firefox", "153.0", &json!({})), &[record]);
    assert_eq!(status(&rows, "firefox", "CVE-2024-2006"), Some(Fixed));
}

#[test]
fn a_hidden_list_inherited_by_an_older_version_proves_nothing() {
    let hidden = json!({"properties": {"lint-hidden-cve": ["CVE-2024-2961"]}});
    let mut fixed_in_place = hidden.clone();
    fixed_in_place["source"] =
        json!({"type": "url", "urls": [], "patches": ["glibc-CVE-2023-4911.patch"]});
    let packages = package("glibc", "2.41", &hidden)
        + &package("glibc", "2.35", &fixed_in_place)
        + &package("glibc", "2.33", &hidden);
    let glibc = |id, bound| {
        nvd(
            id,
            &[any_of(&[before(
                "cpe:2.3:a:gnu:glibc:*:*:*:*:*:*:*:*",
                bound,
            )])],
        )
    };
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
    let record = nvd(
        "CVE-2023-5156",
        &[any_of(&[before(
            "cpe:2.3:a:gnu:glibc:*:*:*:*:*:*:*:*",
            "2.40",
        )])],
    );
    let rows = matches(&package("glibc", "2.39", &patched), &[record]);
    let glibc = row(&rows, "glibc", "CVE-2023-5156").unwrap();
    assert_eq!(glibc.verdict, Fixed);
    assert!(
        glibc
            .evidence
            .0
            .iter()
            .any(|step| step.says.contains("glibc-2.39-git-updates.patch"))
    );
}

#[test]
fn a_misspelt_property_is_an_error_of_the_metadata() {
    let bench = Bench::new();
    let indent = package(
        "indent",
        "2.2.13",
        &json!({"properties": {"lint-hidden-cves": ["CVE-2023-40305"]}}),
    );
    let import = bench.inventory(GuixInventory, &indent, "one", 0);
    let mut rejects = Vec::new();
    palisade_tracker::read_inventory(&import, &mut |reject| rejects.push(reject)).unwrap();
    let [reject] = rejects.as_slice() else {
        panic!("{rejects:?}")
    };
    assert!(
        reject.mended && reject.to_string().contains("lint-hidden-cves"),
        "{reject}"
    );
}

#[test]
fn a_cpe_name_can_say_that_a_package_is_none_of_those() {
    let bower = json!({"properties": {"cpe-name": "bower-cpe-refers-to-a-different-bower"}});
    let record = nvd(
        "CVE-2019-5484",
        &[any_of(&[before(
            "cpe:2.3:a:bower:bower:*:*:*:*:*:*:*:*",
            "1.8.8",
        )])],
    );
    let rows = matches(&package("bower", "1.1", &bower), &[record]);
    assert_eq!(status(&rows, "bower", "CVE-2019-5484"), None);
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
        let record = nvd("CVE-2024-2007", &[any_of(&[before(&cpe, "99")])]);
        let rows = matches(&package(name, "1.0", &hidden), &[record]);
        assert_eq!(
            status(&rows, name, "CVE-2024-2007"),
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
    let packages =
        package("openssl", "1.1.1u", &json!({})) + &package("httpd", "2.4.37", &json!({}));
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
        let rows = matches(
            &package(name, version, &json!({})),
            &[nvd(id, &[any_of(&[before(cpe, "999")])])],
        );
        assert_eq!(status(&rows, name, id), None, "{id} {name}");
    }
}

#[test]
fn a_patch_in_the_distribution_fixes_a_version_in_range() {
    let patched =
        json!({"source": {"type": "url", "urls": [], "patches": ["binutils-CVE-2023-1972.patch"]}});
    let record = nvd(
        "CVE-2023-1972",
        &[any_of(&[before(
            "cpe:2.3:a:gnu:binutils:*:*:*:*:*:*:*:*",
            "2.41",
        )])],
    );
    let rows = matches(&package("binutils", "2.38", &patched), &[record]);
    assert_eq!(status(&rows, "binutils", "CVE-2023-1972"), Some(Fixed));
}

#[test]
fn a_graft_decides_what_users_get() {
    let graft = |version: &str, patches: &[&str]| {
        let source = json!({"type": "url", "urls": [], "patches": patches});
        let line = package("libvpx", version, &json!({"source": source}));
        json!({"replacement": serde_json::from_str::<Value>(&line).unwrap()})
    };
    let record = nvd(
        "CVE-2026-2447",
        &[any_of(&[before(
            "cpe:2.3:a:webmproject:libvpx:*:*:*:*:*:*:*:*",
            "1.16.0",
        )])],
    );
    let patched = graft("1.15.2", &["libvpx-CVE-2026-2447.patch"]);
    let newer = graft("1.16.0", &[]);
    let useless = graft("1.15.3", &[]);
    for (graft, expected) in [(patched, Fixed), (newer, Fixed), (useless, Affected)] {
        let rows = matches(
            &package("libvpx", "1.15.2", &graft),
            std::slice::from_ref(&record),
        );
        let libvpx = row(&rows, "libvpx", "CVE-2026-2447").unwrap();
        assert_eq!(libvpx.verdict, expected, "{graft}");
        assert!(
            libvpx
                .evidence
                .0
                .iter()
                .any(|step| step.says.contains("graft")),
            "{graft}"
        );
    }
}
