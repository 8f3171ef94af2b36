//! What an import changes, and what it leaves alone.

use palisade_formats::feed::FeedKind::{Kev, Nvd, Osv, Secdb};
use palisade_tracker::{ImportSummary, TrackerError};
use serde_json::{Value, json};

use crate::documents::{
    self, any_of, apkindex, before, exploited, kev, nvd_before, osv, page, product, secdb,
};
use crate::tracker::Tracker;

const EARLY: &str = "2024-01-02T00:00:00.000";
const LATE: &str = "2024-03-02T00:00:00.000";

/// A record of NVD: zlib's versions before `fixed` are affected.
fn zlib(id: &str, fixed: &str, modified: &str) -> Value {
    documents::modified(nvd_before(id, &product("zlib"), fixed), modified)
}

async fn with_zlib(version: &str) -> Tracker {
    let tracker = Tracker::new().await;
    tracker
        .inventory(
            "alpine/v3.17",
            1000,
            &apkindex(&[&format!("zlib {version}")]),
        )
        .await;
    tracker
}

#[tokio::test]
async fn importing_everything_again_changes_nothing() {
    let tracker = with_zlib("1.2.11-r0").await;
    let import_all = async || {
        let inventory = tracker
            .inventory("alpine/v3.17", 1000, &apkindex(&["zlib 1.2.11-r0"]))
            .await;
        let feeds = [
            tracker
                .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
                .await,
            tracker
                .feed(Secdb, &secdb("v3.17", &["zlib 1.2.12-r0 CVE-2024-0001"]))
                .await,
            tracker
                .epss("#score_date:2025-08-25\ncve,epss,percentile\nCVE-2024-0001,0.5,0.5\n")
                .await,
        ];
        let changes = |it: &ImportSummary| it.added + it.changed + it.withdrawn;
        feeds.iter().map(changes).sum::<u64>() + inventory.added
    };
    assert_eq!(import_all().await, 3);
    let before = tracker.content().await;
    assert_eq!(import_all().await, 0);
    assert_eq!(
        before.differences(&tracker.content().await, 9),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_narrowed_range_closes_the_finding() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    assert_eq!(
        tracker.findings().await,
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected"]
    );
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.9", LATE)]))
        .await;
    assert_eq!(
        tracker.findings().await,
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed"]
    );
    assert_eq!(
        tracker.events().await,
        [
            "finding.closed: CVE-2024-0001 in zlib 1.2.11-r0 is now fixed",
            "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected"
        ]
    );
}

#[tokio::test]
async fn a_rejected_vulnerability_has_no_findings() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    let rejected = json!({"cve": {"id": "CVE-2024-0001", "vulnStatus": "Rejected",
        "lastModified": LATE, "descriptions": [{"lang": "en", "value": "no"}]}});
    tracker.feed(Nvd, &page(&[rejected])).await;
    assert_eq!(tracker.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_override_takes_the_place_of_nvds_record_whichever_came_first() {
    let of = |row: Value| {
        json!({"_annotation": {"cve_id": "CVE-2024-0001", "reason": "too wide"},
            "cve": {"configurations": [any_of(&[row])]}})
        .to_string()
    };
    let none = of(json!({"vulnerable": false, "criteria": product("null")}));
    let narrow = of(before(&product("zlib"), "1.2.5"));
    let own = page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]);
    let affected = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected";
    let fixed = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed";

    let tracker = with_zlib("1.2.11-r0").await;
    tracker.feed(Nvd, &own).await;
    assert_eq!(tracker.findings().await, [affected]);
    tracker.feed(Nvd, &none).await;
    assert_eq!(tracker.findings().await, [""; 0]);
    tracker.feed(Nvd, &narrow).await;
    assert_eq!(tracker.findings().await, [fixed]);

    let tracker = with_zlib("1.2.11-r0").await;
    tracker.feed(Nvd, &narrow).await;
    tracker.feed(Nvd, &own).await;
    assert_eq!(tracker.findings().await, [fixed]);
}

#[tokio::test]
async fn a_withdrawn_fix_opens_the_finding_again() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    // Alpine patched it in a release of its own.
    let fixes = [
        "zlib 1.2.11-r0 CVE-2024-0001",
        "zlib 1.2.11-r0 CVE-2024-0002",
    ];
    tracker.feed(Secdb, &secdb("v3.17", &fixes[..1])).await;
    assert_eq!(
        tracker.findings().await,
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed"]
    );
    let summary = tracker.feed(Secdb, &secdb("v3.17", &[])).await;
    assert_eq!(summary.withdrawn, 1);
    assert_eq!(
        tracker.findings().await,
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected"]
    );
}

#[tokio::test]
async fn the_fixes_of_one_branch_are_not_those_of_another() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .inventory("alpine/v3.18", 1000, &apkindex(&["zlib 1.2.11-r0"]))
        .await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    tracker
        .feed(Secdb, &secdb("v3.18", &["zlib 1.2.11-r0 CVE-2024-0001"]))
        .await;
    assert_eq!(
        tracker.findings().await,
        [
            "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.18 zlib 1.2.11-r0 CVE-2024-0001: fixed"
        ]
    );
}

#[tokio::test]
async fn a_superseded_version_is_no_longer_there() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    tracker
        .inventory("alpine/v3.17", 2000, &apkindex(&["zlib 1.2.13-r0"]))
        .await;
    assert_eq!(
        tracker.findings().await,
        [
            "-v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.17 zlib 1.2.13-r0 CVE-2024-0001: fixed"
        ]
    );
    // An earlier state that comes later changes nothing of today's.
    tracker
        .inventory("alpine/v3.17", 500, &apkindex(&["zlib 1.2.10-r0"]))
        .await;
    assert_eq!(
        tracker.findings().await,
        [
            "-v3.17 zlib 1.2.10-r0 CVE-2024-0001: affected",
            "-v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected",
            "v3.17 zlib 1.2.13-r0 CVE-2024-0001: fixed"
        ]
    );
}

#[tokio::test]
async fn an_older_record_does_not_replace_a_newer_one() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.9", LATE)]))
        .await;
    let before = tracker.content().await;
    let summary = tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    assert_eq!((summary.added, summary.changed), (0, 0));
    assert_eq!(tracker.content().await, before);
}

#[tokio::test]
async fn of_one_record_twice_in_a_document_the_newer_counts() {
    let old = zlib("CVE-2024-0001", "1.2.12", EARLY);
    let new = zlib("CVE-2024-0001", "1.2.9", LATE);
    for records in [[old.clone(), new.clone()], [new, old]] {
        let tracker = with_zlib("1.2.11-r0").await;
        tracker.feed(Nvd, &page(&records)).await;
        assert_eq!(
            tracker.findings().await,
            ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed"]
        );
    }
}

#[tokio::test]
async fn of_one_record_twice_without_a_newer_one_the_last_counts_and_stays() {
    let one = zlib("CVE-2024-0001", "1.2.12", EARLY);
    let other = zlib("CVE-2024-0001", "1.2.9", EARLY);
    let affected = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected";
    let fixed = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: fixed";
    for (records, outcome) in [
        ([one.clone(), other.clone()], fixed),
        ([other.clone(), one.clone()], affected),
    ] {
        let tracker = with_zlib("1.2.11-r0").await;
        tracker.feed(Nvd, &page(&records)).await;
        assert_eq!(tracker.findings().await, [outcome]);
        let before = tracker.content().await;
        for _ in 0..2 {
            let again = tracker.feed(Nvd, &page(&records)).await;
            assert_eq!((again.added, again.changed), (0, 0));
            assert_eq!(tracker.content().await, before);
        }
    }
    // A correction for which the source did not set its clock forward counts all the same.
    let tracker = with_zlib("1.2.11-r0").await;
    tracker.feed(Nvd, &page(&[one])).await;
    let corrected = tracker.feed(Nvd, &page(&[other])).await;
    assert_eq!((corrected.added, corrected.changed), (0, 1));
    assert_eq!(tracker.findings().await, [fixed]);
}

#[tokio::test]
async fn a_record_that_can_no_longer_be_read_is_not_withdrawn() {
    let tracker = with_zlib("1.2.11-r0").await;
    let fixes = [
        "zlib 1.2.12-r0 CVE-2024-0001",
        "musl 1.2.4-r0 CVE-2024-0003",
        "curl 8.0.0-r0 CVE-2024-0002",
    ];
    tracker.feed(Secdb, &secdb("v3.17", &fixes)).await;
    let whole = secdb("v3.17", &fixes[..2]);
    // The package's fixes are of a type that nobody expects; curl's are gone.
    let broken = whole.replace("{\"1.2.12-r0\":[\"CVE-2024-0001\"]}", "7");
    assert_ne!(broken, whole);
    let (summary, rejects) = tracker.try_feed(Secdb, &broken).await.unwrap();
    assert_eq!(
        rejects,
        [
            "feed.json, record 1, zlib: its secfixes cannot be read: invalid type: integer `7`, \
          expected an object of versions at line 1 column 1"
        ]
    );
    assert_eq!((summary.withdrawn, summary.rejected), (1, 1));
    let kept = ["musl/CVE-2024-0003", "zlib/CVE-2024-0001"];
    assert_eq!(tracker.advisories().await, kept);
}

#[tokio::test]
async fn nothing_is_withdrawn_while_a_record_cannot_be_named() {
    let tracker = Tracker::new().await;
    let (one, other) = (exploited("CVE-2024-0001"), exploited("CVE-2024-0002"));
    let catalogue = |entries: &[Value]| kev("2025-01-01", entries);
    tracker
        .feed(Kev, &catalogue(&[one.clone(), other.clone()]))
        .await;
    let broken = catalogue(&[one.clone(), json!({"cveID": 7})]);
    let (broken, rejects) = tracker.try_feed(Kev, &broken).await.unwrap();
    assert_eq!(
        rejects,
        [
            "feed.json, record 1: invalid type: integer `7`, expected a string at line 1 column 10",
            "feed.json, the whole document: it lacks 1 stored records, which are kept because a \
             record that could not be read may be any of them"
        ]
    );
    assert_eq!((broken.withdrawn, broken.rejected), (0, 2));
    assert_eq!(
        tracker.advisories().await,
        ["CVE-2024-0001", "CVE-2024-0002"]
    );
    let mended = tracker.feed(Kev, &catalogue(&[one])).await;
    assert_eq!((mended.withdrawn, mended.rejected), (1, 0));
    assert_eq!(tracker.advisories().await, ["CVE-2024-0001"]);
}

#[tokio::test]
async fn a_feed_that_lost_half_of_its_records_is_held_back() {
    let tracker = Tracker::new().await;
    let fixes: Vec<String> = (0..30)
        .map(|number| format!("zlib 1.2.{number}-r0 CVE-2024-{number:04}"))
        .collect();
    let fixes: Vec<&str> = fixes.iter().map(String::as_str).collect();
    tracker.feed(Secdb, &secdb("v3.17", &fixes)).await;
    let before = tracker.content().await;
    let error = tracker
        .try_feed(Secdb, &secdb("v3.17", &fixes[..14]))
        .await
        .unwrap_err();
    assert!(matches!(error, TrackerError::HeldBack { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("it lacks 16 of the 30 records that are stored")
    );
    assert_eq!(tracker.content().await, before);
    // Half of them may go, and so may all when somebody says so.
    let half = tracker.feed(Secdb, &secdb("v3.17", &fixes[..15])).await;
    assert_eq!(half.withdrawn, 15);
}

#[tokio::test]
async fn an_inventory_that_lost_half_of_its_packages_is_held_back() {
    let packages: Vec<String> = (0..30).map(|number| format!("p{number} 1.0-r0")).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let tracker = Tracker::new().await;
    tracker
        .inventory("alpine/v3.17", 1000, &apkindex(&packages))
        .await;
    let before = tracker.content().await;
    let few = apkindex(&packages[..10]);
    let error = tracker
        .try_inventory("alpine/v3.17", 2000, &few)
        .await
        .unwrap_err();
    assert!(matches!(error, TrackerError::HeldBack { .. }), "{error:?}");
    assert_eq!(tracker.content().await, before);
    // In the past there is nothing to compare it with.
    tracker.inventory("alpine/v3.17", 500, &few).await;
}

#[tokio::test]
async fn an_older_catalogue_is_held_back() {
    let tracker = Tracker::new().await;
    let both = ["CVE-2024-0001", "CVE-2024-0002"].map(exploited);
    let new = kev("2025-02-01", &both);
    tracker.feed(Kev, &new).await;
    let old = kev("2025-01-01", &both[..1]);
    let error = tracker.try_feed(Kev, &old).await.unwrap_err();
    assert!(matches!(error, TrackerError::HeldBack { .. }), "{error:?}");
    assert_eq!(
        tracker.advisories().await,
        ["CVE-2024-0001", "CVE-2024-0002"]
    );
    let again = tracker.feed(Kev, &new).await;
    assert_eq!(again.withdrawn, 0);
}

#[tokio::test]
async fn a_branch_may_come_back_to_an_earlier_state() {
    let tracker = Tracker::new().await;
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]))
        .await;
    let (old, new) = (apkindex(&["zlib 1.2.11-r0"]), apkindex(&["zlib 1.2.12-r0"]));
    tracker.nameless_inventory("alpine/v3.17", 1000, &old).await;
    tracker.nameless_inventory("alpine/v3.17", 2000, &new).await;
    tracker.nameless_inventory("alpine/v3.17", 3000, &old).await;
    let affected = "v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected";
    let fixed = "-v3.17 zlib 1.2.12-r0 CVE-2024-0001: fixed";
    assert_eq!(tracker.findings().await, [fixed, affected]);
    let opened = "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected";
    let closed = "finding.closed: CVE-2024-0001 is no longer open: zlib 1.2.11-r0 became 1.2.12-r0";
    assert_eq!(tracker.events().await, [closed, opened, opened]);
    // Each state again, and the last one once more at a later time, is nothing new.
    let before = tracker.content().await;
    for (second, state) in [(1000, &old), (2000, &new), (3000, &old), (4000, &old)] {
        tracker
            .nameless_inventory("alpine/v3.17", second, state)
            .await;
    }
    assert_eq!(tracker.content().await, before);
}

#[tokio::test]
async fn a_new_version_is_told_by_what_it_opens_and_closes() {
    let tracker = with_zlib("1.2.11-r0").await;
    let records = [
        zlib("CVE-2024-0001", "1.2.12", EARLY),
        zlib("CVE-2024-0002", "1.3", EARLY),
    ];
    tracker.feed(Nvd, &page(&records)).await;
    tracker
        .inventory("alpine/v3.17", 2000, &apkindex(&["zlib 1.2.13-r0"]))
        .await;
    // The one that stays open is no news, and neither is an earlier state that comes later.
    tracker
        .inventory("alpine/v3.17", 500, &apkindex(&["zlib 1.2.10-r0"]))
        .await;
    // What is told of a version that has left the branch is no news.
    tracker
        .feed(Nvd, &page(&[zlib("CVE-2024-0003", "1.2.11", EARLY)]))
        .await;
    tracker
        .inventory("alpine/v3.17", 3000, &apkindex(&["musl 1.2.3-r4"]))
        .await;
    assert_eq!(
        tracker.events().await,
        [
            "finding.closed: CVE-2024-0001 is no longer open: zlib 1.2.11-r0 became 1.2.13-r0",
            "finding.closed: CVE-2024-0002 is no longer open: zlib 1.2.13-r0 left the branch",
            "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected",
            "finding.opened: CVE-2024-0002 in zlib 1.2.11-r0 is affected",
        ]
    );
}

#[tokio::test]
async fn a_broken_document_changes_nothing() {
    let tracker = with_zlib("1.2.11-r0").await;
    tracker
        .feed(Secdb, &secdb("v3.17", &["zlib 1.2.12-r0 CVE-2024-0001"]))
        .await;
    let before = tracker.content().await;
    let whole = page(&[zlib("CVE-2024-0001", "1.2.12", EARLY)]);
    for end in [whole.len() - 1, whole.len() / 2] {
        let error = tracker.try_feed(Nvd, &whole[..end]).await.unwrap_err();
        assert!(matches!(error, TrackerError::Read(_)), "{error:?}");
        assert_eq!(tracker.content().await, before);
    }
    let whole = secdb("v3.17", &[]);
    let error = tracker
        .try_feed(Secdb, &whole[..whole.len() - 1])
        .await
        .unwrap_err();
    assert!(matches!(error, TrackerError::Read(_)), "{error:?}");
    assert_eq!(tracker.content().await, before);
}

#[tokio::test]
async fn a_revision_never_changes() {
    let tracker = with_zlib("1.2.11-r0").await;
    let before = tracker.content().await;
    let error = tracker
        .try_inventory("alpine/v3.17", 1000, &apkindex(&["zlib 1.2.12-r0"]))
        .await
        .unwrap_err();
    assert!(
        matches!(error, TrackerError::RevisionChanged { .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("revision r1000 was imported before")
    );
    assert_eq!(tracker.content().await, before);
}

#[tokio::test]
async fn a_vulnerability_that_gets_a_cve_keeps_its_finding_under_the_new_name() {
    let tracker = with_zlib("1.2.11-r0").await;
    let record = |aliases: &[&str]| {
        osv(
            "GHSA-2222-3333-4444",
            aliases,
            "Alpine:v3.17",
            "zlib",
            "1.2.12-r0",
        )
        .to_string()
    };
    tracker.feed(Osv, &record(&[])).await;
    assert_eq!(
        tracker.findings().await,
        ["v3.17 zlib 1.2.11-r0 GHSA-2222-3333-4444: affected"]
    );
    tracker.feed(Osv, &record(&["CVE-2024-0001"])).await;
    assert_eq!(
        tracker.findings().await,
        ["v3.17 zlib 1.2.11-r0 CVE-2024-0001: affected"]
    );
    assert_eq!(
        tracker.events().await,
        [
            "finding.closed: GHSA-2222-3333-4444 no longer concerns zlib 1.2.11-r0",
            "finding.opened: CVE-2024-0001 in zlib 1.2.11-r0 is affected",
            "finding.opened: GHSA-2222-3333-4444 in zlib 1.2.11-r0 is affected"
        ]
    );
}
