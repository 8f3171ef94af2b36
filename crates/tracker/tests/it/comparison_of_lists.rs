//! Real revisions of Guix, compared as states and by a comparison of both lists that knows nothing of
//! intervals.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use palisade_formats::inventory::InventoryKind::GuixInventory;
use palisade_model::{Package, Timestamp};
use palisade_tracker::views::ComparisonView;
use palisade_tracker::{Document, InventoryImport, NoProgress, import_inventory, read_inventory};
use serde_json::Value;

use crate::comparison::compare;
use crate::real_revision::real;
use crate::tracker::{Tracker, inventory_import};

async fn import_real(tracker: &Tracker, commit: &str, day: i64, path: &Path) -> Vec<Package> {
    let import = InventoryImport {
        branch: Some("guix/master".parse().unwrap()),
        revision: Some(commit.to_owned()),
        time: Some(Timestamp::from_second(day * 86_400).unwrap()),
        ..inventory_import(GuixInventory, Document::of(path))
    };
    let packages = read_inventory(&import, &mut |_| {}).unwrap().packages;
    import_inventory(&tracker.store, import, Arc::new(NoProgress))
        .await
        .unwrap();
    packages
}

/// How often each entry is in a list; the same entry twice is one package.
fn entries(packages: &[Package]) -> BTreeSet<String> {
    let text = |package: &Package| serde_json::to_string(package).unwrap();
    packages.iter().map(text).collect()
}

/// Entries without lines, by name and version, each as often as it is there.
fn without_lines(texts: &BTreeSet<String>) -> HashMap<String, i64> {
    let mut counts = HashMap::new();
    for text in texts {
        let mut value: Value = serde_json::from_str(text).unwrap();
        unline(&mut value);
        *counts.entry(value.to_string()).or_default() += 1;
    }
    counts
}

fn unline(package: &mut Value) {
    if let Some(location) = package["location"].as_str() {
        let file = location.split(':').next().unwrap().to_owned();
        package["location"] = file.into();
    }
    if package["replacement"].is_object() {
        unline(&mut package["replacement"]);
    }
}

/// What a comparison should say, from both lists alone.
fn check_against_lists(view: &ComparisonView, before: &[Package], after: &[Package]) {
    let counts = &view.packages;
    let names = |packages: &[Package]| -> BTreeMap<String, BTreeSet<String>> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in packages {
            names
                .entry(package.name.clone())
                .or_default()
                .insert(package.version.clone());
        }
        names
    };
    let (here, there) = (names(before), names(after));
    let new = there
        .keys()
        .filter(|name| !here.contains_key(*name))
        .count();
    let gone = here
        .keys()
        .filter(|name| !there.contains_key(*name))
        .count();
    let is_other = |(name, versions): &(&String, &BTreeSet<String>)| {
        there.get(*name).is_some_and(|other| other != *versions)
    };
    let others = here.iter().filter(is_other).count();
    assert_eq!(
        (
            counts.new_names,
            counts.gone_names,
            counts.names_with_other_versions
        ),
        (new, gone, others)
    );
    let (before, after) = (entries(before), entries(after));
    let only_before = before.difference(&after).cloned().collect();
    let only_after = after.difference(&before).cloned().collect();
    let (went, came) = (without_lines(&only_before), without_lines(&only_after));
    let moved: i64 = went
        .iter()
        .map(|(text, count)| came.get(text).copied().unwrap_or(0).min(*count))
        .sum();
    assert_eq!(i64::try_from(counts.moved).unwrap(), moved);
    assert_eq!(
        counts.moved + counts.changed + counts.removed,
        only_before.len()
    );
    assert_eq!(
        counts.moved + counts.changed + counts.added,
        only_after.len()
    );
    // Entry by entry: what is told of both sides is what the lists have.
    let told = |versions: Vec<(&str, &str)>| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (name, version) in versions {
            *counts.entry(format!("{name} {version}")).or_default() += 1;
        }
        counts
    };
    let expected = |texts: &BTreeSet<String>, other: &HashMap<String, i64>| {
        let mut left = other.clone();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for text in texts {
            let mut value: Value = serde_json::from_str(text).unwrap();
            unline(&mut value);
            match left.get_mut(&value.to_string()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let name = value["name"].as_str().unwrap();
                    let version = value["version"].as_str().unwrap();
                    *counts.entry(format!("{name} {version}")).or_default() += 1;
                }
            }
        }
        counts
    };
    let changed = &view.packages_changed;
    let went_told = changed
        .iter()
        .map(|it| (it.name.as_str(), it.from_version.as_str()))
        .chain(
            view.packages_removed
                .iter()
                .map(|it| (it.name.as_str(), it.version.as_str())),
        );
    let came_told = changed
        .iter()
        .map(|it| (it.name.as_str(), it.to_version.as_str()))
        .chain(
            view.packages_added
                .iter()
                .map(|it| (it.name.as_str(), it.version.as_str())),
        );
    assert_eq!(told(went_told.collect()), expected(&only_before, &came));
    assert_eq!(told(came_told.collect()), expected(&only_after, &went));
    let silent = changed.iter().find(|it| it.differences.is_empty());
    assert_eq!(silent, None, "each change says in what");
}

#[tokio::test]
async fn real_revisions_differ_in_what_their_lists_differ_in() {
    const COMMITS: [&str; 3] = ["230aa373f315", "86c4c0797115", "d659fe8666c4"];
    let paths: Vec<PathBuf> = COMMITS.iter().filter_map(|commit| real(commit)).collect();
    let [release, parent, graft] = paths.as_slice() else {
        return;
    };
    let tracker = Tracker::new().await;
    let release = import_real(&tracker, COMMITS[0], 1, release).await;
    let parent = import_real(&tracker, COMMITS[1], 2, parent).await;
    let graft = import_real(&tracker, COMMITS[2], 3, graft).await;

    let view = compare(
        &tracker,
        "guix/master@86c4c0797115",
        "guix/master@d659fe8666c4",
    )
    .await;
    check_against_lists(&view, &parent, &graft);
    assert_eq!((view.packages.changed, view.packages.moved), (1, 15));
    let change = &view.packages_changed[0];
    assert_eq!(
        (change.name.as_str(), change.to_version.as_str()),
        ("glibc", "2.41")
    );
    let fields: Vec<&str> = change
        .differences
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["graft"]);
    assert_eq!(
        change.differences[0].added,
        ["2.41, with glibc-guix-locpath.patch; nothing in it names a vulnerability"]
    );

    let view = compare(&tracker, "230aa373f315", "d659fe8666c4").await;
    check_against_lists(&view, &release, &graft);
    let packages = &view.packages;
    assert_eq!(
        (
            packages.new_names,
            packages.gone_names,
            packages.names_with_other_versions
        ),
        (624, 127, 2205)
    );
    let libvpx = view
        .packages_changed
        .iter()
        .filter(|it| it.name == "libvpx");
    let grafts: Vec<String> = libvpx
        .flat_map(|it| &it.differences)
        .filter(|it| it.field == "graft")
        .flat_map(|it| it.added.clone())
        .collect();
    assert_eq!(
        grafts,
        ["1.15.2, with libvpx-CVE-2026-2447.patch; names CVE-2026-2447"]
    );

    // The way back is the same the other way round.
    let back = compare(&tracker, "d659fe8666c4", "230aa373f315").await;
    check_against_lists(&back, &graft, &release);
    assert_eq!(back.packages.changed, packages.changed);
}
