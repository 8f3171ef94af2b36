//! Lists of hidden vulnerabilities that a package may only have inherited.
//!
//! In Guix an older version of a package is often defined as the newer one with another source,
//! and so inherits its properties: glibc 2.33 and 2.35 have the list of 2.41, but not its fixes.

use std::cmp::Ordering;
use std::collections::HashMap;

use palisade_model::{Package, VulnerabilityId};
use palisade_version::Scheme;

/// A package's name with the list, in order.
type Key = (String, Vec<VulnerabilityId>);

/// Marks packages with a list that also stands on a higher version of the package.
pub(super) fn mark(packages: &mut [Package]) {
    let mut highest: HashMap<Key, String> = HashMap::new();
    for package in packages.iter() {
        let Some(key) = key(package) else { continue };
        let version = highest
            .entry(key)
            .or_insert_with(|| package.version.clone());
        if is_lower(version, &package.version) {
            version.clone_from(&package.version);
        }
    }
    if highest.is_empty() {
        return;
    }
    for package in packages {
        let mut next = Some(package);
        while let Some(package) = next {
            package.hints.hidden_vulnerabilities_shared = key(package)
                .and_then(|key| highest.get(&key))
                .is_some_and(|highest| is_lower(&package.version, highest));
            next = package.replacement.as_deref_mut();
        }
    }
}

fn key(package: &Package) -> Option<Key> {
    let mut list = package.hints.hidden_vulnerabilities.clone();
    list.sort_unstable();
    list.dedup();
    (!list.is_empty()).then(|| (package.name.clone(), list))
}

fn is_lower(version: &str, than: &str) -> bool {
    Scheme::Guix.compare(version, than) == Some(Ordering::Less)
}
