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
fn an_override_takes_the_place_of_nvds_record_whichever_came_first() {
    let of = |configurations| {
        json!({"_annotation": {"cve_id": "CVE-2024-0001", "reason": "too wide"},
            "cve": {"configurations": [{"nodes": [{"operator": "OR", "negate": false,
                "cpeMatch": [configurations]}]}]}})
        .to_string()
    };
    let none = of(json!({"vulnerable": false, "criteria": "cpe:2.3:a:null:null:*:*:*:*:*:*:*:*"}));
    let narrow = of(
        json!({"vulnerable": true, "criteria": "cpe:2.3:a:zlib:zlib:*:*:*:*:*:*:*:*",
        "versionEndExcluding": "1.2.5"}),
    );
    let own = page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]);
    let affected = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected";
    let fixed = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed";

    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(FeedKind::Nvd, &own);
    assert_eq!(tracker.findings(), [affected]);
    tracker.feed(FeedKind::Nvd, &none);
    assert_eq!(tracker.findings(), [""; 0]);
    tracker.feed(FeedKind::Nvd, &narrow);
    assert_eq!(tracker.findings(), [fixed]);

    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(FeedKind::Nvd, &narrow);
    tracker.feed(FeedKind::Nvd, &own);
    assert_eq!(tracker.findings(), [fixed]);
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
fn of_one_record_twice_without_a_newer_one_the_last_counts_and_stays() {
    let one = nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY);
    let other = nvd("CVE-2024-0001", "zlib", "1.2.9", EARLY);
    let affected = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected";
    let fixed = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed";
    for (records, outcome) in [
        ([one.clone(), other.clone()], fixed),
        ([other.clone(), one.clone()], affected),
    ] {
        let tracker = with_zlib("1.2.11-r0");
        tracker.feed(FeedKind::Nvd, &page(&records));
        assert_eq!(tracker.findings(), [outcome]);
        let before = tracker.content();
        for _ in 0..2 {
            let again = tracker.feed(FeedKind::Nvd, &page(&records));
            assert_eq!((again.added, again.changed), (0, 0));
            assert_eq!(tracker.content(), before);
        }
    }
    // A correction for which the source did not set its clock forward counts all the same.
    let tracker = with_zlib("1.2.11-r0");
    tracker.feed(FeedKind::Nvd, &page(&[one]));
    let corrected = tracker.feed(FeedKind::Nvd, &page(&[other]));
    assert_eq!((corrected.added, corrected.changed), (0, 1));
    assert_eq!(tracker.findings(), [fixed]);
}

#[test]
fn a_record_that_can_no_longer_be_read_is_not_withdrawn() {
    let tracker = with_zlib("1.2.11-r0");
    let fixes = [
        "zlib 1.2.12-r0 CVE-2024-0001",
        "musl 1.2.4-r0 CVE-2024-0003",
        "curl 8.0.0-r0 CVE-2024-0002",
    ];
    tracker.feed(FeedKind::Secdb, &secdb("v3.17", &fixes));
    let whole = secdb("v3.17", &fixes[..2]);
    // The package's fixes are of a type that nobody expects; curl's are gone.
    let broken = whole.replace("{\"1.2.12-r0\":[\"CVE-2024-0001\"]}", "7");
    assert_ne!(broken, whole);
    let summary = tracker.feed(FeedKind::Secdb, &broken);
    assert_eq!((summary.withdrawn, summary.rejected), (1, 1));
    let kept = ["musl/CVE-2024-0003", "zlib/CVE-2024-0001"];
    assert_eq!(tracker.advisories(), kept);
}

#[test]
fn nothing_is_withdrawn_while_a_record_cannot_be_named() {
    let catalogue = |entries: &[serde_json::Value]| {
        json!({"title": "KEV", "catalogVersion": "1", "dateReleased": "2025-01-01T00:00:00Z",
            "count": entries.len(), "vulnerabilities": entries})
        .to_string()
    };
    let entry = |id: &str| json!({"cveID": id, "dateAdded": "2024-05-01"});
    let tracker = Tracker::new();
    let (one, other) = (entry("CVE-2024-0001"), entry("CVE-2024-0002"));
    tracker.feed(FeedKind::Kev, &catalogue(&[one.clone(), other.clone()]));
    let broken = tracker.feed(
        FeedKind::Kev,
        &catalogue(&[one.clone(), json!({"cveID": 7})]),
    );
    assert_eq!((broken.withdrawn, broken.rejected), (0, 2));
    assert_eq!(tracker.advisories(), ["CVE-2024-0001", "CVE-2024-0002"]);
    let mended = tracker.feed(FeedKind::Kev, &catalogue(&[one]));
    assert_eq!((mended.withdrawn, mended.rejected), (1, 0));
    assert_eq!(tracker.advisories(), ["CVE-2024-0001"]);
}

#[test]
fn a_feed_that_lost_half_of_its_records_is_held_back() {
    let tracker = Tracker::new();
    let fixes: Vec<String> = (0..30)
        .map(|number| format!("zlib 1.2.{number}-r0 CVE-2024-{number:04}"))
        .collect();
    let fixes: Vec<&str> = fixes.iter().map(String::as_str).collect();
    tracker.feed(FeedKind::Secdb, &secdb("v3.17", &fixes));
    let before = tracker.content();
    let error = tracker
        .try_feed(FeedKind::Secdb, &secdb("v3.17", &fixes[..14]))
        .unwrap_err();
    assert!(matches!(error, TrackerError::HeldBack { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("it lacks 16 of the 30 records that are stored")
    );
    assert_eq!(tracker.content(), before);
    // Half of them may go, and so may all when somebody says so.
    let half = tracker.feed(FeedKind::Secdb, &secdb("v3.17", &fixes[..15]));
    assert_eq!(half.withdrawn, 15);
}

#[test]
fn an_inventory_that_lost_half_of_its_packages_is_held_back() {
    let packages: Vec<String> = (0..30).map(|number| format!("p{number} 1.0-r0")).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let tracker = Tracker::new();
    tracker.inventory("alpine/v3.17", 1000, &apkindex(&packages));
    let before = tracker.content();
    let few = apkindex(&packages[..10]);
    let error = tracker
        .try_inventory("alpine/v3.17", 2000, &few)
        .unwrap_err();
    assert!(matches!(error, TrackerError::HeldBack { .. }), "{error:?}");
    assert_eq!(tracker.content(), before);
    // In the past there is nothing to compare it with.
    tracker.inventory("alpine/v3.17", 500, &few);
}

#[test]
fn an_older_catalogue_is_held_back() {
    let catalogue = |day: &str, ids: &[&str]| {
        let entry = |id: &&str| json!({"cveID": id, "dateAdded": "2024-05-01"});
        let entries: Vec<_> = ids.iter().map(entry).collect();
        json!({"title": "KEV", "catalogVersion": "1", "dateReleased": format!("{day}T00:00:00Z"),
            "count": ids.len(), "vulnerabilities": entries})
        .to_string()
    };
    let tracker = Tracker::new();
    let new = catalogue("2025-02-01", &["CVE-2024-0001", "CVE-2024-0002"]);
    tracker.feed(FeedKind::Kev, &new);
    let old = catalogue("2025-01-01", &["CVE-2024-0001"]);
    let error = tracker.try_feed(FeedKind::Kev, &old).unwrap_err();
    assert!(matches!(error, TrackerError::HeldBack { .. }), "{error:?}");
    assert_eq!(tracker.advisories(), ["CVE-2024-0001", "CVE-2024-0002"]);
    let again = tracker.feed(FeedKind::Kev, &new);
    assert_eq!(again.withdrawn, 0);
}

#[test]
fn a_branch_may_come_back_to_an_earlier_state() {
    let tracker = Tracker::new();
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY)]),
    );
    let (old, new) = (apkindex(&["zlib 1.2.11-r0"]), apkindex(&["zlib 1.2.12-r0"]));
    tracker.nameless_inventory("alpine/v3.17", 1000, &old);
    tracker.nameless_inventory("alpine/v3.17", 2000, &new);
    tracker.nameless_inventory("alpine/v3.17", 3000, &old);
    let affected = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected";
    let fixed = "-v3.17 zlib 1.2.12-r0 CVE-2024-0001: fixed";
    assert_eq!(tracker.findings(), [fixed, affected]);
    let opened = "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected";
    let closed = "finding.closed: CVE-2024-0001 is no longer open: zlib 1.2.11-r0 became 1.2.12-r0";
    assert_eq!(tracker.events(), [closed, opened, opened]);
    // Each state again, and the last one once more at a later time, is nothing new.
    let before = tracker.content();
    for (second, state) in [(1000, &old), (2000, &new), (3000, &old), (4000, &old)] {
        tracker.nameless_inventory("alpine/v3.17", second, state);
    }
    assert_eq!(tracker.content(), before);
}

#[test]
fn a_new_version_is_told_by_what_it_opens_and_closes() {
    let tracker = with_zlib("1.2.11-r0");
    let records = [
        nvd("CVE-2024-0001", "zlib", "1.2.12", EARLY),
        nvd("CVE-2024-0002", "zlib", "1.3", EARLY),
    ];
    tracker.feed(FeedKind::Nvd, &page(&records));
    tracker.inventory("alpine/v3.17", 2000, &apkindex(&["zlib 1.2.13-r0"]));
    // The one that stays open is no news, and neither is an earlier state that comes later.
    tracker.inventory("alpine/v3.17", 500, &apkindex(&["zlib 1.2.10-r0"]));
    // What is told of a version that has left the branch is no news.
    tracker.feed(
        FeedKind::Nvd,
        &page(&[nvd("CVE-2024-0003", "zlib", "1.2.11", EARLY)]),
    );
    tracker.inventory("alpine/v3.17", 3000, &apkindex(&["musl 1.2.3-r4"]));
    assert_eq!(
        tracker.events(),
        [
            "finding.closed: CVE-2024-0001 is no longer open: zlib 1.2.11-r0 became 1.2.13-r0",
            "finding.closed: CVE-2024-0002 is no longer open: zlib 1.2.13-r0 left the branch",
            "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected",
            "finding.opened: CVE-2024-0002 in zlib 1.2.11-r0 is affected",
        ]
    );
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
