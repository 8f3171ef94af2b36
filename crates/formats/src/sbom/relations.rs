//! From which source a package is built, where its package URL does not tell.

use std::collections::{HashMap, HashSet};

use super::Found;
use super::origin::Origin;

/// How a document tells of a source. The earlier one is believed: what the first two mean is nearly
/// the same, but some tools name by the second what else went into a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// The source generates the package.
    Generates,
    /// The package was generated from the source.
    GeneratedFrom,
    /// The package depends on something that is a source.
    DependsOn,
}

/// What is told, by what the document refers to packages.
#[derive(Debug, Default)]
pub(super) struct Relations {
    sources: HashMap<String, Vec<(Told, String)>>,
}

impl Relations {
    pub(super) fn add(&mut self, package: &str, told: Told, source: &str) {
        if package != source {
            let sources = self.sources.entry(package.to_owned()).or_default();
            sources.push((told, source.to_owned()));
        }
    }

    /// Gives each distribution's package its source that has not been told it.
    pub(super) fn apply(self, found: &mut [Found]) {
        let sources = self.sources.values().flatten();
        let sources: HashSet<&str> = sources.map(|(_, id)| id.as_str()).collect();
        let names: HashMap<String, (String, String)> = found
            .iter()
            .filter(|it| sources.contains(it.id.as_str()))
            .map(|it| {
                let name = (it.package.name.clone(), it.package.version.clone());
                (it.id.clone(), name)
            })
            .collect();
        let is_open = |it: &&mut Found| {
            matches!(it.origin, Origin::Distribution(_)) && !it.has_source && !it.is_source
        };
        for it in found.iter_mut().filter(is_open) {
            let package = &mut it.package;
            let told = self.sources.get(&it.id).into_iter().flatten();
            let known = told.filter_map(|(told, id)| Some((told, names.get(id)?)));
            let best = known.min_by_key(|(told, (name, version))| {
                let rebuilt = *version != bare(&package.version);
                (*told, *name != package.name, rebuilt)
            });
            if let Some((_, (name, version))) = best {
                package.source_name.clone_from(name);
                package.source_version.clone_from(version);
            }
        }
    }
}

/// A version without what Debian adds when a package is built again: `1.0-1+b2`.
fn bare(version: &str) -> &str {
    match version.rsplit_once("+b") {
        Some((bare, number)) if number.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => version,
    }
}
