//! What differs between a package and its graft, and what that says of its purpose.

use std::cmp::Ordering;

use palisade_model::{Package, VerdictStatus};
use palisade_version::Scheme;

use super::super::comparison::{DifferenceView, differences, named_anew};
use super::types::{GraftContent, GraftFinding, GraftPurpose, Standing};

/// Grafts of grafts that are told.
const FURTHER: usize = 8;

/// What differs between a package and its graft.
pub(super) fn content(package: &Package, graft: &Package) -> GraftContent {
    let all = differences(package, graft);
    let of = |fields: [&str; 2]| {
        let found = all.iter().filter(|it| fields.contains(&it.field.as_str()));
        let lines = |list: fn(&DifferenceView) -> &Vec<String>| -> Vec<String> {
            found.clone().flat_map(list).cloned().collect()
        };
        (lines(|it| &it.added), lines(|it| &it.removed))
    };
    let (patches_added, patches_dropped) = of(["patches", "patches"]);
    let (sources_added, sources_dropped) = of(["sources", "source hash"]);
    let mut further = Vec::new();
    let mut next = graft.replacement.as_deref();
    while let Some(graft) = next.filter(|_| further.len() < FURTHER) {
        further.push(graft.version.clone());
        next = graft.replacement.as_deref();
    }
    GraftContent {
        name: (graft.name != package.name).then(|| graft.name.clone()),
        version: graft.version.clone(),
        further,
        patches_added,
        patches_dropped,
        sources_added,
        sources_dropped,
        names: named_anew(graft, package),
    }
}

impl GraftContent {
    fn version_words(&self, from: &str, scheme: Scheme) -> Option<String> {
        let to = &self.version;
        let moves = match scheme.compare(to, from) {
            Some(Ordering::Equal) if from == to => return None,
            Some(Ordering::Greater) => "rises",
            Some(Ordering::Less) => "falls",
            Some(Ordering::Equal) | None => "goes",
        };
        Some(format!("the version {moves} from {from} to {to}"))
    }

    fn patch_words(&self) -> Option<String> {
        let words = |does: &str, patches: &[String]| {
            let noun = if patches.len() == 1 {
                "patch"
            } else {
                "patches"
            };
            (!patches.is_empty()).then(|| format!("it {does} the {noun} {}", patches.join(", ")))
        };
        let both = [
            words("adds", &self.patches_added),
            words("leaves out", &self.patches_dropped),
        ];
        let both: Vec<String> = both.into_iter().flatten().collect();
        (!both.is_empty()).then(|| both.join(", "))
    }

    fn source_words(&self) -> Option<String> {
        let differs = !self.sources_added.is_empty() || !self.sources_dropped.is_empty();
        differs.then(|| "its source is another".to_owned())
    }

    /// What the graft is for, as far as anything tells, also in words.
    pub(super) fn purpose(
        &self,
        from: &str,
        scheme: Scheme,
        fixes: &[GraftFinding],
    ) -> (GraftPurpose, String) {
        let version = self.version_words(from, scheme);
        let rises = scheme.compare(&self.version, from) == Some(Ordering::Greater);
        let purpose = if !self.names.is_empty() {
            GraftPurpose::Names
        } else if !fixes.is_empty() {
            GraftPurpose::Fixes
        } else if !self.patches_added.is_empty() {
            GraftPurpose::Patches
        } else if rises {
            GraftPurpose::Version
        } else if version.is_some() || self.patch_words().is_some() || self.source_words().is_some()
        {
            GraftPurpose::Source
        } else {
            GraftPurpose::Unseen
        };
        let source = self.source_words().filter(|_| version.is_none());
        let parts = [version, self.patch_words(), source];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let differs = parts.join("; ");
        let says = match purpose {
            GraftPurpose::Names => {
                format!("names {}: {differs}", self.names.join(", "))
            }
            GraftPurpose::Fixes => format!(
                "names no vulnerability, but {}: {differs}",
                fixed_words(fixes)
            ),
            GraftPurpose::Patches => format!(
                "names no vulnerability: {differs}; whether that mitigates one, only the commit \
                 tells"
            ),
            GraftPurpose::Version | GraftPurpose::Source => {
                format!("names no vulnerability: {differs}; no record says that this fixes one")
            }
            GraftPurpose::Unseen => "neither version, sources nor patches differ: what it is for, \
                                     only the commit tells"
                .to_owned(),
        };
        (purpose, says)
    }

    /// How the package itself stands to the graft, also in words.
    pub(super) fn standing(&self, own: &str, scheme: Scheme) -> (Standing, String) {
        let graft = &self.version;
        let lacks = !self.patches_added.is_empty() || !self.sources_added.is_empty();
        match scheme.compare(own, graft) {
            Some(Ordering::Less) => (
                Standing::Behind,
                format!("the package itself is at {own} and does not reach {graft}"),
            ),
            Some(Ordering::Equal) if lacks => (
                Standing::Unpatched,
                "the package itself has the graft's version, but not all that the graft has"
                    .to_owned(),
            ),
            Some(Ordering::Equal) => (
                Standing::Same,
                "the package itself has the graft's version, sources and patches".to_owned(),
            ),
            Some(Ordering::Greater) => (
                Standing::Ahead,
                format!("the package itself is at {own} and newer than its graft {graft}"),
            ),
            None => (
                Standing::Incomparable,
                format!("{own} and {graft} cannot be compared"),
            ),
        }
    }
}

/// What findings are fixed, in words.
fn fixed_words(fixes: &[GraftFinding]) -> String {
    let affected = |it: &&GraftFinding| it.without_graft == Some(VerdictStatus::Affected);
    let affected = fixes.iter().filter(affected).count();
    match (affected, fixes.len() - affected) {
        (0, 1) => "by the records it may fix 1 finding".to_owned(),
        (0, many) => format!("by the records it may fix {many} findings"),
        (1, _) => "by the records it fixes 1 finding".to_owned(),
        (many, _) => format!("by the records it fixes {many} findings"),
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{Patch, SourceKind, SourceOrigin};

    use super::*;

    fn package(version: &str, patches: &[&str]) -> Package {
        let patch = |name: &&str| Patch {
            name: (*name).to_owned(),
            ..Patch::default()
        };
        Package {
            name: "demo".to_owned(),
            version: version.to_owned(),
            source_name: "demo".to_owned(),
            source_version: version.to_owned(),
            sources: vec![SourceOrigin {
                kind: SourceKind::Url,
                urls: vec![format!("https://demo.example/{version}.tar.gz")],
                ..SourceOrigin::default()
            }],
            patches: patches.iter().map(patch).collect(),
            ..Package::default()
        }
    }

    fn told(own: &Package, graft: &Package) -> (GraftPurpose, String) {
        content(own, graft).purpose(&own.version, Scheme::Guix, &[])
    }

    fn finding(without: VerdictStatus) -> GraftFinding {
        GraftFinding {
            vulnerability: "CVE-2024-0001".to_owned(),
            title: None,
            score: None,
            exploited_since: None,
            without_graft: Some(without),
            status: VerdictStatus::Fixed,
        }
    }

    #[test]
    fn a_patch_that_names_a_vulnerability_tells_the_purpose() {
        let own = package("1.15.2", &["a.patch"]);
        let graft = package("1.15.2", &["a.patch", "libvpx-CVE-2026-2447.patch"]);
        assert_eq!(
            told(&own, &graft),
            (
                GraftPurpose::Names,
                "names CVE-2026-2447: it adds the patch libvpx-CVE-2026-2447.patch".to_owned()
            )
        );
    }

    #[test]
    fn a_patch_that_names_none_is_told_as_a_mitigation_that_nobody_can_tell() {
        let own = package("3.6.1", &[]);
        let graft = package("3.6.1", &["libarchive-remove-potential-backdoor.patch"]);
        let (purpose, says) = told(&own, &graft);
        assert_eq!(purpose, GraftPurpose::Patches);
        assert_eq!(
            says,
            "names no vulnerability: it adds the patch libarchive-remove-potential-backdoor.patch; \
             whether that mitigates one, only the commit tells"
        );
    }

    #[test]
    fn a_version_that_rises_is_for_what_records_say_that_it_fixes() {
        let (own, graft) = (package("1.1.0", &["x.patch"]), package("1.2.1", &[]));
        let (purpose, says) = told(&own, &graft);
        assert_eq!(purpose, GraftPurpose::Version);
        assert_eq!(
            says,
            "names no vulnerability: the version rises from 1.1.0 to 1.2.1; it leaves out the patch \
             x.patch; no record says that this fixes one"
        );
        let fixes = [
            finding(VerdictStatus::Affected),
            finding(VerdictStatus::UnderInvestigation),
        ];
        let known = content(&own, &graft).purpose("1.1.0", Scheme::Guix, &fixes);
        assert_eq!(known.0, GraftPurpose::Fixes);
        assert!(
            known.1.starts_with(
                "names no vulnerability, but by the records it fixes 1 finding: the version rises"
            ),
            "{}",
            known.1
        );
    }

    #[test]
    fn a_graft_in_which_nothing_that_is_told_differs_says_so() {
        let own = package("3.10.7", &["a.patch"]);
        assert_eq!(told(&own, &own).0, GraftPurpose::Unseen);
        let mut other = own.clone();
        other.sources[0].urls = vec!["https://mirror.example/x".to_owned()];
        let (purpose, says) = told(&own, &other);
        assert_eq!(purpose, GraftPurpose::Source);
        assert!(says.contains("its source is another"), "{says}");
    }

    #[test]
    fn how_the_package_stands_to_its_graft_is_told() {
        let of = |own: &Package, graft: &Package| {
            content(own, graft).standing(&own.version, Scheme::Guix).0
        };
        let plain = package("1.0", &[]);
        assert_eq!(of(&plain, &package("1.1", &[])), Standing::Behind);
        assert_eq!(of(&plain, &package("1.0", &["x"])), Standing::Unpatched);
        assert_eq!(of(&plain, &plain), Standing::Same);
        assert_eq!(of(&plain, &package("0.9", &[])), Standing::Ahead);
    }

    #[test]
    fn a_graft_of_a_graft_is_told_and_a_chain_ends() {
        let mut graft = package("9", &[]);
        for version in (2..=20).rev() {
            graft = Package {
                replacement: Some(Box::new(graft)),
                ..package(&version.to_string(), &[])
            };
        }
        let told = content(&package("1", &[]), &graft);
        assert_eq!((told.version.as_str(), told.further.len()), ("2", FURTHER));
        assert_eq!(told.further[0], "3");
    }
}
