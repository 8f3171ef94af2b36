//! Whose packages these are: read from what the packages say themselves.

use std::collections::BTreeMap;

use palisade_model::{InventoryHead, Package};

/// What the packages say of the distribution.
#[derive(Debug, Default)]
pub(super) struct Votes {
    packages: usize,
    ubuntu: usize,
    base_files: Option<BaseFiles>,
    /// How many versions bear the mark of a release (`+deb12u1`).
    marks: BTreeMap<String, usize>,
}

/// The package that every installation has, and whose version is the release's.
#[derive(Debug)]
struct BaseFiles {
    version: String,
    ubuntu: bool,
}

impl Votes {
    /// Counts a package, with its field `Origin`.
    pub(super) fn count(&mut self, package: &Package, origin: Option<&str>) {
        let ubuntu = says_ubuntu(package, origin);
        self.packages += 1;
        self.ubuntu += usize::from(ubuntu);
        if package.name == "base-files" {
            let version = package.version.clone();
            self.base_files = Some(BaseFiles { version, ubuntu });
        }
        if let Some(release) = release_mark(&package.version) {
            *self.marks.entry(release.to_owned()).or_default() += 1;
        }
    }

    /// The head of an inventory of these packages.
    pub(super) fn head(&self, packages: &[Package]) -> InventoryHead {
        let ubuntu = match &self.base_files {
            Some(base_files) => base_files.ubuntu,
            None => self.ubuntu * 2 > self.packages,
        };
        let distribution = if ubuntu { "ubuntu" } else { "debian" };
        InventoryHead {
            distribution: Some(distribution.to_owned()),
            branch: if ubuntu { None } else { self.branch() },
            architecture: architecture(packages),
            ..InventoryHead::default()
        }
    }

    /// Debian's release: `12` of base-files `12.4+deb12u5`, or what most marked versions say.
    fn branch(&self) -> Option<String> {
        if let Some(base_files) = &self.base_files {
            let version = &base_files.version;
            let end = version
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(version.len());
            return (1..=3).contains(&end).then(|| version[..end].to_owned());
        }
        let marked: usize = self.marks.values().sum();
        let (release, count) = self.marks.iter().max_by_key(|(_, count)| **count)?;
        (count * 2 > marked).then(|| release.clone())
    }
}

fn says_ubuntu(package: &Package, origin: Option<&str>) -> bool {
    let maintainer = package
        .maintainer
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    origin.is_some_and(|origin| origin.trim().eq_ignore_ascii_case("ubuntu"))
        || package.version.contains("ubuntu")
        || maintainer.contains("ubuntu developers")
        || maintainer.contains("@lists.ubuntu.com")
}

/// The release in a version's mark, `12` in `1.2-3+deb12u1` and in `1.2-3~deb12u1`.
fn release_mark(version: &str) -> Option<&str> {
    let (_, rest) = version.rsplit_once("deb")?;
    let (release, _) = rest.split_once('u')?;
    let marked = version[..version.len() - rest.len() - 3].ends_with(['+', '~', '.', '-']);
    let number = (1..=3).contains(&release.len()) && release.bytes().all(|b| b.is_ascii_digit());
    (marked && number).then_some(release)
}

/// The architecture of all packages that have one of their own; where several are mixed, dpkg's.
fn architecture(packages: &[Package]) -> Option<String> {
    let own = |package: &Package| package.architecture.clone().filter(|name| name != "all");
    let mut named = packages.iter().filter_map(own);
    let first = named.next()?;
    if named.all(|architecture| architecture == first) {
        return Some(first);
    }
    let mut dpkg = packages
        .iter()
        .filter(|package| package.name == "dpkg")
        .filter_map(own);
    dpkg.next().filter(|_| dpkg.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_the_release_that_it_was_made_for() {
        assert_eq!(release_mark("1.2-3+deb12u1"), Some("12"));
        assert_eq!(release_mark("1:2.30-1~deb13u2"), Some("13"));
        assert_eq!(release_mark("1.2-3+deb12u1+b2"), Some("12"));
        assert_eq!(release_mark("1.2debu1"), None);
        assert_eq!(release_mark("1.2-3"), None);
        assert_eq!(release_mark("deb12u1"), None);
    }
}
