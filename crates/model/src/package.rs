//! Packages as an inventory lists them, with everything that tells what they are and contain.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Ecosystem, VulnerabilityId};

/// One state of one place of a branch: its head and its packages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inventory {
    /// Whose state of when.
    pub head: InventoryHead,
    /// The packages, in the inventory's order.
    pub packages: Vec<Package>,
}

/// What an inventory says of itself; what it does not say, its importer must.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InventoryHead {
    /// The distribution's name.
    pub distribution: Option<String>,
    /// The branch within the distribution.
    pub branch: Option<String>,
    /// The repository within the branch, such as Alpine's `main`; empty where there is none.
    pub repository: Option<String>,
    /// The architecture, in the distribution's word; empty where the inventory is of none.
    pub architecture: Option<String>,
    /// The revision's name: a Git commit, or what an index calls itself.
    pub revision: Option<String>,
    /// When the state was made, where it says so; when its packages were built is another matter.
    pub time: Option<Timestamp>,
    /// Whose signature over the inventory was checked and found good.
    pub signed_by: Option<String>,
}

/// A package in an inventory.
///
/// Two packages may share name and version and still differ: content decides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// Whose package it is, if not the inventory's distribution's.
    pub ecosystem: Ecosystem,
    /// The package's version in the scheme of whose package it is.
    pub version: String,
    /// The source package (Alpine's origin); the name itself where there is no other.
    pub source_name: String,
    /// The source package's version.
    pub source_version: String,
    /// The architecture for which it was built.
    pub architecture: Option<String>,
    /// The maintainer, as written.
    pub maintainer: Option<String>,
    /// The project's home page.
    pub homepage: Option<String>,
    /// What it is, in a line.
    pub synopsis: Option<String>,
    /// Licences, in the distribution's words.
    pub licenses: Vec<String>,
    /// Where it is defined: `gnu/packages/tls.scm:42:2`.
    pub location: Option<String>,
    /// Outputs (Guix) into which the build is divided.
    pub outputs: Vec<String>,
    /// How it is built: Guix's build system.
    pub build_system: Option<String>,
    /// Where its sources come from.
    pub sources: Vec<SourceOrigin>,
    /// Patches that are applied to the sources.
    pub patches: Vec<Patch>,
    /// What the build uses.
    pub inputs: Vec<Input>,
    /// What it needs at run time, in the distribution's own syntax.
    pub depends: Vec<String>,
    /// What else it provides, in the distribution's own syntax.
    pub provides: Vec<String>,
    /// Hints of the packager to those who look for vulnerabilities.
    pub hints: Hints,
    /// Other properties, by name, as JSON text.
    pub properties: BTreeMap<String, String>,
    /// The identity of the built package: Alpine's `C:`, Debian's SHA256.
    pub checksum: Option<String>,
    /// The commit of the packaging from which it was built.
    pub commit: Option<String>,
    /// When it was built, in seconds since 1970.
    pub built: Option<i64>,
    /// Whether the distribution hides it from users.
    pub hidden: bool,
    /// The package that supersedes it.
    pub superseded: Option<String>,
    /// The graft: what users really get in place of this package.
    pub replacement: Option<Box<Package>>,
}

/// Where a source comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceOrigin {
    /// How it is fetched.
    pub kind: SourceKind,
    /// Addresses, as written (`mirror://` included).
    pub urls: Vec<String>,
    /// The tag, commit or revision of a version-controlled source.
    pub reference: Option<String>,
    /// The file name under which it is stored.
    pub file_name: Option<String>,
    /// Its hash.
    pub hash: Option<Hash>,
    /// Whether code rewrites the source after it is fetched (Guix: snippet).
    pub snippet: bool,
}

/// How a source is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A file from an address.
    Url,
    /// A Git checkout.
    Git,
    /// A Subversion checkout.
    Svn,
    /// A Mercurial checkout.
    Hg,
    /// A CVS checkout.
    Cvs,
    /// A Bazaar checkout.
    Bzr,
    /// Computed by code; only running it would tell.
    Computed,
    /// None, or not told.
    #[default]
    None,
}

/// A hash with the name of its algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hash {
    /// `sha256`, `sha512` …
    pub algorithm: String,
    /// The digest in lower-case hexadecimal.
    pub hex: String,
}

/// A patch that a package applies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Patch {
    /// The patch's file name.
    pub name: String,
    /// The hash of its content.
    pub hash: Option<Hash>,
    /// Vulnerabilities that the patch names in its *text* (its name speaks for itself).
    pub vulnerabilities: Vec<VulnerabilityId>,
}

/// A package that the build of another uses.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    /// For what it is used.
    pub kind: InputKind,
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// Which of its outputs.
    pub output: String,
}

/// For what an input is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// In the built package, at run time.
    Host,
    /// At build time only.
    Native,
    /// Installed along with the package.
    Propagated,
    /// By the build system, without being named in the package's definition: compiler, C library …
    Implicit,
}

/// Hints of the packager to those who look for vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hints {
    /// The product's name in CPE names, where it is not the package's name.
    pub cpe_name: Option<String>,
    /// The product's vendor in CPE names.
    pub cpe_vendor: Option<String>,
    /// The version in CPE names, where it is not the package's version.
    pub cpe_version: Option<String>,
    /// Vendors whose products only share the name.
    pub hidden_cpe_vendors: Vec<String>,
    /// Vulnerabilities that the packager says do not affect the package.
    pub hidden_vulnerabilities: Vec<VulnerabilityId>,
    /// Vulnerabilities by which the packager says that the package is affected (Nix:
    /// `knownVulnerabilities`).
    pub known_vulnerabilities: Vec<VulnerabilityId>,
    /// Whether the list of hidden vulnerabilities also stands on another version of the package
    /// in the same inventory, so that this one may only have inherited it.
    pub hidden_vulnerabilities_shared: bool,
    /// Whether another package of the same inventory bears the name that is left without the
    /// language's prefix or without `lib`: `ruby-augeas` beside `augeas` binds it and is not it.
    pub bare_name_taken: bool,
    /// The project's name upstream.
    pub upstream_name: Option<String>,
    /// Where releases are announced.
    pub release_monitoring_url: Option<String>,
}
