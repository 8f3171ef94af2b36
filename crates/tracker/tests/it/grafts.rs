//! Grafts of a branch and who uses what: small inventories for each statement, and the real revisions
//! of Guix.

use std::collections::BTreeMap;
use std::sync::Arc;

use palisade_formats::feed::FeedKind::Nvd;
use palisade_formats::inventory::InventoryKind::GuixInventory;
use palisade_model::{Timestamp, VerdictStatus};
use palisade_tracker::views::{
    AffectedByAnswer, AffectedByView, ComparisonAnswer, GraftEnd, GraftPurpose, GraftedPackage,
    GraftsAnswer, GraftsView, PackageQuery, Section, Standing, VulnerabilityAnswer,
};
use palisade_tracker::{Document, InventoryImport, NoProgress, import_inventory};
use serde_json::{Value, json};

use crate::documents::{apkindex, guix, nvd_before, package, page, product};
use crate::real_revision::real;
use crate::tracker::{Tracker, inventory_import, now, read};

const DAY: i64 = 86_400;

const PATCH: &[&str] = &["a-CVE-2024-0001.patch"];

async fn grafts(tracker: &Tracker, state: &str) -> Arc<GraftsView> {
    match tracker.views.grafts(&state.parse().unwrap()).await.unwrap() {
        GraftsAnswer::Found(view) => view,
        GraftsAnswer::Unknown(reason) => panic!("{reason}"),
    }
}

async fn affected_by(tracker: &Tracker, state: &str, name: &str) -> AffectedByView {
    match asked(tracker, state, name, None).await {
        AffectedByAnswer::Found(view) => *view,
        AffectedByAnswer::Unknown(reason) => panic!("{reason}"),
    }
}

async fn asked(
    tracker: &Tracker,
    state: &str,
    name: &str,
    version: Option<&str>,
) -> AffectedByAnswer {
    let state = state.parse().unwrap();
    let answer = tracker.views.affected_by(&state, (name, version), 100);
    answer.await.unwrap()
}

/// A package that is known as the product of its name, with patches, inputs and a graft.
struct Made {
    name: &'static str,
    version: &'static str,
    line: u32,
    patches: &'static [&'static str],
    uses: Vec<(&'static str, &'static str)>,
    graft: Option<Box<Made>>,
}

fn made(name: &'static str, version: &'static str) -> Made {
    Made {
        name,
        version,
        line: 1,
        patches: &[],
        uses: Vec::new(),
        graft: None,
    }
}

impl Made {
    fn patched(self, patches: &'static [&'static str]) -> Self {
        Self { patches, ..self }
    }

    fn uses(self, uses: &[(&'static str, &'static str)]) -> Self {
        let uses = uses.to_vec();
        Self { uses, ..self }
    }

    fn at(self, line: u32) -> Self {
        Self { line, ..self }
    }

    fn grafted(self, graft: Made) -> Self {
        let graft = Some(Box::new(graft));
        Self { graft, ..self }
    }

    fn json(&self) -> Value {
        let (name, version) = (self.name, self.version);
        let inputs: Vec<Value> = self
            .uses
            .iter()
            .map(|(name, version)| json!({"label": name, "name": name, "version": version, "output": "out"}))
            .collect();
        let url = format!("https://{name}.example/{name}-{version}.tar.xz");
        package(
            name,
            version,
            &json!({
                "location": {"file": "gnu/packages/x.scm", "line": self.line, "column": 2},
                "source": {"type": "url", "urls": [url], "patches": self.patches},
                "properties": {"cpe-name": name, "cpe-vendor": name},
                "inputs": inputs,
                "replacement": self.graft.as_ref().map(|graft| graft.json()),
            }),
        )
    }
}

fn inventory(packages: &[Made]) -> String {
    let packages: Vec<Value> = packages.iter().map(Made::json).collect();
    guix(&packages)
}

/// The names of findings.
fn ids(findings: &[palisade_tracker::views::GraftFinding]) -> Vec<&str> {
    findings
        .iter()
        .map(|it| it.vulnerability.as_str())
        .collect()
}

fn one<'a>(view: &'a GraftsView, name: &str) -> &'a GraftedPackage {
    let mut named = view.packages().filter(|it| it.name == name);
    let found = named.next().unwrap();
    assert!(named.next().is_none(), "{name} is there twice");
    found
}

/// openssl with a graft of a newer version, and those who use it.
async fn openssl() -> Tracker {
    let tracker = Tracker::new().await;
    let before = |id: &str, version: &str| nvd_before(id, &product("openssl"), version);
    let records = [
        before("CVE-2023-0001", "1.1.1t"),
        before("CVE-2023-0002", "1.1.1u"),
        before("CVE-2024-0003", "1.1.1y"),
        before("CVE-2019-0004", "1.1.0"),
    ];
    tracker.feed(Nvd, &page(&records)).await;
    let openssl = || made("openssl", "1.1.1q").grafted(made("openssl", "1.1.1u").at(9));
    let users = || {
        vec![
            made("curl", "8").uses(&[("openssl", "1.1.1q")]),
            made("git", "2").uses(&[("curl", "8"), ("openssl", "1.1.1q")]),
            made("magit", "3").uses(&[("git", "2")]),
            made("zlib", "1"),
        ]
    };
    let state = |first: Made| {
        let mut all = users();
        all.push(first);
        inventory(&all)
    };
    tracker
        .inventory("guix/master", 10 * DAY, &state(made("openssl", "1.1.1q")))
        .await;
    tracker
        .inventory("guix/master", 20 * DAY, &state(openssl()))
        .await;
    // Another line of the file, another patch of the package: the graft is the same.
    tracker
        .inventory(
            "guix/master",
            25 * DAY,
            &state(openssl().at(5).patched(&["x.patch"])),
        )
        .await;
    tracker
}

#[tokio::test]
async fn a_graft_tells_what_it_fixes_and_what_stays_open_although_it_is_there() {
    let tracker = openssl().await;
    let view = grafts(&tracker, "guix/master").await;
    let openssl = one(&view, "openssl");
    assert_eq!(openssl.graft.version, "1.1.1u");
    assert_eq!(ids(&openssl.fixes), ["CVE-2023-0001", "CVE-2023-0002"]);
    assert_eq!(
        openssl.fixes[0].without_graft,
        Some(VerdictStatus::Affected)
    );
    assert_eq!(openssl.fixes[0].status, VerdictStatus::Fixed);
    assert_eq!(ids(&openssl.leaves), ["CVE-2024-0003"]);
    assert!(openssl.insufficient, "it no longer fixes everything");
    assert_eq!(openssl.purpose, GraftPurpose::Fixes);
    assert!(
        openssl.says.starts_with(
            "names no vulnerability, but by the records it fixes 2 findings: the version rises \
             from 1.1.1q to 1.1.1u"
        ),
        "{}",
        openssl.says
    );
    assert_eq!(view.counts.fixes, 2);
    assert_eq!((view.counts.leaves, view.counts.insufficient), (1, 1));
}

#[tokio::test]
async fn a_graft_is_as_old_as_its_run_and_waits_for_the_package_to_reach_it() {
    let tracker = openssl().await;
    let view = grafts(&tracker, "guix/master").await;
    let openssl = one(&view, "openssl");
    let since = openssl.since.as_ref().unwrap();
    assert_eq!(since.name, format!("r{}", 20 * DAY));
    assert!(!since.is_first);
    assert_eq!(openssl.age_days, Some(5));
    assert_eq!(openssl.ungrafting.waiting_days, Some(5));
    assert_eq!(openssl.ungrafting.standing, Standing::Behind);
    assert_eq!(
        openssl.ungrafting.says,
        "the package itself is at 1.1.1q and does not reach 1.1.1u"
    );
    let earlier = grafts(&tracker, &format!("guix/master@r{}", 20 * DAY)).await;
    assert_eq!(one(&earlier, "openssl").age_days, Some(0));
    assert!(!earlier.is_present);
    let first = grafts(&tracker, &format!("guix/master@r{}", 10 * DAY)).await;
    assert_eq!((first.counts.packages, first.counts.ended), (0, 0));
}

#[tokio::test]
async fn those_who_use_a_package_get_its_graft() {
    let tracker = openssl().await;
    let view = grafts(&tracker, "guix/master").await;
    let reach = one(&view, "openssl").reach.unwrap();
    assert_eq!((reach.direct, reach.all, reach.build_only), (2, 3, 0));
    assert!(!view.implicit_inputs && !reach.implicit_inputs);
    assert_eq!(view.counts.dependents, Some(3));

    let view = affected_by(&tracker, "guix/master", "openssl").await;
    let [openssl] = view.packages.as_slice() else {
        panic!("{view:?}")
    };
    let told: Vec<(&str, u32, String)> = openssl
        .dependents
        .iter()
        .map(|it| (it.name.as_str(), it.distance, it.path.join(" ")))
        .collect();
    assert_eq!(
        told,
        [
            ("curl", 1, "curl@8 openssl@1.1.1q".to_owned()),
            ("git", 1, "git@2 openssl@1.1.1q".to_owned()),
            ("magit", 2, "magit@3 git@2 openssl@1.1.1q".to_owned()),
        ]
    );
    let graft = openssl.graft.as_ref().unwrap();
    assert_eq!(graft.version, "1.1.1u");
    assert_eq!(ids(&graft.fixes).len(), 2);
    assert_eq!((openssl.affected, openssl.under_investigation), (1, 0));
    assert_eq!(
        openssl.says,
        "3 packages use it, 2 of them directly and get 1.1.1u by grafting alone: it fixes 2 \
         findings; 1 open in it"
    );
    assert!(view.touches());
}

#[tokio::test]
async fn a_package_without_a_graft_touches_by_what_is_open_in_it() {
    let tracker = openssl().await;
    let before = format!("guix/master@r{}", 10 * DAY);
    let view = affected_by(&tracker, &before, "openssl").await;
    assert_eq!(view.packages[0].graft, None);
    assert_eq!(view.packages[0].affected, 3);
    assert_eq!(view.packages[0].reach.all, 3);
    assert!(view.touches());
    // Nothing is open in git, and it has no graft.
    let view = affected_by(&tracker, "guix/master", "git").await;
    assert_eq!(view.packages[0].reach.all, 1);
    assert!(!view.touches());
    // Nobody uses magit.
    let view = affected_by(&tracker, "guix/master", "magit").await;
    assert_eq!(
        view.packages[0].says,
        "nobody uses it; it has no graft; nothing is open in it"
    );
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let tracker = openssl().await;
    let reason = async |state: &str, name: &str, version| match asked(
        &tracker, state, name, version,
    )
    .await
    {
        AffectedByAnswer::Unknown(unknown) => unknown.reason,
        AffectedByAnswer::Found(view) => panic!("{view:?}"),
    };
    assert_eq!(
        reason("guix/master", "nothing", None).await,
        "there is no package nothing on guix/master now"
    );
    let past = format!("guix/master@r{}", 20 * DAY);
    assert_eq!(
        reason(&past, "openssl", Some("3")).await,
        format!(
            "there is no package openssl 3 on guix/master at r{}",
            20 * DAY
        )
    );
    assert_eq!(
        reason("guix/nowhere", "openssl", None).await,
        "there is no branch and no revision guix/nowhere"
    );
    let text = apkindex(&["openssl 3.0.7-r0"]);
    tracker.inventory("alpine/v3.17", 10, &text).await;
    assert_eq!(
        reason("alpine/v3.17", "openssl", None).await,
        "the inventory of alpine/v3.17 does not tell which package is built with which"
    );
    let view = grafts(&tracker, "alpine/v3.17").await;
    assert_eq!((view.declarations.len(), view.ended.len()), (0, 0));
}

#[tokio::test]
async fn pages_of_findings_say_by_which_graft_and_since_when() {
    let tracker = openssl().await;
    let distribution = "guix".parse().unwrap();
    let finding = async |id: &str| {
        let found = tracker.views.finding(&distribution, "openssl", id);
        let place = found.await.unwrap().unwrap().places.remove(0);
        place
            .graft
            .map(|it| (it.version, it.since.map(|it| it.name), it.fixes))
    };
    let since = Some(format!("r{}", 20 * DAY));
    let told = |fixes| Some(("1.1.1u".to_owned(), since.clone(), fixes));
    assert_eq!(finding("CVE-2023-0001").await, told(true));
    assert_eq!(finding("CVE-2024-0003").await, told(false));
    assert_eq!(
        finding("CVE-2019-0004").await,
        None,
        "it never was affected"
    );

    match tracker
        .views
        .vulnerability("CVE-2023-0001", now())
        .await
        .unwrap()
    {
        VulnerabilityAnswer::Found(view) => {
            let graft = view.places[0].graft.as_ref().unwrap();
            assert_eq!((graft.version.as_str(), graft.fixes), ("1.1.1u", true));
        }
        other => panic!("{other:?}"),
    }
    let query = PackageQuery {
        section: Section::Fixed,
        limit: 10,
        ..PackageQuery::default()
    };
    let view = tracker
        .views
        .package(&distribution, "openssl", &query, now());
    let view = view.await.unwrap().unwrap();
    let graft = view.versions[0].graft.as_ref().unwrap();
    assert_eq!(graft.fixes, ["CVE-2023-0001", "CVE-2023-0002"]);
    assert_eq!(graft.leaves, ["CVE-2024-0003"]);
    assert_eq!(graft.since.as_ref().map(|it| it.name.clone()), since);
    let place = &view.findings[0].places[0];
    assert!(place.graft.as_ref().is_some_and(|it| it.fixes));
    // What is kept of all grafts says the same as what was made for one package alone.
    grafts(&tracker, "guix/master").await;
    assert_eq!(finding("CVE-2023-0001").await, told(true));
    let view = tracker
        .views
        .package(&distribution, "openssl", &query, now());
    let graft = view
        .await
        .unwrap()
        .unwrap()
        .versions
        .remove(0)
        .graft
        .unwrap();
    assert_eq!(
        graft.reach.map(|it| it.all),
        Some(3),
        "then who gets it is known, too"
    );
}

#[tokio::test]
async fn grafts_end_in_different_ways() {
    let tracker = Tracker::new().await;
    let grafted = |name| made(name, "1.0").grafted(made(name, "1.0").patched(PATCH).at(2));
    let risen = |name| made(name, "1.0").grafted(made(name, "1.5").at(2));
    let before = [
        grafted("moved"),
        grafted("lost"),
        grafted("gone"),
        risen("reached"),
        risen("back"),
        risen("again"),
        grafted("unproven"),
        risen("stays"),
    ];
    let after = [
        made("moved", "1.0").patched(PATCH),
        made("lost", "1.0"),
        made("reached", "2.0"),
        made("back", "1.1"),
        made("again", "1.0").grafted(made("again", "1.6").at(2)),
        made("unproven", "1.1"),
        risen("stays"),
    ];
    tracker
        .inventory("guix/master", 10 * DAY, &inventory(&before))
        .await;
    tracker
        .inventory("guix/master", 40 * DAY, &inventory(&after))
        .await;
    let view = grafts(&tracker, "guix/master").await;
    let ends: BTreeMap<&str, GraftEnd> = view
        .ended
        .iter()
        .map(|it| (it.package.as_str(), it.how))
        .collect();
    assert_eq!(
        ends,
        BTreeMap::from([
            ("moved", GraftEnd::Ungrafted),
            ("lost", GraftEnd::Lost),
            ("gone", GraftEnd::Removed),
            ("reached", GraftEnd::Ungrafted),
            ("back", GraftEnd::Lost),
            ("again", GraftEnd::Replaced),
            ("unproven", GraftEnd::Unproven),
        ])
    );
    let moved = view.ended.iter().find(|it| it.package == "moved").unwrap();
    assert_eq!(moved.names, ["CVE-2024-0001"]);
    assert_eq!(moved.days, Some(30));
    assert_eq!(
        moved.says,
        "the package itself has at 1.0 what the graft had"
    );
    let back = view.ended.iter().find(|it| it.package == "back").unwrap();
    assert_eq!(back.says, "users got 1.5 by a graft, and now get 1.1");
    let names: Vec<&str> = view.packages().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["again", "stays"]);
    assert_eq!(one(&view, "again").age_days, Some(0), "this graft is new");
    assert_eq!(
        one(&view, "again").ungrafting.waiting_days,
        Some(30),
        "but the package has had one for longer"
    );
    // Before, none had ended.
    let first = grafts(&tracker, &format!("guix/master@r{}", 10 * DAY)).await;
    assert_eq!((first.counts.packages, first.counts.ended), (8, 0));
    assert_eq!(
        one(&first, "stays").since.as_ref().map(|it| it.is_first),
        Some(true)
    );
}

#[tokio::test]
async fn what_has_no_name_of_a_vulnerability_is_told_apart_from_what_has() {
    let tracker = Tracker::new().await;
    let packages = [
        made("libarchive", "3.6.1").grafted(
            made("libarchive", "3.6.1")
                .patched(&["remove-backdoor.patch"])
                .at(3),
        ),
        made("meson", "1.1.0")
            .at(20)
            .grafted(made("meson", "1.2.1").at(21)),
        made("libvpx", "1.15.2").at(30).grafted(
            made("libvpx", "1.15.2")
                .patched(&["libvpx-CVE-2026-2447.patch"])
                .at(30),
        ),
        made("python", "3.10")
            .at(40)
            .grafted(made("python", "3.10").at(41)),
        made("python-debug", "3.10")
            .at(50)
            .grafted(made("python-debug", "3.10").at(50)),
    ];
    tracker
        .inventory("guix/master", DAY, &inventory(&packages))
        .await;
    let view = grafts(&tracker, "guix/master").await;
    let purposes: BTreeMap<&str, GraftPurpose> = view
        .packages()
        .map(|it| (it.name.as_str(), it.purpose))
        .collect();
    assert_eq!(
        purposes,
        BTreeMap::from([
            ("libarchive", GraftPurpose::Patches),
            ("meson", GraftPurpose::Version),
            ("libvpx", GraftPurpose::Names),
            ("python", GraftPurpose::Unseen),
            ("python-debug", GraftPurpose::Unseen),
        ])
    );
    assert_eq!(one(&view, "libvpx").graft.names, ["CVE-2026-2447"]);
    assert_eq!((view.counts.packages, view.counts.declarations), (5, 4));
    let python = view
        .declarations
        .iter()
        .find(|it| it.name == "python")
        .unwrap();
    assert_eq!(python.packages.len(), 2, "python-debug inherits it");
    assert_eq!(python.file.as_deref(), Some("gnu/packages/x.scm"));
}

#[tokio::test]
async fn two_packages_of_one_name_and_version_are_two() {
    let tracker = Tracker::new().await;
    let ibus = |line: u32, graft: u32| {
        made("ibus", "1.5.27")
            .at(line)
            .grafted(made("ibus", "1.5.29").at(graft))
    };
    let packages = [
        ibus(8, 28),
        ibus(23, 23),
        made("engine", "1").uses(&[("ibus", "1.5.27")]),
    ];
    tracker
        .inventory("guix/master", DAY, &inventory(&packages))
        .await;
    let view = grafts(&tracker, "guix/master").await;
    assert_eq!((view.counts.packages, view.counts.declarations), (2, 1));
    assert_eq!(view.declarations[0].reach.unwrap().all, 1);
    let view = affected_by(&tracker, "guix/master", "ibus").await;
    assert_eq!(view.packages.len(), 2);
    assert!(
        view.packages
            .iter()
            .all(|it| it.graft.is_some() && it.reach.all == 1)
    );
}

#[tokio::test]
async fn a_comparison_says_how_many_packages_get_a_new_graft() {
    let tracker = openssl().await;
    let reach = async |from: i64, to: i64| {
        let from = format!("guix/master@r{}", from * DAY).parse().unwrap();
        let to = format!("guix/master@r{}", to * DAY).parse().unwrap();
        match tracker.views.compare(&from, &to, 100).await.unwrap() {
            ComparisonAnswer::Found(view) => view.packages_changed[0].reach,
            ComparisonAnswer::Unknown(reason) => panic!("{reason}"),
        }
    };
    let new = reach(10, 20).await.unwrap();
    assert_eq!((new.direct, new.all), (2, 3));
    assert_eq!(
        reach(20, 10).await,
        None,
        "a graft that goes reaches nobody"
    );
    assert_eq!(reach(20, 25).await, None, "the graft is the same");

    let proposed = inventory(&[
        made("zlib", "1").grafted(made("zlib", "2").at(9)),
        made("curl", "8").uses(&[("zlib", "1")]),
    ]);
    let (proposal, _) = read(GuixInventory, &proposed);
    let import = inventory_import(GuixInventory, crate::tracker::in_memory(&proposed));
    let from = "guix/master".parse().unwrap();
    let answer = tracker
        .views
        .compare_proposed(&from, &import, proposal, 100);
    let ComparisonAnswer::Found(view) = answer.await.unwrap() else {
        panic!("the branch is there");
    };
    let zlib = view
        .packages_changed
        .iter()
        .find(|it| it.name == "zlib")
        .unwrap();
    assert_eq!(zlib.reach.unwrap().all, 1);
    let markdown = palisade_tracker::views::markdown(&view);
    assert!(
        markdown.contains("  - 1 package gets it by grafting; what build systems use is not told"),
        "{markdown}"
    );
}

async fn import_real(tracker: &Tracker, commit: &str, time: &str) -> Option<()> {
    let path = real(commit)?;
    let import = InventoryImport {
        branch: Some("guix/master".parse().unwrap()),
        revision: Some(commit.to_owned()),
        time: Some(time.parse::<Timestamp>().unwrap()),
        ..inventory_import(GuixInventory, Document::of(&path))
    };
    let imported = import_inventory(&tracker.store, import, Arc::new(NoProgress)).await;
    imported.unwrap();
    Some(())
}

/// `PACKAGE VERSION GRAFT: PURPOSE`, by declaration.
fn told(view: &GraftsView) -> Vec<String> {
    let line = |it: &GraftedPackage| {
        let (own, graft) = (&it.version, &it.graft.version);
        format!("{} {own} {graft} {:?}", it.name, it.purpose)
    };
    let mut lines: Vec<String> = view
        .declarations
        .iter()
        .map(|it| it.packages.iter().map(line).collect::<Vec<_>>().join("; "))
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn the_real_revision_of_2024_has_34_grafted_packages_of_16_declarations() {
    let tracker = Tracker::new().await;
    let imported = import_real(&tracker, "eb508e32d2d3", "2024-07-14T00:00:00Z").await;
    if imported.is_none() {
        return;
    }
    let view = grafts(&tracker, "guix/master").await;
    assert_eq!((view.counts.packages, view.counts.declarations), (34, 16));
    assert_eq!(
        told(&view),
        [
            "cups 2.4.2 2.4.7 Version; cups-minimal 2.4.2 2.4.7 Version",
            "emacs 29.3 29.4 Version; emacs-minimal 29.3 29.4 Version; emacs-motif 29.3 29.4 Version; \
             emacs-no-x 29.3 29.4 Version; emacs-no-x-toolkit 29.3 29.4 Version; emacs-pgtk 29.3 29.4 \
             Version; emacs-wide-int 29.3 29.4 Version; emacs-xwidgets 29.3 29.4 Version",
            "ghostscript 9.56.1 9.56.1 Names; ghostscript-with-cups 9.56.1 9.56.1 Names; \
             ghostscript-with-x 9.56.1 9.56.1 Names",
            "glibc 2.35 2.35 Names; glibc-hurd 2.37 2.37 Unseen; glibc-hurd-headers 2.37 2.37 Unseen",
            "gnutls 3.7.7 3.8.3 Version; gnutls-dane 3.7.7 3.8.3 Version",
            "ibus 1.5.27 1.5.29 Version; ibus 1.5.27 1.5.29 Version",
            "libarchive 3.6.1 3.6.1 Patches",
            "libvpx 1.12.0 1.12.0 Names",
            "libwebp 1.2.4 1.3.2 Version",
            "meson 1.1.0 1.2.1 Version",
            "nss 3.88.1 3.99.0 Version",
            "openssl 1.1.1q 1.1.1u Version",
            "python 3.10.7 3.10.7 Unseen; python-debug 3.10.7 3.10.7 Unseen; python-minimal 3.10.7 \
             3.10.7 Unseen; python-minimal-wrapper 3.10.7 3.10.7 Unseen; python-wrapper 3.10.7 \
             3.10.7 Unseen",
            "python-certifi 2022.6.15 2022.6.15 Source",
            "python-pip 23.1 23.1 Source",
            "ruby 2.7.6 2.7.8 Version",
        ]
    );
    let names = |name: &str| one(&view, name).graft.names.clone();
    assert_eq!(names("glibc"), ["CVE-2023-4911"]);
    assert_eq!(names("libvpx"), ["CVE-2023-5217", "CVE-2023-44488"]);
    assert_eq!(names("ghostscript"), ["CVE-2023-36664"]);
    assert_eq!(
        one(&view, "ghostscript").graft.patches_dropped.len(),
        3,
        "patches that the graft leaves out are told"
    );
    assert!(
        one(&view, "libarchive")
            .says
            .contains("libarchive-remove-potential-backdoor.patch")
    );
    assert!(!view.implicit_inputs, "this dump has explicit inputs alone");
    assert!(one(&view, "openssl").reach.unwrap().all > 1000);
}

#[tokio::test]
async fn the_real_revision_of_2026_has_the_grafts_of_libvpx_and_glibc() {
    let tracker = Tracker::new().await;
    let before = import_real(&tracker, "86c4c0797115", "2026-02-27T00:00:00Z").await;
    let after = import_real(&tracker, "d659fe8666c4", "2026-03-01T00:00:00Z").await;
    if before.and(after).is_none() {
        return;
    }
    let view = grafts(&tracker, "guix/master").await;
    assert_eq!(
        told(&view),
        ["glibc 2.41 2.41 Patches", "libvpx 1.15.2 1.15.2 Names"]
    );
    let (glibc, libvpx) = (one(&view, "glibc"), one(&view, "libvpx"));
    assert_eq!(glibc.graft.patches_added, ["glibc-guix-locpath.patch"]);
    assert_eq!(glibc.graft.names, [""; 0]);
    assert_eq!(glibc.age_days, Some(0));
    assert_eq!(libvpx.graft.names, ["CVE-2026-2447"]);
    assert_eq!(libvpx.since.as_ref().map(|it| it.is_first), Some(true));
    assert_eq!(libvpx.age_days, Some(2));
    let of_libvpx = affected_by(&tracker, "guix/master", "libvpx").await;
    let libvpx = &of_libvpx.packages[0];
    assert!(
        libvpx.reach.direct >= 30 && libvpx.reach.all > 1000,
        "{:?}",
        libvpx.reach
    );
    assert!(
        libvpx
            .dependents
            .iter()
            .all(|it| it.path.len() == it.distance as usize + 1)
    );
}
