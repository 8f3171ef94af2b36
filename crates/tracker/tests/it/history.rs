//! What happened over time: versions of a package, exposures, months; with revisions in and out of
//! order, and real ones of Guix.

use std::sync::Arc;

use palisade_formats::feed::FeedKind::{Kev, Nvd, Secdb};
use palisade_formats::inventory::InventoryKind::GuixInventory;
use palisade_model::Timestamp;
use palisade_tracker::views::{
    BranchHistoryView, BranchReport, Cause, ExposureKind, ExposureView, PackageHistoryView, Period,
    Remedy, ReportAnswer, ReportView, VulnerabilityAnswer, report_markdown,
};
use palisade_tracker::{Document, InventoryImport, NoProgress, import_inventory};
use serde_json::{Value, json};

use crate::documents::{
    apkindex, exploited, guix, kev, metrics, named_package, nvd_before, package, page, product,
    secdb,
};
use crate::real_revision::real;
use crate::tracker::{Tracker, inventory_import, now};

/// The first second of a day.
fn at(day: &str) -> i64 {
    let time: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
    time.as_second()
}

fn moment(day: &str) -> Timestamp {
    Timestamp::from_second(at(day)).unwrap()
}

/// A record of NVD that was published on a day: versions of a product before one are affected.
fn published(id: &str, day: &str, name: &str, before: &str, score: f64) -> Value {
    let mut record = nvd_before(id, &product(name), before);
    record["cve"]["published"] = format!("{day}T00:00:00.000").into();
    record["cve"]["metrics"] = metrics(score);
    record
}

/// A package whose product is its name, with patches and a graft.
fn made(name: &str, version: &str, patches: &[&str], graft: Option<&Value>) -> Value {
    let source = json!({"type": "url", "urls": [format!("https://{name}.example/{version}.tar.xz")],
        "patches": patches});
    let properties = json!({"cpe-name": name, "cpe-vendor": name});
    let more = json!({"source": source, "properties": properties, "replacement": graft});
    package(name, version, &more)
}

async fn exposures(tracker: &Tracker, name: &str) -> Vec<ExposureView> {
    match tracker.views.vulnerability(name, now()).await.unwrap() {
        VulnerabilityAnswer::Found(view) => view.exposure,
        other => panic!("{other:?}"),
    }
}

async fn report(tracker: &Tracker, month: &str, now: &str) -> ReportView {
    let month = month.parse().unwrap();
    let answer = tracker.views.report(month, &[], 50, moment(now));
    match answer.await.unwrap() {
        ReportAnswer::Found(view) => *view,
        ReportAnswer::Unknown(reason) => panic!("{reason}"),
    }
}

async fn over_time(tracker: &Tracker, by: Period, now: &str) -> BranchHistoryView {
    let branch = "guix/master".parse().unwrap();
    let found = tracker.views.branch_history(&branch, by, moment(now));
    found.await.unwrap().unwrap()
}

async fn versions(tracker: &Tracker, name: &str) -> PackageHistoryView {
    let guix = "guix".parse().unwrap();
    let found = tracker.views.package_history(&guix, name);
    found.await.unwrap().unwrap()
}

/// A branch on which one thing of each kind happens, its states in the order of the given places.
async fn year(order: &[usize]) -> Tracker {
    let tracker = Tracker::new().await;
    let records = [
        // There when the first revision was stored, mended by an upgrade.
        published("CVE-2026-0001", "2025-06-01", "old", "2.0", 9.8),
        // Published while it was there, mended by a patch, then by a graft in another package.
        published("CVE-2026-0002", "2026-02-10", "patched", "1.9", 7.5),
        published("CVE-2026-0003", "2026-02-10", "grafted", "1.1", 5.0),
        // Gone before it was published.
        published("CVE-2026-0004", "2026-03-20", "old", "2.0", 4.0),
        // Came with a package after it was published.
        published("CVE-2025-0005", "2025-01-01", "late", "1.9", 8.0),
        // Never there: the package came with the fix.
        published("CVE-2025-0006", "2025-01-01", "late", "1.0", 8.0),
        // Went with its package.
        published("CVE-2026-0007", "2026-02-01", "gone", "1.9", 3.0),
    ];
    tracker.feed(Nvd, &page(&records)).await;
    let entries = [exploited("CVE-2025-0005")];
    tracker.feed(Kev, &kev("2026-03-01", &entries)).await;
    let graft = made("grafted", "1.1", &[], None);
    let states = [
        (
            "2026-01-15",
            vec![
                made("old", "1.0", &[], None),
                made("patched", "1.0", &[], None),
                made("grafted", "1.0", &[], None),
                made("gone", "1.0", &[], None),
            ],
        ),
        (
            "2026-02-20",
            vec![
                made("old", "1.0", &[], None),
                made("patched", "1.0", &["patched-CVE-2026-0002.patch"], None),
                made("grafted", "1.0", &[], None),
                made("late", "1.5", &[], None),
            ],
        ),
        (
            "2026-03-05",
            vec![
                made("old", "2.0", &[], None),
                made("patched", "1.0", &["patched-CVE-2026-0002.patch"], None),
                made("grafted", "1.0", &[], Some(&graft)),
                made("late", "1.5", &[], None),
            ],
        ),
    ];
    for place in order {
        let (day, packages) = &states[*place];
        tracker
            .inventory("guix/master", at(day), &guix(packages))
            .await;
    }
    tracker
}

const IN_ORDER: [usize; 3] = [0, 1, 2];

#[tokio::test]
async fn each_exposure_is_told_from_when_to_when_and_how_it_ended() {
    let tracker = year(&IN_ORDER).await;
    let one = async |name: &str| exposures(&tracker, name).await.remove(0);
    let told = |it: &ExposureView| (it.kind, it.remedy, it.days);

    let old = one("CVE-2026-0001").await;
    assert_eq!(
        told(&old),
        (ExposureKind::Ended, Some(Remedy::Upgrade), Some(49))
    );
    assert!(old.is_longer, "nobody knows when it came");
    assert_eq!((old.to_version.as_deref(), old.cause), (Some("2.0"), None));
    assert!(old.says.contains("is in the first revision that is stored, of 2026-01-15 (228 days after it was published), and may have been there before"), "{}", old.says);
    assert!(
        old.says
            .ends_with("ended on 2026-03-05 by an upgrade (2.0), after at least 49 days"),
        "{}",
        old.says
    );

    let patched = one("CVE-2026-0002").await;
    assert_eq!(
        told(&patched),
        (ExposureKind::Ended, Some(Remedy::Patch), Some(10))
    );
    assert!(
        patched
            .says
            .starts_with("1.0 was there when it was published"),
        "{}",
        patched.says
    );
    let grafted = one("CVE-2026-0003").await;
    assert_eq!(
        told(&grafted),
        (ExposureKind::Ended, Some(Remedy::Graft), Some(23))
    );

    let before = one("CVE-2026-0004").await;
    assert_eq!(
        told(&before),
        (ExposureKind::EndedBefore, Some(Remedy::Upgrade), None)
    );
    assert!(
        before.says.ends_with("15 days before it was published"),
        "{}",
        before.says
    );

    let late = one("CVE-2025-0005").await;
    assert_eq!(told(&late), (ExposureKind::Open, None, None));
    assert_eq!(late.cause, Some(Cause::New));
    assert!(
        late.says
            .starts_with("1.5 came on 2026-02-20, 415 days after it was published"),
        "{}",
        late.says
    );

    let gone = one("CVE-2026-0007").await;
    assert_eq!(
        told(&gone),
        (ExposureKind::Ended, Some(Remedy::Removal), Some(19))
    );
    assert!(
        gone.says.contains("gone was removed on 2026-02-20"),
        "{}",
        gone.says
    );

    let never = one("CVE-2025-0006").await;
    assert_eq!(told(&never), (ExposureKind::Never, None, None));
    assert_eq!(
        never.says,
        "the package came on 2026-02-20 with 1.5; no version was affected"
    );
}

#[tokio::test]
async fn the_order_of_imports_changes_nothing() {
    let (forward, backward) = (year(&IN_ORDER).await, year(&[2, 0, 1]).await);
    for name in ["CVE-2026-0001", "CVE-2026-0003", "CVE-2025-0005"] {
        assert_eq!(
            exposures(&forward, name).await,
            exposures(&backward, name).await,
            "{name}"
        );
    }
    let month = "2026-03";
    assert_eq!(
        report(&forward, month, "2026-05-01").await,
        report(&backward, month, "2026-05-01").await
    );
    for name in ["grafted", "old"] {
        assert_eq!(
            versions(&forward, name).await,
            versions(&backward, name).await
        );
    }
}

fn numbers(branch: &BranchReport) -> (Option<usize>, Option<usize>, usize, usize) {
    let all = |it: &palisade_tracker::views::OpenNumbers| it.all;
    let (before, after) = (branch.before.as_ref(), branch.after.as_ref());
    (
        before.map(all),
        after.map(all),
        branch.mitigated.all,
        branch.news.all.all,
    )
}

#[tokio::test]
async fn a_month_is_what_came_and_what_went_in_it() {
    let tracker = year(&IN_ORDER).await;
    let view = report(&tracker, "2026-02", "2026-05-01").await;
    let february = &view.branches[0];
    // Open on the first: 0001. Then 0002, 0003, 0005 and 0007 came, and 0002 and 0007 went.
    assert_eq!(numbers(february), (Some(1), Some(3), 2, 4));
    let by: Vec<_> = february
        .by_remedy
        .iter()
        .map(|it| (it.remedy, it.all))
        .collect();
    assert_eq!(by.len(), 2);
    assert!(by.contains(&(Remedy::Patch, 1)) && by.contains(&(Remedy::Removal, 1)));
    let new: Vec<_> = february
        .new
        .iter()
        .map(|it| it.vulnerability.as_str())
        .collect();
    assert_eq!(
        new,
        ["CVE-2025-0005", "CVE-2026-0003"],
        "what is exploited first"
    );
    let news = &february.news;
    assert_eq!(
        (news.published, news.came, news.mended_at_once, news.open),
        (3, 1, 2, 2)
    );
    assert_eq!(february.stays.old.all, 0, "0001 is stored for 44 days only");
    let text = report_markdown(&view);
    for part in [
        "# Security in February 2026\n",
        "2 vulnerabilities in 2 packages (1 high, 1 low) were mitigated: 1 by a patch and 1 by removal.",
        "4 vulnerabilities in 4 packages (2 high, 1 medium, 1 low, 1 known to be exploited) were new: \
         3 were published in the month and 1 came with packages or with other versions of them. 2 of \
         them were mitigated before it was over.",
        "At the end of the month 3 vulnerabilities in 3 packages (1 critical, 1 high, 1 medium, 1 known \
         to be exploited) were open, 2 more than at the beginning of the month.",
        "| `late 1.5` | 2026-02-20, new package |",
    ] {
        assert!(text.contains(part), "{part}\n\n{text}");
    }
    assert!(
        !text.contains("Open for more than"),
        "no empty sections: {text}"
    );
    assert!(
        !text.contains("Who looks after"),
        "Guix names nobody: {text}"
    );
}

#[tokio::test]
async fn the_first_month_and_months_without_revisions_say_so() {
    let tracker = year(&IN_ORDER).await;
    let view = report(&tracker, "2026-01", "2026-05-01").await;
    let january = &view.branches[0];
    assert_eq!(numbers(january), (None, Some(1), 0, 0));
    assert_eq!(january.found.all, 1);
    let text = report_markdown(&view);
    assert!(
        text.contains("Nothing was mitigated.\n\nNothing was new."),
        "{text}"
    );
    assert!(text.contains("The first revision that is stored is of 2026-01-15: nothing is known of what was before. It brought 1 vulnerability in 1 package along"), "{text}");
    let view = report(&tracker, "2026-04", "2026-05-01").await;
    assert_eq!(numbers(&view.branches[0]), (Some(1), Some(1), 0, 0));
    let text = report_markdown(&view);
    assert!(
        text.contains("No revision of April 2026 is stored"),
        "{text}"
    );
    assert!(
        !text.contains("Nothing was mitigated"),
        "nobody knows that: {text}"
    );
    assert!(
        text.contains("In the month before, 2 were mitigated and none were new."),
        "{text}"
    );
    let view = report(&tracker, "2025-12", "2026-05-01").await;
    assert_eq!(view.branches, []);
    let view = report(&tracker, "2026-05", "2026-05-03").await;
    assert!(!view.is_over);
    let month = "2026-06".parse().unwrap();
    let early = tracker.views.report(month, &[], 9, moment("2026-05-01"));
    assert!(matches!(early.await.unwrap(), ReportAnswer::Unknown(_)));
    let nowhere = ["guix/nowhere".parse().unwrap()];
    let month = "2026-02".parse().unwrap();
    let nowhere = tracker
        .views
        .report(month, &nowhere, 9, moment("2026-05-01"));
    assert!(matches!(nowhere.await.unwrap(), ReportAnswer::Unknown(_)));
}

#[tokio::test]
async fn a_branch_over_time_balances() {
    let tracker = year(&IN_ORDER).await;
    for by in [Period::Month, Period::Week] {
        let view = over_time(&tracker, by, "2026-04-10").await;
        let mut open = 0;
        for period in &view.periods {
            open = open + period.began + period.found - period.ended;
            assert_eq!(open, period.open.all, "{}", period.name);
        }
        assert_eq!(open, 1, "the late one");
        let fixes = &view.fixes;
        // 0002 after 10 days, 0003 after 23; 0001 was there from the first revision on.
        assert_eq!((fixes.counted, fixes.median_days), (2, Some(16.5)));
        assert_eq!((fixes.begun_before, fixes.gone_before), (1, 1));
        assert_eq!(view.unmaintained, None, "Guix names no maintainers");
    }
    let months = over_time(&tracker, Period::Month, "2026-04-10").await;
    let names: Vec<&str> = months.periods.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["2026-01", "2026-02", "2026-03", "2026-04"]);
    let revisions: Vec<usize> = months.periods.iter().map(|it| it.revisions).collect();
    assert_eq!(revisions, [1, 1, 1, 0]);
    assert_eq!(
        months.periods[3].end,
        moment("2026-04-10"),
        "it is not over"
    );
}

#[tokio::test]
async fn versions_are_told_with_what_changed_and_what_was_open() {
    let tracker = year(&IN_ORDER).await;
    let view = versions(&tracker, "grafted").await;
    let [before, after] = &view.branches[0].versions[..] else {
        panic!("{view:?}")
    };
    assert_eq!((before.affected, after.affected), (1, 0));
    assert_eq!(before.vulnerabilities[0].name, "CVE-2026-0003");
    assert_eq!(after.graft.as_deref(), Some("1.1"));
    assert_eq!(after.changes[0].says, "a graft: users get 1.1");
    assert!(before.since.as_ref().unwrap().is_first && before.changes.is_empty());
    let view = versions(&tracker, "old").await;
    let [before, after] = &view.branches[0].versions[..] else {
        panic!("{view:?}")
    };
    assert_eq!((before.affected, before.published_later), (1, 1));
    assert_eq!(before.levels.critical, 1);
    assert_eq!(after.follows.as_deref(), Some("1.0"));
    assert_eq!(after.until, None);
    let guix = "guix".parse().unwrap();
    let none = tracker.views.package_history(&guix, "nothing").await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn a_series_that_is_mended_does_not_end_what_another_still_has() {
    let tracker = Tracker::new().await;
    let record = published("CVE-2026-0001", "2026-01-20", "x", "9", 9.8);
    tracker.feed(Nvd, &page(&[record])).await;
    let state = |versions: &[&str]| {
        let all: Vec<Value> = versions.iter().map(|it| named_package("x", it)).collect();
        guix(&all)
    };
    tracker
        .inventory("guix/master", at("2026-01-01"), &state(&["1", "8"]))
        .await;
    tracker
        .inventory("guix/master", at("2026-02-01"), &state(&["1", "9"]))
        .await;
    tracker
        .inventory("guix/master", at("2026-03-01"), &state(&["9"]))
        .await;
    let all = exposures(&tracker, "CVE-2026-0001").await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        all[0].ended.as_ref().unwrap().name,
        format!("r{}", at("2026-03-01"))
    );
    assert_eq!(all[0].remedy, Some(Remedy::Removal), "9 was there already");
}

#[tokio::test]
async fn what_comes_back_is_another_exposure_and_a_lost_patch_its_cause() {
    let tracker = Tracker::new().await;
    let record = published("CVE-2025-1000", "2025-01-01", "x", "9", 9.8);
    tracker.feed(Nvd, &page(&[record])).await;
    let with = made("x", "1", &["x-CVE-2025-1000.patch"], None);
    let without = made("x", "1", &[], None);
    for (day, package) in [
        ("2026-01-01", &with),
        ("2026-02-03", &without),
        ("2026-02-10", &with),
    ] {
        tracker
            .inventory("guix/master", at(day), &guix(std::slice::from_ref(package)))
            .await;
    }
    let all = exposures(&tracker, "CVE-2025-1000").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].cause, Some(Cause::MitigationLost));
    assert_eq!((all[0].remedy, all[0].days), (Some(Remedy::Patch), Some(7)));
    let view = report(&tracker, "2026-02", "2026-03-01").await;
    assert_eq!(view.branches[0].news.lost, 1);
    assert!(report_markdown(&view).contains("1 came because a mitigation was lost"));
}

#[tokio::test]
async fn a_maintainer_is_named_with_what_was_mitigated() {
    let tracker = Tracker::new().await;
    let records = [
        published("CVE-2026-0001", "2026-01-20", "kept", "2", 9.8),
        published("CVE-2026-0002", "2026-01-20", "orphan", "2", 9.8),
    ];
    tracker.feed(Nvd, &page(&records)).await;
    let fixes = ["kept 2-r0 CVE-2026-0001", "orphan 2-r0 CVE-2026-0002"];
    tracker.feed(Secdb, &secdb("v3.22", &fixes)).await;
    let index = |version: &str| {
        let all = apkindex(&[&format!("kept {version}-r0"), "orphan 1-r0"]);
        all.replace("P:kept\n", "P:kept\nm:Ada <ada@example.org>\n")
    };
    tracker
        .inventory("alpine/v3.22", at("2026-01-01"), &index("1"))
        .await;
    tracker
        .inventory("alpine/v3.22", at("2026-02-01"), &index("2"))
        .await;
    let view = report(&tracker, "2026-02", "2026-03-01").await;
    let branch = &view.branches[0];
    assert_eq!(branch.mitigated.all, 1, "{branch:?}");
    assert_eq!(
        branch.people[0].name.as_deref(),
        Some("Ada <ada@example.org>")
    );
    assert_eq!(branch.people[0].packages, ["kept"]);
    let name = "alpine/v3.22".parse().unwrap();
    let history = tracker
        .views
        .branch_history(&name, Period::Month, moment("2026-03-01"));
    let unmaintained = history.await.unwrap().unwrap().unmaintained.unwrap();
    assert_eq!(unmaintained.len(), 1);
    assert_eq!(
        (unmaintained[0].name.as_str(), unmaintained[0].affected.all),
        ("orphan", 1)
    );
}

#[tokio::test]
async fn real_fixes_of_guix_end_in_the_revisions_that_have_them() {
    let tracker = Tracker::new().await;
    let records = [
        // rsync 3.4.0 came with commit 945bd951270 of January 2025; libvpx's graft names its own.
        published("CVE-2024-12084", "2025-01-15", "rsync", "3.4.0", 9.8),
        published("CVE-2026-2447", "2026-02-16", "libvpx", "1.16.1", 8.8),
    ];
    let mut records = records.to_vec();
    let cpe = |record: &mut Value, cpe: &str| {
        record["cve"]["configurations"][0]["nodes"][0]["cpeMatch"][0]["criteria"] = cpe.into();
    };
    cpe(&mut records[0], "cpe:2.3:a:samba:rsync:*:*:*:*:*:*:*:*");
    cpe(
        &mut records[1],
        "cpe:2.3:a:webmproject:libvpx:*:*:*:*:*:*:*:*",
    );
    tracker.feed(Nvd, &page(&records)).await;
    let states = [
        ("eb508e32d2d3", "2024-07-14"),
        ("230aa373f315", "2026-01-21"),
        ("86c4c0797115", "2026-02-19"),
    ];
    for (commit, day) in states {
        let Some(path) = real(commit) else { return };
        let import = InventoryImport {
            branch: Some("guix/master".parse().unwrap()),
            revision: Some(commit.to_owned()),
            time: Some(moment(day)),
            ..inventory_import(GuixInventory, Document::of(&path))
        };
        import_inventory(&tracker.store, import, Arc::new(NoProgress))
            .await
            .unwrap();
    }
    let told = async |name: &str| {
        let all = exposures(&tracker, name).await;
        let line = |it: ExposureView| {
            (
                it.package,
                it.kind,
                it.remedy,
                it.ended.map(|it| it.name),
                it.days,
            )
        };
        all.into_iter().map(line).collect::<Vec<_>>()
    };
    let ended = |name: &str, by, commit: &str, days| {
        (
            name.to_owned(),
            ExposureKind::Ended,
            Some(by),
            Some(commit.to_owned()),
            Some(days),
        )
    };
    assert_eq!(
        told("CVE-2024-12084").await,
        [ended("rsync", Remedy::Upgrade, "230aa373f315", 371)]
    );
    let libvpx = told("CVE-2026-2447").await;
    assert_eq!(
        libvpx[0],
        ended("libvpx", Remedy::Graft, "86c4c0797115", 3),
        "{libvpx:?}"
    );
}
