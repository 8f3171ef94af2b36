//! What an import changes, and what it leaves alone.

use palisade_formats::feed::FeedKind;
use palisade_tracker::{StoreError, TrackerError};
use serde_json::json;

use crate::tracker::{Tracker, apkindex, nvd, osv, page, secdb};

const EARLY: &str = "2024-01-02T00:00:00.000";
const LATE: &str = "2024-03-02T00:00:00.000";

fn with_zlib(version: &str) -> Tracker {
    let tracker = Tracker::new();
    tracker.inventory(
        "alpine/v3.17",
        1000,
        &apkindex(&[&format!("zlib {version}")]),
    );
    tracker
}

#[test]
fn importing_everything_again_changes_nothing() {
    let tracker = with_zlib("1.2.11-r0");
    let import_all = || {
        let inventory = tracker.inventory("alpine/v3.17", 1000, &apkindex(&["zlib 1.2.11-r0"]));
        let feeds = [
            tracker.feed(
                FeedKind::Nvd,
                &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
            ),
            tracker.feed(
                FeedKind::Secdb,
                &secdb("v3.17", &["zlib 1.2.12-r0 CVE-2024-0001"]),
            ),
            tracker.epss("#score_date:2025-08-25\ncve,epss,percentile\nCVE-2024-0001,0.5,0.5\n"),
        ];
        let changes = |it: &palisade_tracker::ImportSummary| it.added + it.changed + it.withdrawn;
        feeds.iter().map(changes).sum::<u64>() + inventory.added
    };
    assert_eq!(import_all(), 3);
    let before = tracker.content();
    assert_eq!(import_all(), 0);
    assert_eq!(
        before.differences(&tracker.content(), 9),
        Vec::<String>::new()
    );
}

#[test]
fn a_narrowed_range_closes_the_finding() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    assert_eq!(
        tracker.findings(),
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected"]
    );
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.9", LATE)]),
    );
    assert_eq!(
        tracker.findings(),
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed"]
    );
    assert_eq!(
        tracker.events(),
        [
            "finding.closed: CVE-2024-0001 in zlib 1.2.11-r0 is now fixed",
            "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected"
        ]
    );
}

#[test]
fn a_rejected_vulnerability_has_no_findings() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    let rejected = json!({"cve": {"id": "CVE-2024-0001", "vulnStatus": "Rejected",
        "lastModified": LATE, "descriptions": [{"lang": "en", "value": "no"}]}});
    tracker.feed(FeedKind::Nvd, &page(&[rejected]));
    assert_eq!(tracker.findings(), Vec::<String>::new());
}

#[test]
fn a_withdrawn_fix_opens_the_finding_again() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    // Alpine patched it in a release of its own.
    let fixes = [
        "zlib 1.2.11-r0 CVE-2024-0001",
        "zlib 1.2.11-r0 CVE-2024-0002",
    ];
    tracker.feed(FeedKind::Secdb, &secdb("v3.17", &fixes[..1]));
    assert_eq!(
        tracker.findings(),
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed"]
    );
    let summary = tracker.feed(FeedKind::Secdb, &secdb("v3.17", &[]));
    assert_eq!(summary.withdrawn, 1);
    assert_eq!(
        tracker.findings(),
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected"]
    );
}

#[test]
fn the_fixes_of_one_branch_are_not_those_of_another() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.inventory("alpine/v3.18", 1000, &apkindex(&["zlib 1.2.11-r0"]));
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    tracker.feed(
        FeedKind::Secdb,
        &secdb("v3.18", &["zlib 1.2.11-r0 CVE-2024-0001"]),
    );
    assert_eq!(
        tracker.findings(),
        [
            "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.18 zlib 1.2.11-r0 CVE-2024-0001: fixed"
        ]
    );
}

#[test]
fn a_superseded_version_is_no_longer_there() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    tracker.inventory("alpine/v3.17", 2000, &apkindex(&["zlib 1.2.13-r0"]));
    assert_eq!(
        tracker.findings(),
        [
            "-v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.17 zlib 1.2.13-r0 CVE-2024-0001: fixed"
        ]
    );
    // An earlier state that comes later changes nothing of today's.
    tracker.inventory("alpine/v3.17", 500, &apkindex(&["zlib 1.2.10-r0"]));
    assert_eq!(
        tracker.findings(),
        [
            "-v3.17 zlib 1.2.10-r0 CVE-2024-0001: affected",
            "-v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.17 zlib 1.2.13-r0 CVE-2024-0001: fixed"
        ]
    );
}

#[test]
fn an_older_record_does_not_replace_a_newer_one() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.9", LATE)]),
    );
    let before = tracker.content();
    let summary = tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    assert_eq!((summary.added, summary.changed), (0, 0));
    assert_eq!(tracker.content(), before);
}

#[test]
fn of_one_record_twice_in_a_document_the_newer_counts() {
    let old = nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY);
    let new = nvd("CVE-2024-0001", "zlib", "1.2.9", LATE);
    for records in [[old.clone(), new.clone()], [new, old]] {
        let tracker = with_zlib("1.2.11-r0");
        tracker.feed(FeedKind::Nvd, &page(&records));
        assert_eq!(
            tracker.findings(),
            ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed"]
        );
    }
}

#[test]
fn a_broken_document_changes_nothing() {
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(
        FeedKind::Secdb,
        &secdb("v3.17", &["zlib 1.2.12-r0 CVE-2024-0001"]),
    );
    let before = tracker.content();
    let whole = page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]);
    for end in [whole.len() - 1, whole.len() / 2] {
        let error = tracker.try_feed(FeedKind::Nvd, &whole[..end]).unwrap_err();
        assert!(matches!(error, TrackerError::Read(_)), "{error:?}");
        assert_eq!(tracker.content(), before);
    }
    let cut = secdb("v3.17", &[]);
    assert!(
        tracker
            .try_feed(FeedKind::Secdb, &cut[..cut.len() - 1])
            .is_err()
    );
    assert_eq!(tracker.content(), before);
}

#[test]
fn a_revision_never_changes() {
    let tracker = with_zlib("1.2.11-r0");
    let before = tracker.content();
    let error = tracker
        .try_inventory("alpine/v3.17", 1000, &apkindex(&["zlib 1.2.12-r0"]))
        .unwrap_err();
    assert!(
        matches!(
            error,
            TrackerError::Store(StoreError::RevisionChanged { .. })
        ),
        "{error:?}"
    );
    assert_eq!(tracker.content(), before);
}

#[test]
fn a_vulnerability_that_gets_a_cve_keeps_its_finding_under_the_new_name() {
    let tracker = with_zlib("1.2.11-r0");
    let record = |aliases: &[&str]| {
        osv("GHSA-2222-3333-4444", aliases, "v3.17", "zlib", "1.2.12-r0").to_string()
    };
    tracker.feed(FeedKind::Osv, &record(&[]));
    assert_eq!(
        tracker.findings(),
        ["v3.17 zlib 1.2.11-r0 GHSA-2222-3333-4444: affected"]
    );
    tracker.feed(FeedKind::Osv, &record(&["CVE-2024-0001"]));
    assert_eq!(
        tracker.findings(),
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected"]
    );
    assert_eq!(
        tracker.events(),
        [
            "finding.closed: GHSA-2222-3333-4444 no longer concerns zlib 1.2.11-r0",
            "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected",
            "finding.opened: GHSA-2222-3333-4444 in zlib 1.2.11-r0 is affected"
        ]
    );
}
