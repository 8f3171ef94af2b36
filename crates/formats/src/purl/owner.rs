//! Whose package a package URL names, and what it is called there.
//!
//! The type tells a registry or, with the namespace, a distribution; what the type's definition
//! says is the rule, and what tools write beside it is read as well: the branch in `distro`, the
//! source package in `upstream` or `origin`, RPM's epoch in `epoch`.

use palisade_model::Registry;

use super::Purl;
use crate::releases::{Release, distribution};

/// Whose package a package URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A distribution's, on this branch if that is told.
    Distribution(Release),
    /// A distribution's, but it does not say which one's.
    SomeDistribution,
    /// A registry's.
    Registry(&'static Registry),
    /// Nobody's: it is there as upstream gives it out.
    Upstream,
    /// It is no package: an image or a file is made of packages.
    NoPackage,
}

impl Purl {
    /// Whose package it names.
    pub(crate) fn owner(&self) -> Owner {
        match &*self.kind {
            "docker" | "oci" | "huggingface" | "mlflow" | "swid" => Owner::NoPackage,
            "apk" | "deb" | "rpm" | "alpm" | "guix" | "nix" | "ebuild" | "opkg" => self.packager(),
            kind => Registry::of_purl_type(kind).map_or(Owner::Upstream, Owner::Registry),
        }
    }

    fn packager(&self) -> Owner {
        let namespace = match (&*self.kind, &*self.namespace) {
            (kind @ ("guix" | "nix"), "") => distribution(kind),
            ("alpm", "") => distribution("arch"),
            (_, "") => None,
            // What the namespace holds beyond that is a part of the distribution.
            (_, namespace) => namespace.split('/').next().and_then(distribution),
        };
        let word = self.qualifier("distro");
        let release = match (namespace, word) {
            (Some(namespace), Some(word)) => Some(Release::within(&namespace, word)),
            (Some(distribution), None) => Some(Release {
                distribution,
                branch: None,
            }),
            (None, word) => word.and_then(Release::of_word),
        };
        release.map_or(Owner::SomeDistribution, Owner::Distribution)
    }

    /// The package's name in a registry, in the spelling of OSV's records.
    pub(crate) fn name_in(&self, registry: &Registry) -> String {
        match registry.name {
            "Maven" => self.full_name(':'),
            // CPAN's namespace is the author, who is no part of the distribution's name.
            "CPAN" | "CRAN" | "PyPI" | "RubyGems" | "NuGet" => self.name.clone(),
            // OSV tells the toolchain's library from modules by this name.
            "Go" if self.namespace.is_empty() && self.name == "std" => "stdlib".to_owned(),
            _ => self.full_name('/'),
        }
    }

    /// A version of the package as its distribution writes it: some tools write an epoch apart.
    pub(crate) fn with_epoch(&self, version: &str) -> String {
        match self.qualifier("epoch") {
            Some(epoch) if self.has_epochs() => joined(epoch, version),
            _ => version.to_owned(),
        }
    }

    /// The source package that it names, and its version if that is told: `openssl`,
    /// `gcc-12@12.2.0-14`, and of RPM the name of the source's file, `glibc-2.37-4.fc38.src.rpm`.
    pub(crate) fn source(&self) -> Option<(String, Option<String>)> {
        let told = self
            .qualifier("upstream")
            .or_else(|| self.qualifier("origin"))?;
        if let Some(file) = told.strip_suffix(".src.rpm").filter(|_| self.kind == "rpm") {
            let mut parts = file.rsplitn(3, '-');
            if let (Some(release), Some(version), Some(name)) =
                (parts.next(), parts.next(), parts.next())
            {
                return Some((name.to_owned(), Some(format!("{version}-{release}"))));
            }
        }
        Some(match told.split_once('@') {
            Some((name, version)) if !name.is_empty() => {
                (name.to_owned(), Some(version.to_owned()))
            }
            _ => (told.to_owned(), None),
        })
    }

    /// The version of the source of a package: what is told of it, or else the package's own. The
    /// name of an RPM source's file has no epoch; it is that of the packages built from it.
    pub(crate) fn source_version(&self, told: Option<&str>, own: &str) -> String {
        match (told, own.split_once(':')) {
            (Some(told), Some((epoch, _))) if self.kind == "rpm" => joined(epoch, told),
            (Some(told), _) => told.to_owned(),
            (None, _) => own.to_owned(),
        }
    }

    /// The package of a distribution as its source package, with the version, as far as either is told.
    pub(crate) fn as_source(&self) -> (String, Option<String>) {
        let own = self.version.as_deref().map(|own| self.with_epoch(own));
        match (self.source(), own) {
            (None, own) => (self.name.clone(), own),
            (Some((name, told)), None) => (name, told),
            (Some((name, told)), Some(own)) => {
                let version = self.source_version(told.as_deref(), &own);
                (name, Some(version))
            }
        }
    }

    /// The address of the repository that it names, of a forge.
    pub(crate) fn repository(&self) -> Option<String> {
        let host = match &*self.kind {
            "github" | "githubactions" => "github.com",
            "gitlab" => "gitlab.com",
            "bitbucket" => "bitbucket.org",
            "codeberg" => "codeberg.org",
            _ => return None,
        };
        let path = self.full_name('/');
        (!self.namespace.is_empty()).then(|| format!("https://{host}/{path}"))
    }

    fn has_epochs(&self) -> bool {
        matches!(&*self.kind, "deb" | "rpm" | "alpm")
    }
}

fn joined(epoch: &str, version: &str) -> String {
    if epoch == "0" || version.contains(':') {
        version.to_owned()
    } else {
        format!("{epoch}:{version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> Purl {
        text.parse().unwrap()
    }

    #[test]
    fn the_type_the_namespace_and_the_word_for_a_release_tell_whose_it_is() {
        for (text, expected) in [
            ("pkg:apk/alpine/a@1?distro=alpine-3.20.3", "alpine v3.20"),
            ("pkg:apk/alpine/a@1?distro=3.20.3", "alpine v3.20"),
            ("pkg:apk/chainguard/a@1", "chainguard"),
            ("pkg:deb/debian/a@1?distro=sid", "debian sid"),
            ("pkg:deb/debian/a@1?distro=unstable", "debian sid"),
            ("pkg:deb/Ubuntu/a@1?distro=jammy", "ubuntu 22.04"),
            ("pkg:deb/debian/a@1?distro=ubuntu-22.04", "debian"),
            ("pkg:deb/a@1?distro=bookworm", "debian 12"),
            ("pkg:deb/a@1", "some distribution"),
            ("pkg:rpm/red-hat/a@1?distro=rhel-9.3", "redhat 9"),
            ("pkg:rpm/redhat/a@1?distro=redhat-8.4", "redhat 8"),
            ("pkg:rpm/amzn/a@1?distro=amzn-2023", "amazon 2023"),
            (
                "pkg:rpm/opensuse/a@1?distro=opensuse-tumbleweed-20240101",
                "opensuse tumbleweed",
            ),
            ("pkg:alpm/a@1", "archlinux"),
            ("pkg:alpm/arch/a@1?distro=arch-rolling", "archlinux rolling"),
            ("pkg:guix/a@1", "guix"),
            ("pkg:nix/a@1", "nixpkgs"),
            ("pkg:nix/nixpkgs/a@1", "nixpkgs"),
            ("pkg:pypi/A.b@1", "PyPI: A.b"),
            ("pkg:npm/%40scope/a@1", "npm: @scope/a"),
            ("pkg:maven/org.a/b@1", "Maven: org.a:b"),
            ("pkg:golang/std@1.22", "Go: stdlib"),
            ("pkg:golang/github.com/a/b@v1", "Go: github.com/a/b"),
            ("pkg:cpan/AUTHOR/A-B@1", "CPAN: A-B"),
            ("pkg:githubactions/a/b@v1", "GitHub Actions: a/b"),
            ("pkg:generic/a@1", "upstream"),
            ("pkg:github/a/b@1", "upstream"),
            ("pkg:oci/a@sha256:00", "no package"),
        ] {
            let purl = purl(text);
            let found = match purl.owner() {
                Owner::Distribution(Release {
                    distribution,
                    branch,
                }) => [Some(distribution), branch]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" "),
                Owner::SomeDistribution => "some distribution".to_owned(),
                Owner::Registry(registry) => {
                    format!("{}: {}", registry.name, purl.name_in(registry))
                }
                Owner::Upstream => "upstream".to_owned(),
                Owner::NoPackage => "no package".to_owned(),
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_source_is_told_in_several_ways() {
        for (text, name, version) in [
            ("pkg:deb/debian/a@1-1", "a", "1-1"),
            ("pkg:deb/debian/a@1-1?upstream=b", "b", "1-1"),
            ("pkg:deb/debian/a?upstream=b%402-1", "b", "2-1"),
            ("pkg:deb/debian/a@1-1?upstream=b%402-1", "b", "2-1"),
            ("pkg:deb/debian/a@1-1?upstream=b&epoch=3", "b", "3:1-1"),
            ("pkg:apk/alpine/a@1-r1?origin=b", "b", "1-r1"),
            (
                "pkg:rpm/fedora/a@1-1?upstream=b-c-2-4.fc38.src.rpm&epoch=0",
                "b-c",
                "2-4.fc38",
            ),
            (
                "pkg:rpm/fedora/a@1-1?upstream=b-2-4.fc38.src.rpm&epoch=5",
                "b",
                "5:2-4.fc38",
            ),
            (
                "pkg:rpm/fedora/a@1-1?upstream=b.src.rpm",
                "b.src.rpm",
                "1-1",
            ),
        ] {
            let (source, found) = purl(text).as_source();
            assert_eq!(
                (&*source, found.as_deref()),
                (name, Some(version)),
                "{text}"
            );
        }
    }
}
