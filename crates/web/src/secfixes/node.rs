//! The shapes of secfixes-tracker: its keys, with identifiers that stay the same and lead here.

use std::collections::BTreeSet;

use palisade_tracker::views::{
    CpeBound, CpeMatch, SecfixesPackage, SecfixesState, SecfixesVersion, SecfixesVulnerability,
};
use serde_json::{Value, json};

use super::base::Base;
use crate::words::{query_value, segment};

/// Bytes of a fragment that stands for what has no name.
const DIGEST: usize = 16;

/// Makes nodes whose addresses are those of one host.
pub(super) struct Nodes<'a> {
    pub(super) base: &'a Base,
}

impl Nodes<'_> {
    /// The address of the context, which explains the keys.
    fn context(&self) -> String {
        self.base.address("/static/context.jsonld")
    }

    fn node(&self, kind: &str, id: String, mut rest: Value) -> Value {
        rest["@context"] = self.context().into();
        rest["type"] = kind.into();
        rest["id"] = id.into();
        rest
    }

    fn vulnerability_address(&self, name: &str) -> String {
        self.base.address(&format!("/vuln/{}", segment(name)))
    }

    fn package_address(&self, name: &str) -> String {
        self.base.address(&format!("/srcpkg/{}", segment(name)))
    }

    fn version_address(&self, name: &str, version: &str) -> String {
        let path = format!("/srcpkg/{}/{}", segment(name), segment(version));
        self.base.address(&path)
    }

    /// What `/` tells of one repository.
    fn links(&self, repository: &str) -> Value {
        let of = |rest: &str| {
            let path = format!("/branch/{}{rest}", segment(repository));
            self.base.address(&path)
        };
        json!({
            "potentiallyVulnerablePackages": of(""),
            "potentiallyOrphanedVulnerablePackages": of("/vuln-orphaned"),
            "orphanedPackages": of("/orphaned"),
            "issuesByMaintainer": of("/maintainer-issues"),
        })
    }

    /// The index: the repositories' names are terms that lead to their pages.
    pub(super) fn index(&self, repositories: &[String]) -> Value {
        let terms = json!({ "@vocab": self.base.address("/branch/") });
        let mut index =
            json!({ "@context": [self.context(), terms], "id": self.base.address("/") });
        for repository in repositories {
            index[repository] = self.links(repository);
        }
        index
    }

    pub(super) fn vulnerability(&self, found: &SecfixesVulnerability) -> Value {
        let (score, vector) = found.rating.clone().unzip();
        let references = found.references.iter().map(|reference| {
            let digest = blake3::hash(reference.url.as_bytes()).to_hex();
            let fragment = format!("#ref/{}", &digest[..DIGEST]);
            let kind = reference.tags.first();
            self.node(
                "Reference",
                self.vulnerability_address(&found.name) + &fragment,
                json!({ "referenceType": kind, "rel": reference.url }),
            )
        });
        let states = found.states.iter().map(|state| self.state(state));
        let matches = found.matches.iter().map(|found| self.cpe_match(found));
        self.node(
            "Vulnerability",
            self.vulnerability_address(&found.name),
            json!({
                "description": found.description,
                "cvss3": { "score": score.unwrap_or(0.0), "vector": vector },
                "ref": references.collect::<Vec<_>>(),
                "state": states.collect::<Vec<_>>(),
                "cpeMatch": matches.collect::<Vec<_>>(),
            }),
        )
    }

    fn state(&self, state: &SecfixesState) -> Value {
        let vulnerability = self.vulnerability_address(&state.vulnerability);
        let parts = [&state.repository, &state.package, &state.version];
        let id = parts
            .iter()
            .fold(format!("{vulnerability}#state"), |id, part| {
                format!("{id}/{}", segment(part))
            });
        self.node(
            "VulnerabilityState",
            id,
            json!({
                "vuln": vulnerability,
                "fixed": state.fixed,
                "packageVersion": self.version_address(&state.package, &state.version),
                "repo": state.repository,
            }),
        )
    }

    fn cpe_match(&self, found: &CpeMatch) -> Value {
        let vulnerability = self.vulnerability_address(&found.vulnerability);
        let digest = blake3::hash(format!("{found:?}").as_bytes()).to_hex();
        let version = |bound: &Option<CpeBound>| bound.as_ref().map(|it| it.version.clone());
        let operator = |bound: &Option<CpeBound>| bound.as_ref().map(|it| it.operator);
        self.node(
            "CPEMatch",
            format!("{vulnerability}#cpeMatch/{}", &digest[..DIGEST]),
            json!({
                "vuln": vulnerability,
                "package": self.package_address(&found.package),
                "minimumVersion": version(&found.minimum),
                "minimumVersionOp": operator(&found.minimum),
                "maximumVersion": version(&found.maximum),
                "maximumVersionOp": operator(&found.maximum),
                "cpeUri": found.cpe,
            }),
        )
    }

    pub(super) fn package(&self, package: &SecfixesPackage) -> Value {
        let versions: BTreeSet<&str> = package
            .versions
            .iter()
            .map(|version| version.version.as_str())
            .collect();
        let addresses = versions
            .iter()
            .map(|version| self.version_address(&package.name, version));
        let matches = package.matches.iter().map(|found| self.cpe_match(found));
        self.node(
            "Package",
            self.package_address(&package.name),
            json!({
                "packageVersion": addresses.collect::<Vec<_>>(),
                "cpeMatch": matches.collect::<Vec<_>>(),
            }),
        )
    }

    /// A version of a package in a repository; of the package itself `package` tells.
    pub(super) fn version(&self, version: &SecfixesVersion, package: Option<Value>) -> Value {
        let states = version.states.iter().map(|state| self.state(state));
        let brief = || {
            let id = self.package_address(&version.package);
            self.node("Package", id, json!({}))
        };
        self.node(
            "PackageVersion",
            self.version_address(&version.package, &version.version),
            json!({
                "package": package.unwrap_or_else(brief),
                "published": true,
                "repo": version.repository,
                "maintainer": version.maintainer,
                "state": states.collect::<Vec<_>>(),
            }),
        )
    }

    /// A list, with the address of what follows.
    pub(super) fn collection(&self, path: &str, page: Page<'_>, items: &[Value]) -> Value {
        let address = |offset: usize| {
            let mut parameters = Vec::new();
            let maintainer = page.maintainer.map(query_value);
            parameters.extend(maintainer.map(|name| format!("maintainer={name}")));
            parameters.extend((offset > 0).then(|| format!("offset={offset}")));
            let mark = if parameters.is_empty() { "" } else { "?" };
            self.base
                .address(&format!("{path}{mark}{}", parameters.join("&")))
        };
        let mut list = json!({ "items": items });
        if let Some(next) = page.next {
            list["next"] = address(next).into();
        }
        self.node("Collection", address(page.offset), list)
    }
}

/// A part of a list.
#[derive(Clone, Copy, Default)]
pub(super) struct Page<'a> {
    pub(super) offset: usize,
    /// Where what follows begins, if anything does.
    pub(super) next: Option<usize>,
    /// Of whose packages it is.
    pub(super) maintainer: Option<&'a str>,
}
