//! What a statement's product is here: from its package URL, its CPE name, or its words.

use palisade_model::{Distribution, Product, RangeScheme, Registry};
use serde::{Deserialize, Serialize};

use super::Versions;
use crate::cpe::{Attributes, VersionAttribute};
use crate::purl::{Owner, Purl};
use crate::releases::{self, Release};
use crate::secdb::is_package_name;
use crate::words::said;

/// A product as a document identifies it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) purl: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) cpe: String,
    /// The words of the product's place in a tree. Beside a package URL the version counts for
    /// nothing: some put the whole name of a file there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) vendor: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) version: String,
    /// A range of versions, in `vers` notation or in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) range: String,
}

/// Of what a product is a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform<'a> {
    /// Of nothing.
    None,
    /// Of something.
    Of {
        /// Its CPE name, if it has one.
        cpe: &'a str,
        /// Its name.
        name: &'a str,
    },
}

/// A product in the model's terms, with the versions that are meant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) product: Product,
    pub(crate) scheme: RangeScheme,
    pub(crate) versions: Versions,
    /// Where the versions of the product's stream begin: a fix says nothing of those before.
    pub(crate) since: Option<String>,
}

impl Known {
    /// What the product is; `None` when it is nothing that a package could be.
    ///
    /// What is said of a component holds within its platform. Where that is a distribution, so does
    /// what we match; a library within some other product is not the library everywhere.
    pub(crate) fn said(&self, platform: Platform<'_>) -> Option<Said> {
        let purl: Option<Purl> = self.purl.parse().ok();
        let owner = purl.as_ref().map(|purl| (purl, purl.owner()));
        let is_component = platform != Platform::None;
        match owner {
            Some((purl, Owner::Distribution(release))) => {
                self.of_distribution(purl, release, platform)
            }
            _ if is_component => None,
            Some((purl, Owner::Registry(registry))) => Some(self.of_registry(purl, registry)),
            Some((purl, Owner::Upstream)) => self.of_upstream(purl),
            Some((_, Owner::SomeDistribution | Owner::NoPackage)) => None,
            None => self.of_cpe().or_else(|| self.of_words()),
        }
    }

    /// The versions that are meant: the one of the identifier, else those of the product's branch.
    fn versions(&self, identified: Option<&str>) -> Versions {
        let identified = identified.filter(|version| !version.is_empty());
        match (identified, &*self.range) {
            (None, "") => Versions::All,
            (None, range) => Versions::range(range).unwrap_or_else(|| {
                let spans = crate::cve5::spans(range).into_iter();
                Versions::Spans(spans.map(|span| (true, span)).collect())
            }),
            (Some(version), _) => Versions::one(version),
        }
    }

    fn of_distribution(
        &self,
        purl: &Purl,
        release: Release,
        platform: Platform<'_>,
    ) -> Option<Said> {
        let (name, version) = purl.as_source();
        if !is_package_name(&name) {
            return None;
        }
        let distribution: Distribution = release.distribution.parse().ok()?;
        let branch = match platform {
            // A platform that cannot be told is a branch of its own, and none of the others.
            Platform::Of { cpe, name } => branch(purl, release)
                .or_else(|| releases::branch_of_cpe(cpe))
                .or_else(|| said(name).map(str::to_owned)),
            Platform::None => branch(purl, release),
        };
        Some(Said {
            scheme: RangeScheme::stated(distribution.scheme()),
            since: version.as_deref().and_then(|it| since(purl, it)),
            versions: self.versions(version.as_deref()),
            product: Product::Distribution {
                distribution,
                branch,
                repository: None,
                name,
            },
        })
    }

    fn of_registry(&self, purl: &Purl, registry: &Registry) -> Said {
        Said {
            product: Product::Ecosystem {
                ecosystem: registry.name.to_owned(),
                name: purl.name_in(registry),
                repository: None,
            },
            scheme: RangeScheme::stated(registry.scheme),
            versions: self.versions(purl.version.as_deref()),
            since: None,
        }
    }

    fn of_upstream(&self, purl: &Purl) -> Option<Said> {
        let product = match purl.repository() {
            Some(repository) => Product::Ecosystem {
                ecosystem: "GIT".to_owned(),
                name: repository.clone(),
                repository: Some(repository),
            },
            None if purl.kind == "generic" => named(&purl.namespace, &purl.name),
            None => return None,
        };
        Some(Said {
            product,
            scheme: RangeScheme::Unstated,
            versions: self.versions(purl.version.as_deref()),
            since: None,
        })
    }

    fn of_cpe(&self) -> Option<Said> {
        let name = Attributes::parse(&self.cpe).ok()?;
        let versions = match name.version() {
            VersionAttribute::Version(version) => Versions::one(&version),
            VersionAttribute::Any | VersionAttribute::NotApplicable => {
                self.versions(Some(&self.version))
            }
        };
        Some(Said {
            product: Product::Cpe(name.name()),
            scheme: RangeScheme::Unstated,
            versions,
            since: None,
        })
    }

    fn of_words(&self) -> Option<Said> {
        let product = (!self.name.is_empty()).then(|| named(&self.vendor, &self.name))?;
        Some(Said {
            product,
            scheme: RangeScheme::Unstated,
            versions: self.versions(Some(&self.version)),
            since: None,
        })
    }
}

fn named(vendor: &str, product: &str) -> Product {
    Product::Named {
        vendor: vendor.to_owned(),
        product: product.to_owned(),
        package_name: None,
        collection_url: None,
        repository: None,
        cpes: Vec::new(),
        platforms: Vec::new(),
    }
}

/// Where the stream of a module begins to which a package belongs (`rpmmod=ruby:2.5`), if the stream
/// is a part of the version: Red Hat has several of a package in one release, each with fixes of its
/// own.
fn since(purl: &Purl, version: &str) -> Option<String> {
    let mut module = purl.qualifier("rpmmod")?.split(':');
    let stream = module.nth(1)?;
    let (epoch, bare) = match version.split_once(':') {
        Some((epoch, bare)) => (Some(epoch), bare),
        None => (None, version),
    };
    let rest = bare.strip_prefix(stream)?;
    let is_whole = stream.ends_with(|c: char| c.is_ascii_digit())
        && rest.starts_with(|c: char| !c.is_ascii_alphanumeric());
    is_whole.then(|| match epoch {
        Some(epoch) => format!("{epoch}:{stream}"),
        None => stream.to_owned(),
    })
}

/// The branch that a package URL names; none where it names none, or the distribution's records
/// are all of one. A word that cannot be told is a branch of its own, and none of the others.
fn branch(purl: &Purl, release: Release) -> Option<String> {
    let Release {
        distribution,
        branch,
    } = release;
    if releases::has_one_branch(&distribution) {
        return None;
    }
    let unknown = || {
        let word = purl.qualifier("distro")?;
        let says_nothing = releases::distribution(word).as_ref() == Some(&distribution);
        (!says_nothing).then(|| word.to_owned())
    };
    branch.or_else(unknown)
}
