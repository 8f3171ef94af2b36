//! Mitigations that go: a patch that names a vulnerability, or a graft, while the version does not
//! rise past the fix. The incident of March 2021 in Guix was of this kind: commits that were called
//! cosmetic took patches and grafts of cairo, glib and gdk-pixbuf away.

use std::cmp::Ordering;

use palisade_model::{VerdictStatus, VulnerabilityId};
use palisade_store::FindingState;
use palisade_version::Scheme;

use super::entries::Carried;
use crate::derive::status;

/// A mitigation that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::views) struct Gone {
    pub(super) kind: &'static str,
    /// The patch's name, or the version that users got by the graft.
    pub(super) name: String,
    pub(super) vulnerability: Option<VulnerabilityId>,
    /// Whether it is lost; if not, nobody says whether the new version has the fix.
    pub(super) is_lost: bool,
    pub(super) says: String,
}

/// The mitigations that a source package carried and its successor lacks. `found` tells what is found
/// of a vulnerability in the successor.
pub(in crate::views) fn gone<'a>(
    from: &Carried,
    to: &Carried,
    scheme: Scheme,
    found: impl Fn(&VulnerabilityId) -> Option<&'a FindingState>,
) -> Vec<Gone> {
    let way = Way { from, to, scheme };
    let mut all: Vec<Gone> = Vec::new();
    for (id, patch, of) in patched(from) {
        let is_told = all.iter().any(|it| it.vulnerability.as_ref() == Some(id));
        if is_told || way.is_covered(id) {
            continue;
        }
        if let Some((is_lost, why)) = way.weigh(found(id)) {
            all.push(Gone {
                kind: of,
                name: patch.clone(),
                vulnerability: Some(id.clone()),
                is_lost,
                says: format!("{patch} is gone, which names {id}, and {why}"),
            });
        }
    }
    all.extend(way.graft());
    all
}

/// The vulnerabilities that the patches of a source package and of its graft name.
fn patched(carried: &Carried) -> impl Iterator<Item = (&VulnerabilityId, &String, &'static str)> {
    let own = carried
        .patched
        .iter()
        .map(|(id, patch)| (id, patch, "patch"));
    let graft = carried.graft.iter().flat_map(|graft| &graft.patched);
    own.chain(graft.map(|(id, patch)| (id, patch, "patch of the graft")))
}

struct Way<'a> {
    from: &'a Carried,
    to: &'a Carried,
    scheme: Scheme,
}

impl Way<'_> {
    fn is_covered(&self, id: &VulnerabilityId) -> bool {
        patched(self.to).any(|(known, ..)| known == id) || self.to.hidden.contains(id)
    }

    fn order(&self) -> Option<Ordering> {
        self.scheme.compare(&self.to.version, &self.from.version)
    }

    /// Whether a patch is lost, with the reason; nothing when its work is done otherwise.
    fn weigh(&self, found: Option<&FindingState>) -> Option<(bool, String)> {
        let version = &self.to.version;
        let rose = self.order() == Some(Ordering::Greater);
        let fix = found.and_then(|it| it.fixed_in.as_deref());
        let fix = fix.map_or_else(String::new, |fix| format!(" (the fix is in {fix})"));
        let stays = self.stays();
        match found.map(|it| status(it.status)) {
            Some(VerdictStatus::Affected) => Some((true, format!("{version} is affected{fix}"))),
            Some(VerdictStatus::UnderInvestigation) if rose => {
                Some((false, format!("nobody can tell yet of {version}{fix}")))
            }
            Some(VerdictStatus::UnderInvestigation) => Some((true, format!("{stays}{fix}"))),
            Some(VerdictStatus::Fixed) => None,
            Some(VerdictStatus::NotAffected) if rose => None,
            Some(VerdictStatus::NotAffected) => {
                let why = format!("{stays}, though no record says that {version} needs it");
                Some((false, why))
            }
            None if rose => Some((
                false,
                format!("no record says whether {version} has the fix"),
            )),
            None => Some((true, stays)),
        }
    }

    /// That the version does not rise, in words.
    fn stays(&self) -> String {
        let (from, to) = (&self.from.version, &self.to.version);
        match self.order() {
            Some(Ordering::Equal) => format!("the version stays {to}"),
            Some(Ordering::Less) => format!("the version goes back from {from} to {to}"),
            _ => format!("{from} and {to} cannot be compared"),
        }
    }

    fn graft(&self) -> Option<Gone> {
        let graft = self.from.graft.as_deref()?;
        let now = self.to.graft.as_deref();
        // What users get by the second state.
        let given = now.map_or(&self.to.version, |now| &now.version);
        let gets = self.scheme.compare(given, &graft.version);
        let gone = |is_lost, says| Gone {
            kind: "graft",
            name: graft.version.clone(),
            vulnerability: None,
            is_lost,
            says,
        };
        if gets != Some(Ordering::Greater) && gets != Some(Ordering::Equal) {
            let says = format!(
                "users got {} by a graft, and now get {given}",
                graft.version
            );
            return Some(gone(true, says));
        }
        if now.is_some() || graft.version != self.from.version {
            return None;
        }
        // A graft of the same version is one of patches.
        let mut left = graft
            .patches
            .iter()
            .filter(|it| !self.from.patches.contains(it));
        let mends_more = left.clone().next().is_some();
        let all_there = left.all(|patch| self.to.patches.contains(patch));
        if mends_more && all_there {
            return None;
        }
        if gets == Some(Ordering::Equal) {
            let says = format!("the graft is gone, and {}", self.stays());
            return Some(gone(true, says));
        }
        let names_none = graft
            .patched
            .iter()
            .all(|it| self.from.patched.contains(it));
        let says = format!("the graft is gone, and no record says whether {given} mends the same");
        names_none.then(|| gone(false, says))
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{Package, Patch};

    use super::*;

    fn package(version: &str, patches: &[&str]) -> Package {
        let patch = |name: &&str| Patch {
            name: (*name).to_owned(),
            ..Patch::default()
        };
        Package {
            source_version: version.to_owned(),
            patches: patches.iter().map(patch).collect(),
            ..Package::default()
        }
    }

    fn with_graft(of: Package, graft: Package) -> Package {
        Package {
            replacement: Some(Box::new(graft)),
            ..of
        }
    }

    fn found(status: i64, fixed_in: Option<&str>) -> FindingState {
        FindingState {
            status,
            confidence: 2,
            fixed_in: fixed_in.map(str::to_owned),
        }
    }

    /// What is said, with a `!` in front of what is lost.
    fn told(from: &Package, to: &Package, state: Option<&FindingState>) -> Vec<String> {
        let (from, to) = (Carried::of(from), Carried::of(to));
        let all = gone(&from, &to, Scheme::Guix, |_| state);
        let mark = |it: Gone| format!("{}{}", if it.is_lost { "! " } else { "" }, it.says);
        all.into_iter().map(mark).collect()
    }

    const PATCH: &str = "x-CVE-2020-35492.patch";

    #[test]
    fn a_patch_that_goes_at_the_same_version_is_lost() {
        let (with, without) = (package("1.16.0", &[PATCH]), package("1.16.0", &[]));
        let gone = "x-CVE-2020-35492.patch is gone, which names CVE-2020-35492, and";
        assert_eq!(
            told(&with, &without, None),
            [format!("! {gone} the version stays 1.16.0")]
        );
        assert_eq!(
            told(&with, &without, Some(&found(0, Some("1.17.4")))),
            [format!(
                "! {gone} 1.16.0 is affected (the fix is in 1.17.4)"
            )]
        );
        let older = package("1.14.0", &[]);
        assert_eq!(
            told(&with, &older, None),
            [format!(
                "! {gone} the version goes back from 1.16.0 to 1.14.0"
            )]
        );
        assert_eq!(told(&with, &with, None), [""; 0]);
    }

    #[test]
    fn an_update_that_does_not_reach_the_fix_loses_it_and_one_that_does_not() {
        let with = package("2.62.6", &[PATCH]);
        let (short, far) = (package("2.66.2", &[]), package("2.68.0", &[]));
        let lost = told(&with, &short, Some(&found(0, Some("2.66.6"))));
        assert!(lost[0].starts_with("! "), "{lost:?}");
        assert_eq!(told(&with, &far, Some(&found(2, None))), [""; 0]);
        assert_eq!(
            told(&with, &far, None),
            [
                "x-CVE-2020-35492.patch is gone, which names CVE-2020-35492, and no record says \
              whether 2.68.0 has the fix"
            ]
        );
    }

    #[test]
    fn a_graft_that_goes_at_the_same_version_is_lost_unless_its_patch_moves_into_the_package() {
        let grafted = with_graft(package("2.41", &[]), package("2.41", &["locpath.patch"]));
        assert_eq!(
            told(&grafted, &package("2.41", &[]), None),
            ["! the graft is gone, and the version stays 2.41"]
        );
        assert_eq!(
            told(&grafted, &package("2.41", &["locpath.patch"]), None),
            [""; 0]
        );
        let unproven = told(&grafted, &package("2.42", &[]), None);
        assert_eq!(
            unproven,
            ["the graft is gone, and no record says whether 2.42 mends the same"]
        );
    }

    #[test]
    fn a_graft_of_another_version_is_lost_unless_the_package_reaches_it() {
        let grafted = with_graft(package("3.6.1", &[]), package("3.7.7", &[]));
        assert_eq!(
            told(&grafted, &package("3.6.1", &[]), None),
            ["! users got 3.7.7 by a graft, and now get 3.6.1"]
        );
        assert_eq!(told(&grafted, &package("3.7.7", &[]), None), [""; 0]);
        assert_eq!(told(&grafted, &package("3.8.0", &[]), None), [""; 0]);
        let again = with_graft(package("3.6.1", &[]), package("3.7.4", &[]));
        assert_eq!(
            told(&grafted, &again, None),
            ["! users got 3.7.7 by a graft, and now get 3.7.4"]
        );
    }

    #[test]
    fn a_patch_of_a_graft_that_moves_into_the_package_is_not_lost() {
        let grafted = with_graft(package("1.15.2", &[]), package("1.15.2", &[PATCH]));
        assert_eq!(told(&grafted, &package("1.15.2", &[PATCH]), None), [""; 0]);
        let lost = told(&grafted, &package("1.15.2", &[]), None);
        assert_eq!(lost.len(), 2, "{lost:?}");
    }
}
