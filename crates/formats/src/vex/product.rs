//! What a statement's product is here: from its package URL, its CPE name, or its words.

use palisade_model::{Cpe, CpePart, Distribution, Product, RangeScheme};
use serde::{Deserialize, Serialize};

use super::Versions;
use super::purl::Purl;
use crate::cpe::{Attributes, VersionAttribute};
use crate::releases;
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
}

impl Known {
    /// What the product is; `None` when it is nothing that a package could be.
    ///
    /// What is said of a component holds within its platform. Where that is a distribution, so does
    /// what we match; a library within some other product is not the library everywhere.
    pub(crate) fn said(&self, platform: Platform<'_>) -> Option<Said> {
        let purl = Purl::parse(&self.purl);
        if let Some(purl) = &purl
            && let Some(said) = self.of_distribution(purl, platform)
        {
            return Some(said);
        }
        if platform != Platform::None {
            return None;
        }
        if let Some(purl) = &purl {
            return self.of_registry(purl);
        }
        self.of_cpe().or_else(|| self.of_words())
    }

    /// The versions that are meant: the one of the identifier, else those of the product's branch.
    fn versions(&self, identified: &str) -> Versions {
        match (identified, &*self.range) {
            ("", "") => Versions::All,
            ("", range) => Versions::range(range).unwrap_or_else(|| {
                let spans = crate::cve5::spans(range).into_iter();
                Versions::Spans(spans.map(|span| (true, span)).collect())
            }),
            (version, _) => Versions::one(version),
        }
    }

    fn of_distribution(&self, purl: &Purl, platform: Platform<'_>) -> Option<Said> {
        let distribution = distribution(purl)?;
        let (name, version) = source(purl);
        if !is_package_name(&name) {
            return None;
        }
        let branch = purl
            .qualifier("distro")
            .and_then(|release| branch(&distribution, release));
        let branch = match platform {
            // A platform that cannot be told is a branch of its own, and none of the others.
            Platform::Of { cpe, name } if branch.is_none() => {
                branch_of_platform(cpe).or_else(|| said(name).map(str::to_owned))
            }
            _ => branch,
        };
        Some(Said {
            scheme: RangeScheme::stated(distribution.scheme()),
            versions: self.versions(&version),
            product: Product::Distribution {
                distribution,
                branch,
                repository: None,
                name,
            },
        })
    }

    fn of_registry(&self, purl: &Purl) -> Option<Said> {
        let versions = self.versions(&purl.version);
        let product = match registry(purl) {
            Some((ecosystem, name)) => Product::Ecosystem {
                ecosystem: ecosystem.to_owned(),
                name,
                repository: None,
            },
            None if purl.kind == "generic" => named(&purl.namespace, &purl.name),
            None => {
                let repository = repository(purl)?;
                Product::Ecosystem {
                    ecosystem: "GIT".to_owned(),
                    name: repository.clone(),
                    repository: Some(repository),
                }
            }
        };
        let scheme = match &product {
            Product::Ecosystem { ecosystem, .. } => crate::osv::scheme(ecosystem),
            _ => RangeScheme::Unstated,
        };
        Some(Said {
            product,
            scheme,
            versions,
        })
    }

    fn of_cpe(&self) -> Option<Said> {
        let name = Attributes::parse(&self.cpe).ok()?;
        let versions = match name.version() {
            VersionAttribute::Version(version) => Versions::one(&version),
            VersionAttribute::Any | VersionAttribute::NotApplicable => self.versions(&self.version),
        };
        Some(Said {
            product: Product::Cpe(name.name()),
            scheme: RangeScheme::Unstated,
            versions,
        })
    }

    fn of_words(&self) -> Option<Said> {
        let product = (!self.name.is_empty()).then(|| named(&self.vendor, &self.name))?;
        Some(Said {
            product,
            scheme: RangeScheme::Unstated,
            versions: self.versions(&self.version),
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

/// The distribution whose package a URL names.
fn distribution(purl: &Purl) -> Option<Distribution> {
    let namespace = purl.namespace.to_ascii_lowercase();
    let name = match (&*purl.kind, &*namespace) {
        ("guix", _) => "guix",
        ("nix", _) => "nixpkgs",
        ("alpm", "" | "arch" | "archlinux") => "archlinux",
        ("rpm", "rhel" | "redhat" | "red-hat") => "redhat",
        ("rpm", "rocky" | "rockylinux" | "rocky-linux") => "rocky",
        ("rpm", "amzn" | "amazon" | "amazonlinux") => "amazon",
        ("rpm", "sles" | "sle" | "suse") => "suse",
        ("apk" | "deb" | "rpm" | "alpm", namespace) => namespace,
        _ => return None,
    };
    name.parse().ok()
}

/// The source package and its version: scanners name it in `upstream`, as `openssl`,
/// `openssl@3.0.11-1` or `openssl-3.0.7-24.el9.src.rpm`.
fn source(purl: &Purl) -> (String, String) {
    let own = || match purl.qualifier("epoch").filter(|_| purl.kind == "rpm") {
        Some(epoch) if !purl.version.is_empty() => format!("{epoch}:{}", purl.version),
        _ => purl.version.clone(),
    };
    let Some(upstream) = purl
        .qualifier("upstream")
        .or_else(|| purl.qualifier("origin"))
    else {
        return (purl.name.clone(), own());
    };
    if let Some(file) = upstream.strip_suffix(".src.rpm") {
        let mut parts = file.rsplitn(3, '-');
        let (release, version) = (parts.next(), parts.next());
        if let (Some(_), Some(_), Some(name)) = (release, version, parts.next()) {
            return (name.to_owned(), own());
        }
    }
    match upstream.split_once('@') {
        Some((name, version)) => (name.to_owned(), version.to_owned()),
        None => (upstream.to_owned(), own()),
    }
}

/// The branch that a scanner's word for a release means: `debian-12.5`, `bookworm`, `alpine-3.18.4`,
/// `rhel-9.3`; `None` where there is only one, or the word says nothing.
fn branch(distribution: &Distribution, release: &str) -> Option<String> {
    let release = release.to_ascii_lowercase();
    let number = release
        .find(|c: char| c.is_ascii_digit())
        .map(|start| &release[start..]);
    let parts = |count| {
        let number = number?;
        let parts: Vec<&str> = number.split('.').take(count).collect();
        Some(parts.join("."))
    };
    let word = release.rsplit('-').next().unwrap_or_default();
    match distribution.as_str() {
        "alpine" if word == "edge" || release.contains("_alpha") => Some("edge".to_owned()),
        "alpine" => Some(format!("v{}", parts(2)?)),
        "debian" if number.is_none() => Some(match word {
            "unstable" => "sid".to_owned(),
            word => releases::debian(word).to_owned(),
        }),
        "debian" | "redhat" | "almalinux" | "rocky" | "centos" | "fedora" => parts(1),
        "ubuntu" if number.is_none() => Some(releases::ubuntu(word).to_owned()),
        "wolfi" | "chainguard" | "archlinux" | "guix" => None,
        _ => parts(2),
    }
}

/// The branch that a distribution's CPE name stands for: `9` for
/// `cpe:/a:redhat:enterprise_linux:9::appstream`; a product of its own (`rhel_eus`) keeps its name.
fn branch_of_platform(name: &str) -> Option<String> {
    let name = Attributes::parse(name).ok()?;
    let VersionAttribute::Version(version) = name.version() else {
        return None;
    };
    let Cpe { part, product, .. } = name.name();
    let is_base = part == CpePart::OperatingSystem || product == "enterprise_linux";
    Some(match &*product {
        "alpine_linux" => format!("v{version}"),
        _ if is_base && !product.starts_with("rhel_") => version,
        product => format!("{product}-{version}"),
    })
}

/// The registry in OSV's words, and the package's name there.
fn registry(purl: &Purl) -> Option<(&'static str, String)> {
    let joined = |divider: &str| match &*purl.namespace {
        "" => purl.name.clone(),
        namespace => format!("{namespace}{divider}{}", purl.name),
    };
    Some(match &*purl.kind {
        "pypi" => ("PyPI", purl.name.clone()),
        "npm" => ("npm", joined("/")),
        "cargo" => ("crates.io", purl.name.clone()),
        "golang" => ("Go", joined("/")),
        "gem" => ("RubyGems", purl.name.clone()),
        "maven" => ("Maven", joined(":")),
        "nuget" => ("NuGet", purl.name.clone()),
        "composer" => ("Packagist", joined("/")),
        "hex" => ("Hex", purl.name.clone()),
        "pub" => ("Pub", purl.name.clone()),
        "hackage" => ("Hackage", purl.name.clone()),
        "cran" => ("CRAN", purl.name.clone()),
        "cpan" => ("CPAN", purl.name.clone()),
        "opam" => ("opam", purl.name.clone()),
        _ => return None,
    })
}

/// The repository that a URL of a forge names.
fn repository(purl: &Purl) -> Option<String> {
    let forge = match &*purl.kind {
        "github" => "github.com",
        "gitlab" => "gitlab.com",
        "bitbucket" => "bitbucket.org",
        _ => return None,
    };
    (!purl.namespace.is_empty())
        .then(|| format!("https://{forge}/{}/{}", purl.namespace, purl.name))
}
