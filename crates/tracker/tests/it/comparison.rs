//! Comparison of states: the incident of March 2021, colliding entries, branches, proposals.

use std::collections::BTreeMap;

use palisade_formats::feed::FeedKind::{Kev, Nvd, Secdb};
use palisade_formats::inventory::InventoryKind::GuixInventory;
use palisade_model::Level;
use palisade_tracker::views::{Cause, ComparisonAnswer, ComparisonView, Remedy};
use serde_json::{Value, json};

use crate::documents::{
    apkindex, guix, kev, named_package, nvd_before, package, page, product, scored, secdb,
};
use crate::tracker::{Tracker, in_memory, inventory_import, read};

const ALL: usize = usize::MAX;

pub(crate) async fn compare(tracker: &Tracker, from: &str, to: &str) -> ComparisonView {
    match asked(tracker, from, to).await {
        ComparisonAnswer::Found(view) => *view,
        ComparisonAnswer::Unknown(reason) => panic!("{reason}"),
    }
}

async fn asked(tracker: &Tracker, from: &str, to: &str) -> ComparisonAnswer {
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    tracker.views.compare(&from, &to, ALL).await.unwrap()
}

/// What stands in the place of the present state, without being stored.
async fn proposed(tracker: &Tracker, from: &str, text: &str) -> ComparisonView {
    let (inventory, rejects) = read(GuixInventory, text);
    assert_eq!(rejects, []);
    let import = inventory_import(GuixInventory, in_memory(text));
    let from = from.parse().unwrap();
    let answer = tracker
        .views
        .compare_proposed(&from, &import, inventory, ALL);
    match answer.await.unwrap() {
        ComparisonAnswer::Found(view) => *view,
        ComparisonAnswer::Unknown(reason) => panic!("{reason}"),
    }
}

/// A package with patches and a graft of the same version with patches of its own.
fn patched(name: &str, version: &str, patches: &[&str], graft: Option<&[&str]>) -> Value {
    let source = |patches: &[&str]| {
        json!({"type": "url", "urls": [format!("https://{name}.example/{name}-{version}.tar.xz")],
            "patches": patches})
    };
    let properties = json!({"cpe-name": name, "cpe-vendor": name});
    let graft = graft.map(|own| {
        let all = [patches, own].concat();
        package(
            name,
            version,
            &json!({"source": source(&all), "properties": properties}),
        )
    });
    let more = json!({"source": source(patches), "properties": properties, "replacement": graft});
    package(name, version, &more)
}

/// `PACKAGE VERSION KIND VULNERABILITY`, sorted.
fn lost(view: &ComparisonView) -> Vec<String> {
    let line = |it: &palisade_tracker::views::MitigationView| {
        let id = it.vulnerability.as_deref().unwrap_or("-");
        format!("{} {} {} {id}", it.package, it.to_version, it.kind)
    };
    let mut lines: Vec<String> = view.lost.iter().map(line).collect();
    lines.sort_unstable();
    lines
}

/// The three packages of March 2021, before and after the commits that were called cosmetic. glib's
/// came with an update that did not reach the fixes.
fn incident() -> (String, String, Vec<Value>) {
    const CAIRO: [&str; 2] = ["cairo-CVE-2018-19876.patch", "cairo-CVE-2020-35492.patch"];
    const GLIB: [&str; 2] = ["glib-CVE-2021-27218.patch", "glib-CVE-2021-27219-01.patch"];
    const PIXBUF: [&str; 1] = ["gdk-pixbuf-CVE-2020-29385.patch"];
    let before = [
        patched("cairo", "1.16.0", &CAIRO[..1], Some(&CAIRO[1..])),
        patched("glib", "2.62.6", &[], Some(&GLIB)),
        patched("gdk-pixbuf", "2.40.0", &[], Some(&PIXBUF)),
        patched("zlib", "1.2.11", &[], None),
    ];
    let after = [
        patched("cairo", "1.16.0", &[], None),
        patched("glib", "2.66.2", &[], None),
        patched("gdk-pixbuf", "2.40.0", &[], None),
        patched("zlib", "1.2.11", &[], None),
    ];
    let records = vec![
        scored(
            nvd_before("CVE-2018-19876", &product("cairo"), "1.17.0"),
            6.5,
        ),
        scored(
            nvd_before("CVE-2020-35492", &product("cairo"), "1.17.4"),
            7.8,
        ),
        scored(
            nvd_before("CVE-2021-27218", &product("glib"), "2.66.7"),
            7.5,
        ),
        scored(
            nvd_before("CVE-2021-27219", &product("glib"), "2.66.6"),
            7.5,
        ),
    ];
    (guix(&before), guix(&after), records)
}

#[tokio::test]
async fn the_incident_of_march_2021_is_loud() {
    let (before, after, records) = incident();
    let tracker = Tracker::new().await;
    tracker.feed(Nvd, &page(&records)).await;
    tracker.inventory("guix/master", 1000, &before).await;
    tracker.inventory("guix/master", 2000, &after).await;
    let view = compare(&tracker, "guix/master@r1000", "guix/master@r2000").await;
    assert_eq!(
        lost(&view),
        [
            "cairo 1.16.0 graft -",
            "cairo 1.16.0 patch CVE-2018-19876",
            "cairo 1.16.0 patch of the graft CVE-2020-35492",
            // Nothing is known of it but the patch's name, and the version stays.
            "gdk-pixbuf 2.40.0 graft -",
            "gdk-pixbuf 2.40.0 patch of the graft CVE-2020-29385",
            "glib 2.66.2 patch of the graft CVE-2021-27218",
            "glib 2.66.2 patch of the graft CVE-2021-27219",
        ]
    );
    assert_eq!(view.unproven, []);
    let causes: Vec<_> = view
        .introduced
        .iter()
        .map(|it| (it.vulnerability.as_str(), it.cause))
        .collect();
    let lost = Some(Cause::MitigationLost);
    assert_eq!(
        causes,
        [
            ("CVE-2020-35492", lost),
            ("CVE-2021-27218", lost),
            ("CVE-2021-27219", lost),
            ("CVE-2018-19876", lost)
        ],
        "the gravest first"
    );
    assert_eq!(view.net.introduced.levels.high, 3);
    assert!(view.is_worse(Some(Level::Critical)), "a mitigation is lost");
}

#[tokio::test]
async fn what_was_lost_comes_back_with_the_patches() {
    let (before, after, records) = incident();
    let tracker = Tracker::new().await;
    tracker.feed(Nvd, &page(&records)).await;
    tracker.inventory("guix/master", 1000, &before).await;
    tracker.inventory("guix/master", 2000, &after).await;
    // The way back: another order of the same two states.
    let view = compare(&tracker, "guix/master", "guix/master@r1000").await;
    assert_eq!((view.net.lost, view.net.introduced.affected), (0, 0));
    let fixed: BTreeMap<_, _> = view
        .fixed
        .iter()
        .map(|it| (it.vulnerability.as_str(), it.remedy))
        .collect();
    assert_eq!(fixed["CVE-2018-19876"], Some(Remedy::Patch));
    assert_eq!(fixed["CVE-2020-35492"], Some(Remedy::Graft));
    assert!(!view.is_worse(None));
}

#[tokio::test]
async fn a_graft_whose_package_is_listed_beside_it_fixes_as_a_graft() {
    const FIX: [&str; 1] = ["libvpx-CVE-2026-2447.patch"];
    let tracker = Tracker::new().await;
    let record = nvd_before("CVE-2026-2447", &product("libvpx"), "1.16.0");
    tracker.feed(Nvd, &page(&[scored(record, 8.8)])).await;
    let before = guix(&[patched("libvpx", "1.15.2", &[], None)]);
    let after = guix(&[
        patched("libvpx", "1.15.2", &FIX, None),
        patched("libvpx", "1.15.2", &[], Some(&FIX)),
    ]);
    tracker.inventory("guix/master", 1000, &before).await;
    tracker.inventory("guix/master", 2000, &after).await;
    let remedy = async |from, to| compare(&tracker, from, to).await.fixed[0].remedy;
    let found = remedy("guix/master@r1000", "guix/master@r2000").await;
    assert_eq!(found, Some(Remedy::Graft));
    let back = compare(&tracker, "guix/master@r2000", "guix/master@r1000").await;
    assert_eq!(
        lost(&back),
        [
            "libvpx 1.15.2 graft -",
            "libvpx 1.15.2 patch of the graft CVE-2026-2447"
        ]
    );
}

#[tokio::test]
async fn findings_come_go_stay_and_change_with_the_way_in_which_they_did() {
    let tracker = Tracker::new().await;
    let before = |id: &str, name: &str, fix: &str| nvd_before(id, &product(name), fix);
    let records = [
        scored(before("CVE-2024-0001", "upgraded", "2.0"), 9.8),
        scored(before("CVE-2024-0002", "removed", "9"), 5.0),
        scored(before("CVE-2024-0003", "new", "9"), 8.0),
        scored(before("CVE-2024-0004", "upgraded", "9"), 3.0),
        before("CVE-2024-0005", "untouched", "9"),
    ];
    tracker.feed(Nvd, &page(&records)).await;
    let entry = json!({"cveID": "CVE-2024-0003", "dateAdded": "2024-02-01", "vendorProject": "new",
        "product": "new", "vulnerabilityName": "x", "shortDescription": "x", "requiredAction": "x",
        "dueDate": "2024-03-01", "knownRansomwareCampaignUse": "Unknown", "notes": ""});
    tracker.feed(Kev, &kev("2024-02-01", &[entry])).await;
    let same = named_package("untouched", "1");
    let first = [
        named_package("upgraded", "1.0"),
        named_package("removed", "1"),
        same.clone(),
    ];
    tracker.inventory("guix/master", 1000, &guix(&first)).await;
    let second = [
        named_package("upgraded", "2.0"),
        named_package("new", "1"),
        same,
    ];
    tracker.inventory("guix/master", 2000, &guix(&second)).await;
    let view = compare(&tracker, "guix/master@r1000", "guix/master").await;
    let told = |list: &[palisade_tracker::views::FindingChangeView]| -> Vec<String> {
        list.iter()
            .map(|it| format!("{}: {}", it.vulnerability, it.says))
            .collect()
    };
    assert_eq!(
        told(&view.introduced),
        ["CVE-2024-0003: new 1 is new; the fix is in 9"]
    );
    assert_eq!(
        told(&view.fixed),
        [
            "CVE-2024-0001: 1.0 became 2.0",
            "CVE-2024-0002: removed 1 is gone"
        ]
    );
    assert_eq!(told(&view.carried_over), ["CVE-2024-0004: as before"]);
    assert_eq!(view.net.introduced.exploited, 1);
    let names = |list: &[palisade_tracker::views::LonePackageView]| -> Vec<String> {
        list.iter().map(|it| it.name.clone()).collect()
    };
    assert_eq!(names(&view.packages_added), ["new"]);
    assert_eq!(names(&view.packages_removed), ["removed"]);
    assert_eq!(view.packages_changed[0].name, "upgraded");
    assert!(view.is_worse(Some(Level::High)));
    assert!(view.is_worse(Some(Level::Critical)), "it is exploited");
}

#[tokio::test]
async fn a_shifted_line_is_no_change_and_a_collision_no_confusion() {
    let tracker = Tracker::new().await;
    let at = |line: u32, synopsis: &str| {
        let more =
            json!({"location": format!("gnu/packages/x.scm:{line}:2"), "synopsis": synopsis});
        package("x", "1", &more)
    };
    // Three of one name and version, two of them even in one place.
    let first = [at(1, "a"), at(1, "b"), at(9, "c")];
    let second = [at(5, "a"), at(5, "b"), at(13, "d")];
    tracker.inventory("guix/master", 1000, &guix(&first)).await;
    tracker.inventory("guix/master", 2000, &guix(&second)).await;
    let view = compare(&tracker, "guix/master@r1000", "guix/master").await;
    assert_eq!((view.packages.moved, view.packages.changed), (2, 1));
    assert_eq!((view.packages.added, view.packages.removed), (0, 0));
    let change = &view.packages_changed[0].differences;
    assert_eq!(change.len(), 1);
    assert_eq!(change[0].field, "synopsis");
    assert_eq!((&*change[0].removed[0], &*change[0].added[0]), ("c", "d"));
}

#[tokio::test]
async fn what_only_came_back_in_between_is_no_change() {
    let tracker = Tracker::new().await;
    let state = |version: &str| guix(&[named_package("x", version), named_package("y", "1")]);
    for (second, version) in [(1000, "1"), (2000, "2"), (3000, "1")] {
        tracker
            .inventory("guix/master", second, &state(version))
            .await;
    }
    let view = compare(&tracker, "guix/master@r1000", "guix/master@r3000").await;
    assert_eq!(
        view.packages,
        palisade_tracker::views::PackageCounts::default()
    );
    let view = compare(&tracker, "guix/master@r2000", "guix/master@r1000").await;
    assert_eq!(view.packages_changed[0].to_version, "1");
}

#[tokio::test]
async fn branches_are_compared_by_what_each_ones_records_say() {
    let tracker = Tracker::new().await;
    tracker
        .feed(Secdb, &secdb("v3.17", &["zlib 1.0-r9 CVE-2024-0001"]))
        .await;
    tracker
        .feed(Secdb, &secdb("v3.18", &["zlib 1.0-r0 CVE-2024-0001"]))
        .await;
    let index = apkindex(&["zlib 1.0-r0", "musl 1.2-r0"]);
    tracker.inventory("alpine/v3.17", 1000, &index).await;
    let newer = apkindex(&["zlib 1.0-r0", "musl 1.3-r0"]);
    tracker.inventory("alpine/v3.18", 1000, &newer).await;
    let view = compare(&tracker, "alpine/v3.17", "alpine/v3.18").await;
    assert_eq!(view.fixed.len(), 1, "{:?}", view.fixed);
    assert_eq!(view.fixed[0].remedy, Some(Remedy::Branch));
    assert_eq!(view.packages.changed, 1, "only musl differs");
    let back = compare(&tracker, "v3.18", "v3.17").await;
    assert_eq!(back.introduced[0].cause, Some(Cause::Branch));
    // Of another distribution, by names.
    let other = guix(&[named_package("zlib", "1.3"), named_package("only", "1")]);
    tracker.inventory("guix/master", 1000, &other).await;
    let view = compare(&tracker, "alpine/v3.17", "guix/master").await;
    assert_eq!(view.fixed[0].remedy, Some(Remedy::Upgrade));
    assert_eq!((view.packages.new_names, view.packages.gone_names), (1, 1));
}

#[tokio::test]
async fn states_are_meant_by_beginnings_of_names_days_and_bare_branches() {
    let tracker = Tracker::new().await;
    let state = |version: &str| guix(&[named_package("x", version)]);
    tracker.inventory("guix/master", 1000, &state("1")).await;
    tracker.inventory("guix/master", 1001, &state("2")).await;
    tracker.inventory("guix/master", 90_000, &state("3")).await;
    let version = |view: &ComparisonView| view.packages_changed[0].from_version.clone();
    for (from, expected) in [
        ("guix/master@1970-01-01", "2"),
        ("guix/master@1970-01-01T00:16:40Z", "1"),
        ("master@r1000", "1"),
        ("r1000", "1"),
        ("guix/master@r1001", "2"),
    ] {
        assert_eq!(
            version(&compare(&tracker, from, "master").await),
            expected,
            "{from}"
        );
    }
    for (from, expected) in [
        (
            "guix/nowhere",
            "there is no branch and no revision guix/nowhere",
        ),
        (
            "guix/master@r7777",
            "there is no revision r7777 of guix/master",
        ),
        (
            "guix/master@r100",
            "r100 may be the revision r1001 or r1000 of guix/master",
        ),
        (
            "guix/master@1969-12-31",
            "nothing is stored of guix/master up to 1969-12-31",
        ),
    ] {
        match asked(&tracker, from, "master").await {
            ComparisonAnswer::Unknown(unknown) => assert_eq!(unknown.reason, expected),
            ComparisonAnswer::Found(view) => panic!("{from} is {:?}", view.from),
        }
    }
}

#[tokio::test]
async fn a_proposal_is_judged_as_an_import_would_and_nothing_is_stored() {
    let (before, after, records) = incident();
    let tracker = Tracker::new().await;
    tracker.feed(Nvd, &page(&records)).await;
    tracker.inventory("guix/master", 1000, &before).await;
    let content = tracker.content().await;
    let told = proposed(&tracker, "guix/master", &after).await;
    assert_eq!(tracker.content().await.differences(&content, 5), [""; 0]);
    tracker.inventory("guix/master", 2000, &after).await;
    let stored = compare(&tracker, "guix/master@r1000", "guix/master").await;
    assert_eq!(told.to.proposed.as_deref(), Some("made up"));
    let without_sides = |view: ComparisonView| ComparisonView {
        to: view.from.clone(),
        ..view
    };
    let (mut told, mut stored) = (without_sides(told), without_sides(stored));
    // The first state was the present one when it was asked.
    (told.from.is_present, told.to.is_present) = (false, false);
    told.from.name.clone_from(&stored.from.name);
    told.to.name.clone_from(&stored.to.name);
    (stored.from.is_present, stored.to.is_present) = (false, false);
    assert_eq!(told, stored);
    assert!(told.net.lost > 0);
}
