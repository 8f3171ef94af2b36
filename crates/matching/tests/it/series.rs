//! Records with a range for each series, and versions that are in no order that a reader expects.

use palisade_model::VerdictStatus::{Affected as Bad, Fixed, UnderInvestigation};
use palisade_model::{Confidence, Product, Span};

use crate::support::{affects, between, cpe, judged, package, up_to};

fn bind(version: &str) -> palisade_model::Package {
    package("bind", version, "https://www.isc.org/bind/")
}

#[test]
fn the_range_of_the_own_series_decides_beside_one_that_spans_series() {
    let author = affects(
        cpe("isc:bind"),
        &[between("9.16.0", "9.16.51"), between("9.18.0", "9.18.28")],
    );
    let added = affects(cpe("isc:bind"), &[between("9.16.8", "9.20.0")]);
    for (version, expected) in [("9.18.27", Bad), ("9.18.49", Fixed), ("9.16.50", Bad)] {
        for entries in [
            [author.clone(), added.clone()],
            [added.clone(), author.clone()],
        ] {
            let verdict = judged(&bind(version), &entries).unwrap();
            assert_eq!(verdict.status, expected, "{version}");
        }
    }
    // Nobody knows this series but the one that spans it.
    let verdict = judged(&bind("9.17.2"), &[author, added]).unwrap();
    assert_eq!(verdict.status, Bad);
}

#[test]
fn a_fault_that_came_back_in_the_series_is_no_fixed_one() {
    let twice = affects(
        cpe("isc:bind"),
        &[between("9.18.0", "9.18.5"), between("9.18.10", "9.20.0")],
    );
    let verdict = judged(&bind("9.18.12"), &[twice]).unwrap();
    assert_eq!(verdict.status, Bad);
}

#[test]
fn of_ranges_that_hold_the_version_that_of_its_series_names_the_fix() {
    let grafana = package("grafana", "12.4.4", "https://grafana.com/");
    let entry = affects(
        cpe("grafana:grafana"),
        &[Span::before("13.1.0"), between("12.4.0", "12.4.5")],
    );
    let verdict = judged(&grafana, &[entry]).unwrap();
    assert_eq!(verdict.fixed_in.as_deref(), Some("12.4.5"));
    assert_eq!(verdict.status, Bad);
}

#[test]
fn releases_that_a_record_calls_commits_are_releases() {
    let mut entry = affects(
        cpe("zorbo:zorbo"),
        &[
            between("6.4.0", "6.4.3"),
            between("7.0.0alpha1", "7.0.0alpha2"),
        ],
    );
    entry.otherwise = Some(palisade_model::VersionStatus::Affected);
    for range in &mut entry.versions {
        range.scheme = palisade_model::RangeScheme::Git;
    }
    let status = |version| {
        let zorbo = package("zorbo", version, "https://zorbo.example/");
        judged(&zorbo, std::slice::from_ref(&entry)).unwrap().status
    };
    assert_eq!(status("6.4.2"), Bad);
    assert_eq!(status("7.2.9"), Fixed);
}

#[test]
fn where_affected_ranges_end_the_fix_begins_though_all_others_are_called_affected() {
    let unaffected = |from: &str, to: &str| {
        let from = palisade_model::Lower::Including(from.to_owned());
        let to = palisade_model::Upper::Including(to.to_owned());
        crate::support::range(
            palisade_model::VersionStatus::Unaffected,
            Span::Between(from, to),
        )
    };
    let zorbo = package("zorbo", "7.2.9", "https://zorbo.example/");
    let status = |unaffected| {
        let mut entry = affects(cpe("zorbo:zorbo"), &[between("6.4.0", "6.4.3")]);
        entry.versions.push(unaffected);
        entry.otherwise = Some(palisade_model::VersionStatus::Affected);
        judged(&zorbo, &[entry]).unwrap().status
    };
    assert_eq!(status(unaffected("6.4.3", "6.4.2")), Fixed);
    assert_eq!(status(unaffected("6.4.3", "6.4.3")), Fixed);
    // Here a series is named that is not affected, and 7.2 is none of it.
    assert_eq!(status(unaffected("6.4.3", "6.4.9")), UnderInvestigation);
}

#[test]
fn perls_modules_count_in_decimals() {
    let uulib = |version| {
        package(
            "perl-convert-uulib",
            version,
            "https://metacpan.org/dist/Convert-UUlib",
        )
    };
    let entry = affects(
        cpe("convert-uulib_project:convert-uulib"),
        &[up_to("1.050"), between("1.6", "1.7")],
    );
    let verdict = |version| judged(&uulib(version), std::slice::from_ref(&entry)).unwrap();
    assert_eq!(verdict("1.04").status, Bad);
    let later = verdict("1.8");
    assert_eq!(later.status, Fixed);
    // The range that ends last names the fix; 50 is more than 7 only where numbers are whole.
    assert_eq!(later.fixed_in.as_deref(), Some("1.7"));
}

#[test]
fn what_a_fuzzer_found_and_nobody_mended_waits_for_a_person() {
    let of = |ecosystem: &str| {
        let product = Product::Ecosystem {
            ecosystem: ecosystem.to_owned(),
            name: "draco".to_owned(),
            repository: Some("https://github.com/google/draco".to_owned()),
        };
        let draco = crate::support::from_source(
            package("draco", "1.5.7", "https://google.github.io/draco/"),
            "https://github.com/google/draco/archive/1.5.7.tar.gz",
        );
        let from = palisade_model::Lower::Including("1.3.6".into());
        let span = Span::Between(from, palisade_model::Upper::Open);
        let verdict = judged(&draco, &[affects(product, &[span])]).unwrap();
        (verdict.status, verdict.confidence)
    };
    assert_eq!(of("OSS-Fuzz"), (UnderInvestigation, Confidence::Possible));
    assert_eq!(of("npm"), (Bad, Confidence::Likely));
}

#[test]
fn the_releases_that_a_fuzzers_open_finding_lists_are_not_looked_at() {
    let product = || Product::Ecosystem {
        ecosystem: "OSS-Fuzz".to_owned(),
        name: "draco".to_owned(),
        repository: Some("https://github.com/google/draco".to_owned()),
    };
    let draco = crate::support::from_source(
        package("draco", "1.5.7", "https://google.github.io/draco/"),
        "https://github.com/google/draco/archive/1.5.7.tar.gz",
    );
    let listed = Span::Exact("1.5.7".to_owned());
    let open = affects(product(), std::slice::from_ref(&listed));
    let verdict = judged(&draco, &[open]).unwrap();
    assert_eq!(verdict.status, UnderInvestigation);
    let mended = affects(product(), &[listed, between("1.3.6", "1.5.8")]);
    assert_eq!(judged(&draco, &[mended]).unwrap().status, Bad);
}
