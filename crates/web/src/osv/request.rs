//! What is asked in OSV's interface, checked: a package by name and ecosystem or by package URL,
//! with a version or without, or a commit.

use palisade_formats::osv::Whose;
use palisade_formats::purl::Purl;
use palisade_model::VulnerabilityId;
use palisade_tracker::views::OsvQuery;
use serde::Deserialize;

use super::error::OsvError;

/// Characters of a text at the most.
const TEXT: usize = 500;

/// Several queries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    #[serde(default)]
    pub(super) queries: Vec<Query>,
}

/// A query as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    commit: Option<String>,
    version: Option<String>,
    package: Option<Package>,
    page_token: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    purl: String,
}

/// What a query asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A package.
    Package(OsvQuery),
    /// A commit, or a package that nobody publishes: of these nothing is known.
    Nothing,
}

impl Batch {
    pub(super) fn read(body: &[u8]) -> Result<Self, OsvError> {
        serde_json::from_slice(body).map_err(|error| OsvError::Told(error.to_string()))
    }
}

impl Query {
    pub(super) fn read(body: &[u8]) -> Result<Self, OsvError> {
        serde_json::from_slice(body).map_err(|error| OsvError::Told(error.to_string()))
    }

    /// Behind which identifier the answer begins; `None` when the token is none of ours.
    #[expect(clippy::option_option, reason = "no token is not a bad one")]
    pub(super) fn after(&self) -> Option<Option<&str>> {
        match self.page_token.as_deref() {
            None | Some("") => Some(None),
            Some(token) => {
                let id = token.strip_prefix(TOKEN)?;
                let is_id = id.is_empty() || id.parse::<VulnerabilityId>().is_ok();
                is_id.then_some(Some(id))
            }
        }
    }

    /// What is asked.
    pub(super) fn asked(&self) -> Result<Asked, OsvError> {
        if let Some(commit) = self.commit.as_deref().filter(|it| !it.is_empty()) {
            let is_hash = commit.len().is_multiple_of(2) && commit.len() <= 128;
            if is_hash && commit.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Ok(Asked::Nothing);
            }
            return Err(OsvError::Invalid("Invalid hash."));
        }
        let version = self.version.clone().filter(|version| !version.is_empty());
        let package = self.package.clone().unwrap_or_default();
        let texts = [&package.name, &package.ecosystem, &package.purl];
        let is_long = |text: &String| text.chars().count() > TEXT;
        if texts.into_iter().chain(&version).any(is_long) {
            return Err(OsvError::Invalid("Invalid query."));
        }
        if package.purl.is_empty() {
            by_name(package, version)
        } else {
            by_purl(&package, version)
        }
    }
}

fn by_name(package: Package, version: Option<String>) -> Result<Asked, OsvError> {
    let whose = match &*package.ecosystem {
        "" => None,
        ecosystem => Some(Whose::of(ecosystem).ok_or(OsvError::Invalid("Invalid ecosystem."))?),
    };
    if package.name.is_empty() || (whose.is_none() && version.is_none()) {
        return Err(OsvError::Invalid("Invalid query."));
    }
    Ok(Asked::Package(OsvQuery {
        whose,
        name: package.name,
        version,
    }))
}

fn by_purl(package: &Package, version: Option<String>) -> Result<Asked, OsvError> {
    let parsed = package.purl.parse::<Purl>();
    let purl = parsed.map_err(|error| OsvError::Told(error.to_string()))?;
    if !package.name.is_empty() {
        return Err(OsvError::Invalid("name specified in a PURL query"));
    }
    if !package.ecosystem.is_empty() {
        return Err(OsvError::Invalid("ecosystem specified in a PURL query"));
    }
    let Some(named) = purl.named() else {
        return Ok(Asked::Nothing);
    };
    if named.version.is_some() && version.is_some() {
        return Err(OsvError::Invalid(
            "version specified in params and PURL query",
        ));
    }
    Ok(Asked::Package(OsvQuery {
        whose: Some(named.whose),
        name: named.name,
        version: named.version.or(version),
    }))
}

/// What a page token begins with.
const TOKEN: &str = "after:";

/// The token of what follows behind an identifier.
pub(super) fn token(id: &str) -> String {
    format!("{TOKEN}{id}")
}
