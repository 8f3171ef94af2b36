//! What the inventories of real revisions of Guix say.

use std::collections::BTreeMap;

use palisade_formats::Reject;
use palisade_model::{Inventory, Package, SourceKind};

use super::try_read;
use super::written::round_trip;
use crate::shared_data;

fn real(commit: &str) -> Option<(Inventory, Vec<Reject>)> {
    let name = format!("packages-{commit}.jsonl.zst");
    let bytes = shared_data::bytes(&format!("guix/{name}"))?;
    let (read, rejects) = try_read(&name, &bytes);
    let inventory = read.unwrap();
    assert_eq!(inventory.head.revision.as_deref(), Some(commit));
    Some((inventory, rejects))
}

fn grafted(inventory: &Inventory) -> usize {
    inventory
        .packages
        .iter()
        .filter(|package| package.replacement.is_some())
        .count()
}

/// The faults in a revision's metadata, by package.
fn faults(rejects: &[Reject]) -> Vec<(&str, &str)> {
    assert!(rejects.iter().all(|reject| reject.mended), "{rejects:?}");
    rejects
        .iter()
        .map(|it| (it.id.as_deref().unwrap(), it.reason.as_str()))
        .collect()
}

const INDENT: (&str, &str) = (
    "indent@2.2.13-0.1737c92",
    "metadata error: the property \"lint-hidden-cves\" is not known to Guix; lint-hidden-cve was \
     meant",
);

fn mt_940(id: &str) -> (&str, &str) {
    let fault = "metadata error: the property upstream-name is not a text but \
        \"[\\\".\\\",\\\"mt-940\\\"]\"";
    (id, fault)
}

#[test]
fn guix_1_5_0_is_read_whole() {
    let Some((inventory, rejects)) = real("230aa373f315") else {
        return;
    };
    assert_eq!((inventory.packages.len(), grafted(&inventory)), (31_010, 0));
    assert_eq!(faults(&rejects), [INDENT, mt_940("python-mt-940@4.23.0")]);
    round_trip(&inventory);
}

#[test]
fn guix_of_july_2024_has_34_grafts() {
    let Some((inventory, rejects)) = real("eb508e32d2d3") else {
        return;
    };
    assert_eq!(
        (inventory.packages.len(), grafted(&inventory)),
        (30_876, 34)
    );
    assert_eq!(faults(&rejects), [mt_940("python-mt-940@4.23.0")]);
    let changed = inventory.packages.iter().filter(|package| {
        package
            .replacement
            .as_ref()
            .is_some_and(|new| new.version != package.version)
    });
    assert_eq!(changed.count(), 19);
    round_trip(&inventory);
}

#[test]
fn the_commit_that_grafts_glibc_changes_nothing_else() {
    let Some((before, rejects)) = real("86c4c0797115") else {
        return;
    };
    assert_eq!(faults(&rejects), [INDENT, mt_940("python-mt-940@4.30.0")]);
    let Some((after, _)) = real("d659fe8666c4") else {
        return;
    };
    assert_eq!((before.packages.len(), grafted(&before)), (31_540, 1));
    assert_eq!((after.packages.len(), grafted(&after)), (31_540, 2));
    // The order of packages is not the same from one run of Guix to the next.
    assert_eq!(changed(&before, &after, |_| {}).len(), 17);
    assert_eq!(
        changed(&before, &after, |package| package.location = None),
        ["glibc"]
    );
    assert_eq!(
        changed(&before, &after, |package| package.replacement = None).len(),
        16
    );
    let both = |package: &mut Package| (package.location, package.replacement) = (None, None);
    assert_eq!(changed(&before, &after, both), [""; 0]);
}

/// The names of packages that are only in the second inventory, when some fields do not count.
fn changed<'a>(before: &Inventory, after: &'a Inventory, ignore: fn(&mut Package)) -> Vec<&'a str> {
    let rest = |package: &Package| {
        let mut package = package.clone();
        ignore(&mut package);
        package
    };
    let mut known: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &before.packages {
        known.entry(&package.name).or_default().push(package);
    }
    let mut new = Vec::new();
    for package in &after.packages {
        let known = known.entry(&package.name).or_default();
        let same = known
            .iter()
            .position(|old| *old == package)
            .or_else(|| known.iter().position(|old| rest(old) == rest(package)));
        match same {
            Some(same) => drop(known.swap_remove(same)),
            None => new.push(&*package.name),
        }
    }
    new
}

#[test]
fn the_security_metadata_of_february_2026_is_all_there() {
    let Some((inventory, rejects)) = real("d659fe8666c4") else {
        return;
    };
    assert_eq!(faults(&rejects), [INDENT, mt_940("python-mt-940@4.30.0")]);
    let count = |holds: fn(&Package) -> bool| {
        inventory
            .packages
            .iter()
            .filter(|package| holds(package))
            .count()
    };
    assert_eq!(count(|it| it.hints.cpe_name.is_some()), 56);
    assert_eq!(count(|it| it.hints.cpe_vendor.is_some()), 12);
    assert_eq!(count(|it| it.hints.cpe_version.is_some()), 2);
    assert_eq!(count(|it| !it.hints.hidden_cpe_vendors.is_empty()), 23);
    // 42 under its name, and the misspelt one.
    assert_eq!(count(|it| !it.hints.hidden_vulnerabilities.is_empty()), 43);
    // One of the 3,367 that have an upstream-name has a list there.
    assert_eq!(count(|it| it.hints.upstream_name.is_some()), 3_366);
    assert_eq!(count(|it| it.hints.release_monitoring_url.is_some()), 175);
    assert_eq!(count(|it| it.superseded.is_some()), 211);
    assert_eq!(count(|it| it.hidden), 408);
    assert_eq!(
        count(|it| it.patches.iter().any(|patch| patch.name.contains("CVE-"))),
        49
    );
    assert_eq!(
        count(|it| it.sources.iter().any(|it| it.kind == SourceKind::Computed)),
        70
    );
    assert_eq!(
        count(|it| it.properties.keys().any(|name| name.starts_with(' '))),
        0
    );
    assert_eq!(
        count(|it| it
            .patches
            .iter()
            .any(|patch| patch.name.contains(['<', '/']))),
        0
    );
    // Older versions of glibc have the newest one's list, but not its patches.
    let mut glibc: Vec<_> = inventory
        .packages
        .iter()
        .filter(|it| it.name == "glibc" && !it.hints.hidden_vulnerabilities.is_empty())
        .map(|it| (&*it.version, it.hints.hidden_vulnerabilities_shared))
        .collect();
    glibc.sort_unstable();
    let expected = [
        ("2.33", true),
        ("2.35", true),
        ("2.39", true),
        ("2.41", false),
        ("2.41", false),
    ];
    assert_eq!(glibc, expected);
    let old = inventory
        .packages
        .iter()
        .find(|it| it.name == "glibc" && it.version == "2.35");
    assert!(
        old.unwrap()
            .patches
            .iter()
            .any(|patch| patch.name.contains("CVE-2023-4911"))
    );
    round_trip(&inventory);
}
