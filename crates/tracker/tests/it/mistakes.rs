//! Mistakes of packagers, as they are found on branches.

use std::sync::Arc;

use palisade_formats::feed::FeedKind;
use palisade_formats::inventory::InventoryKind;
use palisade_model::Timestamp;
use palisade_tracker::views::MistakesView;
use palisade_tracker::{InventoryImport, NoProgress, import_inventory};

use crate::documents::{apkindex, nvd_before, page, product, secdb};
use crate::tracker::{Tracker, in_memory, inventory_import};

async fn mistakes(tracker: &Tracker, branch: &str, revision: Option<&str>) -> MistakesView {
    let branch = branch.parse().unwrap();
    let found = tracker.views.mistakes(&branch, revision).await.unwrap();
    found.unwrap()
}

/// `RULE PACKAGE VERSION: IDS`.
fn told(view: &MistakesView) -> Vec<String> {
    let line = |it: &palisade_tracker::views::MistakeView| {
        let version = it.version.as_deref().unwrap_or("-");
        format!(
            "{} {} {version}: {}",
            it.rule,
            it.package,
            it.vulnerabilities.join(" ")
        )
    };
    view.mistakes.iter().map(line).collect()
}

fn guix(packages: &[(&str, &str, &str)]) -> String {
    let line = |(name, version, properties): &(&str, &str, &str)| {
        format!(r#"{{"name":"{name}","version":"{version}","properties":{{{properties}}}}}"#)
    };
    packages.iter().map(|it| line(it) + "\n").collect()
}

const HIDDEN: &str = r#""lint-hidden-cve":["CVE-2024-2961"]"#;

#[tokio::test]
async fn properties_of_guix_are_looked_through_at_each_revision() {
    let tracker = Tracker::new().await;
    let first = [
        (
            "indent",
            "2.2.13",
            r#""lint-hidden-cves":["CVE-2024-0911"]"#,
        ),
        (
            "bower",
            "1.1",
            r#""cpe-name":"bower-cpe-refers-to-a-different-bower""#,
        ),
        ("glibc", "2.41", HIDDEN),
        ("glibc", "2.33", HIDDEN),
        ("dhcp", "4", r#""cpe-name":"dhcp""#),
        ("typo", "1", r#""cpe-name":"dhpc""#),
        ("plain", "1", ""),
    ];
    let import = InventoryImport {
        revision: Some("r1000".to_owned()),
        time: Some(Timestamp::from_second(1000).unwrap()),
        ..inventory_import(InventoryKind::GuixInventory, in_memory(&guix(&first)))
    };
    let imported = import_inventory(&tracker.store, import, Arc::new(NoProgress)).await;
    let mended: Vec<String> = imported
        .unwrap()
        .1
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(mended.len(), 1, "{mended:?}");
    assert!(
        mended[0].contains("lint-hidden-cve was meant"),
        "{mended:?}"
    );
    tracker
        .inventory("guix/master", 2000, &guix(&[("glibc", "2.41", HIDDEN)]))
        .await;
    let view = mistakes(&tracker, "guix/master", Some("r1000")).await;
    let expected = [
        "misspelt-property indent 2.2.13: CVE-2024-0911",
        "cpe-name-marker bower 1.1: ",
        "unproven-hidden-cve glibc 2.33: CVE-2024-2961",
    ];
    assert_eq!(told(&view), expected);
    assert!(view.remarks[0].starts_with("No feed with CPE names is stored"));
    assert_eq!(view.revision.unwrap().name, "r1000");
    let now = mistakes(&tracker, "guix/master", None).await;
    assert_eq!(told(&now), [""; 0]);
    // Which products there are is known by the feeds.
    let feed = page(&[nvd_before("CVE-2024-0001", &product("dhcp"), "3")]);
    tracker.feed(FeedKind::Nvd, &feed).await;
    let view = mistakes(&tracker, "guix/master", Some("r1000")).await;
    assert_eq!(told(&view)[..3], expected);
    assert_eq!(told(&view)[3..], ["cpe-name-unknown typo 1: "]);
    assert_eq!(view.remarks, [""; 0]);
    let branch = "guix/master".parse().unwrap();
    assert!(
        tracker
            .views
            .mistakes(&branch, Some("r9"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn fixes_of_alpine_are_compared_with_what_the_branch_has() {
    let tracker = Tracker::new().await;
    let fixes = [
        "zlib 1.2.13-r0 CVE-2024-0001",
        "zlib 1.2.11-r0 CVE-2024-0002",
        "musl 0 CVE-2024-0003",
        "musl 1.2.3 CVE-2024-0004",
    ];
    tracker.feed(FeedKind::Secdb, &secdb("v3.17", &fixes)).await;
    let second = 1_900_000_000;
    let packages = ["zlib 1.2.12-r0", "musl 1.2.3-r4"];
    tracker
        .inventory("alpine/v3.17", second, &apkindex(&packages))
        .await;
    let view = mistakes(&tracker, "alpine/v3.17", None).await;
    assert_eq!(
        told(&view),
        [
            "ahead zlib 1.2.12-r0: CVE-2024-0001",
            "version musl -: CVE-2024-0004"
        ]
    );
    assert_eq!(view.mistakes[1].write.as_deref(), Some("1.2.3-r0:"));
    assert_eq!(
        view.rules.into_iter().collect::<Vec<_>>(),
        [("ahead", 1), ("version", 1)]
    );
    assert_eq!(view.remarks, [""; 0]);
    // Packages that are older than what is recorded of them say so.
    tracker
        .inventory("alpine/v3.17", 1000, &apkindex(&["zlib 1.2.10-r0"]))
        .await;
    let view = mistakes(&tracker, "alpine/v3.17", Some("r1000")).await;
    assert_eq!(told(&view)[0], "ahead zlib 1.2.10-r0: CVE-2024-0002");
    assert!(
        view.remarks[0].starts_with("The packages are of 1970-01-01"),
        "{:?}",
        view.remarks
    );
}

#[tokio::test]
async fn entries_that_could_not_be_read_are_told_by_package() {
    let tracker = Tracker::new().await;
    let fixes = [
        "zlib 1.2.11-r0 CVE_2024-0001",
        "zlib 1.2.11-r0 nonsense",
        "musl 1.2.3-r0 CVE-2024-0002",
    ];
    let (_, rejects) = tracker
        .try_feed(FeedKind::Secdb, &secdb("v3.17", &fixes))
        .await
        .unwrap();
    assert_eq!(rejects.len(), 2);
    tracker
        .inventory(
            "alpine/v3.17",
            1_900_000_000,
            &apkindex(&["zlib 1.2.12-r0"]),
        )
        .await;
    let view = mistakes(&tracker, "alpine/v3.17", None).await;
    assert_eq!(
        told(&view),
        ["unreadable zlib -: ", "mended zlib -: CVE-2024-0001"]
    );
}

#[tokio::test]
async fn of_other_distributions_it_is_said_that_nothing_is_read() {
    let tracker = Tracker::new().await;
    tracker
        .inventory("debian/12", 1000, &guix(&[("a", "1", "")]))
        .await;
    let view = mistakes(&tracker, "debian/12", None).await;
    assert_eq!(told(&view), [""; 0]);
    assert!(view.remarks[0].contains("Packagers of debian"));
}
