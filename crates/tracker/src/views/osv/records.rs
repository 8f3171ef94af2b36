//! Records that name a package in its own ecosystem: a registry's, or a distribution's of which no
//! branch is kept here.

use palisade_formats::osv::{Whose, affects};
use palisade_matching::{Claim, Outcome, Place, Provenance, Subject, key};
use palisade_model::{Affected, Distribution, Package, Product};

use super::super::Reading;
use super::KINDS;
use crate::TrackerError;
use crate::derive::{LoadedAdvisory, load_facts};
use crate::encoding::key_hash;

/// All whose packages are known here: those of OSV's registries and of the distributions that have
/// branches.
pub(super) fn everybody(reading: &Reading) -> Vec<Whose> {
    let registries = palisade_model::Registry::all();
    let mut all: Vec<Whose> = registries
        .map(|registry| Whose::Registry(registry.name.to_owned()))
        .collect();
    for (_, branch) in &reading.places.branches {
        let of_branch = Whose::Distribution {
            distribution: branch.distribution().clone(),
            branch: None,
        };
        if !all.contains(&of_branch) {
            all.push(of_branch);
        }
    }
    all
}

/// A package of which records are asked.
struct Asked<'a> {
    whose: &'a Whose,
    /// The key under which records that name it are found.
    key: String,
    version: Option<&'a str>,
    /// A distribution's version as matching sees it.
    subject: Option<Subject>,
}

/// The identifiers of the records that speak of a version of a package, or of all its versions.
pub(super) async fn ids(
    reading: &mut Reading,
    whose: &Whose,
    name: &str,
    version: Option<&str>,
) -> Result<Vec<String>, TrackerError> {
    let asked = Asked::new(whose, name, version);
    let session = &mut reading.session;
    let pairs = session.advisories_of_keys(&[key_hash(&asked.key)]).await?;
    let advisories: Vec<i64> = pairs.into_iter().map(|(_, advisory)| advisory).collect();
    let mut rows = session.standing_advisories(&advisories).await?;
    if matches!(whose, Whose::Registry(_)) {
        rows.retain(|row| KINDS.contains(&&*row.feed_kind));
    }
    let loaded = load_facts(session, rows).await?;
    let speaks = loaded.values().filter(|it| asked.is_told_by(it));
    let (mut ids, mut nameless) = (Vec::new(), Vec::new());
    for advisory in speaks {
        if KINDS.contains(&&*advisory.row.feed_kind) {
            ids.push(advisory.row.name.clone());
        } else {
            nameless.push(advisory.row.id);
        }
    }
    // What has no name of its own goes by that of its vulnerability.
    let pairs = session.vulnerabilities_of(&nameless).await?;
    let vulnerabilities: Vec<i64> = pairs.into_iter().map(|(id, _)| id).collect();
    ids.extend(
        session
            .vulnerability_names(&vulnerabilities)
            .await?
            .into_values(),
    );
    Ok(ids)
}

impl<'a> Asked<'a> {
    fn new(whose: &'a Whose, name: &str, version: Option<&'a str>) -> Self {
        let (key, subject) = match whose {
            Whose::Distribution { distribution, .. } => (
                key::of_distribution_package(distribution, name),
                version.map(|version| subject(distribution, name, version)),
            ),
            Whose::Registry(registry) => (key::of_ecosystem_package(registry, name), None),
        };
        Self {
            whose,
            key,
            version,
            subject,
        }
    }

    fn is_told_by(&self, advisory: &LoadedAdvisory) -> bool {
        let provenance = Provenance {
            feed: &advisory.feed,
            record: &advisory.row.name,
        };
        let branch = match self.whose {
            Whose::Distribution { branch, .. } => branch.as_deref(),
            Whose::Registry(_) => None,
        };
        let mut named = advisory.affected.iter().filter(|it| self.is_named_by(it));
        named.any(|entry| match (self.version, &self.subject) {
            (None, _) => true,
            (Some(version), None) => affects(entry, version),
            (Some(_), Some(subject)) => {
                let claim = Claim::of(subject, entry, provenance, Place { branch });
                claim.is_some_and(|claim| claim.outcome() == Outcome::Affected)
            }
        })
    }

    /// Whether an entry names the package itself, on the branch that is asked for if on any.
    fn is_named_by(&self, entry: &Affected) -> bool {
        let branches = match (&entry.product, self.whose) {
            (Product::Distribution { branch: of, .. }, Whose::Distribution { branch, .. }) => {
                (of.as_deref(), branch.as_deref())
            }
            (Product::Ecosystem { .. }, Whose::Registry(_)) => (None, None),
            _ => return false,
        };
        let is_here = match branches {
            (Some(of), Some(asked)) => of == asked,
            _ => true,
        };
        is_here && key::of_affected(std::slice::from_ref(entry)).contains(&self.key)
    }
}

/// A version of a distribution's package of which nothing else is known.
fn subject(distribution: &Distribution, name: &str, version: &str) -> Subject {
    let package = Package {
        name: name.to_owned(),
        version: version.to_owned(),
        source_name: name.to_owned(),
        source_version: version.to_owned(),
        ..Package::default()
    };
    Subject::of(&package, distribution)
}
