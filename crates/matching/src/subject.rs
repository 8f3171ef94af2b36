//! A package as matching sees it: its names, origins, version and what was done to it.

use std::sync::Arc;

use palisade_model::{Distribution, Ecosystem, Hints, IdentityStatement, Package, VulnerabilityId};
use palisade_version::Scheme;

use crate::curated::{self, Alias};
use crate::identities::{self, Identities};
use crate::names::{self, Language, Name};
use crate::{key, origins, series, wording};

/// A source package as matching sees it, made from a [`Package`] once and used for many advisories.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its distribution, or that beside whose packages it is.
    pub distribution: Distribution,
    /// The source package's name.
    pub name: String,
    /// The source package's version.
    pub version: String,
    /// The scheme of [`Self::version`].
    pub scheme: Scheme,
    /// Vulnerabilities that a patch claims to fix, with the patch's name.
    pub patched: Vec<(VulnerabilityId, String)>,
    /// What users get in its place: the graft.
    pub replacement: Option<Box<Subject>>,
    pub(crate) ecosystem: Ecosystem,
    pub(crate) upstream: Upstream,
    /// Where the series begins that the name gives.
    pub(crate) series: Option<String>,
    pub(crate) hints: Hints,
    pub(crate) names: Vec<Name>,
    pub(crate) aliases: Vec<&'static Alias>,
    pub(crate) shared_code: Vec<&'static Alias>,
    /// What people state of it, the latest first.
    pub(crate) stated: Vec<Arc<IdentityStatement>>,
    pub(crate) language: Option<Language>,
    pub(crate) build_language: Option<Language>,
    pub(crate) ecosystems: Vec<(&'static str, String, bool)>,
    pub(crate) repositories: Vec<String>,
    pub(crate) vouchers: Vec<String>,
}

/// The version as upstream would write it.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    /// Without the distribution's additions.
    pub text: String,
    /// Whether it is a snapshot taken some time after that version.
    pub snapshot: bool,
}

/// Where a subject is looked at: a statement of one branch does not hold on another.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// The branch's name within the subject's distribution; `None` when nobody said which.
    pub branch: Option<&'a str>,
}

impl Subject {
    /// What matching has to know of a package in an inventory of a distribution.
    pub fn of(package: &Package, inventory: &Distribution) -> Self {
        let ecosystem = &package.ecosystem;
        let distribution = match ecosystem {
            Ecosystem::Distribution { distribution, .. } => distribution,
            Ecosystem::Inventory | Ecosystem::Registry(_) | Ecosystem::Upstream => inventory,
        };
        let scheme = ecosystem.scheme(inventory);
        let names = names::names(package);
        let version = package
            .hints
            .cpe_version
            .as_deref()
            .unwrap_or(&package.source_version);
        let upstream = palisade_version::upstream(scheme, version);
        let urls = package
            .sources
            .iter()
            .flat_map(|source| &source.urls)
            .chain(&package.homepage);
        let mut repositories: Vec<String> =
            urls.filter_map(|url| origins::repository(url)).collect();
        repositories.sort_unstable();
        repositories.dedup();
        Self {
            distribution: distribution.clone(),
            ecosystem: ecosystem.clone(),
            name: package.source_name.clone(),
            version: package.source_version.clone(),
            scheme,
            patched: patched(package),
            replacement: package
                .replacement
                .as_deref()
                .map(|replacement| Box::new(Self::of(replacement, inventory))),
            series: series::series(&package.source_name, &upstream.text),
            upstream: Upstream {
                snapshot: upstream.snapshot.is_some(),
                text: upstream.text.into_owned(),
            },
            hints: package.hints.clone(),
            aliases: aliases(distribution, package, &names),
            shared_code: match package.ecosystem {
                Ecosystem::Registry(_) => Vec::new(),
                _ => curated::shared_code(distribution, &package.source_name),
            },
            stated: Vec::new(),
            language: names::language(package),
            build_language: names::build_language(package),
            ecosystems: names::ecosystem_packages(package),
            repositories,
            vouchers: origins::vouchers(package),
            names,
        }
    }

    /// The subject with what people state of it. A graft stands in the package's place, so what is
    /// stated of the package holds for it, whatever it is called.
    #[must_use]
    pub fn with(mut self, identities: &Identities) -> Self {
        self.stated = identities.about(&self);
        if let Some(replacement) = &mut self.replacement {
            replacement.stated.clone_from(&self.stated);
        }
        self
    }

    /// Whose package it is.
    pub fn ecosystem(&self) -> &Ecosystem {
        &self.ecosystem
    }

    /// The keys under which advisories that may concern the subject are found, sorted, each once;
    /// those of its replacement included.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        if self.ecosystem.is_distribution() {
            keys.push(key::of_distribution_package(&self.distribution, &self.name));
        }
        self.add_keys(&mut keys);
        if let Some(replacement) = &self.replacement {
            replacement.add_keys(&mut keys);
        }
        keys.extend(
            self.named_vulnerabilities()
                .map(|id| key::of_vulnerability(id.as_str())),
        );
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn add_keys(&self, keys: &mut Vec<String>) {
        for name in &self.names {
            keys.push(key::of_name(&name.text));
            keys.extend(wording::joined(&name.text).as_deref().map(key::of_name));
        }
        let known = self.aliases.iter().chain(&self.shared_code);
        keys.extend(known.map(|alias| key::of_name(&alias.product)));
        identities::keys(self, keys);
        let ecosystems = self.ecosystems.iter();
        keys.extend(ecosystems.map(|(system, name, _)| key::of_ecosystem_package(system, name)));
        keys.extend(
            self.repositories
                .iter()
                .map(|repository| key::of_repository(repository)),
        );
    }

    /// Where the subject is looked at: one of another distribution is on that one's branch.
    pub(crate) fn place<'a>(&'a self, place: Place<'a>) -> Place<'a> {
        match &self.ecosystem {
            Ecosystem::Distribution { branch, .. } => Place {
                branch: branch.as_deref(),
            },
            Ecosystem::Inventory | Ecosystem::Registry(_) | Ecosystem::Upstream => place,
        }
    }

    /// The vulnerabilities of which the package itself speaks, by a patch or a packager's hint;
    /// they are judged even when no advisory names the package.
    pub fn named_vulnerabilities(&self) -> impl Iterator<Item = &VulnerabilityId> {
        let own = self
            .patched
            .iter()
            .map(|(id, _)| id)
            .chain(&self.hints.hidden_vulnerabilities)
            .chain(&self.hints.known_vulnerabilities);
        let graft = self
            .replacement
            .iter()
            .flat_map(|graft| graft.patched.iter().map(|(id, _)| id));
        own.chain(graft)
    }

    /// The patch that claims to fix one of the given vulnerabilities.
    pub(crate) fn patch_for(&self, ids: &[VulnerabilityId]) -> Option<&(VulnerabilityId, String)> {
        self.patched.iter().find(|(id, _)| ids.contains(id))
    }
}

/// The products that a package is known to be. What people found out of distributions' packages says
/// nothing of a registry's that share a name with them.
fn aliases(distribution: &Distribution, package: &Package, names: &[Name]) -> Vec<&'static Alias> {
    match package.ecosystem {
        Ecosystem::Registry(_) => Vec::new(),
        Ecosystem::Inventory | Ecosystem::Distribution { .. } | Ecosystem::Upstream => {
            curated::aliases(distribution, &package.source_name, names)
        }
    }
}

/// The vulnerabilities that a package's patches name, in their file names or in their text, each with
/// the name of the patch.
pub fn patched(package: &Package) -> Vec<(VulnerabilityId, String)> {
    let mut found = Vec::new();
    for patch in &package.patches {
        let named = cves_in(&patch.name)
            .into_iter()
            .chain(patch.vulnerabilities.iter().cloned());
        for id in named {
            if !found.iter().any(|(known, _)| *known == id) {
                found.push((id, patch.name.clone()));
            }
        }
    }
    found
}

/// The CVE identifiers in a text, such as a patch's file name; what stands behind their numbers
/// (`CVE-2024-6119_3.0`) is no part of them.
pub(crate) fn cves_in(text: &str) -> Vec<VulnerabilityId> {
    let upper = text.to_ascii_uppercase();
    let mut found = Vec::new();
    for (at, _) in upper.match_indices("CVE") {
        let rest = upper[at + 3..].trim_start_matches(['-', '_']);
        let Some((year, rest)) = digits(rest) else {
            continue;
        };
        let Some((number, _)) = digits(rest.trim_start_matches(['-', '_'])) else {
            continue;
        };
        if let Ok(id) = format!("CVE-{year}-{number}").parse() {
            found.push(id);
        }
    }
    found
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_names_give_their_cves() {
        let of = |name: &str| {
            cves_in(name)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(of("libvpx-CVE-2026-2447.patch"), ["CVE-2026-2447"]);
        assert_eq!(of("glibc_cve-2015-7547.diff"), ["CVE-2015-7547"]);
        assert_eq!(of("CVE-2024-6119_3.0.patch"), ["CVE-2024-6119"]);
        assert_eq!(of("CVE-2023-1-x"), Vec::<String>::new());
        assert_eq!(
            of("a-CVE-2016-1234+CVE-2016-5678.patch"),
            ["CVE-2016-1234", "CVE-2016-5678"]
        );
    }
}
